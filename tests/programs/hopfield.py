"""A Hopfield network, a Boltzmann machine and an energy model: sign, outer products, Gibbs sampling."""

import torch

torch.manual_seed(42)

patterns = torch.randint(0, 2, (3, 36)) * 2 - 1
print(patterns.dtype, patterns.unique(), patterns[0].reshape(6, 6))
W = sum(torch.outer(p, p) for p in patterns).float() / patterns.shape[1]
W.fill_diagonal_(0)
print(W.shape, torch.equal(W, W.t()), W.abs().max(), W[:2, :6])


def energy(s):
    return -0.5 * s @ W @ s


noisy = patterns[0].clone().float()
flip = torch.randperm(36)[:8]
noisy[flip] *= -1
print("flipped", flip.sort().values.tolist(), "energy", energy(noisy))
state = noisy
for it in range(5):
    new = torch.sign(W @ state)
    new = torch.where(new == 0, state, new)
    print(it, f"{energy(new):.4f}", int((new == patterns[0]).sum()))
    if (new == state).all():
        break
    state = new


def show(v):
    return "\n".join("".join("#" if x > 0 else "." for x in row) for row in v.view(6, 6))


print(show(state))


class RBM:
    def __init__(self, nv, nh):
        self.W = torch.randn(nh, nv) * 1e-2
        self.vb = torch.zeros(nv)
        self.hb = torch.zeros(nh)

    def v_to_h(self, v):
        p = torch.sigmoid(torch.nn.functional.linear(v, self.W, self.hb))
        return p, p.bernoulli()

    def h_to_v(self, h):
        p = torch.sigmoid(torch.nn.functional.linear(h, self.W.t(), self.vb))
        return p, torch.bernoulli(p)

    def free_energy(self, v):
        wx_b = torch.nn.functional.linear(v, self.W, self.hb)
        return (-wx_b.exp().add(1).log().sum(1) - v.mv(self.vb)).mean()

    def train(self, v0, k=2, lr=0.1):
        ph0, h = self.v_to_h(v0)
        for _ in range(k):
            _, vk = self.h_to_v(h)
            phk, h = self.v_to_h(vk)
        self.W += lr * (torch.mm(ph0.t(), v0) - torch.mm(phk.t(), vk)) / len(v0)
        self.vb += lr * torch.sum(v0 - vk, 0) / len(v0)
        self.hb.add_((ph0 - phk).mean(0), alpha=lr)
        return (self.free_energy(v0) - self.free_energy(vk)).item()


data = (patterns > 0).float().repeat_interleave(10, dim=0)
rbm = RBM(36, 8)
for epoch in range(30):
    gap = rbm.train(data)
    if epoch % 10 == 0:
        p, h = rbm.v_to_h(data)
        print(epoch, f"{gap:.4f} {p.mean():.4f}", h.sum().item(), f"{rbm.W.std():.4f}")

# Langevin sampling of an energy given by a formula
x = torch.randn(5, 2)
for step in range(20):
    x.requires_grad_()
    E = (x.pow(4).sum(1) / 4 - x.pow(2).sum(1) / 2).sum()
    E.backward()
    with torch.no_grad():
        x = x - 0.1 * x.grad + 0.05 * torch.randn_like(x)
print(x, x.requires_grad, x.grad)
