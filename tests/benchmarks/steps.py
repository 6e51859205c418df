"""The training steps of the documents, each a function of the library that returns the step, which returns its loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def linear_regression(lib: Any, device: str = "cpu") -> Callable:
    """15 numbers, one weight, one bias, squared error, both updated by hand."""
    lib.manual_seed(0)
    x, target = lib.randn(15, 1).to(device), lib.randn(15, 1).to(device)
    w, b = lib.randn(1).to(device).requires_grad_(), lib.zeros(1, device=device, requires_grad=True)

    def step() -> Any:
        loss = lib.mean((x * w + b - target) ** 2)
        loss.backward()
        w.data -= 1e-2 * w.grad.data
        b.data -= 1e-2 * b.grad.data
        w.grad.zero_()
        b.grad.zero_()
        return loss

    return step


def logistic_regression(lib: Any, device: str = "cpu") -> Callable:
    """100 points in the plane, sigmoid and cross-entropy written out, updated by hand."""
    lib.manual_seed(0)
    x, target = lib.rand(100, 2).to(device), (lib.rand(100, 1) > 0.5).float().to(device)
    w, b = lib.randn(2, 1).to(device).requires_grad_(), lib.zeros(1, device=device, requires_grad=True)

    def step() -> Any:
        y = lib.sigmoid(x.mm(w) + b)
        loss = -(target * y.clamp(1e-12).log() + (1 - target) * (1 - y).clamp(1e-12).log()).mean()
        loss.backward()
        w.data -= 0.1 * w.grad.data
        b.data -= 0.1 * b.grad.data
        w.grad.zero_()
        b.grad.zero_()
        return loss

    return step


def logistic_regression_bce(lib: Any, device: str = "cpu") -> Callable:
    """The same with nn.BCEWithLogitsLoss, nn.Parameter and optim.SGD."""
    lib.manual_seed(0)
    x, target = lib.rand(100, 2).to(device), (lib.rand(100, 1) > 0.5).float().to(device)
    w, b = lib.nn.Parameter(lib.randn(2, 1).to(device)), lib.nn.Parameter(lib.zeros(1, device=device))
    criterion, optimizer = lib.nn.BCEWithLogitsLoss(), lib.optim.SGD([w, b], lr=1.0)

    def step() -> Any:
        loss = criterion(x.mm(w) + b, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


SIZES = (64, 1000, 100, 10)


def two_layers(lib: Any, device: str = "cpu") -> Callable:
    """64 x 1000 -> 100 -> 10 with mm, clamp and mm, squared error, updated by hand."""
    lib.manual_seed(0)
    n, d_in, hidden, d_out = SIZES
    x, target = lib.randn(n, d_in).to(device), lib.randn(n, d_out).to(device)
    w1, w2 = (lib.randn(*shape).to(device).requires_grad_() for shape in ((d_in, hidden), (hidden, d_out)))

    def step() -> Any:
        y = x.mm(w1).clamp(min=0).mm(w2)
        loss = (y - target).pow(2).sum()
        loss.backward()
        with lib.no_grad():
            w1.sub_(w1.grad, alpha=1e-6)
            w2.sub_(w2.grad, alpha=1e-6)
            w1.grad.zero_()
            w2.grad.zero_()
        return loss

    return step


def two_layers_function(lib: Any, device: str = "cpu") -> Callable:
    """The same with ReLU as an autograd.Function of one's own."""

    class MyReLU(lib.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.clamp(min=0)

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            (x,) = ctx.saved_tensors
            grad = grad.clone()
            grad[x < 0] = 0
            return grad

    lib.manual_seed(0)
    n, d_in, hidden, d_out = SIZES
    x, target = lib.randn(n, d_in).to(device), lib.randn(n, d_out).to(device)
    w1, w2 = (lib.randn(*shape).to(device).requires_grad_() for shape in ((d_in, hidden), (hidden, d_out)))

    def step() -> Any:
        loss = (MyReLU.apply(x.mm(w1)).mm(w2) - target).pow(2).sum()
        loss.backward()
        with lib.no_grad():
            w1.sub_(w1.grad, alpha=1e-6)
            w2.sub_(w2.grad, alpha=1e-6)
            w1.grad.zero_()
            w2.grad.zero_()
        return loss

    return step


def sequential(lib: Any, device: str = "cpu") -> Callable:
    """The same net as nn.Sequential, every parameter updated by hand."""
    lib.manual_seed(0)
    n, d_in, hidden, d_out = SIZES
    x, target = lib.randn(n, d_in).to(device), lib.randn(n, d_out).to(device)
    model = lib.nn.Sequential(lib.nn.Linear(d_in, hidden), lib.nn.ReLU(), lib.nn.Linear(hidden, d_out)).to(device)
    criterion = lib.nn.MSELoss(reduction="sum")

    def step() -> Any:
        loss = criterion(model(x), target)
        model.zero_grad()
        loss.backward()
        with lib.no_grad():
            for parameter in model.parameters():
                parameter.data -= 1e-4 * parameter.grad.data
        return loss

    return step


def module_adam(lib: Any, device: str = "cpu") -> Callable:
    """The same net as a Module of one's own, with nn.MSELoss and optim.Adam."""

    class TwoLayerNet(lib.nn.Module):
        def __init__(self, d_in: int, hidden: int, d_out: int):
            super().__init__()
            self.linear1 = lib.nn.Linear(d_in, hidden)
            self.linear2 = lib.nn.Linear(hidden, d_out)

        def forward(self, x: Any) -> Any:
            return self.linear2(self.linear1(x).clamp(min=0))

    lib.manual_seed(0)
    n, d_in, hidden, d_out = SIZES
    x, target = lib.randn(n, d_in).to(device), lib.randn(n, d_out).to(device)
    model, criterion = TwoLayerNet(d_in, hidden, d_out).to(device), lib.nn.MSELoss(reduction="sum")
    optimizer = lib.optim.Adam(model.parameters(), lr=1e-4)

    def step() -> Any:
        loss = criterion(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


STEPS = (
    linear_regression,
    logistic_regression,
    logistic_regression_bce,
    two_layers,
    two_layers_function,
    sequential,
    module_adam,
)
