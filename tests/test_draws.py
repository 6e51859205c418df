"""Random numbers of arrays, compared with PyTorch's to the bit: values, the state afterwards, errors and warnings."""

import math
import warnings

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch import draws
from tinytorch.generator import Generator, default_generator

torch = pytest.importorskip("torch")

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
DTYPES = (*FLOATS, *INTEGERS, "bool", "complex64", "complex128", "uint16", "uint32", "uint64")
SHAPES = [(), (0,), (1,), (15,), (16,), (17,), (31,), (1000,), (3, 5), (4, 7, 2), (0, 3)]
inf, nan = math.inf, math.nan


def numpy_dtype(name):
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def pair(shape, name, layout="plain"):
    """An array of zeros, and the tensor that shares its memory's layout."""
    turned = shape[::-1] if layout == "transposed" else shape
    wide = (*turned[:-1], 2 * turned[-1]) if layout == "every other" and shape else turned
    array, tensor = np.zeros(wide, numpy_dtype(name)), torch.zeros(wide, dtype=getattr(torch, name))
    if layout == "transposed":
        return array.T, tensor.permute(tuple(reversed(range(tensor.dim()))))
    if layout == "every other" and shape:
        return array[..., ::2], tensor[..., ::2]
    return array, tensor


def to_bytes(tensor):
    """A tensor's elements in row-major order."""
    flat = torch.empty(tensor.numel(), dtype=tensor.dtype)
    flat.copy_(tensor.reshape(-1))
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def attempt(call):
    """(result, error with its first line, warnings) of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result, error = call(), None
        except (RuntimeError, NotImplementedError, ValueError) as raised:
            result, error = None, (type(raised).__name__, str(raised).split("\n")[0])
    return result, error, [str(warning.message).split(" (Triggered")[0] for warning in caught]


def compare(sampler, args, name, shape, layout="plain", waiting=False):
    """One call of ours and one of PyTorch's, from the same seed."""
    ours, theirs = SAMPLERS[sampler]
    array, tensor = pair(shape, name, layout)
    generator, reference = Generator().manual_seed(5), torch.Generator().manual_seed(5)
    if waiting:  # the second number of a pair is there already
        draws.normal(np.empty(1), generator=generator)
        torch.empty(1).normal_(generator=reference)
    _, error, warned = attempt(lambda: ours(array, *args, generator=generator))
    _, expected_error, expected_warnings = attempt(lambda: theirs(tensor, *args, generator=reference))
    what = f"{sampler}{args} {name}{list(shape)} {layout}"
    assert (error, warned) == (expected_error, expected_warnings), what
    if error is None:
        assert array.tobytes() == to_bytes(tensor), what
        assert generator.state_bytes().tobytes() == reference.get_state().numpy().tobytes(), what


def bernoulli_each(kind, low=0.0):
    """bernoulli with a probability for each element."""

    def ours(array, generator):
        chances = np.linspace(low, 1, array.size).reshape(array.shape).astype(numpy_dtype(kind))
        draws.bernoulli(array, chances, generator)

    def theirs(tensor, generator):
        chances = np.linspace(low, 1, tensor.numel()).reshape(tuple(tensor.shape))
        tensor.bernoulli_(torch.from_numpy(chances).to(getattr(torch, kind)), generator=generator)

    return ours, theirs


SAMPLERS = {
    "uniform": (draws.uniform, torch.Tensor.uniform_),
    "normal": (draws.normal, torch.Tensor.normal_),
    "log_normal": (draws.log_normal, torch.Tensor.log_normal_),
    "exponential": (draws.exponential, torch.Tensor.exponential_),
    "geometric": (draws.geometric, torch.Tensor.geometric_),
    "cauchy": (draws.cauchy, torch.Tensor.cauchy_),
    "bernoulli": (draws.bernoulli, torch.Tensor.bernoulli_),
    "random": (draws.random, torch.Tensor.random_),
    **{f"bernoulli_each_{kind}": bernoulli_each(kind) for kind in (*FLOATS, "int64", "bool")},
    "bernoulli_each_wrong": bernoulli_each("float64", low=-0.5),
}

