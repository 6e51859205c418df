"""Model-agnostic meta-learning on sine waves: gradients of gradients through an inner update."""

import math

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def net(x, params):
    x = F.linear(x, params[0], params[1])
    x = torch.tanh(x)
    x = F.linear(x, params[2], params[3])
    x = F.relu(x)
    return F.linear(x, params[4], params[5])


def init():
    sizes = [1, 20, 20, 1]
    params = []
    for i, o in zip(sizes[:-1], sizes[1:]):
        params.append(torch.nn.init.kaiming_uniform_(torch.empty(o, i), a=math.sqrt(5)).requires_grad_())
        params.append(torch.zeros(o, requires_grad=True))
    return params


def task():
    amplitude = torch.rand(1).item() * 4.9 + 0.1
    phase = torch.rand(1) * math.pi
    return lambda x: amplitude * torch.sin(x + phase)


theta = init()
print([p.shape for p in theta], theta[0].dtype, theta[1].is_leaf)
meta = torch.optim.Adam(theta, lr=1e-2)
for step in range(30):
    meta.zero_grad()
    outer = 0
    for _ in range(3):
        f = task()
        xs, xq = torch.rand(10, 1) * 10 - 5, torch.rand(10, 1) * 10 - 5
        fast = theta
        for _ in range(2):
            inner = F.mse_loss(net(xs, fast), f(xs))
            grads = torch.autograd.grad(inner, fast, create_graph=True)
            fast = [p - 0.01 * g for p, g in zip(fast, grads)]
        outer = outer + F.mse_loss(net(xq, fast), f(xq))
    outer = outer / 3
    outer.backward()
    meta.step()
    if step % 10 == 0:
        print(step, f"{outer.item():.6f}", fast[0].grad_fn, fast[0].requires_grad)
for i, p in enumerate(theta):
    print(i, f"{p.grad.norm():.6f} {p.norm():.6f}")

# first order: the inner gradients are constants
f = task()
x = torch.linspace(-5, 5, 11).unsqueeze(1)
fast = [p.clone() for p in theta]
for _ in range(3):
    g = torch.autograd.grad(F.mse_loss(net(x, fast), f(x)), fast)
    fast = [p - 0.01 * d for p, d in zip(fast, g)]
loss = F.mse_loss(net(x, fast), f(x))
loss.backward(inputs=[theta[0], theta[1]])
print(loss.item(), theta[0].grad.abs().mean())

# learned learning rate, hyper-gradient by hand
w = torch.tensor([1.0, 2.0], requires_grad=True)
lr = torch.tensor(0.1, requires_grad=True)
for i in range(3):
    l1 = (w**2).sum() * 0.5
    (gw,) = torch.autograd.grad(l1, w, create_graph=True)
    w2 = w - lr * gw
    l2 = (w2 - torch.tensor([0.5, 0.5])).pow(2).sum()
    (h,) = torch.autograd.grad(l2, lr)
    with torch.no_grad():
        lr -= 0.05 * h
    print(i, l2, h, lr)
try:
    torch.autograd.grad(l2, torch.ones(1, requires_grad=True))
except RuntimeError as e:
    print(str(e).splitlines()[0])
print(torch.autograd.grad((w * 2).sum(), [w, lr], allow_unused=True))
