"""The mistakes that everybody makes once: the class and the first line of what PyTorch says about them."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def twice():
    w = torch.ones(2, requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    loss.backward()


def saved_then_changed():
    a = torch.ones(3, requires_grad=True)
    b = torch.sigmoid(a)
    b.mul_(2)
    b.sum().backward()


def step_then_backward():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = model(torch.ones(1, 2)).sum()
    loss.backward(retain_graph=True)
    opt.step()
    loss.backward()


def leaf_in_place():
    w = torch.ones(2, requires_grad=True)
    w -= 0.1


def hidden_state():
    cell, h = nn.Linear(2, 2), torch.zeros(1, 2)
    for _ in range(2):
        h = torch.tanh(cell(h))
        h.sum().backward()


def no_history():
    w = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        loss = w.sum()
    loss.backward()


class PlainList(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 2)]


class NoInit(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 2)


class NoForward(nn.Module):
    pass


X = torch.ones(4, 3)
MISTAKES = {
    "backward twice": twice,
    "in place": saved_then_changed,
    "step then backward": step_then_backward,
    "leaf": leaf_in_place,
    "slice of a leaf": lambda: torch.ones(2, requires_grad=True)[0].fill_(3),
    "hidden": hidden_state,
    "no grad": no_history,
    "vector": lambda: (torch.ones(3, requires_grad=True) * 2).backward(),
    "argmax": lambda: torch.ones(3, requires_grad=True).argmax().backward(),
    "wrong gradient": lambda: (torch.ones(3, requires_grad=True) * 2).backward(torch.ones(2)),
    "matmul": lambda: X @ X,
    "linear": lambda: nn.Linear(5, 2)(X),
    "mm": lambda: torch.mm(X, torch.ones(3)),
    "bmm": lambda: torch.bmm(torch.ones(2, 3, 4), torch.ones(2, 3, 4)),
    "dot": lambda: torch.dot(torch.ones(2), torch.ones(3)),
    "broadcast": lambda: X + torch.ones(4),
    "double": lambda: nn.Linear(3, 1)(X.double()),
    "long": lambda: nn.Linear(3, 1)(X.long()),
    "int grad": lambda: torch.tensor([1, 2], requires_grad=True),
    "int mean": lambda: torch.arange(3).mean(),
    "float classes": lambda: F.cross_entropy(X, torch.ones(4)),
    "too large class": lambda: F.cross_entropy(X, torch.tensor([0, 1, 2, 3])),
    "column of classes": lambda: F.cross_entropy(X, torch.zeros(4, 1, dtype=torch.long)),
    "batch sizes": lambda: F.cross_entropy(X, torch.zeros(3, dtype=torch.long)),
    "bce range": lambda: F.binary_cross_entropy(X * 2, X),
    "bce shape": lambda: F.binary_cross_entropy(X, X[:, 0]),
    "numpy": lambda: torch.ones(1, requires_grad=True).numpy(),
    "float of many": lambda: float(X),
    "if": lambda: bool(X > 0),
    "item": lambda: X.item(),
    "index": lambda: X[7],
    "0-dim index": lambda: torch.tensor(3)[0],
    "embedding": lambda: nn.Embedding(3, 2)(torch.tensor([3])),
    "embedding float": lambda: nn.Embedding(3, 2)(torch.tensor([1.0])),
    "cat": lambda: torch.cat([X, torch.ones(4, 2)]),
    "stack": lambda: torch.stack([torch.ones(2), torch.ones(3)]),
    "view": lambda: X.view(5),
    "transposed view": lambda: X.t().view(-1),
    "dim": lambda: X.sum(dim=2),
    "plain list": lambda: torch.optim.SGD(PlainList().parameters(), lr=0.1),
    "no init": NoInit,
    "no forward": lambda: NoForward()(X),
    "non-leaf": lambda: torch.optim.Adam([X.requires_grad_() * 2]),
    "retain": lambda: torch.ones(1).retain_grad(),
    "attribute": lambda: nn.Linear(2, 2).weigth,
    "list": lambda: F.relu([1.0, -1.0]),
    "number": lambda: torch.sum(3),
    "text": lambda: torch.ones(2) + "1",
    "none": lambda: torch.ones(2) * None,
    "cuda": lambda: torch.ones(2).cuda(),
    "probabilities": lambda: torch.multinomial(torch.tensor([0.5, -0.5]), 1),
    "too many samples": lambda: torch.multinomial(torch.tensor([0.5, 0.5]), 3),
    "singular": lambda: torch.linalg.inv(torch.zeros(2, 2)),
    "gather": lambda: X.gather(1, torch.tensor([[5]])),
    "one hot": lambda: F.one_hot(torch.tensor([1, 5]), num_classes=3),
    "reduction": lambda: F.mse_loss(X, X, reduction="average"),
    "state": lambda: nn.Linear(2, 2).load_state_dict({"weight": torch.ones(3, 3)}),
    "lr": lambda: torch.optim.SGD([X], lr=-1),
    "dropout": lambda: nn.Dropout(1.5),
    "missing file": lambda: torch.load("/nowhere/model.pt"),
}
for name, mistake in MISTAKES.items():
    try:
        print(f"{name:20s} no error: {mistake()}")
    except Exception as error:
        print(f"{name:20s} {type(error).__name__}: {str(error).splitlines()[0]}")

# and the silent ones
w = torch.ones(2, requires_grad=True)
for _ in range(3):
    (w * w).sum().backward()
print("accumulated", w.grad)
print("broadcast loss", ((torch.zeros(4, 1) - torch.zeros(4)) ** 2).shape)
a = torch.ones(2, requires_grad=True)
b = a.exp()
b.data.zero_()
b.sum().backward()
print("wrong through .data", a.grad)
logits = torch.tensor([[2.0, 0.0]])
target = torch.tensor([0])
print("softmax twice", F.cross_entropy(logits, target), F.cross_entropy(logits.softmax(1), target))
z = torch.zeros(2, requires_grad=True)
z.sqrt().sum().backward()
print("sqrt at 0", z.grad)
z.grad = None
z.norm().backward()
print("norm at 0", z.grad, torch.tensor([0.0]).log(), torch.tensor(0.0) / 0, torch.tensor([1e20]) ** 2)
