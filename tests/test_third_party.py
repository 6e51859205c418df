"""Packages written for PyTorch, unmodified, under `python -m tinytorch`: they print what they print with PyTorch."""

import importlib.util
import re
import subprocess
import sys

import pytest

PROGRAMS = {
    "torchsummary": """
import torch, torch.nn as nn, torch.nn.functional as F
from torchsummary import summary
net = nn.Sequential(nn.Linear(20, 7), nn.ReLU(), nn.Sequential(nn.Linear(7, 3), nn.Sigmoid()))
summary(net, (20,), device="cpu")
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 2), nn.Linear(3, 2, bias=False)
    def forward(self, x, y):
        return self.first(x) + self.second(y)
summary(Two(), [(4,), (3,)], batch_size=5, device="cpu")
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(28 * 28, 50), nn.Linear(50, 10)
        self.drop, self.act = nn.Dropout(), nn.LeakyReLU(0.1)
    def forward(self, x):
        return F.log_softmax(self.fc2(self.drop(self.act(self.fc1(x.flatten(1))))), dim=1)
net = Net()
net.fc1.weight.requires_grad_(False)
summary(net, (1, 28, 28), batch_size=3)
summary(nn.Sequential(nn.Flatten(), nn.Linear(12, 1), nn.PReLU(), nn.Softmax(dim=1)), input_size=(3, 4))
""",
    "torchinfo": """
import torch, torch.nn as nn
from torchinfo import summary
net = nn.Sequential(nn.Linear(20, 7), nn.ReLU(), nn.Sequential(nn.Linear(7, 3), nn.Sigmoid()))
print(summary(net, input_size=(64, 20), verbose=0))
columns = ["input_size", "output_size", "num_params", "params_percent", "mult_adds", "trainable"]
print(summary(net, input_data=torch.zeros(2, 20), col_names=columns, depth=1, verbose=0))
net[0].requires_grad_(False)
print(summary(net, verbose=0))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.heads = nn.ModuleDict({"a": nn.Linear(4, 2), "b": nn.Linear(4, 5, bias=False)})
        self.drop = nn.Dropout(0.1)
        self.scale = nn.Parameter(torch.ones(4))
        self.unused = nn.Linear(100, 100)
    def forward(self, x, which="a"):
        x = self.embed(x)
        for layer in self.layers:
            x = self.drop(torch.relu(layer(x)))
        return {"out": self.heads[which](x * self.scale), "mid": x}
net, columns = Net(), [*columns, "kernel_size"]
print(summary(net, input_data=torch.zeros(2, 6, dtype=torch.long), verbose=0, col_names=columns, depth=4))
print(summary(net, input_size=(2, 6), dtypes=[torch.long], which="b", verbose=0, row_settings=["var_names", "depth"]))
summary(net, input_size=(6,), batch_dim=0, dtypes=[torch.long], verbose=2, device="cpu")
print(summary(net.double(), verbose=0))
stats = summary(net, input_data=[torch.zeros(2, 6).long()], verbose=0)
print(stats.total_params, stats.trainable_params, stats.total_mult_adds, stats.total_output_bytes, net.training)
print([(layer.var_name, layer.output_size, layer.num_params) for layer in stats.summary_list])
shared = nn.Linear(3, 3)
print(summary(nn.Sequential(shared, nn.ReLU(), shared), (1, 3), verbose=0))
try:
    summary(nn.Linear(3, 3), (2, 4), verbose=0)
except RuntimeError as error:
    print(error, "|", str(error.__cause__).splitlines()[0])
""",
    "torchviz": """
import torch, torch.nn as nn
from torchviz import make_dot
x = torch.ones(3)
w = torch.full((3,), 0.5, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
y = (w * x + b).exp()
loss = (y * y).mean() + y.sum()
print(make_dot(loss, params={"w": w, "b": b}))
print(make_dot(y))
net = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))
print(make_dot(net(torch.ones(2, 4)).mean(), params=dict(net.named_parameters())))
x = torch.ones(2, 3, requires_grad=True)
y = x * 2
print(make_dot((y[0], y.t(), y.view(6))))
class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * 2
    @staticmethod
    def backward(ctx, grad):
        return grad * 2
print(make_dot(Double.apply(x).sum(), params={"x": x}))
print(make_dot(nn.CrossEntropyLoss()(net[0](torch.ones(2, 4)), torch.tensor([0, 2]))))
print(make_dot(nn.MSELoss()(net(torch.ones(2, 4)), torch.zeros(2, 1)), params=dict(net.named_parameters())))
print(make_dot(net(torch.ones(2, 4)).mean(), params=dict(net.named_parameters()), show_saved=True))
print(make_dot((x * x).exp().sum(), params={"x": x}, show_saved=True))
print(make_dot(Double.apply(x).mm(x.t()).clamp(min=0).pow(2).sum(), params={"x": x}, show_saved=True))
""",
    "einops": """
import torch, einops
from einops import einsum, rearrange, reduce, repeat
from einops.layers.torch import EinMix, Rearrange, Reduce
x = torch.arange(24.0).reshape(2, 3, 4).requires_grad_()
print(rearrange(x, "a b c -> (a c) b"))
print(rearrange([x[0], x[1]], "k b c -> b (c k)"))
for how in ("sum", "mean", "max", "min", "prod"):
    print(reduce(x, "a (b one) c -> a b one", how, one=1))
print(repeat(x, "a b c -> a (b two) c", two=2).shape)
print(einsum(x, x, "a b c, a d c -> b d"))
packed, shapes = einops.pack([x, x[:, 0]], "a * c")
print(packed.shape, shapes, [part.shape for part in einops.unpack(packed, shapes, "a * c")])
print(einops.asnumpy(x.detach()).sum(), einops.parse_shape(x, "a _ c"))
layer = torch.nn.Sequential(Rearrange("a b c -> a (b c)"), Reduce("a (h w) -> a h", "mean", h=3))
print(layer)
print(layer(x))
(layer(x) ** 2).sum().backward()
print(x.grad)
torch.manual_seed(0)
mix = EinMix("b t (h c) -> b h t d", weight_shape="h c d", bias_shape="h d", h=2, c=3, d=4)
print(mix, mix(torch.ones(1, 2, 6)).shape, [p.shape for p in mix.parameters()])
images = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).reshape(2, 3, 4, 4)
print(rearrange(images, "b c (h p) (w q) -> b (h w) (p q c)", p=2, q=2)[0, 0])
print(reduce(images, "b c h w -> c", "max"), reduce(images, "b c (h 2) (w 2) -> b c h w", "mean").shape)
print(rearrange(images, "b ... -> b (...)").stride(), rearrange(images, "b c h w -> h w b c").is_contiguous())
print(reduce(images > 50, "b c h w -> b c", "any"), reduce(images > 0, "b c h w -> b c", "all"))
print(rearrange(torch.arange(4), "(a b) -> b a", a=2))
for bad in ("b c h -> b c h", "b c h w -> b c h q", "b c (h 3) w -> b c h w"):
    try:
        rearrange(images, bad)
    except einops.EinopsError as error:
        print(str(error).splitlines()[0])
""",
}


def without_addresses(text: str) -> str:
    """Python's ids of objects, which torchviz takes for names, numbered in the order in which they come in a graph."""

    def numbered(graph: str) -> str:
        numbers: dict[str, str] = {}
        return re.sub(r"\b\d{10,}\b", lambda match: numbers.setdefault(match[0], f"n{len(numbers)}"), graph)

    return "digraph".join(map(numbered, text.split("digraph")))


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
    assert printed[0].count("\n") > 20
    assert printed[1] == printed[0]
