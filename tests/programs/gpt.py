"""Self-attention step by step, then a tiny GPT on a repeated sentence."""

import torch
import torch.nn as nn
from torch.nn import functional as F

torch.manual_seed(1337)
B, T, C = (4, 8, 32)
x = torch.randn(B, T, C)
tril = torch.tril(torch.ones(T, T))
key = nn.Linear(C, 16, bias=False)
query = nn.Linear(C, 16, bias=False)
value = nn.Linear(C, 16, bias=False)
k, q, v = (key(x), query(x), value(x))
wei = q @ k.transpose(-2, -1) * 16 ** (-0.5)
wei = wei.masked_fill(tril == 0, float("-inf"))
wei = F.softmax(wei, dim=-1)
out = wei @ v
print(out.shape, out.sum())
print(wei[0])


class Head(nn.Module):
    def __init__(self, n, h):
        super().__init__()
        self.key = nn.Linear(n, h, bias=False)
        self.query = nn.Linear(n, h, bias=False)
        self.value = nn.Linear(n, h, bias=False)
        self.register_buffer("tril", torch.tril(torch.ones(T, T)))
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        B, T, C = x.shape
        k = self.key(x)
        q = self.query(x)
        wei = q @ k.transpose(-2, -1) * k.shape[-1] ** (-0.5)
        wei = wei.masked_fill(self.tril[:T, :T] == 0, float("-inf"))
        wei = F.softmax(wei, dim=-1)
        wei = self.dropout(wei)
        return wei @ self.value(x)


class MultiHead(nn.Module):
    def __init__(self, n, heads):
        super().__init__()
        self.heads = nn.ModuleList([Head(n, n // heads) for _ in range(heads)])
        self.proj = nn.Linear(n, n)

    def forward(self, x):
        return self.proj(torch.cat([h(x) for h in self.heads], dim=-1))


class LN:
    def __init__(self, dim, eps=1e-05):
        self.gamma = torch.ones(dim)
        self.beta = torch.zeros(dim)
        self.eps = eps

    def __call__(self, x):
        m = x.mean(-1, keepdim=True)
        v = x.var(-1, keepdim=True)
        return self.gamma * (x - m) / torch.sqrt(v + self.eps) + self.beta


class Model(nn.Module):
    def __init__(self, V, n=32):
        super().__init__()
        self.tok = nn.Embedding(V, n)
        self.pos = nn.Embedding(T, n)
        self.sa = MultiHead(n, 4)
        self.ff = nn.Sequential(nn.Linear(n, 4 * n), nn.ReLU(), nn.Linear(4 * n, n), nn.Dropout(0.1))
        self.head = nn.Linear(n, V)
        self.ln = LN(n)

    def forward(self, idx, targets=None):
        B, T = idx.shape
        x = self.tok(idx) + self.pos(torch.arange(T))
        x = x + self.sa(self.ln(x))
        x = x + self.ff(self.ln(x))
        logits = self.head(x)
        if targets is None:
            return (logits, None)
        B, T, C = logits.shape
        return (logits, F.cross_entropy(logits.view(B * T, C), targets.view(B * T)))

    def generate(self, idx, n):
        for _ in range(n):
            logits, _ = self(idx[:, -T:])
            p = F.softmax(logits[:, -1, :], dim=-1)
            idx = torch.cat((idx, torch.multinomial(p, 1)), dim=1)
        return idx


text = "hello world, this is a tiny transformer reading a tiny text. " * 5
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text], dtype=torch.long)


def batch():
    ix = torch.randint(len(data) - T, (16,))
    return (torch.stack([data[i : i + T] for i in ix]), torch.stack([data[i + 1 : i + T + 1] for i in ix]))


m = Model(len(chars))
print(m)
print(sum((p.numel() for p in m.parameters())))
opt = torch.optim.AdamW(m.parameters(), lr=0.001)
for step in range(60):
    xb, yb = batch()
    _, loss = m(xb, yb)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if step % 20 == 0:
        print(step, f"{loss.item():.4f}")
m.eval()
print(m.generate(torch.zeros((1, 1), dtype=torch.long), 20)[0].tolist())
