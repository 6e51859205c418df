"""Newton, BFGS, conjugate gradients, momentum, Adam by hand beside torch.optim; learning rates through param_groups."""

import math

import torch
from torch.autograd.functional import hessian, jacobian

torch.set_printoptions(precision=5)


def rosenbrock(x):
    return torch.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def himmelblau(p):
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


x0 = torch.tensor([-1.2, 1.0], dtype=torch.double)
x = x0.clone()
for i in range(8):
    g, H = jacobian(rosenbrock, x), hessian(rosenbrock, x)
    x = x - torch.linalg.solve(H, g)
    print("newton", i, x, f"{rosenbrock(x):.3e}")
print(
    hessian(himmelblau, torch.tensor([3.0, 2.0])), torch.linalg.eigvalsh(hessian(himmelblau, torch.tensor([3.0, 2.0])))
)

# BFGS with backtracking
x = x0.clone().requires_grad_()
B = torch.eye(2, dtype=torch.double)
f = rosenbrock(x)
(g,) = torch.autograd.grad(f, x)
for i in range(25):
    with torch.no_grad():
        d = -B @ g
        t = 1.0
        while rosenbrock(x + t * d) > f + 1e-4 * t * g.dot(d):
            t /= 2
        s = t * d
        x += s
    f = rosenbrock(x)
    (g_new,) = torch.autograd.grad(f, x)
    with torch.no_grad():
        yk = g_new - g
        rho = 1 / yk.dot(s)
        eye = torch.eye(2, dtype=torch.double)
        V = eye - rho * torch.outer(s, yk)
        B = V @ B @ V.T + rho * s.outer(s)
    g = g_new
    if i % 8 == 0:
        print("bfgs", i, x.data, f"{f.item():.5f} {g.norm():.4f}")

# conjugate gradients
A = torch.tensor([[4.0, 1, 0], [1, 3, 1], [0, 1, 2]])
b = torch.tensor([1.0, 2.0, 3.0])
z = torch.zeros(3)
r = b - A @ z
p = r
for k in range(3):
    alpha = (r @ r) / (p @ A @ p)
    z = z + alpha * p
    r2 = r - alpha * A @ p
    p, r = r2 + (r2 @ r2) / (r @ r) * p, r2
    print("cg", k, z, r.norm() < 1e-5)
print(torch.dist(A @ z, b) < 1e-5)


def run(make, steps=40):
    p = torch.nn.Parameter(torch.tensor([0.0, 0.0], dtype=torch.double))
    opt = make([p])
    for i in range(steps):
        for group in opt.param_groups:
            group["lr"] = 0.5 * 0.02 * (1 + math.cos(math.pi * i / steps))
        opt.zero_grad()
        loss = himmelblau(p)
        loss.backward()
        opt.step()
    return p.detach(), loss.item()


for make in (
    lambda p: torch.optim.SGD(p, lr=0.01),
    lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, dampening=0.1, weight_decay=1e-2),
    lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
    lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1),
    lambda p: torch.optim.AdamW(p, lr=0.01, amsgrad=True, weight_decay=0.1),
    lambda p: torch.optim.Adam(p, betas=(0.5, 0.9), maximize=True),
):
    print(*run(make))

# Adam by hand agrees
p, q = torch.zeros(2, dtype=torch.double), torch.nn.Parameter(torch.zeros(2, dtype=torch.double))
m, v = torch.zeros_like(p), torch.zeros_like(p)
opt = torch.optim.Adam([q], lr=0.1)
for t in range(1, 21):
    g = jacobian(himmelblau, p)
    m.mul_(0.9).add_(g, alpha=0.1)
    v.mul_(0.999).addcmul_(g, g, value=0.001)
    p = p - 0.1 * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
    opt.zero_grad()
    himmelblau(q).backward()
    opt.step()
print(p, q, torch.allclose(p, q))
state = opt.state[q]
print(sorted(state), state["step"], state["exp_avg"], opt)
opt.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 1.0})
print(len(opt.param_groups), opt.state_dict()["param_groups"][1]["params"], opt.defaults["betas"])
for wrong in (dict(lr=-1.0), dict(betas=(1.0, 0.9)), dict(eps=-1.0)):
    try:
        torch.optim.Adam([q], **wrong)
    except ValueError as e:
        print(str(e).splitlines()[0])
for params in ([], [p + q], q, [3]):
    try:
        torch.optim.SGD(params, lr=0.1)
    except (ValueError, TypeError) as e:
        print(type(e).__name__, str(e).splitlines()[0])
