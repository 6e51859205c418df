"""How the CPU's generator, a Mersenne Twister, fills arrays: draws.py has checked the arguments.

    uniform(stream, array, 0, 1)        in place, in the order of *memory*: where an array is transposed or sliced,
    normal(stream, array, 0, 1)         the axis with the smallest stride runs fastest

16-bit numbers are computed in float32 or float64, rounded to float32 and then once more. What the numbers are made of
is written in _ext/random.pyx. kernels/gpu/philox.py has functions of the same names for GPUs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import binomials
from tinytorch.generator import Generator
from tinytorch.kernels.arrays import Array, in_memory_order, is_half
from tinytorch.kernels.quiet import silenced

# dtype objects: NumPy compares and makes arrays of them more quickly than of types
float32, float64, int64 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64)


@silenced
def store(target: Array, values: Array) -> None:
    """target[...] = values, where a 16-bit number is rounded by way of float32, as in PyTorch."""
    target[...] = values.astype(np.float32) if is_half(target) else values


def fill(stream: Generator, array: Array, dtype: np.dtype, kernel: str, *arguments: Any) -> None:
    """Let a kernel that writes `dtype` fill the array."""
    target = array if array.flags.carray else in_memory_order(array)
    if target.dtype == dtype and (target is array or target.flags.carray):
        stream.draw(kernel, target, *arguments)
        return
    values = np.empty(target.shape, dtype)
    stream.draw(kernel, values, *arguments)
    store(target, values)


# ---- one number after the other --------------------------------------------------------------------------------------


def uniform(stream: Generator, array: Array, low: float, high: float) -> None:
    """Numbers from [low, high)."""
    if not is_half(array):
        fill(stream, array, array.dtype, "uniform", low, high)
        return
    target = in_memory_order(array)
    values = np.empty(target.shape, np.float32)
    stream.draw("uniform", values, low, high)
    target[...] = values
    first, end = np.array([low, high], np.float32).astype(array.dtype)
    target[target == end] = first  # the interval is half open, after rounding too


def normal(stream: Generator, array: Array, mean: float, std: float) -> None:
    """Normal numbers: in blocks of 16 where the array is contiguous and has as many, else in pairs."""
    if array.size < 16 or not array.flags.c_contiguous:
        fill(stream, array, float64, "normal_pairs", mean, std)
    elif not is_half(array):
        fill(stream, array, array.dtype, "normal", mean, std)
    else:
        # Of 16-bit numbers only the whole blocks are drawn, then the 16 that end the array and may overlap them.
        whole, rest = divmod(array.size, 16)
        values = np.empty((whole + (rest > 0)) * 16, np.float32)
        stream.draw("normal", values, mean, std)
        row = array.reshape(-1)
        row[: whole * 16] = values[: whole * 16]
        row[-16:] = values[-16:]


def log_normal(stream: Generator, array: Array, mean: float, std: float) -> None:
    """e to the power of normal numbers."""
    fill(stream, array, float64, "log_normal", mean, std)


def exponential(stream: Generator, array: Array, rate: float) -> None:
    """Numbers of the density  rate * exp(-rate * x)."""
    fill(stream, array, float64, "exponential", rate)


def cauchy(stream: Generator, array: Array, median: float, sigma: float) -> None:
    """Cauchy numbers."""
    fill(stream, array, float64, "cauchy", median, sigma)


def geometric(stream: Generator, array: Array, p: float) -> None:
    """Trials up to the first success."""
    fill(stream, array, float64, "geometric", p)


def bernoulli(stream: Generator, array: Array, p: float) -> None:
    """Ones with one probability for all."""
    fill(stream, array, np.dtype(np.bool_), "bernoulli", p)


def dropout_mask(stream: Generator, array: Array, p: float) -> None:
    """0 with probability p, else 1 / (1 - p)."""
    bernoulli(stream, array, 1 - p)
    factor = np.float32(1) / np.float32(1 - p) if is_half(array) else array.dtype.type(1) / array.dtype.type(1 - p)
    array *= np.asarray(factor).astype(array.dtype)


def bernoulli_each(stream: Generator, array: Array, p: Array) -> None:
    """Ones with a probability for each."""
    units = np.empty_like(array, float64 if p.dtype == float64 else float32)  # laid out as `array` is
    fill(stream, units, units.dtype, "uniform", 0.0, 1.0)
    array[...] = units < p.astype(units.dtype)


def integers(stream: Generator, array: Array, low: int, count: int, wide: bool) -> None:
    """low + w mod count, with words w of 32 bits or, if `wide`, 64; all of them where count is 0."""
    fill(stream, array, int64, "integers", low, count, wide)


def shuffle(stream: Generator, array: Array) -> None:
    """0, 1, ..., n - 1 in a random order."""
    fill(stream, array, int64, "shuffle")


# ---- with parameters for each number ---------------------------------------------------------------------------------


def poisson(stream: Generator, rates: Array) -> Array:
    """A new array of Poisson numbers."""
    wide = np.ascontiguousarray(rates, np.float64).reshape(rates.shape)
    numbers = np.empty(rates.shape)
    stream.draw("poisson", wide, numbers)
    result = np.empty(rates.shape, rates.dtype)
    store(result, numbers)
    return result


def binomial(stream: Generator, counts: Array, chances: Array) -> Array:
    """A new array of binomial numbers."""
    pairs = np.broadcast(counts, chances)
    with np.errstate(all="ignore"):
        numbers = [binomials.draw(n, p, stream) for n, p in pairs]
    return np.array(numbers, counts.dtype).reshape(pairs.shape)


def slopes(stream: Generator, x: Array, low: float, high: float) -> Array:
    """Numbers from [low, high) where x <= 0, as many as are needed, and 1 elsewhere."""
    result = np.ones_like(x)
    below = x <= 0
    drawn = np.empty(np.count_nonzero(below), np.float64)
    stream.draw("uniform", drawn, 0.0, 1.0)
    result[below] = drawn * (high - low) + low
    return result


def among_sums(stream: Generator, sums: Array, num_samples: int) -> Array:
    """For each row of running sums, which end with 1, the places at which uniform numbers belong into it."""
    chosen = np.empty((*sums.shape[:-1], num_samples), np.int64)
    units = np.empty(chosen.shape)
    stream.draw("uniform", units, 0.0, 1.0)
    for row in np.ndindex(chosen.shape[:-1]):
        chosen[row] = np.searchsorted(sums[row].astype(np.float64), units[row])
    return chosen
