"""A physics-informed network: u'' + u = 0 with boundary conditions, and the heat equation's residual."""

import torch
import torch.nn as nn

torch.manual_seed(123)


class FCN(nn.Module):
    "Defines a fully-connected network"

    def __init__(self, n_in, n_out, n_hidden, n_layers):
        super().__init__()
        act = nn.Tanh
        self.fcs = nn.Sequential(*[nn.Linear(n_in, n_hidden), act()])
        self.fch = nn.Sequential(*[nn.Sequential(*[nn.Linear(n_hidden, n_hidden), act()]) for _ in range(n_layers - 1)])
        self.fce = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        x = self.fcs(x)
        x = self.fch(x)
        return self.fce(x)


pinn = FCN(1, 1, 16, 3)
print(pinn)
for layer in pinn.modules():
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight, gain=nn.init.calculate_gain("tanh"))
        nn.init.zeros_(layer.bias)

t_boundary = torch.tensor(0.0).view(-1, 1).requires_grad_(True)
t_physics = torch.linspace(0, 3, 30).view(-1, 1).requires_grad_(True)
t_test = torch.linspace(0, 3, 7).view(-1, 1)
optimiser = torch.optim.Adam(pinn.parameters(), lr=5e-3)
for i in range(101):
    optimiser.zero_grad()
    u = pinn(t_boundary)
    loss1 = (torch.squeeze(u) - 1) ** 2
    dudt = torch.autograd.grad(u, t_boundary, torch.ones_like(u), create_graph=True)[0]
    loss2 = (torch.squeeze(dudt) - 0) ** 2
    u = pinn(t_physics)
    dudt = torch.autograd.grad(u, t_physics, torch.ones_like(u), create_graph=True)[0]
    d2udt2 = torch.autograd.grad(dudt, t_physics, torch.ones_like(dudt), create_graph=True)[0]
    loss3 = torch.mean((d2udt2 + u) ** 2)
    loss = loss1 + 1e-1 * loss2 + 1e-2 * loss3
    loss.backward()
    optimiser.step()
    if i % 25 == 0:
        with torch.no_grad():
            error = (pinn(t_test) - torch.cos(t_test)).abs().max()
        print(f"{i:4d} {loss.item():.4f} {loss1.item():.4f} {loss3.item():.4f} {error.item():.3f}")

# heat equation u_t = u_xx: residual of an exact solution vanishes
x = torch.linspace(0, 1, 5, dtype=torch.double).repeat(3).requires_grad_()
t = torch.tensor([0.0, 0.1, 0.2], dtype=torch.double).repeat_interleave(5).requires_grad_()
u = torch.exp(-(torch.pi**2) * t) * torch.sin(torch.pi * x)
u_x, u_t = torch.autograd.grad(u.sum(), (x, t), create_graph=True)
(u_xx,) = torch.autograd.grad(u_x.sum(), x)
print(x.view(3, 5), t, sep="\n")
print((u_t - u_xx).abs().max() < 1e-12, u_xx.shape, u_t.requires_grad, u_xx.requires_grad)

# laplacian through the hessian of a batch
f = lambda z: (z[..., 0] ** 3 * z[..., 1]).sum()
z = torch.tensor([1.0, 2.0])
print(torch.autograd.functional.hessian(f, z), torch.autograd.functional.hessian(f, z).trace())
print(torch.autograd.functional.jacobian(lambda z: torch.stack([z.prod(), z.sum()]), z))
