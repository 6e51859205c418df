"""Word2vec: skip-gram with negative sampling on a toy corpus."""

from collections import Counter

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(7)
np.random.seed(7)

TEXT = """the king rules the castle and the queen rules the castle with the king
the dog chases the cat and the cat chases the mouse in the castle
a queen and a king sit while a dog and a cat run""".split()

counts = Counter(TEXT)
vocab = sorted(counts, key=lambda w: (-counts[w], w))
word2ix = {w: i for i, w in enumerate(vocab)}
print(len(TEXT), len(vocab), vocab[:5])

freqs = torch.tensor([counts[w] for w in vocab], dtype=torch.float)
noise = freqs.pow(0.75)
noise = noise / noise.sum()
print(noise)

pairs = []
for i, w in enumerate(TEXT):
    for j in range(max(0, i - 2), min(len(TEXT), i + 3)):
        if i != j:
            pairs.append((word2ix[w], word2ix[TEXT[j]]))
pairs = torch.LongTensor(pairs)
print(pairs.shape, pairs[:4].tolist())


class SkipGram(nn.Module):
    def __init__(self, n_vocab, dim):
        super().__init__()
        self.center = nn.Embedding(n_vocab, dim)
        self.context = nn.Embedding(n_vocab, dim)
        initrange = 0.5 / dim
        self.center.weight.data.uniform_(-initrange, initrange)
        self.context.weight.data.zero_()

    def forward(self, center, pos, neg):
        c = self.center(center)
        score = torch.mul(c, self.context(pos)).sum(dim=1)
        loss = -F.logsigmoid(score)
        neg_score = torch.bmm(self.context(neg), c.unsqueeze(2)).squeeze(2)
        loss = loss - F.logsigmoid(-neg_score).sum(1)
        return loss.mean()


model = SkipGram(len(vocab), 8)
print(model)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
for epoch in range(12):
    perm = torch.randperm(len(pairs))
    total = 0.0
    for idx in perm.split(32):
        batch = pairs[idx]
        neg = torch.multinomial(noise, len(batch) * 4, replacement=True).view(len(batch), 4)
        loss = model(batch[:, 0], batch[:, 1], neg)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    if epoch % 3 == 0:
        print(f"epoch {epoch:2d}  loss {total / len(pairs):.4f}")

emb = F.normalize(model.center.weight.detach(), dim=1)
sims = emb @ emb.T
for w in ("king", "cat"):
    v, i = sims[word2ix[w]].topk(3)
    print(w, [vocab[k] for k in i], v)
cos = nn.CosineSimilarity(dim=0)
print(cos(emb[word2ix["king"]], emb[word2ix["queen"]]))
print(F.cosine_similarity(emb[:3], emb[3:6]))

# CBOW with an EmbeddingBag
bag = nn.EmbeddingBag(len(vocab), 4, mode="mean")
inputs = torch.tensor([1, 2, 4, 5, 4, 3, 2, 9])
offsets = torch.tensor([0, 4])
print(bag, bag(inputs, offsets).shape)
print(bag(inputs.view(2, 4)).sum())
