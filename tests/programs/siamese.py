"""A siamese net with contrastive and triplet losses, hard negative mining by distances."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(9)
centers = torch.randn(4, 10) * 2
labels = torch.arange(4).repeat_interleave(8)
data = centers[labels] + 0.5 * torch.randn(32, 10)
print(labels, data.shape)


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, 16), nn.PReLU(), nn.Linear(16, 3))

    def forward_once(self, x):
        return F.normalize(self.body(x), p=2, dim=-1)

    def forward(self, a, b):
        return self.forward_once(a), self.forward_once(b)


def contrastive(d, same, margin=1.0):
    return torch.mean(same * d.pow(2) + (1 - same) * torch.clamp(margin - d, min=0.0).pow(2))


net = Embedder()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(40):
    i, j = torch.randint(0, 32, (2, 16))
    a, b = net(data[i], data[j])
    same = (labels[i] == labels[j]).float()
    d = F.pairwise_distance(a, b)
    loss = contrastive(d, same)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, f"{loss.item():.4f}", int(same.sum()))

triplet = nn.TripletMarginLoss(margin=0.5, p=2)
for step in range(20):
    e = net.forward_once(data)
    dist = torch.cdist(e, e)
    same = labels.unsqueeze(0) == labels.unsqueeze(1)
    eye = torch.eye(32, dtype=torch.bool)
    hardest_pos = dist.masked_fill(~same | eye, float("-inf")).argmax(dim=1)
    hardest_neg = dist.masked_fill(same, float("inf")).argmin(dim=1)
    loss = triplet(e, e[hardest_pos], e[hardest_neg])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        print(step, f"{loss:.4f}", hardest_pos[:5].tolist(), hardest_neg[:5].tolist())

with torch.no_grad():
    e = net.forward_once(data)
    sim = e @ e.t()
    sim.fill_diagonal_(-2)
    nearest = sim.max(dim=1)[1]
    print("accuracy", (labels[nearest] == labels).float().mean())
    protos = torch.zeros(4, 3).index_add_(0, labels, e) / torch.bincount(labels).unsqueeze(1)
    print(protos)
    print(torch.zeros(4, 3).scatter_add(0, labels[:, None].expand(-1, 3), e) / 8 - protos)

cel = nn.CosineEmbeddingLoss(margin=0.2)
mrl = nn.MarginRankingLoss(margin=0.1)
a, b = torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([[0.0, 1.0], [0.8, 0.6]])
print(cel(a, b, torch.tensor([1, -1])), mrl(a[:, 0], b[:, 0], torch.tensor([1.0, -1.0])))
print(
    nn.HingeEmbeddingLoss()(torch.tensor([0.3, 0.7]), torch.tensor([1, -1])), F.soft_margin_loss(a, torch.sign(b - 0.5))
)
print(F.pdist(protos), nn.PairwiseDistance(p=1)(a, b))
print(
    F.multi_margin_loss(a, torch.tensor([0, 1])),
    nn.GaussianNLLLoss()(a, b, torch.ones(2, 2)),
    nn.PoissonNLLLoss()(a, b),
)
