"""A character-level language model on a GRU cell written by hand, with truncated backpropagation and sampling."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(99)
text = "she sells sea shells by the sea shore. the shells she sells are surely seashells. " * 4
chars = sorted(set(text))
char2int = {c: i for i, c in enumerate(chars)}
encoded = torch.tensor([char2int[c] for c in text])
print(len(text), len(chars), encoded[:20])


def one_hot_encode(arr, n_labels):
    out = torch.zeros(arr.numel(), n_labels)
    out[torch.arange(out.shape[0]), arr.flatten()] = 1.0
    return out.reshape(*arr.shape, n_labels)


def get_batches(arr, batch_size, seq_length):
    per = batch_size * seq_length
    n = len(arr) // per
    arr = arr[: n * per].reshape(batch_size, -1)
    for i in range(0, arr.shape[1], seq_length):
        x = arr[:, i : i + seq_length]
        y = torch.zeros_like(x)
        y[:, :-1] = x[:, 1:]
        y[:, -1] = arr[:, i + seq_length] if i + seq_length < arr.shape[1] else arr[:, 0]
        yield x, y


class GRUCell(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.x2h = nn.Linear(n_in, 3 * n_hidden)
        self.h2h = nn.Linear(n_hidden, 3 * n_hidden)
        nn.init.orthogonal_(self.h2h.weight)

    def forward(self, x, h):
        xr, xz, xn = self.x2h(x).chunk(3, dim=-1)
        hr, hz, hn = self.h2h(h).chunk(3, -1)
        r = torch.sigmoid(xr + hr)
        z = torch.sigmoid(xz + hz)
        n = torch.tanh(xn + r * hn)
        return (1 - z) * n + z * h


class CharRNN(nn.Module):
    def __init__(self, vocab, hidden=32, layers=2, p=0.1):
        super().__init__()
        self.hidden, self.layers = hidden, layers
        self.cells = nn.ModuleList([GRUCell(vocab if i == 0 else hidden, hidden) for i in range(layers)])
        self.dropout = nn.Dropout(p)
        self.fc = nn.Linear(hidden, vocab)

    def init_hidden(self, n):
        weight = next(self.parameters()).data
        return weight.new(self.layers, n, self.hidden).zero_()

    def forward(self, x, h):
        outs = []
        states = list(h)
        for t in range(x.size(1)):
            inp = x[:, t]
            for i, cell in enumerate(self.cells):
                states[i] = cell(inp, states[i])
                inp = self.dropout(states[i]) if i + 1 < self.layers else states[i]
            outs.append(inp)
        return self.fc(torch.stack(outs, 1)), torch.stack(states)


net = CharRNN(len(chars))
print(net)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(8):
    h = net.init_hidden(4)
    for x, y in get_batches(encoded, 4, 16):
        h = h.detach()
        net.zero_grad()
        out, h = net(one_hot_encode(x, len(chars)), h)
        loss = F.cross_entropy(out.transpose(1, 2), y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
    if epoch % 2 == 1:
        print(f"Epoch: {epoch + 1}/8... Loss: {loss.item():.4f}... norm {norm.item():.4f} ppl {loss.exp():.3f}")


def sample(prime="she ", size=40, top_k=3, temperature=0.8):
    net.eval()
    h = net.init_hidden(1)
    with torch.no_grad():
        for c in prime:
            out, h = net(one_hot_encode(torch.tensor([[char2int[c]]]), len(chars)), h)
        res = list(prime)
        for _ in range(size):
            logits = out[0, -1] / temperature
            v, ix = torch.topk(logits, top_k)
            logits[logits < v[-1]] = -float("inf")
            nxt = torch.multinomial(F.softmax(logits, -1), num_samples=1)
            res.append(chars[nxt.item()])
            out, h = net(one_hot_encode(nxt.unsqueeze(0), len(chars)), h)
    return "".join(res)


print(sample())
W = net.cells[0].h2h.weight.view(3, 32, 32)
print(W.shape, torch.linalg.matrix_norm(W), torch.linalg.svdvals(W[0])[:3])
