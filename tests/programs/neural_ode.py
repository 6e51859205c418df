"""Neural ODE by Euler's and Runge-Kutta's method, and Hamiltonian dynamics with autograd's derivatives."""

import torch
from torch import nn

torch.manual_seed(2)


class ODEFunc(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 2))
        for m in self.net.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, mean=0, std=0.1)
                nn.init.constant_(m.bias, val=0)

    def forward(self, t, y):
        return self.net(y**3)


def odeint(func, y0, ts, method="euler"):
    ys, y = [y0], y0
    for t0, t1 in zip(ts[:-1], ts[1:]):
        h = t1 - t0
        if method == "euler":
            y = y + h * func(t0, y)
        else:
            k1 = func(t0, y)
            k2 = func(t0 + h / 2, y + h * k1 / 2)
            k3 = func(t0 + h / 2, y + h * k2 / 2)
            k4 = func(t1, y + h * k3)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        ys.append(y)
    return torch.stack(ys)


true_A = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])
true_y0 = torch.tensor([[2.0, 0.0]])
t = torch.linspace(0.0, 2.0, 21)


class Lambda(nn.Module):
    def forward(self, t, y):
        return torch.mm(y**3, true_A)


with torch.no_grad():
    true_y = odeint(Lambda(), true_y0, t, "rk4")
print(true_y.shape, true_y[::5].squeeze(1))

func = ODEFunc()
optimizer = torch.optim.AdamW(func.parameters(), lr=1e-2)
for itr in range(40):
    s = torch.randint(0, 15, (8,))
    y0 = true_y[s]
    target = torch.stack([true_y[s + i] for i in range(5)], dim=0)
    optimizer.zero_grad()
    pred = odeint(func, y0, t[:5])
    loss = torch.mean(torch.abs(pred - target))
    loss.backward()
    optimizer.step()
    if itr % 10 == 0:
        print(f"Iter {itr:04d} | Total Loss {loss.item():.6f}", pred.shape, target.shape)


def H(q, p):
    return p.pow(2).sum() / 2 + (1 - torch.cos(q)).sum()


q = torch.tensor([1.0, 0.5], dtype=torch.float64)
p = torch.zeros_like(q)
start = H(q, p)
for step in range(200):
    q.requires_grad_(True)
    p.requires_grad_(True)
    dq, dp = torch.autograd.grad(H(q, p), (p, q))
    q, p = q.detach(), p.detach()
    p = p - 0.05 * dp / 2
    q = q + 0.05 * p
    p = p - 0.05 * torch.sin(q) / 2
    if step % 50 == 0:
        print(step, q, p)
print("energy drift", f"{(H(q, p) - start).abs().item():.5f}")
# trapezoid, differences, cumulative integrals
xs = torch.linspace(0, torch.pi, 101)
print(torch.trapezoid(torch.sin(xs), xs), torch.trapz(torch.sin(xs), dx=0.03))
print(torch.diff(torch.tensor([1, 4, 9, 16])), torch.diff(torch.tensor([1.0, 4, 9, 16]), n=2))
print(torch.cumulative_trapezoid(torch.arange(5.0)), torch.gradient(torch.tensor([1.0, 4, 9, 16])))
