"""Packages written for PyTorch, unmodified, under `python -m tinytorch`: they print what they print with PyTorch."""

import importlib.util
import re
import subprocess
import sys

import pytest

NET = """
import torch, torch.nn as nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(20, 7), nn.ReLU(), nn.Sequential(nn.Linear(7, 3), nn.Sigmoid()))
"""

PROGRAMS = {
    "torchsummary": NET
    + """
from torchsummary import summary
summary(net, (20,), device="cpu")
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 2), nn.Linear(3, 2, bias=False)
    def forward(self, x, y):
        return self.first(x) + self.second(y)
summary(Two(), [(4,), (3,)], batch_size=5, device="cpu")
""",
    "torchinfo": NET
    + """
from torchinfo import summary
print(summary(net, input_size=(64, 20), verbose=0))
columns = ["input_size", "output_size", "num_params", "params_percent", "mult_adds", "trainable"]
print(summary(net, input_data=torch.zeros(2, 20), col_names=columns, depth=1, verbose=0))
net[0].requires_grad_(False)
print(summary(net, verbose=0))
""",
    "torchviz": """
import torch
from torchviz import make_dot
x = torch.ones(3)
w = torch.full((3,), 0.5, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
y = (w * x + b).exp()
loss = (y * y).mean() + y.sum()
print(make_dot(loss, params={"w": w, "b": b}))
print(make_dot(y))
""",
    "einops": """
import torch, einops
from einops.layers.torch import Rearrange, Reduce
x = torch.arange(24.0).reshape(2, 3, 4).requires_grad_()
print(einops.rearrange(x, "a b c -> (a c) b"))
print(einops.rearrange([x[0], x[1]], "k b c -> b (c k)"))
for how in ("sum", "mean", "max", "min", "prod"):
    print(einops.reduce(x, "a (b one) c -> a b one", how, one=1))
print(einops.repeat(x, "a b c -> a (b two) c", two=2).shape)
print(einops.einsum(x, x, "a b c, a d c -> b d"))
packed, shapes = einops.pack([x, x[:, 0]], "a * c")
print(packed.shape, shapes, [part.shape for part in einops.unpack(packed, shapes, "a * c")])
print(einops.asnumpy(x.detach()).sum(), einops.parse_shape(x, "a _ c"))
layer = torch.nn.Sequential(Rearrange("a b c -> a (b c)"), Reduce("a (h w) -> a h", "mean", h=3))
print(layer)
print(layer(x))
(layer(x) ** 2).sum().backward()
print(x.grad)
""",
}


def without_addresses(text: str) -> str:
    """Python's ids of objects, which torchviz takes for names, numbered in the order in which they come."""
    numbers: dict[str, str] = {}
    return re.sub(r"\b\d{10,}\b", lambda match: numbers.setdefault(match[0], f"n{len(numbers)}"), text)


@pytest.mark.torch
@pytest.mark.parametrize("package", PROGRAMS)
def test_package_prints_the_same_as_with_pytorch(package, tmp_path):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    (tmp_path / "main.py").write_text(PROGRAMS[package])
    printed = []
    for command in ([sys.executable], [sys.executable, "-m", "tinytorch"]):
        done = subprocess.run([*command, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        printed.append(without_addresses(done.stdout))
    assert printed[1] == printed[0]
