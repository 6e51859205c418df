"""A recurrent net and an LSTM cell from Linear layers and parameters."""

import torch
import torch.nn as nn

torch.manual_seed(5)


class RNN(nn.Module):
    def __init__(self, i, h, o):
        super().__init__()
        self.h = h
        self.i2h = nn.Linear(i + h, h)
        self.i2o = nn.Linear(i + h, o)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, x, h):
        c = torch.cat((x, h), 1)
        return (self.softmax(self.i2o(c)), self.i2h(c))

    def initHidden(self):
        return torch.zeros(1, self.h)


rnn = RNN(5, 8, 3)
crit = nn.NLLLoss()


def train(cat, seq):
    h = rnn.initHidden()
    rnn.zero_grad()
    for i in range(seq.size(0)):
        out, h = rnn(seq[i], h)
    l = crit(out, cat)
    l.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-0.05)
    return (out, l.item())


for it in range(40):
    c = torch.randint(0, 3, (1,))
    s = torch.zeros(4, 1, 5)
    for t in range(4):
        s[t][0][(int(c) + t) % 5] = 1
    out, l = train(c, s)
    if it % 10 == 0:
        print(it, f"{l:.4f}", out.topk(1))


class LSTMCell(nn.Module):
    def __init__(s, i, h):
        super().__init__()
        s.W = nn.Parameter(torch.randn(4 * h, i) / i**0.5)
        s.U = nn.Parameter(torch.randn(4 * h, h) / h**0.5)
        s.b = nn.Parameter(torch.zeros(4 * h))

    def forward(s, x, hc):
        h, c = hc
        g = x @ s.W.t() + h @ s.U.t() + s.b
        i, f, o, u = g.chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(u)
        h = torch.sigmoid(o) * torch.tanh(c)
        return (h, c)


cell = LSTMCell(3, 6)
head = nn.Linear(6, 1)
opt = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=0.02)
X = torch.sin(torch.arange(60) * 0.3).reshape(4, 15, 1).repeat(1, 1, 3)
for it in range(20):
    h = (torch.zeros(4, 6), torch.zeros(4, 6))
    loss = 0
    for t in range(14):
        h = cell(X[:, t], h)
        loss = loss + ((head(h[0]) - X[:, t + 1, :1]) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(cell.parameters(), 1.0)
    opt.step()
    if it % 5 == 0:
        print(it, f"{loss.item():.5f}")
for n, p in cell.named_parameters():
    print(n, tuple(p.shape), f"{p.grad.norm():.4f}")
