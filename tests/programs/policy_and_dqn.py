"""REINFORCE on a linear world, and a DQN with a replay memory and a slowly following target."""

import random
from collections import deque

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
random.seed(3)
pol = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
opt = torch.optim.SGD(pol.parameters(), lr=0.01, momentum=0.9)


def env_step(s, a):
    s = 0.9 * s + torch.tensor([0.1, -0.1, 0.2, 0.0]) * (1 if a else -1) + 0.01 * torch.randn(4)
    return (s, 1.0 - s.abs().sum().item())


for ep in range(5):
    s = torch.randn(4)
    lps, rs = ([], [])
    for t in range(10):
        p = F.softmax(pol(s.unsqueeze(0)), dim=1)
        a = p.multinomial(1).item()
        lps.append(torch.log(p.squeeze(0)[a]))
        s, r = env_step(s, a)
        rs.append(r)
    R = 0
    ret = deque()
    for r in rs[::-1]:
        R = r + 0.99 * R
        ret.appendleft(R)
    ret = torch.tensor(ret)
    ret = (ret - ret.mean()) / (ret.std() + 1e-08)
    loss = torch.stack([-l * R for l, R in zip(lps, ret)]).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(ep, f"{loss.item():.5f} {sum(rs):.4f}")
Q = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
T = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
T.load_state_dict(Q.state_dict())
o = torch.optim.AdamW(Q.parameters(), lr=0.001, amsgrad=True)
mem = []
for i in range(60):
    s = torch.randn(1, 4)
    a = torch.tensor([[random.randrange(2)]], dtype=torch.long)
    s2, r = env_step(s, a.item())
    mem.append((s, a, None if i % 7 == 0 else s2, torch.tensor([r])))
for i in range(10):
    b = random.sample(mem, 16)
    st, ac, ns, rw = zip(*b)
    mask = torch.tensor(tuple(map(lambda s: s is not None, ns)), dtype=torch.bool)
    nf = torch.cat([s for s in ns if s is not None])
    st, ac, rw = (torch.cat(st), torch.cat(ac), torch.cat(rw))
    q = Q(st).gather(1, ac)
    nv = torch.zeros(16)
    with torch.no_grad():
        nv[mask] = T(nf).max(1).values
    exp = nv * 0.99 + rw
    l = nn.SmoothL1Loss()(q, exp.unsqueeze(1))
    o.zero_grad()
    l.backward()
    torch.nn.utils.clip_grad_value_(Q.parameters(), 100)
    o.step()
    td, qd = (T.state_dict(), Q.state_dict())
    for k in qd:
        td[k] = qd[k] * 0.005 + td[k] * 0.995
    T.load_state_dict(td)
print(l.item(), T[0].weight.abs().sum().item())
