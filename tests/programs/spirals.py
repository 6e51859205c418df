"""Two spirals told apart: a Dataset, random_split, DataLoader, Adam, checkpoints."""

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(42)


class Spiral(Dataset):
    def __init__(self, n=300):
        t = torch.linspace(0, 4 * torch.pi, n // 2)
        r = t / (4 * torch.pi)
        a = torch.stack([r * torch.cos(t), r * torch.sin(t)], 1)
        b = torch.stack([-r * torch.cos(t), -r * torch.sin(t)], 1)
        self.x = torch.cat([a, b])
        self.x += 0.02 * torch.randn_like(self.x)
        self.y = torch.cat([torch.zeros(n // 2), torch.ones(n // 2)]).long()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return (self.x[i], self.y[i])


ds = Spiral()
train, val = random_split(ds, [0.8, 0.2])
print(len(train), len(val))
tl = DataLoader(train, batch_size=32, shuffle=True)
vl = DataLoader(val, batch_size=64)


class Net(nn.Module):
    def __init__(self, h=32, p=0.1):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(2, h)
        self.fc2 = nn.Linear(h, h)
        self.out = nn.Linear(h, 2)
        self.drop = nn.Dropout(p)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = self.drop(torch.tanh(self.fc2(x)))
        return self.out(x)


device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = Net().to(device)
crit = nn.CrossEntropyLoss()
opt = optim.Adam(model.parameters(), lr=0.01, weight_decay=0.0001)
for epoch in range(10):
    model.train()
    tot = 0.0
    for xb, yb in tl:
        xb, yb = (xb.to(device), yb.to(device))
        opt.zero_grad()
        loss = crit(model(xb), yb)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        tot += loss.item() * xb.size(0)
    model.eval()
    correct = 0
    with torch.no_grad():
        for xb, yb in vl:
            pred = model(xb).argmax(dim=1)
            correct += (pred == yb).sum().item()
    print(f"epoch {epoch} loss {tot / len(train):.4f} acc {correct / len(val):.3f}")
torch.save(model.state_dict(), "m.pt")
m2 = Net()
print(m2.load_state_dict(torch.load("m.pt")))
m2.eval()
print(torch.allclose(m2(ds.x), model(ds.x)))
torch.save({"epoch": 3, "model": model.state_dict(), "opt": opt.state_dict()}, "ck.pt")
ck = torch.load("ck.pt", weights_only=True)
print(ck["epoch"], list(ck["opt"]), ck["opt"]["param_groups"][0]["lr"])
opt2 = optim.Adam(m2.parameters())
opt2.load_state_dict(ck["opt"])
print(opt2)
