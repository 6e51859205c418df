"""The program waits for the GPU where it asks for numbers, and nowhere else: not once in a whole training step."""

import contextlib
import importlib
import warnings

import pytest

import tinytorch as tt
from tinytorch import nn
from tinytorch.device import library

F = nn.functional
pytestmark = pytest.mark.usefixtures("double")  # a GPU does not tell of all waits


@contextlib.contextmanager
def never_waiting():
    """Whatever waits for the GPU raises."""
    library()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # CuPy calls this experimental
        context = importlib.import_module("cupyx").allow_synchronize(False)
        context.__enter__()
    try:
        yield
    finally:
        context.__exit__(None, None, None)


def waited():
    return importlib.import_module("cupyx").DeviceSynchronized


def normal(*shape):
    return tt.randn(*shape).cuda()


def classes(rows, count):
    return tt.randint(0, count, (rows,)).cuda()


# ---- training steps --------------------------------------------------------------------------------------------------

LAYERS = {
    "ReLU": nn.ReLU, "LeakyReLU": nn.LeakyReLU, "ELU": nn.ELU, "CELU": nn.CELU, "SELU": nn.SELU, "GELU": nn.GELU,
    "GELU tanh": lambda: nn.GELU("tanh"), "SiLU": nn.SiLU, "Mish": nn.Mish, "Tanh": nn.Tanh, "Sigmoid": nn.Sigmoid,
    "LogSigmoid": nn.LogSigmoid, "Softplus": nn.Softplus, "Softsign": nn.Softsign, "Hardtanh": nn.Hardtanh,
    "Hardsigmoid": nn.Hardsigmoid, "Hardswish": nn.Hardswish, "Hardshrink": nn.Hardshrink, "PReLU": nn.PReLU,
    "Threshold": lambda: nn.Threshold(0.1, 0.0), "Softmax": lambda: nn.Softmax(-1),
    "LogSoftmax": lambda: nn.LogSoftmax(-1), "LayerNorm": lambda: nn.LayerNorm(6), "RMSNorm": lambda: nn.RMSNorm(6),
    "Dropout": lambda: nn.Dropout(0.3), "AlphaDropout": lambda: nn.AlphaDropout(0.3), "Identity": nn.Identity,
    "GLU": lambda: nn.Sequential(nn.Linear(6, 12), nn.GLU()),
}  # fmt: skip

LOSSES = {
    "MSELoss": (nn.MSELoss, lambda: normal(8, 3)),
    "L1Loss": (nn.L1Loss, lambda: normal(8, 3)),
    "SmoothL1Loss": (nn.SmoothL1Loss, lambda: normal(8, 3)),
    "HuberLoss": (nn.HuberLoss, lambda: normal(8, 3)),
    "CrossEntropyLoss": (nn.CrossEntropyLoss, lambda: classes(8, 3)),
    "CrossEntropyLoss, smoothed": (lambda: nn.CrossEntropyLoss(label_smoothing=0.1), lambda: classes(8, 3)),
    "CrossEntropyLoss, probabilities": (nn.CrossEntropyLoss, lambda: normal(8, 3).softmax(1)),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss, lambda: (normal(8, 3) > 0).float()),
    "PoissonNLLLoss": (nn.PoissonNLLLoss, lambda: normal(8, 3).exp()),
    "KLDivLoss": (lambda: nn.KLDivLoss(reduction="batchmean"), lambda: normal(8, 3).softmax(1)),
    "SoftMarginLoss": (nn.SoftMarginLoss, lambda: normal(8, 3).sign()),
    "MultiMarginLoss": (nn.MultiMarginLoss, lambda: classes(8, 3)),
    "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss, lambda: normal(8, 3).sign()),
}

OPTIMIZERS = {
    "SGD": lambda p: tt.optim.SGD(p, lr=0.1),
    "SGD, momentum": lambda p: tt.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    "Adam": lambda p: tt.optim.Adam(p, lr=0.01),
    "Adam, amsgrad": lambda p: tt.optim.Adam(p, lr=0.01, amsgrad=True, weight_decay=0.1),
    "AdamW": lambda p: tt.optim.AdamW(p, lr=0.01),
}


def train(model, criterion, x, target, make):
    """Two steps of training, all of it without waiting."""
    with never_waiting():
        optimizer = make(model.parameters())
        for _ in range(2):
            optimizer.zero_grad()
            criterion(model(x), target).backward()
            optimizer.step()


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    model = nn.Sequential(nn.Linear(5, 6), LAYERS[name](), nn.Linear(6, 3)).cuda()
    train(model, nn.MSELoss(), normal(8, 5), normal(8, 3), OPTIMIZERS["SGD"])


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    make, target = LOSSES[name]
    train(nn.Linear(5, 3).cuda(), make(), normal(8, 5), target(), OPTIMIZERS["SGD"])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    model = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3)).cuda()
    train(model, nn.MSELoss(), normal(8, 5), normal(8, 3), OPTIMIZERS[name])


def test_embeddings():
    model = nn.Sequential(nn.Embedding(7, 5), nn.Flatten(), nn.Linear(10, 3)).cuda()
    train(model, nn.CrossEntropyLoss(), tt.randint(0, 7, (8, 2)).cuda(), classes(8, 3), OPTIMIZERS["SGD"])


