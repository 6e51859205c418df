"""Gaussian process regression with a Cholesky factor; hyperparameters by the marginal likelihood."""

import math

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.double)
X = torch.rand(12, 1) * 6 - 3
y = torch.sin(X).squeeze(-1) + 0.1 * torch.randn(12)
Xs = torch.linspace(-4, 4, 9).unsqueeze(-1)


def rbf(a, b, length, scale):
    d2 = (a.unsqueeze(1) - b.unsqueeze(0)).pow(2).sum(-1)
    return scale**2 * torch.exp(-0.5 * d2 / length**2)


def nll(length, scale, noise):
    K = rbf(X, X, length, scale) + noise**2 * torch.eye(len(X))
    L = torch.linalg.cholesky(K)
    alpha = torch.cholesky_solve(y.unsqueeze(-1), L)
    return 0.5 * (y @ alpha.squeeze(-1)) + L.diagonal().log().sum() + 0.5 * len(X) * math.log(2 * math.pi)


log_params = torch.zeros(3, requires_grad=True)
opt = torch.optim.Adam([log_params], lr=0.1)
for i in range(40):
    opt.zero_grad()
    loss = nll(*log_params.exp())
    loss.backward()
    opt.step()
    if i % 10 == 0:
        print(i, f"{loss.item():.6f}", log_params.grad)
length, scale, noise = log_params.exp().detach().unbind()
print(length, scale, noise)

K = rbf(X, X, length, scale) + noise**2 * torch.eye(12)
Ks, Kss = rbf(X, Xs, length, scale), rbf(Xs, Xs, length, scale)
L = torch.linalg.cholesky(K)
v = torch.linalg.solve_triangular(L, Ks, upper=False)
mean = Ks.T @ torch.cholesky_solve(y[:, None], L)[:, 0]
cov = Kss - v.T @ v
print(mean, cov.diagonal().clamp_min(0).sqrt(), sep="\n")
jitter = 1e-6 * torch.eye(9)
Lp = torch.linalg.cholesky(cov + jitter)
samples = mean + (Lp @ torch.randn(9, 2)).T
print(samples)
print(torch.allclose(Lp @ Lp.mT, cov + jitter), torch.linalg.slogdet(K), torch.logdet(K))
print(torch.linalg.inv(K).diagonal()[:3], torch.cholesky_inverse(L).diagonal()[:3])
try:
    torch.linalg.cholesky(-K)
except RuntimeError as e:
    print(type(e).__name__, str(e).splitlines()[0])
L2, info = torch.linalg.cholesky_ex(-K)
print(info, L2.shape)
batch = torch.stack([K, 2 * K])
print(torch.linalg.cholesky(batch).shape, torch.linalg.solve(batch, y[:, None]).squeeze(-1)[:, :3])
Q, R = torch.linalg.qr(K[:, :3])
print(Q.shape, R.abs().diagonal(), torch.linalg.cond(K[:3, :3]), torch.linalg.matrix_power(K[:2, :2], 3))
