"""Modules of many kinds: routing by ModuleDict, weight tying, hooks, apply, state dicts, reprs, errors."""

import copy
import io
import pickle

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import parameters_to_vector, vector_to_parameters

torch.manual_seed(17)


class Router(nn.Module):
    def __init__(self):
        super().__init__()
        self.experts = nn.ModuleDict(
            {
                "small": nn.Linear(4, 2),
                "deep": nn.Sequential(nn.Linear(4, 3), nn.ELU(alpha=0.5), nn.Linear(3, 2)),
                "id": nn.Identity(),
            }
        )
        self.gates = nn.ParameterDict({"small": nn.Parameter(torch.ones(1)), "deep": nn.Parameter(torch.zeros(1))})
        self.scales = nn.ParameterList([nn.Parameter(torch.full((2,), float(i))) for i in range(2)])
        self.register_buffer("count", torch.zeros(2, dtype=torch.int64))
        self.register_buffer("nothing", None)
        self.note = "plain attribute"

    def forward(self, x, which="small"):
        self.count[int(which == "deep")] += 1
        return self.experts[which](x) * self.gates[which] + self.scales[0]


net = Router()
print(net)
x = torch.randn(3, 4)
print(net(x), net(x, which="deep"), net.count)
for name, p in net.named_parameters():
    print(name, tuple(p.shape), p.requires_grad, p.is_leaf)
print(
    [n for n, _ in net.named_modules()],
    [n for n, _ in net.named_buffers()],
    list(net.experts.keys()),
    "small" in net.experts,
)
print(
    net.state_dict().keys(), net.experts["deep"][1], net.get_submodule("experts.deep.0"), net.get_parameter("scales.1")
)
try:
    net.get_submodule("experts.none")
except AttributeError as e:
    print(e)
try:
    net.missing
except AttributeError as e:
    print(e)
try:
    net.experts["deep"] = "text"
except TypeError as e:
    print(str(e).splitlines()[0])
try:
    net.experts = torch.ones(1)
except (KeyError, TypeError) as e:
    print(type(e).__name__, e)

twin = copy.deepcopy(net)
other = pickle.loads(pickle.dumps(net.state_dict()))
print(torch.equal(twin.experts["small"].weight, net.experts["small"].weight), twin.note, sorted(other)[:2])
buffer = io.BytesIO()
torch.save(net.state_dict(), buffer)
buffer.seek(0)
loaded = torch.load(buffer, weights_only=True)
loaded["gates.deep"] += 5
del loaded["scales.1"]
loaded["surplus"] = torch.ones(1)
try:
    net.load_state_dict(loaded)
except RuntimeError as e:
    print(e)
print(net.load_state_dict(loaded, strict=False), net.gates["deep"])
loaded["scales.0"] = torch.ones(3)
try:
    net.load_state_dict(loaded, strict=False)
except RuntimeError as e:
    print(e)


class AutoEncoder(nn.Module):
    """The decoder uses the encoder's weight, transposed."""

    def __init__(self, n, k):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(k, n))
        self.enc_bias, self.dec_bias = nn.Parameter(torch.zeros(k)), nn.Parameter(torch.zeros(n))
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        return F.linear(F.relu(F.linear(x, self.weight, self.enc_bias)), self.weight.t(), self.dec_bias)


ae = AutoEncoder(4, 3)
opt = torch.optim.SGD(ae.parameters(), lr=0.05)
for i in range(20):
    loss = F.mse_loss(ae(x), x)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(f"{loss.item():.5f}", ae.weight.grad.norm(), ae)
vec = parameters_to_vector(ae.parameters())
vector_to_parameters(vec * 0, ae.parameters())
print(vec.shape, ae(x).abs().sum(), sum(p.numel() for p in ae.parameters()))

calls = []
h1 = net.register_forward_pre_hook(lambda m, args, kwargs: calls.append(("pre", kwargs)), with_kwargs=True)
h2 = net.register_forward_hook(lambda m, args, out: out * 2)
h3 = net.experts["small"].register_full_backward_hook(lambda m, gi, go: calls.append((gi[0] is None, go[0].shape)))
y = net(x, which="small")
y.sum().backward()
print(calls, y[0])
h1.remove(), h2.remove(), h3.remove()
net.apply(lambda m: m.weight.data.fill_(0.5) if isinstance(m, nn.Linear) else None)
print(
    net(torch.ones(1, 4)),
    net.eval().training,
    net.train().experts.training,
    net.requires_grad_(False).gates["small"].requires_grad,
)
print(
    net.double().scales[0].dtype,
    net.half().count.dtype,
    net.float().experts["small"].weight.dtype,
    net.to(torch.float64).gates["deep"],
)

seq = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
seq.append(nn.Linear(3, 1)).insert(1, nn.Dropout(0.5))
print(seq, len(seq), seq[-1], seq[1:3], [type(m).__name__ for m in seq])
seq[1] = nn.Identity()
del seq[2]
seq.add_module("last", nn.Softplus(beta=2))
print(seq, seq.last, nn.ModuleList([nn.ReLU()] * 3) + [nn.Tanh()])
print(nn.Flatten()(torch.ones(2, 3, 4)).shape, nn.Unflatten(1, (2, 2))(torch.ones(1, 4)).shape, nn.Bilinear(2, 3, 4))
print(
    nn.Hardtanh(-2, 2),
    nn.LeakyReLU(0.2, inplace=True),
    nn.Softmax(dim=1),
    nn.GELU(),
    nn.PReLU(3),
    nn.Threshold(0.1, 20),
    nn.SiLU(),
)
print(
    nn.CrossEntropyLoss(),
    nn.SmoothL1Loss(beta=0.5),
    nn.Embedding(4, 2, padding_idx=0, max_norm=1.0),
    nn.AlphaDropout(p=0.1),
)
