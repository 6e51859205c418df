"""Nets wider and deeper than the documents': each a function of the library that returns a training step."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any


def mlp(lib: Any, batch: int, widths: list[int], optimizer: str, device: str = "cpu", **options: Any) -> Callable:
    """Linear, ReLU, Linear, ReLU ... with cross-entropy; `options` are the optimizer's"""
    lib.manual_seed(0)
    layers: list[Any] = []
    for wide, next_wide in itertools.pairwise(widths):
        layers += [lib.nn.Linear(wide, next_wide), lib.nn.ReLU()]
    model = lib.nn.Sequential(*layers[:-1]).to(device)
    x, target = lib.randn(batch, widths[0]).to(device), lib.randint(0, widths[-1], (batch,)).to(device)
    criterion = lib.nn.CrossEntropyLoss()
    update = getattr(lib.optim, optimizer)(model.parameters(), lr=1e-3, **options)

    def step() -> Any:
        update.zero_grad()
        loss = criterion(model(x), target)
        loss.backward()
        update.step()
        return loss

    return step


def wide(lib: Any) -> Callable:
    """256 x 512 -> 2048 -> 2048 -> 10, SGD"""
    return mlp(lib, 256, [512, 2048, 2048, 10], "SGD")


def wide_adam(lib: Any) -> Callable:
    """The same with Adam"""
    return mlp(lib, 256, [512, 2048, 2048, 10], "Adam")


def deep(lib: Any) -> Callable:
    """2048 x 256, eight layers: activations matter more than weights"""
    return mlp(lib, 2048, [256] * 8 + [10], "SGD")


def pointwise(lib: Any) -> Callable:
    """A chain of elementwise operations on a million elements, and a product with its own input"""
    x = lib.randn(1024, 1024, requires_grad=True)

    def step() -> None:
        x.grad = None
        y = lib.tanh(x * 2 + 1)
        (lib.sigmoid(y) * y).pow(2).mean().backward()

    return step


def product(lib: Any) -> Callable:
    """a.T @ b and a @ b.T of 2048 x 2048, no gradient: no copy but the result"""
    a, b = lib.randn(2048, 2048), lib.randn(2048, 2048)

    def step() -> None:
        a.t() @ b
        a @ b.t()

    return step


NETS = (wide, wide_adam, deep, pointwise, product)
