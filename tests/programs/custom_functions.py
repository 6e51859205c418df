"""Custom autograd Functions: straight-through rounding, gradient reversal, an implicit solve, double backward."""

import torch
from torch.autograd import Function, gradcheck, gradgradcheck
from torch.autograd.function import once_differentiable

torch.manual_seed(0)


class RoundSTE(Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output


class GradReverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lambd):
        ctx.lambd = lambd
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.neg() * ctx.lambd, None


def grad_reverse(x, lambd=1.0):
    return GradReverse.apply(x, lambd)


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


class Solve(Function):
    """x = A^-1 b by implicit differentiation."""

    @staticmethod
    def forward(ctx, A, b):
        x = torch.linalg.solve(A, b)
        ctx.save_for_backward(A, x)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        A, x = ctx.saved_tensors
        print("needs", ctx.needs_input_grad)
        gb = torch.linalg.solve(A.T, g)
        return -torch.outer(gb, x), gb


class SplitSum(Function):
    @staticmethod
    def forward(ctx, x, n):
        ctx.set_materialize_grads(False)
        ctx.n, ctx.total = n, x.shape[0]
        return x[:n].sum(), x[n:].sum()

    @staticmethod
    def backward(ctx, g1, g2):
        print("got", g1, g2)
        g = torch.zeros(ctx.total)
        if g1 is not None:
            g[: ctx.n] = g1
        if g2 is not None:
            g[ctx.n :] = g2
        return g, None


x = torch.tensor([0.2, 1.7, -2.4], requires_grad=True)
y = RoundSTE.apply(x)
print(y, y.grad_fn)
(y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
print(x.grad)
x.grad = None
(grad_reverse(x, 0.5) * 2 + x).sum().backward()
print(x.grad)

d = torch.randn(4, dtype=torch.double, requires_grad=True)
print(gradcheck(Cube.apply, (d,)), gradgradcheck(Cube.apply, (d,)))
t = torch.tensor(2.0, requires_grad=True)
g1 = torch.autograd.grad(Cube.apply(t), t, create_graph=True)[0]
g2 = torch.autograd.grad(g1, t, create_graph=True)[0]
g3 = torch.autograd.grad(g2, t)[0]
print(g1, g2, g3)

A = torch.eye(2) * 3 + 0.5
A.requires_grad_()
b = torch.tensor([1.0, 2.0], requires_grad=True)
out = Solve.apply(A, b)
print(out, out.grad_fn.name())
gA, gb = torch.autograd.grad(out.sum(), (A, b), create_graph=True)
print(gA, gb)
try:
    gb.sum().backward()
except RuntimeError as e:
    print("RuntimeError:", str(e).split("\n")[0])

z = torch.arange(5.0, requires_grad=True)
a, c = SplitSum.apply(z, 2)
print(a, c)
c.backward()
print(z.grad)


class Bad(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g, g, g


class Worse(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return torch.ones(7)


class NoBackward(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2


for f in (Bad, Worse, NoBackward):
    try:
        f.apply(z).sum().backward()
    except (RuntimeError, NotImplementedError) as e:
        print(type(e).__name__, "-", str(e).split("\n")[0])
