"""Programs whose graphs are drawn in tests and in the gallery: each gives its loss and the names of its parameters.

Their numbers are eighths in a fixed pattern, so that most of the arithmetic is exact and drawings are the same
everywhere. Call one inside `viz.record()` to have its variables' names, lines and modules on the drawing.
"""

from __future__ import annotations

import tinytorch as torch
from tinytorch import nn


def numbers(*shape: int, start: int = 0, requires_grad: bool = False) -> torch.Tensor:
    """Eighths between -5/8 and 5/8 in a fixed pattern."""
    count = torch.Size(shape).numel()
    values = torch.tensor([((7 * i + start) % 11 - 5) / 8 for i in range(count)])
    return values.reshape(shape).requires_grad_(requires_grad)


def settle(model: nn.Module) -> nn.Module:
    """Give all parameters of a model numbers of the pattern."""
    with torch.no_grad():
        for i, parameter in enumerate(model.parameters()):
            parameter.copy_(numbers(*parameter.shape, start=i))
    return model


def two_layers() -> tuple:
    """A network of two layers by hand."""
    x, y = numbers(6, 5, start=3), numbers(6, 2, start=1)
    w1 = numbers(5, 4, start=2, requires_grad=True)
    w2 = numbers(4, 2, start=4, requires_grad=True)
    h = x.mm(w1)
    h_relu = h.clamp(min=0)
    y_pred = h_relu.mm(w2)
    loss = (y_pred - y).pow(2).sum()
    return loss, {"w1": w1, "w2": w2}


def sequential() -> tuple:
    """The same network of ready-made layers."""
    x, y = numbers(6, 5, start=3), numbers(6, 2, start=1)
    model = settle(nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)))
    loss_fn = nn.MSELoss(reduction="sum")
    y_pred = model(x)
    loss = loss_fn(y_pred, y)
    return loss, dict(model.named_parameters())


class TwoLayerNet(nn.Module):
    """The same network as a class."""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        self.linear1 = nn.Linear(inputs, hidden)
        self.linear2 = nn.Linear(hidden, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h_relu = self.linear1(x).clamp(min=0)
        return self.linear2(h_relu)


def module() -> tuple:
    """TwoLayerNet and the loss."""
    x, y = numbers(6, 5, start=3), numbers(6, 2, start=1)
    model = settle(TwoLayerNet(5, 4, 2))
    y_pred = model(x)
    loss = ((y_pred - y) ** 2).sum()
    return loss, dict(model.named_parameters())


def logistic_regression() -> tuple:
    """Points of the plane in two classes, sigmoid(x @ w + b), and the cross-entropy written out."""
    x = numbers(8, 2, start=5)
    y = (x[:, :1] + x[:, 1:] > 0).float()
    w = numbers(2, 1, start=1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    p = torch.sigmoid(x.mm(w) + b)
    loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
    return loss, {"w": w, "b": b}


def mean_of_squares() -> tuple:
    """x is used once, y twice."""
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    return out, {"x": x}


def in_place() -> tuple:
    """A matrix is filled element by element; the result is no scalar."""
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    k = torch.zeros(2)
    k[0] = x[0] ** 2 + 3 * x[1]
    k[1] = x[1] ** 2 + 2 * x[0]
    return k, {"x": x}


class MyReLU(torch.autograd.Function):
    """max(x, 0), differentiated by hand."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        grad_x = grad.clone()
        grad_x[x < 0] = 0
        return grad_x


def custom_function() -> tuple:
    """The network by hand with a Function of the user's."""
    x, y = numbers(6, 5, start=3), numbers(6, 2, start=1)
    w1 = numbers(5, 4, start=2, requires_grad=True)
    w2 = numbers(4, 2, start=4, requires_grad=True)
    h = MyReLU.apply(x @ w1)
    y_pred = h @ w2
    loss = (y_pred - y).pow(2).sum()
    return loss, {"w1": w1, "w2": w2}


class ResidualBlock(nn.Module):
    """x + f(x)"""

    def __init__(self, width: int):
        super().__init__()
        self.fc1 = nn.Linear(width, width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = torch.relu(self.fc1(x))
        return torch.relu(x + self.fc2(inner))


def residual_block() -> tuple:
    """One ResidualBlock."""
    x = numbers(3, 4, start=2)
    block = settle(ResidualBlock(4))
    y = block(x)
    loss = y.mean()
    return loss, dict(block.named_parameters())


class Classifier(nn.Module):
    """A small network with dropout switched off, for three classes."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 5), nn.Tanh())
        self.head = nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.layers(x)
        return self.head(features)


def classifier() -> tuple:
    """Classifier with the cross-entropy of six examples."""
    x, labels = numbers(6, 4, start=7), torch.tensor([0, 2, 1, 1, 0, 2])
    model = settle(Classifier()).eval()
    scores = model(x)
    loss = nn.functional.cross_entropy(scores, labels)
    return loss, dict(model.named_parameters())


PROGRAMS = (
    two_layers,
    sequential,
    module,
    logistic_regression,
    mean_of_squares,
    in_place,
    custom_function,
    residual_block,
    classifier,
)
