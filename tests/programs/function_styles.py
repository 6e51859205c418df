"""Custom Functions in all their styles, the errors of autograd, functional derivatives."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Function


class LinearFunction(Function):
    @staticmethod
    def forward(ctx, input, weight, bias=None):
        ctx.save_for_backward(input, weight, bias)
        out = input.mm(weight.t())
        if bias is not None:
            out += bias.unsqueeze(0).expand_as(out)
        return out

    @staticmethod
    def backward(ctx, g):
        input, weight, bias = ctx.saved_tensors
        gi = gw = gb = None
        if ctx.needs_input_grad[0]:
            gi = g.mm(weight)
        if ctx.needs_input_grad[1]:
            gw = g.t().mm(input)
        if bias is not None and ctx.needs_input_grad[2]:
            gb = g.sum(0)
        return (gi, gw, gb)


class MulConst(Function):
    @staticmethod
    def forward(t, c):
        return t * c

    @staticmethod
    def setup_context(ctx, inputs, output):
        t, c = inputs
        ctx.c = c

    @staticmethod
    def backward(ctx, g):
        return (g * ctx.c, None)


class Sort(Function):
    @staticmethod
    def forward(ctx, x):
        v, i = x.sort()
        ctx.mark_non_differentiable(i)
        ctx.save_for_backward(i)
        return (v, i)

    @staticmethod
    def backward(ctx, g, _):
        (i,) = ctx.saved_tensors
        r = torch.zeros_like(g)
        r.scatter_(0, i, g)
        return r


class Inplace(Function):
    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx, g):
        return g * 2


class STE(Function):
    @staticmethod
    def forward(ctx, x):
        return (x > 0).float()

    @staticmethod
    def backward(ctx, g):
        return F.hardtanh(g)


torch.manual_seed(0)
inp = (
    torch.randn(4, 5, dtype=torch.double, requires_grad=True),
    torch.randn(3, 5, dtype=torch.double, requires_grad=True),
    torch.randn(3, dtype=torch.double, requires_grad=True),
)
print(torch.autograd.gradcheck(LinearFunction.apply, inp, eps=1e-06, atol=0.0001))
print(LinearFunction.apply(*inp).sum())
x = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
y = MulConst.apply(x, 5.5).sum()
y.backward()
print(x.grad)
v, i = Sort.apply(x)
print(v, i, i.requires_grad)
(v * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
print(x.grad)
z = x * 1
w = Inplace.apply(z)
print(w is z, w, z.grad_fn.__class__.__name__)
w.sum().backward()
print(x.grad)
s = STE.apply(x - 2)
s.sum().backward()
print(x.grad, s)
try:
    a = torch.ones(2, requires_grad=True)
    b = a.exp()
    b.add_(1)
    b.sum().backward()
except RuntimeError as e:
    print(str(e).split("\n")[0])
try:
    a = torch.ones(2, requires_grad=True)
    a += 1
except RuntimeError as e:
    print(str(e).split("\n")[0])
try:
    torch.ones(2, requires_grad=True).backward()
except RuntimeError as e:
    print(str(e).split("\n")[0])
try:
    torch.ones(2).sum().backward()
except RuntimeError as e:
    print(str(e).split("\n")[0])
a = torch.ones(2, requires_grad=True)
l = (a * a).sum()
l.backward()
try:
    l.backward()
except RuntimeError as e:
    print(str(e).split("\n")[0])
a = torch.ones(3, requires_grad=True)
h = a.register_hook(lambda g: g * 2)
(a * 3).sum().backward()
print(a.grad)
h.remove()
a.grad = None
b = a * 2
b.retain_grad()
c = (b**2).sum()
c.backward()
print(b.grad, a.grad, b.is_leaf, a.is_leaf)
x = torch.randn(3, requires_grad=True)
y = x * 2
i = 0
while y.data.norm() < 1000:
    y = y * 2
    i += 1
print(i, y)
y.backward(torch.tensor([0.1, 1.0, 0.0001]))
print(x.grad)
with torch.autograd.set_detect_anomaly(True):
    try:
        q = torch.tensor([-1.0], requires_grad=True)
        torch.sqrt(q).sum().backward()
    except RuntimeError as e:
        print(e)
from torch.autograd.functional import hvp, jvp, vjp

f = lambda x: (x**3).sum()
x = torch.tensor([1.0, 2.0, 3.0])
print(hvp(f, x, torch.ones(3)), vjp(lambda x: x**2, x, torch.ones(3)), jvp(lambda x: x**2, x, torch.ones(3)))
(g1,) = torch.autograd.grad(f(x.requires_grad_()), x, create_graph=True)
(g2,) = torch.autograd.grad(g1.sum(), x)
print(g1, g2)
loss = nn.MSELoss()
w = torch.randn(2, 2, requires_grad=True)
opt = torch.optim.SGD([w], lr=0.1)


def closure():
    opt.zero_grad()
    l = loss(w, torch.zeros(2, 2))
    l.backward()
    return l


for _ in range(3):
    print(opt.step(closure))
xs = torch.ones(4, 4, requires_grad=True)
ys = xs.clone()
ys[1:3, 1:3] *= 3
ys[0] = ys[1].detach() * 2
ys.view(-1)[::5].mul_(2)
ys.sum().backward()
print(xs.grad, ys.grad_fn)
