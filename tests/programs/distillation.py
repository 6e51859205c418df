"""Knowledge distillation, label smoothing, mixup, an EMA of the weights, accumulation and clipping of gradients."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

torch.manual_seed(0)
X = torch.randn(240, 6)
y = (X[:, :3] ** 2).argmax(dim=1)
print(torch.bincount(y, minlength=3))
loader = DataLoader(TensorDataset(X[:200], y[:200]), batch_size=20, shuffle=True)


def mlp(*sizes):
    layers = []
    for i, o in zip(sizes, sizes[1:]):
        layers += [nn.Linear(i, o), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@torch.no_grad()
def accuracy(model):
    model.eval()
    acc = model(X[200:]).argmax(-1).eq(y[200:]).float().mean()
    model.train()
    return f"{acc.item():.3f}"


teacher, student = mlp(6, 32, 32, 3), mlp(6, 8, 3)
optimizer = torch.optim.AdamW(teacher.parameters(), lr=5e-3, weight_decay=1e-2)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
ema = copy.deepcopy(teacher).requires_grad_(False)
for epoch in range(6):
    running = 0.0
    for xb, yb in loader:
        lam = torch.rand(1).item()
        perm = torch.randperm(xb.size(0))
        out = teacher(lam * xb + (1 - lam) * xb[perm])
        loss = lam * criterion(out, yb) + (1 - lam) * criterion(out, yb[perm])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(teacher.parameters(), max_norm=0.5)
        optimizer.step()
        with torch.no_grad():
            for e, p in zip(ema.parameters(), teacher.parameters()):
                e.mul_(0.9).add_(p, alpha=0.1)
        running += loss.item()
    print(f"teacher {epoch}: {running / len(loader):.4f} norm {norm:.4f} acc {accuracy(teacher)} ema {accuracy(ema)}")

teacher.eval()
optimizer = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9)
T, alpha, accumulate = 4.0, 0.7, 4
for epoch in range(6):
    optimizer.zero_grad()
    for i, (xb, yb) in enumerate(loader):
        with torch.no_grad():
            soft = F.softmax(teacher(xb) / T, dim=1)
        logits = student(xb)
        kd = F.kl_div(F.log_softmax(logits / T, dim=1), soft, reduction="batchmean") * T * T
        loss = (alpha * kd + (1 - alpha) * F.cross_entropy(logits, yb)) / accumulate
        loss.backward()
        if (i + 1) % accumulate == 0 or (i + 1) == len(loader):
            total = torch.norm(torch.stack([p.grad.norm() for p in student.parameters()]))
            optimizer.step()
            optimizer.zero_grad()
    for g in optimizer.param_groups:
        g["lr"] *= 0.8
    print(
        f"student {epoch}: {loss.item():.4f} {total:.4f} {accuracy(student)} lr {optimizer.param_groups[0]['lr']:.4f}"
    )
print(teacher[0].weight.grad is None, any(p.requires_grad for p in ema.parameters()))

weights = 1.0 / torch.bincount(y[:200]).float()
sampler = WeightedRandomSampler(weights[y[:200]], num_samples=60, replacement=True)
balanced = DataLoader(TensorDataset(X[:200], y[:200]), batch_size=30, sampler=sampler)
print([torch.bincount(yb, minlength=3).tolist() for _, yb in balanced])
targets = F.one_hot(y[:5], num_classes=3).float() * 0.9 + 0.1 / 3
print(
    targets[:2],
    F.cross_entropy(student(X[:5]), targets),
    nn.CrossEntropyLoss(weight=weights, reduction="none")(student(X[:3]), y[:3]),
)
print(nn.CrossEntropyLoss(ignore_index=2)(student(X[:9]), y[:9]))
