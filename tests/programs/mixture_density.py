"""A mixture density network: log-sum-exp of Gaussians, sampling from the mixture, plots with matplotlib."""

import io
import math

import matplotlib
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

matplotlib.use("Agg")
import matplotlib.pyplot as plt

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)  # in float32 the fit amplifies rounding
n = 200
y = torch.rand(n, 1) * 20 - 10
x = torch.sin(0.75 * y) * 7 + y * 0.5 + torch.randn(n, 1)
print(x.shape, x.min(), x.max(), x.mean().item())

fig, ax = plt.subplots(1, 2)
ax[0].scatter(x, y, alpha=0.2)
ax[1].hist(x.flatten().numpy(), bins=10)
ax[1].plot(torch.linspace(-10, 10, 5), torch.zeros(5), "r-")
fig.savefig(io.BytesIO(), format="png")
plt.close(fig)
counts, edges = np.histogram(x, bins=4)
print(counts.sum(), type(counts), edges.shape)


class MDN(nn.Module):
    def __init__(self, n_hidden, n_gaussians):
        super().__init__()
        self.z_h = nn.Sequential(nn.Linear(1, n_hidden), nn.Tanh())
        self.z_pi = nn.Linear(n_hidden, n_gaussians)
        self.z_sigma = nn.Linear(n_hidden, n_gaussians)
        self.z_mu = nn.Linear(n_hidden, n_gaussians)

    def forward(self, x):
        h = self.z_h(x)
        return F.log_softmax(self.z_pi(h), -1), F.softplus(self.z_sigma(h)) + 1e-3, self.z_mu(h)


def log_normal(y, mu, sigma):
    return -0.5 * ((y - mu) / sigma) ** 2 - torch.log(sigma) - 0.5 * math.log(2 * math.pi)


model = MDN(20, 5)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(80):
    logpi, sigma, mu = model(x)
    loss = -torch.logsumexp(logpi + log_normal(y.expand_as(mu), mu, sigma), dim=1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 20 == 0:
        print(epoch, f"{loss.data.tolist():.4f}")

with torch.no_grad():
    grid = torch.linspace(-12, 12, 6)[:, None]
    logpi, sigma, mu = model(grid)
    k = torch.multinomial(logpi.exp(), 1)
    print(k.view(-1), k.shape)
    sample = torch.normal(mu, sigma).gather(1, k)
    print(sample)
    print(logpi.exp().sum(1), (logpi.exp() * mu).sum(1, keepdim=True).T)
    pi = logpi.exp()
    mean = (pi * mu).sum(1)
    var = (pi * (sigma**2 + mu**2)).sum(1) - mean**2
    print(torch.stack((mean, var.sqrt()), dim=-1))
torch.set_printoptions(precision=2)
print(mu)
torch.set_printoptions(profile="default")
print(pi[0], np.round(pi.numpy()[0], 2), np.asarray(sigma).dtype)