CALLS = [
    *[("uniform", bounds) for bounds in ((), (0, 1), (-0.0883, 0.0883), (1000, 1001), (2, 2), (-40000, 60000))],
    *[("normal", args) for args in ((), (0.3, 2.7), (1, 0), (nan, 1), (0, inf))],
    *[("log_normal", args) for args in ((), (0.3, 2.7), (nan, 1), (0, 1000))],
    *[("exponential", args) for args in ((), (0.3,), (1e-3,), (inf,))],
    *[("geometric", args) for args in ((0.5,), (0.3,), (0.05,))],
    *[("cauchy", args) for args in ((), (0.3, 2.7), (nan, 1))],
    *[("bernoulli", args) for args in ((), (0.3,), (0,), (1,))],
    *[(f"bernoulli_each_{kind}", ()) for kind in (*FLOATS, "int64", "bool")],
    ("random", ()),
]

WRONG = [
    *[("uniform", bounds) for bounds in ((1, 0), (0, inf), (-inf, 0), (nan, 1), (-3e38, 3e38), (0, 1e39), (1e5, 2e5))],
    *[("normal", args) for args in ((0, -1), (0, nan))],
    *[("log_normal", args) for args in ((0, -1), (0, 0), (0, nan))],
    *[("exponential", args) for args in ((0,), (-1.5,), (nan,))],
    *[("geometric", args) for args in ((0,), (1,), (-1,), (1.5,), (nan,))],
    *[("cauchy", args) for args in ((0, 0), (0, -1), (0, nan))],
    *[("bernoulli", args) for args in ((-0.1,), (1.1,), (nan,))],
    ("bernoulli_each_wrong", ()),
]


@pytest.mark.parametrize("sampler, args", CALLS)
def test_samplers(sampler, args):
    for name in DTYPES:
        for shape in SHAPES:
            for layout in ("plain", "transposed", "every other"):
                for waiting in (False, True):
                    compare(sampler, args, name, shape, layout, waiting)


@pytest.mark.parametrize("sampler, args", WRONG)
def test_wrong_arguments(sampler, args):
    for name in DTYPES:
        for shape in ((3,), (0,)):
            compare(sampler, args, name, shape)


EDGES = sorted({
    sign * 2**power + step
    for power in (0, 7, 8, 9, 11, 12, 15, 16, 24, 28, 31, 53, 62, 63) for sign in (1, -1) for step in (-2, -1, 0, 1, 2)
    if -(2**63) <= sign * 2**power + step < 2**63
} | {0, 3, 100, 300, 65504, 65505, 65520})  # fmt: skip


@pytest.mark.parametrize("name", DTYPES)
def test_random_between_any_bounds(name):
    """Ranges at the limits of every dtype, with PyTorch's errors and warnings.

    Left out: the largest `from` and the smallest `to`, which keep PyTorch in an endless loop.
    """
    rng = np.random.default_rng(DTYPES.index(name))
    for low in EDGES:
        if low < 2**63 - 2:
            compare("random", (low, None), name, (17,))
            for high in rng.choice([edge for edge in EDGES if edge > -(2**63) + 1], 6):
                compare("random", (low, int(high)), name, (17,))


def test_arrays_that_share_memory_with_themselves():
    array, tensor = np.broadcast_to(np.zeros(3), (4, 3)), torch.zeros(3).expand(4, 3)
    assert attempt(lambda: draws.uniform(array))[1] == attempt(tensor.uniform_)[1]
    assert attempt(lambda: draws.normal(array))[1] == attempt(tensor.normal_)[1]


def test_the_largest_arrays_are_drawn_in_pieces():
    compare("normal", (), "float32", (100_003,))
    compare("normal", (), "float64", (50_003,))
    compare("uniform", (-0.3, 0.7), "float16", (100_003,))


# ---------------------------------------------------------------------------------------------------------------------
# the functions that return a new array


def same_choice(ours, theirs, *inputs):
    """ours(*arrays, g) and theirs(*tensors, generator=g) give equal arrays and leave equal states."""
    generator, reference = Generator().manual_seed(5), torch.Generator().manual_seed(5)
    found, error, _ = attempt(lambda: ours(*inputs, generator=generator))
    tensors = [as_tensor(value) for value in inputs]
    expected, expected_error, _ = attempt(lambda: theirs(*tensors, generator=reference))
    assert error == expected_error
    if error is None:
        assert found.shape == tuple(expected.shape)
        assert found.dtype.name == str(expected.dtype).removeprefix("torch.")
        assert np.ascontiguousarray(found).tobytes() == to_bytes(expected)
        assert generator.state_bytes().tobytes() == reference.get_state().numpy().tobytes()


