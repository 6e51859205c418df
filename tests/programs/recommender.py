"""Matrix factorisation of a ratings table, with biases, early stopping and a checkpoint."""

import copy
import os
import tempfile

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

rng = np.random.RandomState(0)
frame = pd.DataFrame(
    {
        "user": rng.randint(0, 20, 400),
        "item": rng.randint(0, 15, 400),
    }
)
frame["rating"] = ((frame.user * 7 + frame.item * 3) % 5 + 1).astype(float)
frame = frame.drop_duplicates(["user", "item"]).reset_index(drop=True)
print(frame.head(3))


class Ratings(Dataset):
    def __init__(self, df):
        self.users = torch.from_numpy(df["user"].to_numpy())
        self.items = torch.tensor(df["item"].values)
        self.ratings = torch.tensor(df.rating.values, dtype=torch.float32)

    def __getitem__(self, i):
        return {"user": self.users[i], "item": self.items[i], "rating": self.ratings[i]}

    def __len__(self):
        return self.ratings.size(0)


torch.manual_seed(3)
perm = np.random.RandomState(1).permutation(len(frame))
cut = int(0.8 * len(frame))
train = DataLoader(Ratings(frame.iloc[perm[:cut]]), batch_size=32, shuffle=True, drop_last=False)
valid = DataLoader(Ratings(frame.iloc[perm[cut:]]), batch_size=100)
first = next(iter(valid))
print({k: (v.dtype, tuple(v.shape)) for k, v in first.items()})


class MF(nn.Module):
    def __init__(self, users, items, k=6):
        super(MF, self).__init__()
        self.P = nn.Embedding(users, k)
        self.Q = nn.Embedding(items, k)
        self.bu = nn.Embedding(users, 1)
        self.bi = nn.Embedding(items, 1)
        self.mu = nn.Parameter(torch.tensor([3.0]))
        for e in (self.P, self.Q):
            nn.init.normal_(e.weight, std=0.1)
        for e in (self.bu, self.bi):
            nn.init.zeros_(e.weight)

    def forward(self, u, i):
        dot = (self.P(u) * self.Q(i)).sum(-1)
        return self.mu + dot + self.bu(u).squeeze() + self.bi(i).squeeze()


model = MF(20, 15)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-2, weight_decay=1e-4)
criterion = nn.MSELoss()


def evaluate():
    model.eval()
    se, n = 0.0, 0
    with torch.inference_mode():
        for b in valid:
            out = model(b["user"], b["item"])
            se += nn.functional.mse_loss(out, b["rating"], reduction="sum").item()
            n += len(out)
    return (se / n) ** 0.5


best, patience, state = float("inf"), 0, None
path = os.path.join(tempfile.mkdtemp(), "best.pth")
for epoch in range(15):
    model.train()
    losses = []
    for b in train:
        optimizer.zero_grad()
        loss = criterion(model(b["user"], b["item"]), b["rating"])
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    rmse = evaluate()
    print(f"{epoch:>2} train={torch.stack(losses).mean():.4f} valid={rmse:.4f}")
    if rmse < best - 1e-3:
        best, patience, state = rmse, 0, copy.deepcopy(model.state_dict())
        torch.save({"epoch": epoch, "state": state, "rmse": rmse, "opt": optimizer.state_dict()}, path)
    else:
        patience += 1
        if patience == 2:
            print("early stop at", epoch)
            break

ckpt = torch.load(path)
print(sorted(ckpt), ckpt["epoch"], round(ckpt["rmse"], 3))
print(model.load_state_dict(ckpt["state"]))
print(f"{evaluate():.4f}")
predictions = pd.DataFrame((model.P.weight @ model.Q.weight.t()).detach().numpy()).round(2)
print(predictions.shape)
print({k: v.shape for k, v in model.state_dict().items()})
print(list(optimizer.state_dict()["state"][0]), optimizer.param_groups[0]["weight_decay"])
