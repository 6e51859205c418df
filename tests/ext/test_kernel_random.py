"""Random numbers: kernel and twin agree to the bit, in what they write and in the state they leave behind."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import both, load
from tinytorch.kernels.random import STATE, fma32, fma64

SIZES = [0, 1, 2, 15, 16, 17, 31, 32, 311, 623, 624, 625, 1000, 5000]

# name, dtype, arguments
CALLS = [
    ("words", np.uint32, ()),
    ("integers", np.int64, (0, 10, False)),
    ("integers", np.int64, (-5, 2**31, False)),
    ("integers", np.int64, (-5, 2**40 + 3, True)),
    ("integers", np.int64, (-(2**63), 2**64 - 1, True)),
    ("integers", np.int64, (0, 0, True)),
    ("shuffle", np.int64, ()),
    *[("uniform", dtype, bounds) for dtype in (np.float32, np.float64)
      for bounds in ((0, 1), (-0.0883, 0.0883), (1000, 1001), (1e-30, 3e-30), (-1e38, 1e38), (1e-40, 3e-39), (2, 2))],
    ("bernoulli", np.bool_, (0.3,)),
    ("exponential", np.float64, (1.7,)),
    ("exponential", np.float64, (math.inf,)),
    ("geometric", np.float64, (0.17,)),
    ("cauchy", np.float64, (0.3, 1.7)),
    *[(name, np.float64, (mean, std)) for name in ("normal_pairs", "log_normal")
      for mean, std in ((0, 1), (0.3, 2.7), (1e5, 1e-3), (0, 1000), (math.nan, 1), (1, math.inf))],
    *[("normal", dtype, (mean, std)) for dtype in (np.float32, np.float64)
      for mean, std in ((0, 1), (0.3, 2.7), (1e5, 1e-3), (0, 0), (math.nan, 1), (1, math.inf))],
]  # fmt: skip


def started(kind, seed=5):
    module, state = load(kind, "random"), np.empty(STATE.itemsize, np.uint8)
    module.seed(state, seed)
    return module, state


def call(module, state, name, size, dtype, args):
    out = np.empty(size, dtype)
    assert getattr(module, name)(state, out, *args) is None
    return out


@both
@pytest.mark.parametrize("seed", [0, 5, 2**32 - 1, 2**32 + 5, 2**64 - 1])
def test_the_words_are_those_of_the_mersenne_twister(kind, seed):
    module, state = started(kind, seed)
    words = [call(module, state, "words", n, np.uint32, ()) for n in (1, 700, 3, 2000)]
    expected = np.random.RandomState(seed % 2**32).randint(0, 2**32, 2704, np.uint32)
    np.testing.assert_array_equal(np.concatenate(words), expected)


@pytest.mark.parametrize("name, dtype, args", CALLS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_kernel_and_twin_are_equal(name, dtype, args):
    (kernel, one), (twin, other) = started("kernel"), started("twin")
    for size in SIZES:
        if name == "normal" and size < 16:
            continue
        found, expected = (call(m, s, name, size, dtype, args) for m, s in ((kernel, one), (twin, other)))
        assert found.tobytes() == expected.tobytes(), size
        assert one.tobytes() == other.tobytes(), size


def test_poisson_numbers_are_equal():
    """Also above a rate of 10, where the twin's log-gamma is another one: it decides a draw in 1e13."""
    (kernel, one), (twin, other) = started("kernel"), started("twin")
    rates = np.concatenate([np.linspace(0, 40, 300), [9.999, 10, 10.001, 0, 1e3, 1e6, 1e10, 1e20, math.inf]])
    found, expected = np.empty_like(rates), np.empty_like(rates)
    kernel.poisson(one, rates, found)
    twin.poisson(other, rates, expected)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(one, other)


@given(
    steps=st.lists(st.tuples(st.sampled_from(CALLS), st.integers(0, 40)), max_size=12),
    seed=st.integers(0, 2**64 - 1),
)
def test_any_order_of_calls(steps, seed):
    """The second normal of a pair waits in the state, whatever is drawn meanwhile."""
    (kernel, one), (twin, other) = started("kernel", seed), started("twin", seed)
    for (name, dtype, args), size in steps:
        size += 16 if name == "normal" else 0
        found = call(kernel, one, name, size, dtype, args)
        assert found.tobytes() == call(twin, other, name, size, dtype, args).tobytes()
    assert one.tobytes() == other.tobytes()


