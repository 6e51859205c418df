"""Saliency maps, FGSM and PGD attacks, hooks on activations and gradients, a pruning mask, frozen layers."""

from collections import OrderedDict
from functools import partial

import torch
from torch import nn

torch.manual_seed(4)
X = torch.rand(100, 16)
y = (X.view(-1, 4, 4)[:, :2].mean((1, 2)) > X.view(-1, 4, 4)[:, 2:].mean((1, 2))).long()
model = nn.Sequential(
    OrderedDict(
        [
            ("fc1", nn.Linear(16, 24)),
            ("act1", nn.ReLU()),
            ("fc2", nn.Linear(24, 12)),
            ("act2", nn.LeakyReLU(0.1)),
            ("out", nn.Linear(12, 2)),
        ]
    )
)
print(model)
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(60):
    opt.zero_grad()
    loss = loss_fn(model(X), y)
    loss.backward()
    opt.step()
print(f"train {loss.item():.4f}", (model(X).argmax(1) == y).float().mean())


def fgsm(x, label, eps):
    x = x.clone().detach().requires_grad_(True)
    loss_fn(model(x), label).backward()
    return torch.clamp(x + eps * x.grad.sign(), 0, 1).detach()


def pgd(x, label, eps, alpha, steps):
    adv = x + torch.empty_like(x).uniform_(-eps, eps)
    for _ in range(steps):
        adv.requires_grad = True
        g = torch.autograd.grad(loss_fn(model(adv), label), adv)[0]
        adv = adv.detach() + alpha * g.sign()
        adv = (x + torch.clamp(adv - x, min=-eps, max=eps)).clamp_(0, 1)
    return adv


for eps in (0, 0.05, 0.1, 0.2):
    hits = [(model(a).argmax(1) == y).sum().item() for a in (fgsm(X, y, eps), pgd(X, y, eps, 0.03, 5))]
    print("eps", eps, hits)
img = X[:1].clone().requires_grad_()
score = model(img)[0, y[0]]
score.backward()
print(img.grad.abs().view(4, 4))

activations, grads = {}, {}


def save(name, module, inputs, output):
    activations[name] = output.detach()


handles = [m.register_forward_hook(partial(save, n)) for n, m in model.named_children()]
handles.append(model.fc2.register_full_backward_hook(lambda m, gi, go: grads.update(fc2=(gi[0].shape, go[0].norm()))))
handles.append(model.act1.register_forward_pre_hook(lambda m, inp: (inp[0] * 1.0,)))
model.zero_grad()
loss_fn(model(X), y).backward()
for k, v in activations.items():
    print(f"{k:5s} {tuple(v.shape)} mean {v.mean():.4f} dead {(v <= 0).float().mean():.3f}")
print(grads)
for h in handles:
    h.remove()
print(len(model.fc2._forward_hooks), len(model.act1._forward_pre_hooks))

w = model.fc1.weight
threshold = w.abs().flatten().kthvalue(int(0.5 * w.numel())).values
mask = (w.abs() > threshold).float()
print("sparsity", 1 - mask.mean().item(), mask.sum(1)[:6])
with torch.no_grad():
    w.mul_(mask)
w.register_hook(lambda g: g * mask)
for name, p in model.named_parameters():
    p.requires_grad = name.startswith("fc1")
tune = torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.1)
before = model.out.weight.clone()
for _ in range(5):
    tune.zero_grad()
    loss = loss_fn(model(X), y)
    loss.backward()
    tune.step()
print(
    f"{loss.item():.4f}",
    int((model.fc1.weight == 0).sum()),
    torch.equal(before, model.out.weight),
    model.out.weight.grad is None,
)
