"""Einsum puzzles and batched linear algebra, each beside the function that does the same."""

import torch
from torch import einsum

torch.manual_seed(6)
A, B = torch.randn(3, 4), torch.randn(4, 5)
x, y = torch.randn(4), torch.randn(4)
T, U = torch.randn(2, 3, 4), torch.randn(2, 4, 5)
S = torch.randn(4, 4)
pairs = {
    "transpose": (einsum("ij->ji", A), A.T),
    "sum": (einsum("ij->", A), A.sum()),
    "columns": (einsum("ij->j", A), A.sum(dim=0)),
    "rows": (einsum("ij->i", A), A.sum(-1)),
    "matvec": (einsum("ik,k->i", A, x), A.mv(x)),
    "matmul": (einsum("ik,kj->ij", A, B), A @ B),
    "dot": (einsum("i,i->", x, y), x.dot(y)),
    "outer": (einsum("i,j->ij", x, y), torch.outer(x, y)),
    "hadamard": (einsum("ij,ij->ij", A, A), A * A),
    "bmm": (einsum("bik,bkj->bij", T, U), torch.bmm(T, U)),
    "trace": (einsum("ii", S), torch.trace(S)),
    "diagonal": (einsum("ii->i", S), S.diagonal()),
    "quadratic": (einsum("i,ij,j", x, S, y), x @ S @ y),
    "bilinear": (
        einsum("bn,anm,bm->ba", A, torch.ones(5, 4, 4), A),
        torch.nn.functional.bilinear(A, A, torch.ones(5, 4, 4)),
    ),
    "ellipsis": (einsum("...ij,...jk->...ik", T, U), T @ U),
    "permute": (einsum("...ij->...ji", T), T.permute(0, 2, 1)),
    "tensordot": (einsum("abc,cd->abd", T, S), torch.tensordot(T, S, dims=([2], [0]))),
    "norms": (einsum("bij,bij->b", T, T).sqrt(), T.flatten(1).norm(dim=1)),
    "chain": (einsum("ab,bc,cd->ad", A, S, B), torch.linalg.multi_dot([A, S, B])),
    "uppercase": (einsum("Ab,bC->AC", A, B), A.matmul(B)),
    "spaces": (einsum(" i j , j -> i ", A, x), torch.matmul(A, x)),
    "numbers": (einsum(A, [0, 1], B, [1, 2], [0, 2]), A.mm(B)),
}
for name, (mine, theirs) in pairs.items():
    print(
        f"{name:10s} {tuple(mine.shape)!s:12} {torch.allclose(mine, theirs, atol=1e-5)} {mine.float().sum().item():.4f}"
    )
for wrong in ("ij,jk", "ij->k", "iij->i", "i.j,j->i", "ij->ii"):
    try:
        print(wrong, einsum(wrong, A).shape)
    except (RuntimeError, ValueError) as e:
        print(wrong, "|", str(e).splitlines()[0])
try:
    einsum("ij,jk->ik", A, A)
except RuntimeError as e:
    print(str(e).splitlines()[0])

# multi-head attention, both ways, with gradients
q = torch.randn(2, 5, 2, 4, requires_grad=True)
k, v = torch.randn(2, 7, 2, 4), torch.randn(2, 7, 2, 4)
weights = (einsum("bqhd,bkhd->bhqk", q, k) / 2).softmax(-1)
out = einsum("bhqk,bkhd->bqhd", weights, v)
other = ((q.transpose(1, 2) @ k.transpose(1, 2).mT / 2).softmax(-1) @ v.transpose(1, 2)).transpose(1, 2)
print(out.shape, torch.allclose(out, other, atol=1e-6), weights.sum((0, 1, 2, 3)))
out.square().sum().backward()
print(q.grad[0, 0], q.grad.abs().sum())

# kronecker, block diagonal, vandermonde, powers
P = torch.tensor([[1, 2], [3, 4]])
print(torch.kron(P, torch.eye(2, dtype=torch.long)), torch.block_diag(P, torch.tensor([[9]])))
print(torch.vander(torch.tensor([1, 2, 3])), torch.matrix_power(P, 5), torch.linalg.matrix_power(P.double(), -1))
print(
    torch.chain_matmul(A, B) if False else torch.linalg.multi_dot((A, B)).shape,
    torch.addbmm(torch.zeros(3, 5), T, U).shape,
)
print(torch.baddbmm(torch.ones(2, 3, 5), T, U, beta=2, alpha=0.5)[0, 0], torch.addr(torch.zeros(2, 2), x[:2], y[:2]))
print(torch.inner(A, A).shape, torch.vdot(x, y), torch.ger(x, y).shape, torch.mv(S, x), torch.addmv(x, S, y, alpha=-1))
fib = torch.tensor([[1, 1], [1, 0]])
print([torch.matrix_power(fib, n)[0, 1].item() for n in range(10)])
rot = lambda t: torch.stack([torch.cos(t), -torch.sin(t), torch.sin(t), torch.cos(t)], -1).view(*t.shape, 2, 2)
angles = torch.tensor([0.0, torch.pi / 6, torch.pi / 2])
print(
    rot(angles), torch.linalg.det(rot(angles)), torch.matrix_exp(torch.tensor([[0.0, -1.0], [1.0, 0.0]]) * torch.pi / 2)
)
