"""A bigram model and a multilayer perceptron that make up names, trained by hand-written steps."""

import torch
import torch.nn.functional as F

words = [
    "emma",
    "olivia",
    "ava",
    "isabella",
    "sophia",
    "charlotte",
    "mia",
    "amelia",
    "harper",
    "evelyn",
    "abigail",
    "emily",
    "ella",
]
chars = sorted(list(set("".join(words))))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
itos = {i: s for s, i in stoi.items()}
N = torch.zeros((27, 27), dtype=torch.int32)
for w in words:
    chs = ["."] + list(w) + ["."]
    for a, b in zip(chs, chs[1:]):
        N[stoi[a], stoi[b]] += 1
P = (N + 1).float()
P /= P.sum(1, keepdims=True)
g = torch.Generator().manual_seed(2147483647)
for i in range(5):
    out = []
    ix = 0
    while True:
        p = P[ix]
        ix = torch.multinomial(p, num_samples=1, replacement=True, generator=g).item()
        if ix == 0 or len(out) > 20:
            break
        out.append(itos.get(ix, "?"))
    print("".join(out))
block_size = 3
X, Y = ([], [])
for w in words:
    context = [0] * block_size
    for ch in w + ".":
        X.append(context)
        Y.append(stoi[ch])
        context = context[1:] + [stoi[ch]]
X = torch.tensor(X)
Y = torch.tensor(Y)
print(X.shape, X.dtype, Y.shape)
V = len(stoi)
C = torch.randn((V, 4), generator=g)
W1 = torch.randn((12, 50), generator=g) * (5 / 3) / 12**0.5
b1 = torch.randn(50, generator=g) * 0.01
W2 = torch.randn((50, V), generator=g) * 0.01
b2 = torch.zeros(V)
bngain = torch.ones((1, 50))
bnbias = torch.zeros((1, 50))
ps = [C, W1, b1, W2, b2, bngain, bnbias]
print(sum((p.nelement() for p in ps)))
for p in ps:
    p.requires_grad = True
for i in range(200):
    ix = torch.randint(0, X.shape[0], (32,), generator=g)
    emb = C[X[ix]]
    embcat = emb.view(emb.shape[0], -1)
    hpre = embcat @ W1 + b1
    bnmean = hpre.mean(0, keepdim=True)
    bnstd = hpre.std(0, keepdim=True)
    h = torch.tanh(bngain * (hpre - bnmean) / bnstd + bnbias)
    logits = h @ W2 + b2
    loss = F.cross_entropy(logits, Y[ix])
    for p in ps:
        p.grad = None
    loss.backward()
    for p in ps:
        p.data += -0.1 * p.grad
    if i % 50 == 0:
        print(f"{i:4d}/{200}: {loss.item():.4f}")
print(loss.item())


@torch.no_grad()
def split_loss():
    emb = C[X]
    h = torch.tanh(emb.view(-1, 12) @ W1 + b1)
    return F.cross_entropy(h @ W2 + b2, Y).item()


print(round(split_loss(), 4))
