"""A variational autoencoder, a GAN with its two optimizers, and a gradient penalty."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(20, 16)
        self.mu = nn.Linear(16, 3)
        self.lv = nn.Linear(16, 3)
        self.fc3 = nn.Linear(3, 16)
        self.fc4 = nn.Linear(16, 20)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return (self.mu(h), self.lv(h))

    def reparameterize(self, mu, lv):
        std = torch.exp(0.5 * lv)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, lv = self.encode(x.view(-1, 20))
        return (self.decode(self.reparameterize(mu, lv)), mu, lv)


def loss_fn(r, x, mu, lv):
    return F.binary_cross_entropy(r, x.view(-1, 20), reduction="sum") - 0.5 * torch.sum(1 + lv - mu.pow(2) - lv.exp())


m = VAE()
o = torch.optim.Adam(m.parameters(), lr=0.01)
data = (torch.rand(64, 20) > 0.5).float()
for i in range(30):
    o.zero_grad()
    r, mu, lv = m(data)
    l = loss_fn(r, data, mu, lv)
    l.backward()
    o.step()
    if i % 10 == 0:
        print(i, round(l.item(), 2))
G = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16, 2), nn.Tanh())
D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Sigmoid())


def init(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, 0.0, 0.2)
        nn.init.constant_(m.bias, 0)


G.apply(init)
D.apply(init)
bce = nn.BCELoss()
oG = torch.optim.Adam(G.parameters(), lr=0.002, betas=(0.5, 0.999))
oD = torch.optim.Adam(D.parameters(), lr=0.002, betas=(0.5, 0.999))
real = torch.randn(32, 2) * 0.3 + torch.tensor([1.0, -1.0])
for i in range(30):
    D.zero_grad()
    lab = torch.full((32,), 1.0, dtype=torch.float)
    e1 = bce(D(real).view(-1), lab)
    e1.backward()
    z = torch.randn(32, 4)
    fake = G(z)
    lab.fill_(0.0)
    e2 = bce(D(fake.detach()).view(-1), lab)
    e2.backward()
    oD.step()
    G.zero_grad()
    lab.fill_(1.0)
    eg = bce(D(fake).view(-1), lab)
    eg.backward()
    oG.step()
    if i % 10 == 0:
        print(i, f"{(e1 + e2).item():.4f} {eg.item():.4f}")
print(G)
alpha = torch.rand(32, 1)
inter = (alpha * real + (1 - alpha) * fake.detach()).requires_grad_(True)
d = D(inter)
gr = torch.autograd.grad(
    outputs=d, inputs=inter, grad_outputs=torch.ones_like(d), create_graph=True, retain_graph=True, only_inputs=True
)[0]
gp = ((gr.norm(2, dim=1) - 1) ** 2).mean()
gp.backward()
print(gp.item(), D[0].weight.grad.norm().item())
