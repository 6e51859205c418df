"""A tour of tensor functions, Newton with jacobian and hessian, and repeated derivatives."""

import torch
from torch.autograd import Function, Variable, grad, gradcheck
from torch.autograd.functional import hessian, jacobian

torch.manual_seed(1)
torch.set_printoptions(precision=4, sci_mode=False)


def rosen(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


x = torch.tensor([-1.2, 1.0, 0.5], dtype=torch.float64)
for i in range(15):
    g = jacobian(rosen, x)
    H = hessian(rosen, x)
    x = x - torch.linalg.solve(H, g)
print(x, rosen(x))


class Exp(Function):
    @staticmethod
    def forward(ctx, i):
        r = i.exp()
        ctx.save_for_backward(r)
        return r

    @staticmethod
    def backward(ctx, g):
        (r,) = ctx.saved_tensors
        return g * r


a = torch.randn(3, dtype=torch.double, requires_grad=True)
print(gradcheck(Exp.apply, a), Exp.apply(a).grad_fn)
x = torch.tensor(2.0, requires_grad=True)
y = x**4
for i in range(5):
    (y,) = grad(y, x, create_graph=True) if y.requires_grad else (torch.zeros(()),)
    print(i, y)
A = torch.arange(12.0).reshape(3, 4)
print(A, A.T, A[:, 1::2], A[A > 5], A.sum(0), A.mean(dim=1, keepdim=True), sep="\n")
print(torch.einsum("ij,kj->ik", A, A))
print(torch.cat([A, A], dim=0).shape, torch.stack([A, A]).shape)
print(A.argmax(), A.max(dim=1), A.sort(dim=1, descending=True).indices, torch.topk(A, 2))
print(A.std(), A.var(unbiased=False), A.median(), A.norm(), A.cumsum(1), A.prod(1))
b = torch.tensor([True, False, True])
print(~b, b.any(), b.all(), b.sum(), b.nonzero(), torch.where(b, 1, 0))
print(torch.arange(0, 1, 0.25), torch.linspace(0, 1, 5), torch.eye(3), torch.full((2, 2), 7), torch.logspace(0, 2, 3))
print(
    A.view(2, 6), A.unsqueeze(0).shape, A.squeeze().shape, A.permute(1, 0).is_contiguous(), A.t().contiguous().view(-1)
)
print(A.repeat(1, 2).shape, A[None].expand(2, -1, -1).shape, A.chunk(2, 1), A.split([1, 3], 1))
print(
    torch.tensor([1, 2, 3]) / 2,
    torch.tensor([7, -7]) // 2,
    torch.tensor([7, -7]) % 3,
    torch.tensor(5) ** 2,
    2 ** torch.tensor([1.0, 2.0]),
)
print(
    A.clamp(2, 5), A.pow(2).sqrt(), (A - 5).abs(), A.exp().log(), torch.round(A / 3), A.floor(), A.int(), A.long().dtype
)
print(torch.triu(A), A.tril(), A.diag(), torch.diag(torch.tensor([1.0, 2.0])), A.flip(1), A.roll(1, 0))
print(
    torch.unique(torch.tensor([3, 1, 2, 3, 1]), return_counts=True),
    torch.bincount(torch.tensor([0, 1, 1, 3])),
    torch.histc(A, 4),
)
c = torch.complex(torch.tensor([1.0, 2.0]), torch.tensor([3.0, -4.0]))
print(c, c.abs(), c.angle(), c.conj(), c * c, torch.view_as_real(c))
print(torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij"))
print(torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3, 4])))
print(
    torch.isnan(torch.tensor([1.0, float("nan"), float("inf")])),
    torch.tensor([10000000000.0, 1e-10, 3.14]),
    torch.tensor([]),
    torch.zeros(2, 0),
)
print(
    torch.randn(3, 3) @ torch.randn(3, 3),
    torch.inverse(torch.tensor([[2.0, 0], [0, 4.0]])),
    torch.det(torch.tensor([[1.0, 2], [3, 4]])),
)
print(
    torch.gather(A, 1, torch.tensor([[0, 1], [1, 2], [3, 3]])),
    torch.zeros(3, 4).scatter_(1, torch.tensor([[0], [1], [2]]), 1.0),
    A.index_select(0, torch.tensor([0, 2])),
    A.masked_fill(A > 5, -1.0),
)
print(
    torch.nn.functional.one_hot(torch.tensor([0, 2]), 3),
    A.view(-1)[[0, 5]],
    A[[0, 1], [1, 2]],
    A[..., 0],
    A[1, :],
    A[-1, -1].item(),
)
x = Variable(torch.ones(2, 2), requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()
out.backward()
print(x.grad, y.grad_fn is not None, x.is_leaf)
print(
    torch.cov(A),
    torch.corrcoef(A),
    torch.quantile(A, 0.3),
    torch.outer(torch.arange(3), torch.arange(2)),
    torch.cross(torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 1, 0]), dim=0),
)
print(
    torch.allclose(A, A + 1e-09),
    torch.equal(A, A),
    A.dtype,
    A.device,
    A.shape,
    A.size(0),
    A.dim(),
    A.numel(),
    A.stride(),
    A.storage_offset(),
    A.is_contiguous(),
    A.type(),
)