def as_tensor(value):
    """An array as a tensor with the same strides; anything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.name == "bfloat16":
        return torch.from_numpy(value.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(value)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("top", [2.0, 9.9, 10.1, 40.0, 1e4])
def test_poisson(name, top):
    rates = np.linspace(0, top, 210).reshape(15, 14).astype(numpy_dtype(name))
    for each in (rates, rates.T, rates[::2, ::3], rates[:0], rates[3, 3:4].reshape(())):
        same_choice(draws.poisson, torch.poisson, each)


@pytest.mark.parametrize("rates", [[-1.0], [nan], [inf, 1e20], [1, 2], [True]], ids=str)
def test_poisson_of_odd_rates(rates):
    same_choice(draws.poisson, torch.poisson, np.array(rates))


WEIGHTS = np.random.default_rng(0).random((7, 60))


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("count", [1, 2, 5, 60, 100])
def test_multinomial(name, replacement, count):
    if count == 60 and not replacement and name in ("float16", "bfloat16"):
        count = 6  # further down the row 16-bit scores are equal: their order depends on PyTorch's partial sort
    weights = WEIGHTS.astype(numpy_dtype(name))
    for each in (weights, weights[2], weights[:, ::2], weights.T.copy().T, weights[:0], weights[::3, 1:1]):
        same_choice(draws.multinomial, torch.multinomial, each, count, replacement)


ODD_WEIGHTS = [
    [], [0.0, 0, 0], [1.0, 0, 0], [-1.0, 1], [nan, 1], [inf, 1], [[1.0, 0, 0], [0, 0, 0]], [[], []], [1, 2, 3], [True],
    1.0, [[[1.0]]], [0.0, 3, 0, 1, 0],
]  # fmt: skip


@pytest.mark.parametrize("weights", ODD_WEIGHTS, ids=str)
@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("count", [-1, 0, 1, 2, 4])
def test_multinomial_of_odd_weights(weights, replacement, count):
    if weights == [0.0, 3, 0, 1, 0] and count == 4 and not replacement:
        return  # which of several zero weights is chosen depends on PyTorch's partial sort
    same_choice(draws.multinomial, torch.multinomial, np.array(weights), count, replacement)


def test_multinomial_of_too_many_categories():
    same_choice(draws.multinomial, torch.multinomial, np.ones(2**24 + 1, np.float32), 1)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("n", [-1, 0, 1, 2, 3, 17, 127, 128, 129, 256, 257, 258, 1000, 1025, 2049, 2050, 40_000])
def test_randperm(name, n):
    same_choice(
        lambda generator: draws.randperm(n, generator, numpy_dtype(name)),
        lambda generator: torch.randperm(n, generator=generator, dtype=getattr(torch, name)),
    )


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_dropout_masks(name, p):
    for shape in ((7,), (16, 5)):
        array, tensor = pair(shape, name)
        torch.manual_seed(5)
        expected = torch.nn.functional.dropout(tensor + 1, p)
        draws.dropout_mask(array, p, Generator().manual_seed(5))
        assert array.tobytes() == to_bytes(expected)


# ---------------------------------------------------------------------------------------------------------------------
# one stream through many calls

STEPS = [
    ("uniform", (), "float32"), ("uniform", (-2, 3), "float64"), ("uniform", (), "bfloat16"),
    ("normal", (), "float32"), ("normal", (1, 2), "float64"), ("normal", (), "float16"), ("normal", (), "complex64"),
    ("log_normal", (), "float32"), ("random", (0, 10), "int64"), ("random", (), "int32"), ("random", (), "int64"),
    ("bernoulli", (0.3,), "bool"), ("exponential", (), "float32"), ("geometric", (0.2,), "int16"),
    ("cauchy", (), "float64"),
]  # fmt: skip


@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 35), st.booleans()), max_size=15),
    seed=st.integers(-(2**63), 2**64 - 1),
)
def test_any_order_of_calls(steps, seed):
    """The second number of a pair waits through other calls, other dtypes and contiguous arrays of 16 and more."""
    generator, reference = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    for (sampler, args, name), size, apart in steps:
        ours, theirs = SAMPLERS[sampler]
        array, tensor = pair((size,), name, "every other" if apart else "plain")
        ours(array, *args, generator=generator)
        theirs(tensor, *args, generator=reference)
        assert array.tobytes() == to_bytes(tensor)
        assert generator.state_bytes().tobytes() == reference.get_state().numpy().tobytes()


def test_without_a_generator_the_default_one_is_used():
    kept = default_generator.state_bytes()
    try:
        default_generator.manual_seed(5)
        array = np.empty(4)
        draws.uniform(array)
        assert array.tolist() == torch.rand(4, dtype=torch.float64, generator=torch.Generator().manual_seed(5)).tolist()
    finally:
        default_generator.set_state_bytes(kept)
