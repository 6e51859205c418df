"""REINFORCE with a baseline and an actor-critic on a chain world, Q-learning in a table, value iteration, bandits."""

import argparse
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

parser = argparse.ArgumentParser(description="actor critic")
parser.add_argument("--gamma", type=float, default=0.9, metavar="G")
parser.add_argument("--seed", type=int, default=543)
parser.add_argument("--episodes", type=int, default=40)
args = parser.parse_args([])
torch.manual_seed(args.seed)
N = 6
SavedAction = namedtuple("SavedAction", ["log_prob", "value", "entropy"])


def one_hot(s):
    v = torch.zeros(N)
    v[s] = 1
    return v


def env_step(s, a):
    s = min(N - 1, max(0, s + (1 if a == 1 else -1)))
    return s, (1.0 if s == N - 1 else -0.05), s == N - 1


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(N, 16)
        self.action_head = nn.Linear(16, 2)
        self.value_head = nn.Linear(16, 1)

    def forward(self, x):
        x = F.relu(self.affine1(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


model = Policy()
optimizer = optim.Adam(model.parameters(), lr=3e-2)
eps = torch.finfo(torch.float32).eps
running = 0.0
for episode in range(args.episodes):
    s, saved, rewards = 0, [], []
    for _ in range(40):
        probs, value = model(one_hot(s))
        a = probs.multinomial(1)
        saved.append(SavedAction(probs.log().gather(0, a).squeeze(), value, -(probs * probs.log()).sum()))
        s, r, done = env_step(s, a.item())
        rewards.append(r)
        if done:
            break
    R, returns = 0, deque()
    for r in rewards[::-1]:
        R = r + args.gamma * R
        returns.appendleft(R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + eps)
    policy_losses, value_losses = [], []
    for (log_prob, value, entropy), R in zip(saved, returns):
        advantage = R - value.item()
        policy_losses.append(-log_prob * advantage - 0.01 * entropy)
        value_losses.append(F.smooth_l1_loss(value, torch.tensor([R])))
    optimizer.zero_grad()
    loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum()
    loss.backward()
    optimizer.step()
    running = 0.1 * sum(rewards) + 0.9 * running
    if episode % 8 == 0:
        print(
            f"Episode {episode}\tlength {len(rewards):3d}\treward {sum(rewards):.2f}\t"
            f"loss {loss.item():.4f}\trunning {running:.3f}"
        )
with torch.no_grad():
    probs, values = model(torch.eye(N))
    print(probs[:, 1], values.squeeze(), probs.argmax(1))

Q = torch.zeros(N, 2)
for episode in range(30):
    s = 0
    for _ in range(50):
        greedy = Q[s].argmax().item()
        a = greedy if torch.rand(1) > 0.3 else torch.randint(2, (1,)).item()
        s2, r, done = env_step(s, a)
        Q[s, a] += 0.5 * (r + args.gamma * (0 if done else Q[s2].max()) - Q[s, a])
        s = s2
        if done:
            break
print(Q, Q.max(1).values, Q.argmax(dim=1).tolist())

P = torch.zeros(2, N, N)
for s in range(N):
    for a in range(2):
        P[a, s, env_step(s, a)[0]] = 1
reward = torch.full((N,), -0.05).index_fill(0, torch.tensor(N - 1), 1.0)
V = torch.zeros(N)
for sweep in range(100):
    new = (P @ (reward + args.gamma * V)).amax(0)
    delta = (new - V).abs().max()
    V = new
    if delta < 1e-4:
        break
print(sweep, V, P.sum(-1).eq(1).all())
direct = torch.linalg.solve(torch.eye(N) - args.gamma * P[1], P[1] @ reward)
print(torch.allclose(direct, V, atol=1e-2), direct)

arms = torch.tensor([0.2, 0.5, 0.75])
counts, means = torch.zeros(3), torch.zeros(3)
for t in range(1, 201):
    ucb = means + (2 * torch.log(torch.tensor(float(t))) / counts.clamp(min=1e-9)).sqrt()
    k = ucb.argmax()
    r = torch.bernoulli(arms[k])
    counts[k] += 1
    means[k] += (r - means[k]) / counts[k]
print(counts, means)
