"""A small encoder-decoder transformer of Linear layers and softmax that learns to reverse sequences."""

import math
from dataclasses import dataclass
from typing import Optional, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

torch.manual_seed(1234)


@dataclass
class Config:
    vocab: int = 12
    d_model: int = 16
    n_head: int = 2
    d_ff: int = 32
    length: int = 6


class LayerNorm(nn.Module):
    def __init__(self, features, eps=1e-6):
        super().__init__()
        self.a_2 = nn.Parameter(torch.ones(features))
        self.b_2 = nn.Parameter(torch.zeros(features))
        self.eps = eps

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        std = x.std(-1, keepdim=True)
        return self.a_2 * (x - mean) / (std + self.eps) + self.b_2


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, max_len: int = 50):
        super().__init__()
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(1, max_len, d_model)
        pe[0, :, 0::2] = torch.sin(position * div_term)
        pe[0, :, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pe[:, : x.size(1)].requires_grad_(False)


def attention(q, k, v, mask: Optional[Tensor] = None) -> Tuple[Tensor, Tensor]:
    scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    p_attn = scores.softmax(dim=-1)
    return torch.matmul(p_attn, v), p_attn


class MultiHead(nn.Module):
    def __init__(self, h, d):
        super().__init__()
        self.d_k, self.h = d // h, h
        self.linears = nn.ModuleList([nn.Linear(d, d) for _ in range(4)])
        self.attn = None

    def forward(self, query, key, value, mask=None):
        n = query.size(0)
        query, key, value = [
            lin(x).view(n, -1, self.h, self.d_k).transpose(1, 2) for lin, x in zip(self.linears, (query, key, value))
        ]
        x, self.attn = attention(query, key, value, mask)
        x = x.transpose(1, 2).contiguous().view(n, -1, self.h * self.d_k)
        return self.linears[-1](x)


class Block(nn.Module):
    def __init__(self, c: Config, cross: bool):
        super().__init__()
        self.self_attn = MultiHead(c.n_head, c.d_model)
        self.cross = MultiHead(c.n_head, c.d_model) if cross else None
        self.ff = nn.Sequential(nn.Linear(c.d_model, c.d_ff), nn.GELU(approximate="tanh"), nn.Linear(c.d_ff, c.d_model))
        self.norms = nn.ModuleList(LayerNorm(c.d_model) for _ in range(3))

    def forward(self, x, memory=None, mask=None):
        h = self.norms[0](x)
        x = x + self.self_attn(h, h, h, mask)
        if self.cross is not None:
            x = x + self.cross(self.norms[1](x), memory, memory)
        return x + self.ff(self.norms[2](x))


class Seq2Seq(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.embed = nn.Embedding(c.vocab, c.d_model)
        self.pos = PositionalEncoding(c.d_model)
        self.encoder, self.decoder = Block(c, False), Block(c, True)
        self.generator = nn.Linear(c.d_model, c.vocab, bias=False)
        self.generator.weight = self.embed.weight
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)

    def forward(self, src, tgt):
        mask = torch.ones(tgt.size(1), tgt.size(1)).tril()
        memory = self.encoder(self.pos(self.embed(src)))
        return self.generator(self.decoder(self.pos(self.embed(tgt)), memory, mask))


config = Config()
model = Seq2Seq(config)
print(config, sum(p.numel() for p in model.parameters()), len(list(model.parameters())), len(model.state_dict()))
print(model.decoder.ff, model.encoder.cross, model.generator)


def lr_at(step, warmup=20):
    return 0.3 * config.d_model**-0.5 * min(step**-0.5, step * warmup**-1.5)


opt = torch.optim.Adam(model.parameters(), lr=0.0, betas=(0.9, 0.98), eps=1e-9)
for step in range(1, 61):
    src = torch.randint(1, config.vocab, (16, config.length))
    tgt = torch.cat([torch.zeros(16, 1, dtype=torch.long), src.flip(1)], dim=1)
    for group in opt.param_groups:
        group["lr"] = lr_at(step)
    logits = model(src, tgt[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, config.vocab), tgt[:, 1:].reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 15 == 0:
        acc = (logits.argmax(-1) == tgt[:, 1:]).float().mean()
        print(f"step {step:3d} lr {lr_at(step):.5f} loss {loss.item():.4f} acc {acc:.3f}")
attn = model.decoder.cross.attn
print(attn.shape, attn.sum(-1).min(), attn[0, 0])


@torch.no_grad()
def greedy(src):
    out = torch.zeros(1, 1).type_as(src)
    for _ in range(config.length):
        out = torch.cat([out, model(src, out)[:, -1].max(dim=1)[1].unsqueeze(1)], dim=1)
    return out[0, 1:]


model.eval()
print(greedy(torch.arange(1, 7).unsqueeze(0)), PositionalEncoding(4)(torch.zeros(1, 3, 4)))
