"""Hamiltonian Monte Carlo and Metropolis-Hastings on a correlated Gaussian and a banana."""

import torch

torch.manual_seed(11)
cov = torch.tensor([[1.0, 0.8], [0.8, 1.5]], dtype=torch.float64)
prec = cov.inverse()
print(prec, torch.det(cov))


def logp_gauss(z):
    return -0.5 * torch.einsum("...i,ij,...j->...", z, prec, z)


def logp_banana(z):
    x, y = z[..., 0], z[..., 1]
    return -(x**2) / 2 - (y - x**2) ** 2 / 0.5


def leapfrog(logp, q, p, eps, n):
    def grad(z):
        z = z.detach().requires_grad_()
        return torch.autograd.grad(logp(z).sum(), z)[0]

    p = p + eps / 2 * grad(q)
    for i in range(n):
        q = q + eps * p
        if i != n - 1:
            p = p + eps * grad(q)
    return q, -(p + eps / 2 * grad(q))


def hmc(logp, q, n, eps=0.2, steps=8):
    chain, accepted = [], 0
    for _ in range(n):
        p = torch.randn_like(q)
        q2, p2 = leapfrog(logp, q, p, eps, steps)
        log_alpha = logp(q2) - 0.5 * p2.square().sum() - logp(q) + 0.5 * p.square().sum()
        if torch.log(torch.rand(())) < log_alpha:
            q, accepted = q2, accepted + 1
        chain.append(q)
    return torch.stack(chain), accepted / n


for f in (logp_gauss, logp_banana):
    chain, rate = hmc(f, torch.zeros(2, dtype=torch.float64), 60)
    print(f.__name__, chain.shape, f"{rate:.3f}", chain.mean(0), chain[-1])
    print(torch.cov(chain.T))

# Metropolis-Hastings, ten chains at once
z = torch.zeros(10, 2, dtype=torch.float64)
trace = torch.empty(100, 10, 2, dtype=torch.float64)
for t in range(100):
    prop = z + 0.5 * torch.randn(10, 2, dtype=torch.float64)
    accept = torch.rand(10).log() < logp_gauss(prop) - logp_gauss(z)
    z = torch.where(accept[:, None], prop, z)
    trace[t] = z
flat = trace[50:].reshape(-1, 2)
print(flat.shape, flat.mean(dim=0), flat.std(0), accept.sum(), accept)
print(torch.quantile(flat[:, 0], torch.tensor([0.05, 0.5, 0.95], dtype=torch.float64)))
within = trace.var(0).mean(0)
between = trace.mean(0).var(0)
print("R-hat", ((within + between) / within).sqrt())
x = flat[:, 0] - flat[:, 0].mean()
print("autocorrelation", torch.stack([(x[: len(x) - k] * x[k:]).mean() for k in range(4)]) / x.var(correction=0))
u = torch.rand(5000)
print("pi is about", 4 * (torch.rand(5000) ** 2 + u**2 <= 1).float().mean().item())
print(
    torch.empty(4).exponential_(2.0),
    torch.empty(3).log_normal_(),
    torch.empty(3).geometric_(0.4),
    torch.empty(2).cauchy_(),
)
print(
    torch.poisson(torch.tensor([0.5, 3.0, 20.0])), torch.binomial(torch.tensor([10.0, 20.0]), torch.tensor([0.3, 0.6]))
)
