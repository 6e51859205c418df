"""A tour of modules, hooks, state dicts, in-place writes, random numbers and conversions."""

import copy
from typing import Optional

import numpy as np
import torch
import torch.nn as nn
from torch import Tensor

torch.manual_seed(11)


def fwd(x: Tensor, w: Optional[Tensor] = None) -> Tensor:
    return x if w is None else x * w


a = np.arange(6).reshape(2, 3)
t = torch.from_numpy(a)
t[0, 0] = 100
print(a[0, 0])
print(np.sin(torch.ones(2)), torch.ones(2).numpy() + 1)
m = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Dropout(0.5), nn.Linear(4, 2))
m2 = copy.deepcopy(m)
print(m2[0].weight is m[0].weight, torch.equal(m2[0].weight, m[0].weight))
for n, p in m.named_parameters():
    print(n, p.shape, p.requires_grad)
for p in m[0].parameters():
    p.requires_grad_(False)
print([p.requires_grad for p in m.parameters()])
print(list(m.state_dict().keys()))
print(m.training, m.eval().training)
h = m[0].register_forward_hook(lambda mod, i, o: print("hook", mod.__class__.__name__, i[0].shape, o.shape))
m(torch.randn(2, 3))
h.remove()
m(torch.randn(2, 3))
try:
    m(torch.randn(2, 4))
except RuntimeError as e:
    print(str(e).split("\n")[0])
try:
    m.load_state_dict({"0.weight": torch.zeros(4, 3)})
except RuntimeError as e:
    print(e)
print(
    torch.tensor(3.7).int(),
    int(torch.tensor(3.7)),
    float(torch.tensor(2)),
    bool(torch.tensor(0)),
    torch.tensor([1, 2, 3]).tolist(),
    len(torch.zeros(3, 2)),
    [x.item() for x in torch.arange(3)],
)
x = torch.zeros(3)
x[1] = 2
x[-1] += 5
x *= 2
x /= 4
x -= 1
print(x)
y = x
y += 1
print(x is y, x)
b = torch.randn(2, 3, requires_grad=True)
c = (b * 2).detach()
print(c.requires_grad)
d = b.clone()
d[0] = 0
d.sum().backward()
print(b.grad)
b.grad.zero_()
print(b.grad.sum())
w = nn.Parameter(torch.ones(2))
print(w, isinstance(w, torch.Tensor), (w * 2).grad_fn)
print(torch.is_tensor(w), w.data, w.detach().numpy())
sd = m.state_dict()
sd2 = {k: v.clone() for k, v in sd.items()}
m.load_state_dict(sd2)
print(m.load_state_dict({}, strict=False))
emb = nn.Embedding(5, 3, padding_idx=0)
print(emb(torch.tensor([[0, 1], [4, 0]])))
print(emb)
print(
    torch.cuda.is_available(),
    torch.__version__[:4],
    torch.get_default_dtype(),
    torch.finfo(torch.float32).eps,
    torch.iinfo(torch.int8).max,
)
with torch.no_grad():
    z = w * 3
print(z.requires_grad, torch.is_grad_enabled())


@torch.no_grad()
def f():
    return (w * 2).requires_grad


print(f())
print(torch.tensor([[1, 2], [3, 4]], dtype=torch.float32).mean(), torch.tensor([1, 2]).float().std())
print(
    nn.CrossEntropyLoss()(torch.eye(3) * 5, torch.tensor([0, 1, 2])),
    nn.MSELoss()(torch.zeros(2), torch.ones(2)),
    nn.functional.mse_loss(torch.zeros(2), torch.ones(2), reduction="none"),
)


class Res(nn.Module):
    def __init__(s):
        super().__init__()
        s.l = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        s.act = nn.ModuleDict({"relu": nn.ReLU(), "prelu": nn.PReLU()})
        s.g = nn.Parameter(torch.tensor(0.5))
        s.register_buffer("steps", torch.tensor(0))

    def forward(s, x):
        for i, l in enumerate(s.l):
            x = x + s.g * s.act["relu" if i % 2 else "prelu"](l(x))
        s.steps += 1
        return x


r = Res()
print(r)
print(r(torch.ones(1, 4)))
print(
    r.steps,
    [n for n, _ in r.named_modules()],
    [n for n, _ in r.named_children()],
    sum((p.numel() for p in r.parameters() if p.requires_grad)),
)
opt = torch.optim.SGD(
    [{"params": r.l.parameters()}, {"params": [r.g], "lr": 0.001}], lr=0.1, momentum=0.9, nesterov=True
)
print(opt)
opt.zero_grad()
r(torch.ones(1, 4)).sum().backward()
opt.step()
print(r.g.item(), opt.param_groups[1]["lr"], len(opt.state))
print(torch.allclose(r.double()(torch.ones(1, 4).double()).float(), r.float()(torch.ones(1, 4)), atol=0.0001))
print(
    f"{torch.tensor(3.14159):.2f}",
    f"{torch.tensor(7)}",
    str(torch.tensor([1.5])),
    repr(torch.Size([2, 3])),
    torch.zeros(2).dtype,
    torch.device("cpu"),
)
t = torch.rand(1000)
print(
    t.mean(),
    (t > 0.5).float().mean(),
    torch.randperm(5),
    torch.randint(0, 10, (3,)),
    torch.bernoulli(torch.full((4,), 0.5)),
    torch.normal(0.0, 1.0, (2,)),
    torch.empty(3).uniform_(-1, 1),
    torch.multinomial(torch.tensor([0.1, 0.2, 0.7]), 5, replacement=True),
)
