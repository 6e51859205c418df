"""Classic examples: a classifier with command-line options, polynomials, k-means, softmax regression, PCA."""

from __future__ import print_function

import argparse
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, default=16)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--no-cuda", action="store_true", default=False)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args([])
use_cuda = not args.no_cuda and torch.cuda.is_available()
torch.manual_seed(args.seed)
device = torch.device("cuda" if use_cuda else "cpu")
kw = {"num_workers": 0, "pin_memory": True} if use_cuda else {}
X = torch.rand(256, 1, 8, 8)
Y = (X.mean(dim=(1, 2, 3)) * 100).long() % 10
tr = DataLoader(TensorDataset(X[:200], Y[:200]), batch_size=args.batch_size, shuffle=True, **kw)
te = DataLoader(TensorDataset(X[200:], Y[200:]), batch_size=56)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(64, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = x.view(-1, 64)
        x = F.relu(self.fc1(x))
        x = F.dropout(x, training=self.training)
        return F.log_softmax(self.fc2(x), dim=1)


model = Net().to(device)
optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=0.5)


def train(epoch):
    model.train()
    for b, (data, target) in enumerate(tr):
        data, target = (data.to(device), target.to(device))
        optimizer.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        if b % 5 == 0:
            print(
                "Train Epoch: {} [{}/{} ({:.0f}%)]\tLoss: {:.6f}".format(
                    epoch, b * len(data), len(tr.dataset), 100.0 * b / len(tr), loss.item()
                )
            )


def test():
    model.eval()
    tl = 0
    c = 0
    with torch.no_grad():
        for data, target in te:
            out = model(data)
            tl += F.nll_loss(out, target, reduction="sum").item()
            pred = out.max(1, keepdim=True)[1]
            c += pred.eq(target.view_as(pred)).sum().item()
    print(
        "\nTest set: Average loss: {:.4f}, Accuracy: {}/{} ({:.0f}%)\n".format(
            tl / len(te.dataset), c, len(te.dataset), 100.0 * c / len(te.dataset)
        )
    )


for e in range(1, args.epochs + 1):
    train(e)
    test()


class Polynomial3(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.randn(()))
        self.b = nn.Parameter(torch.randn(()))
        self.c = nn.Parameter(torch.randn(()))
        self.d = nn.Parameter(torch.randn(()))

    def forward(self, x):
        return self.a + self.b * x + self.c * x**2 + self.d * x**3

    def string(self):
        return f"y = {self.a.item():.4f} + {self.b.item():.4f} x + {self.c.item():.4f} x^2 + {self.d.item():.4f} x^3"


x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
m = Polynomial3()
crit = nn.MSELoss(reduction="sum")
o = optim.SGD(m.parameters(), lr=1e-06)
for t in range(300):
    l = crit(m(x), y)
    o.zero_grad()
    l.backward()
    o.step()
print(m.string(), l.item())
p = torch.tensor([1, 2, 3])
xx = x.unsqueeze(-1).pow(p)
model = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))
o = optim.AdamW(model.parameters(), lr=0.001)
for t in range(100):
    l = crit(model(xx), y)
    o.zero_grad()
    l.backward()
    o.step()
print(f"{l.item():.3f}", model[0].weight)
g = torch.Generator()
g.manual_seed(0)
pts = torch.cat([torch.randn(20, 2, generator=g) + c for c in torch.tensor([[0.0, 0], [5, 5], [0, 5]])])
cent = pts[[0, 20, 40]].clone()
for _ in range(5):
    d = torch.cdist(pts, cent)
    a = d.argmin(1)
    cent = torch.stack([pts[a == k].mean(0) for k in range(3)])
print(cent, torch.bincount(a))
W = torch.zeros(2, 3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
for _ in range(50):
    lp = pts @ W + b - (pts @ W + b).exp().sum(-1).log().unsqueeze(-1)
    l = -lp[range(60), a].mean()
    l.backward()
    with torch.no_grad():
        W -= W.grad * 0.5
        b -= b.grad * 0.5
        W.grad.zero_()
        b.grad.zero_()
print(l, (torch.argmax(pts @ W + b, dim=1) == a).float().mean())
C = pts - pts.mean(0)
U, S, V = torch.svd(C)
print(S)
u, s, vh = torch.linalg.svd(C, full_matrices=False)
print(torch.allclose(u @ torch.diag(s) @ vh, C, atol=0.0001))
print(torch.linalg.lstsq(C, C[:, :1]).solution.round(decimals=3).abs())
print(torch.linalg.eigh(C.T @ C).eigenvalues, torch.linalg.norm(C), torch.trace(C.T @ C), torch.linalg.matrix_rank(C))