@both
def test_arrays_of_any_shape_are_filled(kind):
    module, state = started(kind)
    flat = call(module, state, "uniform", 24, np.float32, (0, 1))
    module, state = started(kind)
    np.testing.assert_array_equal(call(module, state, "uniform", (2, 3, 4), np.float32, (0, 1)).reshape(-1), flat)


@both
def test_only_plain_writable_arrays_of_the_dtype(kind):
    module, state = started(kind)
    fixed = np.empty(3, np.float32)
    fixed.setflags(write=False)
    for out in (np.empty(3, np.int32), np.empty((3, 4), np.float32).T, np.empty(6, np.float32)[::2], fixed):
        with pytest.raises(ValueError, match="contiguous writable arrays of the right dtype"):
            module.uniform(state, out, 0, 1)
    with pytest.raises(ValueError, match="16 numbers or more"):
        module.normal(state, np.empty(15), 0, 1)
    with pytest.raises(ValueError, match="`rates` must be as `out`"):
        module.poisson(state, np.ones(3), np.empty(4))


@both
def test_only_states_of_a_mersenne_twister(kind):
    module, state = started(kind)
    apart = np.empty(2 * state.size, np.uint8)[::2]
    for wrong, message in ((state[:-1], "5056 bytes"), (state.view(np.int8), "right dtype"), (apart, "contiguous")):
        with pytest.raises(ValueError, match=message):
            module.seed(wrong, 1)
        with pytest.raises(ValueError, match=message):
            module.words(wrong, np.empty(3, np.uint32))
    state.view(STATE)["next"] = 625
    with pytest.raises(ValueError, match="not one of a Mersenne Twister"):
        module.words(state, np.empty(3, np.uint32))


def rounded_once(a, b, c, dtype):
    """a * b + c by exact fractions."""
    exact = [[Fraction(float(number)) for number in numbers] for numbers in (a, b, c)]
    return [nearest(x * y + z, dtype) for x, y, z in zip(*exact)]


def nearest(exact, dtype):
    """The number of `dtype` nearest to a fraction; the even one of two."""
    guess = dtype(float(exact))
    around = [np.nextafter(guess, dtype(-np.inf)), guess, np.nextafter(guess, dtype(np.inf))]
    unsigned = np.uint32 if dtype is np.float32 else np.uint64
    return min(around, key=lambda x: (abs(Fraction(float(x)) - exact), int(x.view(unsigned)) & 1))


@pytest.mark.parametrize("fma, dtype", [(fma32, np.float32), (fma64, np.float64)])
def test_the_twins_fma_rounds_once(fma, dtype):
    """On random numbers, and on numbers made to fall between two others."""
    rng = np.random.default_rng(0)
    a, b, c = (rng.standard_normal(2000).astype(dtype) for _ in range(3))
    c[:500] = -(a[:500] * b[:500])  # all digits cancel
    eps = np.finfo(dtype).eps
    a[500:1000] = 1 + eps * rng.integers(0, 8, 500)  # a * b = 1 + k eps + j eps^2: just above or below a tie with c
    b[500:1000] = 1 + eps * rng.integers(-8, 8, 500)
    c[500:1000] = 2.0 ** rng.integers(0, 3, 500) * rng.choice([1, -1], 500)
    assert fma(a, b, c).tolist() == rounded_once(a, b, c, dtype)
    twice = (a * b + c).tolist()
    assert twice != fma(a, b, c).tolist()


def test_the_fma_of_infinite_numbers():
    with np.errstate(all="ignore"):
        a, b = np.array([math.inf, 1.0, 0.0, 1e300]), np.array([1.0, 2.0, math.inf, 1e300])
        found = fma64(a, b, np.array([1.0, -math.inf, 1.0, 0.0]))
    np.testing.assert_array_equal(found, [math.inf, -math.inf, math.nan, math.inf])
