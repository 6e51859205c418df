"""How tensors print: widths, precision, scientific notation, summaries, empty ones, options, formats."""

import torch

torch.manual_seed(21)
shown = [
    torch.tensor(3),
    torch.tensor(3.0),
    torch.tensor(0.1),
    torch.tensor(1e-8),
    torch.tensor(123456789.0),
    torch.tensor([1.0, 2.0, 3.0]),
    torch.tensor([1.5, -2.25, 1000.0]),
    torch.tensor([1e-5, 1.0]),
    torch.tensor([1e5, 1e-3]),
    torch.tensor([1e8, 1.0]),
    torch.tensor([float("nan"), float("inf"), -float("inf"), 1.0]),
    torch.tensor([True, False]),
    torch.tensor([1, -200, 30000]),
    torch.tensor([1, 2], dtype=torch.uint8),
    torch.tensor([0.1, 0.2], dtype=torch.float64),
    torch.tensor([0.1, 0.2], dtype=torch.float16),
    torch.tensor([0.1, 2.0], dtype=torch.bfloat16),
    torch.tensor([1 + 2j, -0.5j]),
    torch.tensor([]),
    torch.empty(0, 3),
    torch.empty(2, 0, dtype=torch.int64),
    torch.zeros(2, 3),
    torch.ones(1, 1, 1),
    torch.arange(24).view(2, 3, 4),
    torch.randn(2, 2, 2),
    torch.arange(1001),
    torch.arange(1001.0) / 7,
    torch.randn(30, 40),
    torch.zeros(11, 11, 11),
    torch.randn(3, requires_grad=True),
    torch.randn(3, requires_grad=True) * 2,
    torch.nn.Parameter(torch.tensor([[1.0, -1.0]])),
    torch.arange(40) * 1000,
    torch.rand(12) * 100,
    torch.linspace(-1, 1, 9).view(3, 3).sum(0, keepdim=True),
    torch.eye(3).bool(),
    torch.tensor([-0.0, 0.0]),
    torch.tensor([12345.678, 0.5]),
    torch.tensor([[0.00001234, 123.4], [5.0, 6.0]]),
    torch.tensor([1e-40, 1e38]),
    torch.full((3, 3), 7),
    torch.tensor([16777216.0, 1.0]),
    torch.randn(1, 25),
]
for t in shown:
    print(t)
for fmt in ("", ".2f", "8.3e", ">10", "d"):
    for value in (torch.tensor(3.14159), torch.tensor(7)):
        try:
            print(repr(fmt), f"{value:{fmt}}|")
        except (ValueError, TypeError) as e:
            print(repr(fmt), type(e).__name__, e)
try:
    print(f"{torch.ones(2):.2f}")
except TypeError as e:
    print(e)
print(
    f"{torch.ones(2)} {torch.tensor(2.5)!r} {torch.ones(1)!s}",
    "%s" % torch.tensor([1]),
    "%.2f" % torch.tensor(1.234),
    str(torch.Size([])),
)
x = torch.tensor([[3.14159265, 1000.5], [-2.5, 0.0001]])
for options in (
    dict(precision=2),
    dict(sci_mode=True),
    dict(sci_mode=False, precision=6),
    dict(linewidth=20),
    dict(threshold=2, edgeitems=1),
    dict(profile="short"),
    dict(profile="full"),
):
    torch.set_printoptions(**options)
    print(options, x, torch.arange(6), sep="\n")
    torch.set_printoptions(profile="default", sci_mode=None)
torch.set_printoptions(edgeitems=2, threshold=5)
print(torch.arange(100).view(10, 10), torch.arange(20.0))
torch.set_printoptions(profile="default")
print(
    [torch.tensor(1), torch.tensor(2.0)],
    (torch.ones(1),),
    {"a": torch.zeros(1, dtype=torch.int)},
    {torch.float32, torch.float32},
)
print(
    torch.float32,
    torch.device("cpu"),
    torch.Size([1, 2]),
    torch.ones(2, 3).size(),
    torch.strided,
    torch.contiguous_format,
    torch.Generator().device,
)
print(
    torch.max(torch.tensor([[1, 5], [7, 2]]), dim=1), torch.ones(2, 2).sort(), torch.tensor([1.0, 2]).topk(1), sep="\n"
)
print(
    *torch.arange(3),
    list(torch.ones(2)),
    torch.ones(2, 2).tolist(),
    torch.tensor(1).tolist(),
    torch.tensor([1.5]).numpy(),
)
y = torch.ones(2, requires_grad=True)
for f in (
    y + 1,
    y * 2,
    y / 3,
    y.exp(),
    y.sum(),
    y.mean(),
    y[0],
    y[:1],
    y.view(2, 1),
    y @ y,
    y.unsqueeze(0),
    y.softmax(0),
    y.clone(),
    y.max(),
    -y,
    y**2,
    y.std(),
    torch.cat([y, y]),
    torch.stack([y]),
    y.relu(),
    y.double(),
    y.norm(),
    y.cumsum(0),
):
    print(f.grad_fn.name(), f)
