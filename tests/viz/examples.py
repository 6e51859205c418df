"""More programs of the gallery: what goes wrong, what is cut off, what is differentiated twice, what is large."""

from __future__ import annotations

import tinytorch as torch
from tinytorch import nn


def changed_too_early() -> tuple:
    """exp keeps its result for backward; here the result is written to before backward needs it."""
    x = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
    y = x.exp()
    z = y * 3
    y += 1
    out = (z + y).sum()
    out.backward()
    return out, {"x": x}


def cut_off() -> tuple:
    """Three ways in which a gradient stops."""
    x = torch.tensor([1.0, -2.0, 4.0])
    w = torch.tensor([0.5, 0.5, 0.5], requires_grad=True)
    h = w * x
    with torch.no_grad():
        scale = h.abs().max()
    target = h.detach()
    best = h.argmax()
    loss = (h / scale - target).pow(2).sum() + h[best]
    return loss, {"w": w}


def second_derivative() -> tuple:
    """The gradient of tanh as a graph of its own."""
    x = torch.tensor(0.5, requires_grad=True)
    y = x.tanh()
    (slope,) = torch.autograd.grad(y, x, create_graph=True)
    return slope, {"x": x}


class Attention(nn.Module):
    """Every place of a text looks at those before it."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.proj = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape

        def split(t: torch.Tensor) -> torch.Tensor:
            return t.view(batch, length, self.heads, -1).transpose(1, 2)

        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = q @ k.transpose(-2, -1) / (width // self.heads) ** 0.5
        attention = scores.masked_fill(mask, float("-inf")).softmax(-1)
        return self.proj((attention @ v).transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    """Attention and a small network, each added to what came in."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.ln1(x), mask)
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    """A language model of twelve blocks."""

    def __init__(self, letters: int = 20, length: int = 8, width: int = 16, heads: int = 4, depth: int = 12):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(letters, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.ln_f = nn.LayerNorm(width)
        self.head = nn.Linear(width, letters, bias=False)

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        length = text.shape[1]
        x = self.wte(text) + self.wpe(torch.arange(length))
        mask = torch.ones(length, length, dtype=torch.bool).triu(1)
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.ln_f(x))


def language_model() -> tuple:
    """The loss of one step of training."""
    text = torch.arange(18).reshape(2, 9) % 20
    model = GPT()
    logits = model(text[:, :-1])
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), text[:, 1:].flatten())
    return loss, dict(model.named_parameters())
