"""Random tensors, compared with PyTorch's to the bit: values, strides, gradients, the stream afterwards, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinytorch as tt
from tests.functions import beside
from tests.functions.beside import to_bytes

torch = pytest.importorskip("torch")

SIZES = [*range(41), 1000, 100_001]
FLOATS = ("float32", "float64", "float16", "bfloat16")
DTYPES = (*FLOATS, "uint8", "int8", "int16", "int32", "int64", "bool", "complex64", "complex128")


def same(call, seed=5):
    """`call(lib, generator)` does the same in both libraries, also to the generator."""

    def with_state(lib):
        generator = lib.Generator().manual_seed(seed)
        return call(lib, generator), generator.get_state()

    beside.same(with_state)


# ---- every function, several seeds and sizes -------------------------------------------------------------------------


def linear(lib, n, low=0.0, high=1.0, dtype="float32"):
    """n numbers in equal steps."""
    return lib.from_numpy(np.linspace(low, high, n)).to(getattr(lib, dtype))


OF_SIZE = {
    "rand": lambda lib, g, n: lib.rand(n, generator=g),
    "rand float64": lambda lib, g, n: lib.rand(n, generator=g, dtype=lib.float64),
    "randn": lambda lib, g, n: lib.randn(n, generator=g),
    "randn float64": lambda lib, g, n: lib.randn(n, generator=g, dtype=lib.float64),
    "randn float16": lambda lib, g, n: lib.randn(n, generator=g, dtype=lib.float16),
    "randn bfloat16": lambda lib, g, n: lib.randn(n, generator=g, dtype=lib.bfloat16),
    "randn complex64": lambda lib, g, n: lib.randn(n, generator=g, dtype=lib.complex64),
    "randint": lambda lib, g, n: lib.randint(10, (n,), generator=g),
    "randint of 64 bits": lambda lib, g, n: lib.randint(-(2**62), 2**62, (n,), generator=g),
    "randperm": lambda lib, g, n: lib.randperm(n, generator=g),
    "rand_like": lambda lib, g, n: lib.rand_like(lib.zeros(n), generator=g),
    "randn_like": lambda lib, g, n: lib.randn_like(lib.zeros(n), generator=g),
    "randint_like": lambda lib, g, n: lib.randint_like(lib.zeros(n), 3, 9, generator=g),
    "normal": lambda lib, g, n: lib.normal(2.0, 3.0, (n,), generator=g),
    "normal, means": lambda lib, g, n: lib.normal(linear(lib, n), 3.0, generator=g),
    "normal, deviations": lambda lib, g, n: lib.normal(2.0, linear(lib, n), generator=g),
    "normal, both": lambda lib, g, n: lib.normal(linear(lib, n, -5), linear(lib, n), generator=g),
    "bernoulli": lambda lib, g, n: lib.bernoulli(linear(lib, n), generator=g),
    "bernoulli float64": lambda lib, g, n: lib.bernoulli(linear(lib, n, dtype="float64"), generator=g),
    "bernoulli(p)": lambda lib, g, n: lib.bernoulli(lib.zeros(n), 0.3, generator=g),
    "poisson": lambda lib, g, n: lib.poisson(linear(lib, n, 0, 30), generator=g),
    "multinomial": lambda lib, g, n: lib.multinomial(linear(lib, n + 1), 1, generator=g),
    "multinomial, 20 times": lambda lib, g, n: lib.multinomial(linear(lib, n + 2), 20, True, generator=g),
    "normal_": lambda lib, g, n: lib.zeros(n).normal_(2, 3, generator=g),
    "uniform_": lambda lib, g, n: lib.zeros(n).uniform_(-0.3, 0.3, generator=g),
    "random_": lambda lib, g, n: lib.zeros(n, dtype=lib.int64).random_(generator=g),
    "random_(to)": lambda lib, g, n: lib.zeros(n).random_(100, generator=g),
    "random_(from, to)": lambda lib, g, n: lib.zeros(n).random_(-5, 100, generator=g),
    "bernoulli_": lambda lib, g, n: lib.zeros(n).bernoulli_(0.8, generator=g),
    "bernoulli_(tensor)": lambda lib, g, n: lib.zeros(n).bernoulli_(linear(lib, n), generator=g),
    "exponential_": lambda lib, g, n: lib.zeros(n).exponential_(2, generator=g),
    "geometric_": lambda lib, g, n: lib.zeros(n).geometric_(0.2, generator=g),
    "log_normal_": lambda lib, g, n: lib.zeros(n).log_normal_(generator=g),
    "cauchy_": lambda lib, g, n: lib.zeros(n).cauchy_(generator=g),
}


@pytest.mark.parametrize("name", OF_SIZE)
def test_sizes_and_seeds(name):
    for size in SIZES:
        for seed in (0, 5, -3) if size < 100 else (5,):
            same(lambda lib, g, size=size: OF_SIZE[name](lib, g, size), seed)


BINOMIALS = [(5, 0.5), (5, 0.3), (40, 0.4), (1000, 0.01), (1000, 0.9), (1e6, 0.4), (30.5, 0.45), (1e9, 0.01), (3e4, 1)]


@pytest.mark.parametrize("count, prob", BINOMIALS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_binomial(count, prob, dtype):
    def call(lib, g):
        kind = getattr(lib, dtype)
        return lib.binomial(lib.full((150,), float(count), dtype=kind), lib.full((150,), float(prob), dtype=kind), g)

    same(call)


# ---- call forms, dtypes, errors --------------------------------------------------------------------------------------

# x: float32 of shape (4,), i: int64 of shape (4,); each error stands alone
FORMS = [
    lambda lib, g, x, i: [
        lib.rand(()),
        lib.rand(2, 3, generator=g),
        lib.rand([2, 3], generator=g),
        lib.rand(size=(2, 3), generator=g),
    ],
    lambda lib, g, x, i: [
        lib.rand(2, generator=g, requires_grad=True),
        lib.rand(2, generator=g, layout=lib.strided, device="cpu"),
    ],
    pytest.param(
        lambda lib, g, x, i: [lib.rand(2, generator=g, pin_memory=True)], marks=pytest.mark.host
    ),  # there is no GPU
    lambda lib, g, x, i: [lib.rand(2, generator=3)],
    lambda lib, g, x, i: [lib.rand(2, foo=1)],
    lambda lib, g, x, i: [lib.rand(-1)],
    lambda lib, g, x, i: [lib.rand(2, dtype=lib.int64)],
    lambda lib, g, x, i: [lib.rand(0, dtype=lib.int64)],
    lambda lib, g, x, i: [
        lib.rand(2, generator=g, out=lib.empty(2, dtype=lib.float64)),
        lib.rand(20, generator=g, out=lib.empty(40)[::2]),
    ],
    lambda lib, g, x, i: [lib.rand(2, 3, generator=g, out=lib.empty(5)), lib.rand(2, 3, generator=g, out=lib.empty(0))],
    lambda lib, g, x, i: [
        lib.randn(5, 4, generator=g, out=lib.empty(4, 5).t()),
        lib.randn(2, generator=g, out=lib.empty(2), requires_grad=True),
    ],
    lambda lib, g, x, i: [lib.rand(2, out=lib.empty(2, dtype=lib.float64), dtype=lib.float32)],
    lambda lib, g, x, i: [lib.rand(2, out=lib.ones(2, requires_grad=True))],
    lambda lib, g, x, i: [lib.rand(2, 3, out=lib.empty(3).expand(2, 3))],
    lambda lib, g, x, i: [lib.randn(2, dtype=lib.bool)],
    lambda lib, g, x, i: [lib.randn(-1)],
    lambda lib, g, x, i: [
        lib.randint(5, (2,), generator=g),
        lib.randint(2, 5, (2,), generator=g),
        lib.randint(5, size=(2,), generator=g),
    ],
    lambda lib, g, x, i: [
        lib.randint(high=5, size=(2,), generator=g),
        lib.randint(1, high=5, size=(2,), generator=g),
        lib.randint(5, [2]),
    ],
    lambda lib, g, x, i: [
        lib.randint(low=1, high=5, size=(2,), generator=g),
        lib.randint(np.int64(5), (2,)),
        lib.randint(lib.tensor(5), (2,)),
    ],
    lambda lib, g, x, i: [
        lib.randint(lib.tensor([5]), (2,), generator=g),
        lib.randint(5, (), generator=g),
        lib.randint(5, (0,), generator=g),
    ],
    lambda lib, g, x, i: [lib.randint(5, (2,), requires_grad=True)],
    lambda lib, g, x, i: [lib.randint(5, (2,), generator=g, dtype=lib.float32, requires_grad=True)],
    lambda lib, g, x, i: [
        lib.randint(2, (5,), generator=g, dtype=lib.bool),
        lib.randint(-3, 3, (5,), generator=g, dtype=lib.int8),
    ],
    lambda lib, g, x, i: [
        lib.randint(5, (2,), generator=g, out=lib.empty(2)),
        lib.randint(5, (2,), out=lib.empty(3, dtype=lib.int32)),
    ],
    lambda lib, g, x, i: [lib.randint(5, (2,), dtype=lib.bool)],
    lambda lib, g, x, i: [lib.randint(0, 500, (2,), dtype=lib.int8)],
    lambda lib, g, x, i: [lib.randint(5, (2,), dtype=lib.complex64)],
    lambda lib, g, x, i: [lib.randint(5, 2)],
    lambda lib, g, x, i: [lib.randint(5.0, (2,))],
    lambda lib, g, x, i: [lib.randint(2, 5.0, (2,))],
    lambda lib, g, x, i: [lib.randint(5, 1, size=(2,))],
    lambda lib, g, x, i: [lib.randint(0, (2,))],
    lambda lib, g, x, i: [lib.randint(-5, (2,))],
    lambda lib, g, x, i: [lib.randint(lib.tensor(5.0), (2,))],
    lambda lib, g, x, i: [lib.randint(True, (2,))],
    lambda lib, g, x, i: [lib.randint(2, 5)],
    lambda lib, g, x, i: [lib.randint((2,), 5)],
    lambda lib, g, x, i: [lib.randint()],
    lambda lib, g, x, i: [lib.randint(2, 5, (2,), 3)],
    lambda lib, g, x, i: [lib.randint(5, (-2,))],
    lambda lib, g, x, i: [lib.randint(5, ("a",))],
    lambda lib, g, x, i: [lib.randperm(5.0)],
    lambda lib, g, x, i: [lib.randperm(-1)],
    lambda lib, g, x, i: [lib.randperm(True)],
    lambda lib, g, x, i: [lib.randperm(300, dtype=lib.uint8)],
    lambda lib, g, x, i: [lib.randperm(4, requires_grad=True)],
    lambda lib, g, x, i: [lib.randperm(4, dtype=lib.bool)],
    lambda lib, g, x, i: [lib.randperm(5, out=lib.empty(0, dtype=lib.int64), dtype=lib.int32)],
    lambda lib, g, x, i: [
        lib.randperm(5, generator=g, dtype=lib.float32, requires_grad=True),
        lib.randperm(5, generator=g, out=lib.empty(0)),
    ],
    lambda lib, g, x, i: [
        lib.randperm(lib.tensor(4), generator=g),
        lib.randperm(n=4, generator=g),
        lib.randperm(0, generator=g),
    ],
    lambda lib, g, x, i: [
        lib.rand_like(x, generator=g, requires_grad=True),
        lib.rand_like(x, generator=g, dtype=lib.float64),
    ],
    lambda lib, g, x, i: [lib.rand_like(input=x, generator=g), lib.rand_like(i, dtype=lib.float16, generator=g)],
    lambda lib, g, x, i: [lib.rand_like(i)],
    lambda lib, g, x, i: [lib.rand_like(3)],
    lambda lib, g, x, i: [lib.randn_like(i)],
    lambda lib, g, x, i: [lib.randn_like(x, memory_format=lib.channels_last)],
    lambda lib, g, x, i: [
        lib.randn_like(lib.zeros(5, 4).t(), generator=g),
        lib.randn_like(lib.zeros(4).expand(5, 4), generator=g),
    ],
    lambda lib, g, x, i: [lib.randn_like(lib.zeros(2, 3, 4, 5), memory_format=lib.channels_last, generator=g)],
    lambda lib, g, x, i: [lib.randn_like(lib.zeros(5, 4).t(), memory_format=lib.contiguous_format, generator=g)],
    lambda lib, g, x, i: [lib.randn_like(lib.zeros(6, 40)[:, ::2], generator=g)],
    lambda lib, g, x, i: [
        lib.randint_like(x, 5, generator=g),
        lib.randint_like(x, 2, 5, generator=g),
        lib.randint_like(x, low=2, high=5),
    ],
    lambda lib, g, x, i: [lib.randint_like(x, high=5, generator=g), lib.randint_like(x, lib.tensor(5), generator=g)],
    lambda lib, g, x, i: [
        lib.randint_like(x, 5, dtype=lib.int64, generator=g),
        lib.randint_like(i, 2, high=9, generator=g),
    ],
    lambda lib, g, x, i: [lib.randint_like(x, lib.tensor([5]))],
    lambda lib, g, x, i: [lib.randint_like(x, 5.0)],
    lambda lib, g, x, i: [lib.randint_like(x, low=5)],
    lambda lib, g, x, i: [lib.randint_like(x)],
    lambda lib, g, x, i: [
        lib.normal(x, x, generator=g),
        lib.normal(x, x.double(), generator=g),
        lib.normal(x.double(), x, generator=g),
    ],
    lambda lib, g, x, i: [
        lib.normal(x, 2, generator=g),
        lib.normal(mean=x, generator=g),
        lib.normal(x, std=2, generator=g),
        lib.normal(0, x),
    ],
    lambda lib, g, x, i: [
        lib.normal(x[:, None], x, generator=g),
        lib.normal(x.double(), 2, generator=g),
        lib.normal(1.5, x.half(), generator=g),
    ],
    lambda lib, g, x, i: [
        lib.normal(x.to(lib.complex64), 1, generator=g),
        lib.normal(x, i.abs(), generator=g),
        lib.normal(x[:0], 1, generator=g),
    ],
    lambda lib, g, x, i: [
        lib.normal(x, 2, generator=g, out=lib.empty(4)),
        lib.normal(0.1, x, generator=g, out=lib.empty(2, 3)),
    ],
    lambda lib, g, x, i: [
        lib.normal(x, x, generator=g, out=lib.empty(0)),
        lib.normal(x, 2, generator=g, out=lib.empty(4, dtype=lib.float64)),
    ],
    lambda lib, g, x, i: [
        lib.normal(0.0, 1.0, (20,), generator=g, dtype=lib.float64, requires_grad=True),
        lib.normal(1, 2, size=[3], generator=g),
    ],
    lambda lib, g, x, i: [
        lib.normal(0.0, 1.0, (3,), generator=g, out=lib.empty(3)),
        lib.normal(mean=0.0, std=1.0, size=(3, 6), generator=g),
    ],
    lambda lib, g, x, i: [lib.normal(lib.zeros(5, 4).t(), lib.ones(4, 5), generator=g)],
    lambda lib, g, x, i: [lib.normal(x, 2, out=lib.empty(0))],
    lambda lib, g, x, i: [lib.normal(x, -1)],
    lambda lib, g, x, i: [lib.normal(x, -x)],
    lambda lib, g, x, i: [lib.normal(0.0, -x)],
    lambda lib, g, x, i: [lib.normal(0.0, -1.0, (3,))],
    lambda lib, g, x, i: [lib.normal(0.0, 1.0, (3,), dtype=lib.int64)],
    lambda lib, g, x, i: [lib.normal(i, x)],
    lambda lib, g, x, i: [lib.normal(0, i)],
    lambda lib, g, x, i: [lib.normal(i, 1)],
    lambda lib, g, x, i: [lib.normal(x, lib.ones(3))],
    lambda lib, g, x, i: [lib.normal(x, x.to(lib.complex64))],
    lambda lib, g, x, i: [lib.normal(0.0, 1.0)],
    lambda lib, g, x, i: [lib.normal(0.0, 1.0, 3)],
    lambda lib, g, x, i: [lib.normal(0j, 1.0, (3,))],
    lambda lib, g, x, i: [lib.normal(x, 1.0, (3,))],
    lambda lib, g, x, i: [
        lib.bernoulli(x, 0.3, generator=g),
        x.bernoulli(0.3, generator=g),
        x.bernoulli(generator=g),
        lib.bernoulli(i, 0.3),
    ],
    lambda lib, g, x, i: [
        lib.bernoulli(lib.rand(5, 4, generator=g).t(), generator=g),
        lib.bernoulli(lib.rand(4, 30, generator=g)[:, ::3], 0.5),
    ],
    lambda lib, g, x, i: [
        lib.bernoulli(x, generator=g, out=lib.empty(4, dtype=lib.int64)),
        lib.bernoulli(x, generator=g, out=lib.empty(0)),
    ],
    lambda lib, g, x, i: [lib.bernoulli(x, generator=g, out=lib.empty(2))],
    lambda lib, g, x, i: [lib.bernoulli(x, 2)],
    lambda lib, g, x, i: [lib.bernoulli(x + 2)],
    lambda lib, g, x, i: [lib.bernoulli(i)],
    lambda lib, g, x, i: [lib.bernoulli(0.5)],
    lambda lib, g, x, i: [lib.bernoulli(x, x)],
    lambda lib, g, x, i: [
        lib.binomial(x, x * 3, g),
        lib.bernoulli(x, 0.5, generator=g),
        lib.bernoulli(lib.rand(4, 5, 6, generator=g).transpose(0, 2), 0.5, generator=g),
    ],
    lambda lib, g, x, i: [
        lib.multinomial(x, 2, generator=g),
        x.multinomial(2, True, generator=g),
        x.multinomial(num_samples=2, replacement=True),
    ],
    lambda lib, g, x, i: [
        lib.multinomial(x.reshape(2, 2), 2, generator=g),
        lib.multinomial(x, 2, generator=g, out=lib.empty(0, dtype=lib.int64)),
    ],
    lambda lib, g, x, i: [lib.multinomial(x, 2, out=lib.empty(2))],
    lambda lib, g, x, i: [lib.multinomial(x, 2.0)],
    lambda lib, g, x, i: [lib.multinomial(x, 2, 1)],
    lambda lib, g, x, i: [lib.multinomial(x, 5)],
    lambda lib, g, x, i: [lib.multinomial(i, 2)],
    lambda lib, g, x, i: [lib.multinomial([0.5], 1)],
    lambda lib, g, x, i: [lib.poisson(x, g), lib.poisson(x, generator=g), lib.poisson(lib.rand(3, 2).t() * 0, g)],
    lambda lib, g, x, i: [lib.poisson(i)],
    lambda lib, g, x, i: [lib.poisson(-x)],
    lambda lib, g, x, i: [lib.poisson(3.0)],
    lambda lib, g, x, i: [lib.binomial(x * 5, lib.tensor(0.5), g), lib.binomial(x * -5, x, g)],
    lambda lib, g, x, i: [
        lib.binomial(x * 5, x + 2, g),
        lib.binomial(x, x * float("nan"), g),
        lib.binomial(x[:0], x[:0], g),
    ],
    lambda lib, g, x, i: [lib.binomial(i, x)],
    lambda lib, g, x, i: [lib.binomial(x, i)],
    lambda lib, g, x, i: [lib.binomial(x, x.double())],
    lambda lib, g, x, i: [lib.binomial(x.half(), x.half())],
    lambda lib, g, x, i: [lib.binomial(5, x)],
    pytest.param(lambda lib, g, x, i: [lib.rand(2, device="cuda")], marks=pytest.mark.host),  # there is no GPU
]


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    def call(lib, g):
        lib.manual_seed(5)
        return form(lib, g, lib.tensor([0.2, 0.9, 0.5, 0.4]), lib.tensor([1, 2, 3, 4]))

    same(call)


# x: a leaf or the result of an operation; z (float32), i (int64) and b (bool): plain tensors; all of shape (3, 6)
FILLS = [
    lambda lib, x, z, i, b: [
        x.normal_(),
        x.normal_(1),
        x.normal_(1, 2),
        x.normal_(mean=1, std=0),
        x.normal_(lib.tensor(1.5), np.float32(2)),
    ],
    lambda lib, x, z, i, b: [x.normal_(0, -1)],
    lambda lib, x, z, i, b: [x.normal_("a")],
    lambda lib, x, z, i, b: [x.normal_(None)],
    lambda lib, x, z, i, b: [x.normal_(0, lib.tensor([1.0]))],
    lambda lib, x, z, i, b: [x.normal_(generator=5)],
    lambda lib, x, z, i, b: [i.normal_()],
    lambda lib, x, z, i, b: [
        x.uniform_(),
        x.uniform_(2, 3),
        x.uniform_(to=5),
        x.uniform_(0.5),
        x.uniform_(**{"from": 3, "to": 5}),
        x.uniform_(True, 4),
    ],
    lambda lib, x, z, i, b: [x.uniform_(lib.tensor(3), np.int64(4))],
    lambda lib, x, z, i, b: [x.uniform_(2, 1)],
    lambda lib, x, z, i, b: [x.uniform_(1j, 2)],
    lambda lib, x, z, i, b: [x.uniform_(np.array(1.0), 2)],
    lambda lib, x, z, i, b: [i.uniform_()],
    lambda lib, x, z, i, b: [
        x.random_(),
        x.random_(5),
        x.random_(2, 5),
        x.random_(to=5),
        x.random_(1, to=5),
        x.random_(2, None),
        i.random_(),
    ],
    lambda lib, x, z, i, b: [
        x.random_(**{"from": 1, "to": 5}),
        x.random_(lib.tensor(5)),
        i.random_(-(2**63), None),
        b.random_(),
        i.random_(2**60),
    ],
    lambda lib, x, z, i, b: [x.random_(5.0)],
    lambda lib, x, z, i, b: [x.random_(0)],
    lambda lib, x, z, i, b: [x.random_(5, 2)],
    lambda lib, x, z, i, b: [x.random_(foo=3)],
    lambda lib, x, z, i, b: [x.random_(generator=5)],
    lambda lib, x, z, i, b: [x.random_("a", "b")],
    lambda lib, x, z, i, b: [x.random_(**{"from": 1})],
    lambda lib, x, z, i, b: [b.random_(5)],
    lambda lib, x, z, i, b: [
        x.bernoulli_(),
        x.bernoulli_(0.3),
        x.bernoulli_(p=0.2),
        x.bernoulli_(True),
        i.bernoulli_(0.5),
        b.bernoulli_(),
    ],
    lambda lib, x, z, i, b: [
        x.bernoulli_(z * 0 + 0.3),
        x.bernoulli_(lib.tensor(0.5)),
        x.bernoulli_(lib.ones(6) / 3),
        x.bernoulli_(p=lib.tensor(0.5)),
    ],
    lambda lib, x, z, i, b: [i.bernoulli_(lib.tensor(0.5, dtype=lib.float64))],
    lambda lib, x, z, i, b: [x.bernoulli_(2)],
    lambda lib, x, z, i, b: [x.bernoulli_(lib.tensor(1))],
    lambda lib, x, z, i, b: [x.bernoulli_("a")],
    lambda lib, x, z, i, b: [x.bernoulli_(z * 0 + 2)],
    lambda lib, x, z, i, b: [x.exponential_(), x.exponential_(3), x.exponential_(lambd=2), z.exponential_()],
    lambda lib, x, z, i, b: [x.exponential_(-1)],
    lambda lib, x, z, i, b: [i.exponential_()],
    lambda lib, x, z, i, b: [x.geometric_(0.5), x.geometric_(p=0.1), i.geometric_(0.5)],
    lambda lib, x, z, i, b: [x.geometric_(2)],
    lambda lib, x, z, i, b: [b.geometric_(0.5)],
    lambda lib, x, z, i, b: [x.log_normal_(), x.log_normal_(0), x.log_normal_(std=0.5)],
    lambda lib, x, z, i, b: [x.log_normal_(0, -1)],
    lambda lib, x, z, i, b: [x.cauchy_(), x.cauchy_(1, 2), x.cauchy_(sigma=0.5)],
    lambda lib, x, z, i, b: [x.cauchy_(0, 0)],
    lambda lib, x, z, i, b: [i.cauchy_()],
    lambda lib, x, z, i, b: [z.expand(2, 3, 6).normal_()],
    lambda lib, x, z, i, b: [z.expand(2, 3, 6).uniform_()],
    lambda lib, x, z, i, b: [z.expand(2, 3, 6).bernoulli_(z)],
]


@pytest.mark.parametrize("how", ["plain", "result", "leaf", "transposed", "every other", "detached view"])
@pytest.mark.parametrize("form", FILLS)
def test_fills(form, how):
    """In-place fills of results of operations get a node, leaves that require grad refuse them."""

    def call(lib, g):
        lib.manual_seed(5)
        x = lib.zeros(3, 6)
        root = lib.ones(3, 6, requires_grad=True)
        if how == "result":
            x = root * 2
        elif how == "leaf":
            x = root
        elif how == "transposed":
            x = lib.zeros(6, 3).t()
        elif how == "every other":
            x = lib.zeros(3, 12)[:, ::2]
        elif how == "detached view":
            x = (root * 2).detach()
        i, b = lib.zeros(3, 6, dtype=lib.int64), lib.zeros(3, 6, dtype=lib.bool)
        results = form(lib, x, lib.zeros(3, 6), i, b)
        if how == "result" and results[0] is x:
            name = x.grad_fn.name()
            x.sum().backward()
            return results, x._version, name, root.grad
        return results, x._version

    same(call)


def test_fills_of_a_view_change_the_history_of_the_whole():
    def call(lib, g):
        root = lib.ones(4, 6, requires_grad=True)
        whole = root * 2
        whole[1:3].normal_(generator=g)
        (whole * whole).sum().backward()
        return whole, root.grad, whole.grad_fn.name()

    same(call)


def test_probabilities_get_zero_gradients():
    def call(lib, g):
        chances = lib.full((5,), 0.5, requires_grad=True)
        x = lib.ones(5, requires_grad=True)
        filled = (x * 2).bernoulli_(chances, generator=g)
        name = filled.grad_fn.name()
        filled.sum().backward()
        return filled, name, x.grad, chances.grad

    same(call)


DRAWN = {
    "bernoulli": lambda lib, g, x: lib.bernoulli(x, generator=g),
    "poisson": lambda lib, g, x: lib.poisson(x, g),
    "means": lambda lib, g, x: lib.normal(x, 2.0, generator=g),
    "deviations": lambda lib, g, x: lib.normal(2.0, x, generator=g),
    "both": lambda lib, g, x: lib.normal(x, x[:, None], generator=g),
    "bernoulli(p)": lambda lib, g, x: lib.bernoulli(x, 0.5, generator=g),
    "binomial": lambda lib, g, x: lib.binomial(x * 5, x, generator=g),
    "multinomial": lambda lib, g, x: lib.multinomial(x, 3, generator=g),
}


@pytest.mark.parametrize("name", DRAWN)
def test_gradients(name):
    """Zero, or the error that there is none."""

    def call(lib, g):
        x = lib.full((5,), 0.5, requires_grad=True)
        drawn = DRAWN[name](lib, g, x)
        node = drawn.grad_fn and drawn.grad_fn.name()
        if name == "multinomial":
            return drawn, node
        drawn.sum().backward()
        return drawn, node, x.grad

    same(call)


def test_inference_mode():
    def call(lib, g):
        with lib.inference_mode():
            drawn = lib.rand(3, generator=g), lib.bernoulli(lib.ones(3), generator=g), lib.rand_like(lib.ones(3))
        return [each.is_inference() for each in drawn]

    same(call)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like"])
def test_dtypes(name, dtype):
    def call(lib, g):
        options = {"dtype": getattr(lib, dtype), "generator": g}
        function = getattr(lib, name)
        for size in (1, 16, 21):
            if name.endswith("_like"):
                yield function(lib.zeros(size), *[2] * name.startswith("randint"), **options)
            elif name == "randint":
                yield function(0, 2, (size,), **options)
            else:
                yield function(size, **options)

    same(lambda lib, g: list(call(lib, g)))


# ---- one stream through many calls -----------------------------------------------------------------------------------


@given(
    steps=st.lists(st.tuples(st.sampled_from(sorted(OF_SIZE)), st.integers(0, 40), st.booleans()), max_size=12),
    seed=st.integers(-(2**63), 2**64 - 1),
)
def test_any_order_of_calls(steps, seed):
    """The same tensors from the same seed, also after each library went on from the other's state."""
    ours, theirs = tt.Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    for name, size, exchange in steps:
        assert to_bytes(OF_SIZE[name](tt, ours, size)) == to_bytes(OF_SIZE[name](torch, theirs, size))
        if exchange:
            states = ours.get_state().numpy(), theirs.get_state().numpy()
            ours.set_state(tt.from_numpy(states[1]))
            theirs.set_state(torch.from_numpy(states[0]))
