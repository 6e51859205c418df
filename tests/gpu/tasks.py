"""What is timed on a GPU: computations written once for both libraries, with what they have to move and multiply."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.benchmarks import nets, steps

BUSY, LAUNCHES = 1.0, 1.5  # the share of PyTorch's time that is aimed at, as what bounds the work
FLOAT32, TF32, FLOAT16 = "float32", "TF32", "float16"


@dataclass(frozen=True)
class Task:
    """A computation: `make(lib)` returns the call to be timed, whose result shows whether it computes the same."""

    group: str
    name: str
    make: Callable[[Any], Callable[[], Any]]
    reach: float = BUSY
    moved: int = 0  # bytes that have to be read and written at least
    flops: int = 0  # of matrix products
    arithmetic: str = FLOAT32  # of those products: which ceiling they have
    memory: int = 0  # bytes that one library needs for it
    rtol: float = 1e-3  # beside the largest number of the result
    captured: bool = False  # timed as a CUDA graph, too


@dataclass(frozen=True)
class Sizes:
    """How large the computations are"""

    batch: int
    widths: tuple[int, ...]  # of the multi-layer net
    products: tuple[int, ...]  # sides of square matrices
    sides: tuple[int, ...]  # of the square arrays that are reduced
    rows: tuple[tuple[int, int], ...]  # of the arrays that softmax is taken of
    side: int  # of the square arrays of elementwise operations


FULL = Sizes(
    1024,
    (784, 4096, 4096, 10),
    (1024, 2048, 4096, 8192),
    (4096, 16384),
    ((4096, 4096), (131072, 128), (128, 131072)),
    4096,
)
QUICK = replace(FULL, products=(1024, 4096), sides=(4096,), rows=((4096, 4096),))
TOY = Sizes(4, (8, 16, 16, 3), (8, 16), (24,), ((6, 40), (40, 6)), 16)


def tasks(sizes: Sizes) -> list[Task]:
    """All of them, in the order of the tables"""
    found = [*training(sizes), *products(sizes), *softmaxes(sizes), *elementwise(sizes), *reductions(sizes)]
    assert len({(task.group, task.name) for task in found}) == len(found)
    return found


# ---- training steps --------------------------------------------------------------------------------------------------


def training(sizes: Sizes) -> Iterator[Task]:
    two = "two layers, 64 x 1000 x 100 x 10"
    for text, make, captured in (
        ("by hand", steps.two_layers, True),
        ("nn.Sequential, by hand", steps.sequential, True),
        ("nn.Module, Adam", steps.module_adam, False),
    ):
        yield Task(
            "steps", f"{two}: {text}", lambda lib, make=make: make(lib, "cuda"), LAUNCHES, 0, 0, captured=captured
        )
    flops, weights = flops_of(sizes.batch, sizes.widths)
    name = f"MLP {'-'.join(map(str, sizes.widths))}, batch {sizes.batch}"
    for text, passes, options in (("SGD", 3, {}), ("Adam", 7, {}), ("Adam, capturable", 7, {"capturable": True})):
        optimizer = text.partition(",")[0]
        yield Task(
            "steps",
            f"{name}: {text}",
            lambda lib, optimizer=optimizer, options=options: nets.mlp(
                lib, sizes.batch, list(sizes.widths), optimizer, "cuda", **options
            ),
            BUSY,
            moved=4 * weights * passes,  # of the update: weights and gradients, and Adam's two averages
            flops=flops,
            memory=4 * weights * 6,
            captured=text != "Adam",
        )


def flops_of(batch: int, widths: tuple[int, ...]) -> tuple[int, int]:
    """(arithmetic of a step, how many weights): three products for each layer, two for the first"""
    pairs = [a * b for a, b in itertools.pairwise(widths)]
    return 2 * batch * (3 * sum(pairs) - pairs[0]), sum(pairs) + sum(widths[1:])


# ---- matrix products -------------------------------------------------------------------------------------------------


def products(sizes: Sizes) -> Iterator[Task]:
    for arithmetic, side in itertools.product((FLOAT32, TF32, FLOAT16), sizes.products):
        dtype = "float16" if arithmetic == FLOAT16 else "float32"
        size = 2 if arithmetic == FLOAT16 else 4

        def make(lib: Any, side: int = side, dtype: str = dtype) -> Callable:
            a, b = numbers(lib, side, side, dtype), numbers(lib, side, side, dtype, shift=7)
            return lambda: a @ b

        yield Task(
            "matmul",
            f"{arithmetic}, {side} x {side}",
            make,
            BUSY if side >= 1024 else LAUNCHES,
            moved=3 * side * side * size,
            flops=2 * side**3,
            arithmetic=arithmetic,
            memory=3 * side * side * size,
            rtol=1e-3 if arithmetic == FLOAT32 else 1e-2,
        )


# ---- what reads and writes memory ------------------------------------------------------------------------------------


def reductions(sizes: Sizes) -> Iterator[Task]:
    for side, (text, axis), name in itertools.product(
        sizes.sides,
        (("all", None), ("first axis", 0), ("last axis", 1)),
        ("sum", "mean", "max", "argmax", "var", "logsumexp"),
    ):

        def make(lib: Any, side: int = side, axis: int | None = axis, name: str = name) -> Callable:
            x = numbers(lib, side, side)
            if axis is not None:
                return lambda: getattr(x, name)(axis)
            return (lambda: x.logsumexp((0, 1))) if name == "logsumexp" else getattr(x, name)

        yield Task("reductions", f"{name}, {text}, {millions(side * side)}", make, moved=4 * side * side,
                   memory=12 * side * side)  # fmt: skip


def softmaxes(sizes: Sizes) -> Iterator[Task]:
    for (rows, length), name, axis in itertools.product(sizes.rows, ("softmax", "log_softmax"), (1, 0)):
        if axis == 0 and rows != length:
            continue
        size, where = rows * length, f"{rows} x {length}, {'last' if axis else 'first'} axis"

        def forward(lib: Any, rows: int = rows, length: int = length, name: str = name, axis: int = axis) -> Callable:
            x = numbers(lib, rows, length)
            return lambda: getattr(lib, name)(x, axis)

        def both(lib: Any, rows: int = rows, length: int = length, name: str = name, axis: int = axis) -> Callable:
            x = numbers(lib, rows, length).requires_grad_()
            grad = numbers(lib, rows, length, shift=3)
            return lambda: lib.autograd.grad(getattr(lib, name)(x, axis), x, grad)[0]

        yield Task("softmax", f"{name}, {where}", forward, moved=8 * size, memory=12 * size)
        yield Task("softmax", f"{name} and gradient, {where}", both, moved=20 * size, memory=20 * size)


def elementwise(sizes: Sizes) -> Iterator[Task]:
    size = sizes.side**2
    for name, operands, function in (
        ("x + y", 2, lambda lib, x, y: x + y),
        ("x * 2 + 1", 1, lambda lib, x, y: x * 2 + 1),
        ("exp", 1, lambda lib, x, y: x.exp()),
        ("tanh", 1, lambda lib, x, y: x.tanh()),
        ("sigmoid", 1, lambda lib, x, y: x.sigmoid()),
        ("relu", 1, lambda lib, x, y: lib.relu(x)),
        ("gelu", 1, lambda lib, x, y: lib.nn.functional.gelu(x)),
        ("where(x > y, x, y)", 2, lambda lib, x, y: lib.where(x > y, x, y)),
        ("x.add_(y)", 2, lambda lib, x, y: x.add_(y, alpha=1e-6)),
        ("x.half()", 1, lambda lib, x, y: x.half()),
    ):

        def make(lib: Any, function: Callable = function) -> Callable:
            x, y = numbers(lib, sizes.side, sizes.side), numbers(lib, sizes.side, sizes.side, shift=5)
            return lambda: function(lib, x, y)

        yield Task("elementwise", f"{name}, {millions(size)}", make, moved=4 * size * (operands + 1), memory=20 * size)
    for name in ("sigmoid", "gelu", "silu"):

        def gradient(lib: Any, name: str = name) -> Callable:
            function = getattr(lib.nn.functional, name)
            x = numbers(lib, sizes.side, sizes.side).requires_grad_()
            grad = numbers(lib, sizes.side, sizes.side, shift=5)
            return lambda: lib.autograd.grad(function(x), x, grad)[0]

        yield Task("elementwise", f"{name} and gradient, {millions(size)}", gradient, moved=20 * size, memory=24 * size)


def numbers(lib: Any, rows: int, columns: int, dtype: str = "float32", shift: int = 0) -> Any:
    """A matrix on the GPU, the same in every library: a block of drawn numbers again and again, turned by `shift`."""
    block = np.random.default_rng(0).standard_normal(min(rows * columns, 99991)).astype(np.float32)
    whole = lib.tensor(np.roll(block, shift)).cuda().repeat(-(-rows * columns // len(block)))
    return whole[: rows * columns].reshape(rows, columns).to(getattr(lib, dtype))


def millions(count: int) -> str:
    return f"{count // 2**20}M" if count >= 2**20 else str(count)
