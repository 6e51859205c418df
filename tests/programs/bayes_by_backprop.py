"""Bayes by backprop: a variational linear layer, KL terms, and predictions as averages over samples."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter

torch.manual_seed(1)


class BayesLinear(nn.Module):
    __constants__ = ["in_features", "out_features"]

    def __init__(self, in_features, out_features, prior_sigma=1.0, bias=True):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.prior_sigma = prior_sigma
        self.weight_mu = Parameter(torch.Tensor(out_features, in_features))
        self.weight_rho = Parameter(torch.Tensor(out_features, in_features))
        if bias:
            self.bias = Parameter(torch.Tensor(out_features))
        else:
            self.register_parameter("bias", None)
        self.register_buffer("calls", torch.zeros((), dtype=torch.long), persistent=False)
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1.0 / math.sqrt(self.weight_mu.size(1))
        self.weight_mu.data.uniform_(-stdv, stdv)
        self.weight_rho.data.fill_(-3)
        if self.bias is not None:
            self.bias.data.zero_()

    @property
    def sigma(self):
        return torch.log1p(torch.exp(self.weight_rho))

    def forward(self, x):
        self.calls += 1
        w = self.weight_mu
        if self.training:
            w = w + self.sigma * torch.randn_like(w)
        return F.linear(x, w, self.bias)

    def kl(self):
        s, p = self.sigma, self.prior_sigma
        return (math.log(p) - s.log() + (s**2 + self.weight_mu**2) / (2 * p**2) - 0.5).sum()

    def extra_repr(self):
        return f"{self.in_features}, {self.out_features}, bias={self.bias is not None}"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([BayesLinear(1, 16), BayesLinear(16, 16), BayesLinear(16, 1, bias=False)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.softplus(layer(x))
        return self.layers[-1](x)

    def kl(self):
        return sum(m.kl() for m in self.modules() if isinstance(m, BayesLinear))


net = Net()
print(net)
print(len(list(net.parameters())), sorted(net.state_dict()), dict(net.named_buffers()).keys())
x = torch.linspace(-2, 2, 40).view(-1, 1)
y = x.pow(3) / 4 + 0.1 * torch.randn_like(x)
optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
for epoch in range(60):
    optimizer.zero_grad()
    mse = F.mse_loss(net(x), y, reduction="sum")
    loss = mse / 0.02 / 2 + net.kl()
    loss.backward()
    optimizer.step()
    if epoch % 15 == 0:
        print(f"{epoch} loss={loss.item():.3f} mse={mse.item() / 40:.4f} kl={net.kl().item():.3f}")
grid = torch.tensor([[-3.0], [0.0], [3.0]])
with torch.no_grad():
    preds = torch.stack([net(grid) for _ in range(20)])
    print(preds.shape, preds.mean(0).T, preds.std(0).T)
net.eval()
print(net(grid).T, net.layers[0].calls, net.layers[0].sigma.mean())
p = torch.tensor([0.5, 0.5])
q = torch.tensor([0.9, 0.1])
print(
    F.kl_div(q.log(), p, reduction="sum"),
    (p * (p / q).log()).sum(),
    nn.KLDivLoss(reduction="batchmean", log_target=True)(q.log()[None], p.log()[None]),
)