def test_an_attention_head():
    x, weights = normal(2, 4, 6), [normal(6, 6).requires_grad_() for _ in range(3)]
    mask = tt.ones(4, 4, dtype=tt.bool).tril().cuda()
    with never_waiting():
        q, k, v = (x @ w for w in weights)
        scores = (q @ k.transpose(-2, -1) / 6**0.5).masked_fill(~mask, float("-inf"))
        (scores.softmax(-1) @ v).pow(2).mean().backward()
        assert all(w.grad is not None for w in weights)


# ---- autograd --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
def test_scatter_reductions(reduce, include_self):
    x, source, index = normal(4, 3).requires_grad_(), normal(2, 3).requires_grad_(), classes(2, 4)
    with never_waiting():
        y = x.scatter_reduce(0, index[:, None].expand(2, 3), source, reduce, include_self=include_self)
        if reduce != "sum":
            y = y + x.index_reduce(0, index, source, reduce, include_self=include_self)
        y.sum().backward()
    assert x.grad.shape == (4, 3) and source.grad.shape == (2, 3)


def test_writes_that_accumulate():
    x, source, index = normal(4, 3).requires_grad_(), normal(2).requires_grad_(), classes(2, 4)
    with never_waiting():
        x.put(index, source, accumulate=True).sum().backward()
        with tt.no_grad():
            x.t().put_(index, source, accumulate=True)
            x.scatter_(0, index[:, None], 2.0, reduce="multiply").scatter_(0, index[:, None], 2.0, reduce="add")
    assert x.grad.shape == (4, 3) and source.grad.shape == (2,)


def test_hooks():
    seen = []
    model = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 1)).cuda()
    model[1].register_forward_hook(lambda module, args, output: seen.append(output.shape))
    model[2].register_full_backward_hook(lambda module, gave, got: seen.append(gave[0].shape))
    model[0].weight.register_hook(lambda grad: grad * 2)
    model[0].weight.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.shape))
    x = normal(8, 5)
    with never_waiting():
        model(x).sum().backward()
    assert len(seen) == 3


def test_backward_twice_and_second_gradients():
    x = normal(4, 3).requires_grad_()
    with never_waiting():
        y = (x.sin() * x).sum()
        y.backward(retain_graph=True)
        y.backward()
        (first,) = tt.autograd.grad((x.tanh() ** 3).sum(), x, create_graph=True)
        (second,) = tt.autograd.grad(first.pow(2).sum(), x)
    assert second.is_cuda and second.shape == (4, 3)


def test_a_function_of_ones_own_and_writes_into_views():
    class Cube(tt.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * grad

    x = normal(4, 3).requires_grad_()
    with never_waiting():
        y = Cube.apply(x)
        y[1:3] *= 2
        y[:, 0] = 1
        y.mul_(0.5).sum().backward()
    assert x.grad.shape == (4, 3)


def test_gradients_are_clipped():
    model = nn.Linear(5, 3).cuda()
    x = normal(8, 5)
    with never_waiting():
        model(x).pow(2).sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        nn.utils.clip_grad_value_(model.parameters(), 0.1)


def test_initialisation_and_random_numbers():
    with never_waiting():
        weight = tt.empty(6, 5, device="cuda")
        for init in (nn.init.normal_, nn.init.uniform_, nn.init.xavier_uniform_, nn.init.kaiming_normal_):
            init(weight)
        tt.rand(3, device="cuda"), tt.randn_like(weight), tt.randint(0, 5, (3,), device="cuda")
        tt.bernoulli(tt.full((3,), 0.5, device="cuda"))


def test_a_mask_lays_out_and_ranks_leave_nans_out():
    x, source = normal(4, 3).requires_grad_(), normal(12).requires_grad_()
    mask = x.detach() > 0
    some = x.detach().masked_fill(mask, float("nan"))
    chosen = x.masked_select(mask)  # waits, since its length is that of the mask's True
    with never_waiting():
        chosen.sum().backward()
        y = x.detach().masked_scatter(mask, source)
        y.clone().masked_scatter_(mask, source.detach())
        middles = [some.nanmedian(), some.nanmedian(0).values, some.median()]
    assert x.grad.tolist() == mask.to(x.dtype).tolist()
    assert y[mask].tolist() == source[: int(mask.sum())].tolist() and y[~mask].tolist() == x[~mask].tolist()
    below = sorted(some[~mask].tolist())
    assert middles[0].item() == below[(len(below) - 1) // 2]


# ---- where it waits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: x.sum().item(), lambda x: x.tolist(), lambda x: x.cpu(), lambda x: repr(x), lambda x: bool(x[0] > 0),
        lambda x: float(x[0]), lambda x: int(x[0]), lambda x: x.nonzero(), lambda x: x[x > 0], lambda x: x.unique(),
        lambda x: f"{x[0]:.2f}", lambda x: x.equal(x + 1), lambda x: tt.allclose(x, x + 1),
    ],
    ids=["item", "tolist", "cpu", "repr", "bool", "float", "int", "nonzero", "mask", "unique", "format", "equal",
         "allclose"],
)  # fmt: skip
def test_what_asks_for_numbers_waits(ask):
    x = normal(3)
    with never_waiting(), pytest.raises(waited()):
        ask(x)
    ask(x)


def test_transfers_to_the_gpu_do_not_wait():
    with never_waiting():
        x = tt.randn(3, 4).to("cuda", non_blocking=True)
        y = tt.ones(3).pin_memory().to("cuda", non_blocking=True)
        z = tt.tensor([1.0, 2.0], device="cuda") + tt.tensor(2.0)
    assert x.is_cuda and y.is_cuda and z.tolist() == [3, 4]
