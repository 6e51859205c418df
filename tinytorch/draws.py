"""Random numbers for arrays: each function fills an array from a Generator, as PyTorch fills a tensor.

    uniform(array, 0, 1, generator)         in place
    normal(array, 0, 1, generator)

Here the arguments are checked, with PyTorch's errors. The numbers come from mersenne.py on the CPU, where they are
PyTorch's for the same seed, to the bit (x86-64 with AVX2), and on a GPU from kernels/gpu/philox.py, whose numbers are
others. With generator=None they come from the default generator of the array's device.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from tinytorch import dtypes, mersenne
from tinytorch.device import CPU, device_of, is_array, known, near, use
from tinytorch.dtypes import from_numpy
from tinytorch.errors import warn
from tinytorch.generator import Generator, default_generator, stream_for
from tinytorch.kernels.arrays import Array, is_half

FLOATS = ("float32", "float64", "float16", "bfloat16")
NUMBERS = (*FLOATS, "uint8", "int8", "int16", "int32", "int64")  # what the discrete distributions can fill, with bool

# the bits of a floating point number's fraction: all integers up to 2**digits are such numbers
DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}

# the largest finite number of each floating point dtype, and the range of each integer dtype
LARGEST = {
    "float16": 65504.0, "bfloat16": (2 - 2.0**-7) * 2.0**127, "float32": (2 - 2.0**-23) * 2.0**127,
    "float64": (2 - 2.0**-52) * 2.0**1023,
}  # fmt: skip
RANGES = {"bool": (0, 1)}
RANGES |= {f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)}
RANGES |= {f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)}

# what C++ calls the elements, in PyTorch's messages
CPP_NAMES = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short int", "int32": "int",
    "int64": "long int", "uint16": "short unsigned int", "uint32": "unsigned int", "uint64": "long unsigned int",
    "float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def require(array: Array, names: tuple[str, ...], kernel: str, empty_too: bool = False) -> str:
    """The name of the array's dtype; NotImplementedError, as PyTorch's `kernel` words it, unless it is among `names`.

    Most of PyTorch's functions are done with an empty tensor before they look at its dtype.
    """
    found = from_numpy(array.dtype)
    if found.name not in names and (array.size or empty_too):
        kernel = kernel.replace("cpu", device_of(array).type)
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{found.legacy}'")
    return found.name


# ---------------------------------------------------------------------------------------------------------------------
# who fills an array


def run(sampler: Callable, array: Array, generator: Generator | None, *arguments: Any) -> Any:
    """Let `sampler`, a function of mersenne.py, fill the array; on a GPU its namesake in kernels/gpu/philox.py."""
    if isinstance(array, np.ndarray):
        stream = default_generator if generator is None else stream_for(CPU, generator)
        return sampler(stream, array, *arguments)
    place = device_of(array)
    with use(place):
        namesake = getattr(import_module("tinytorch.kernels.gpu.philox"), sampler.__name__)
        return namesake(stream_for(place, generator), array, *arguments)


def real_parts(array: Array) -> Array:
    """A view of a complex array as real numbers, with one more axis of length 2."""
    return array[..., np.newaxis].view(array.real.dtype)


# ---------------------------------------------------------------------------------------------------------------------
# continuous distributions


def uniform(array: Array, low: float = 0.0, high: float = 1.0, generator: Generator | None = None) -> None:
    """Fill with numbers from [low, high), all equally likely; complex arrays in both parts.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.uniform_.html

    >>> a = np.empty(3, np.float32)
    >>> uniform(a, 0, 1, Generator().manual_seed(1))
    >>> a
    array([0.7576316 , 0.27931088, 0.40306926], dtype=float32)
    """
    if array.dtype.kind == "c":
        if array.size == 0:
            return
        array = real_parts(array)
    name = require(array, FLOATS, "check_uniform_bounds", empty_too=True)
    limit = LARGEST[name]
    for bound, side in ((low, "from"), (high, "to")):
        if not -limit <= bound <= limit:
            raise RuntimeError(f"{side} is out of bounds for {CPP_NAMES[name]}")
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    if high - low > limit:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{from_numpy(array.dtype).legacy}>::max(), but found "
            f"to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )
    run(mersenne.uniform, array, generator, low, high)


def normal(array: Array, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> None:
    """Fill with normal numbers of the given mean and standard deviation.

    A contiguous array of 16 numbers or more is filled in blocks; any other one by one, where the generator keeps the
    second number of each pair for later. The parts of complex numbers have the standard deviation std / sqrt(2).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.normal_.html

    >>> a = np.empty(3, np.float32)
    >>> normal(a, 0, 1, Generator().manual_seed(1))
    >>> a
    array([0.66135216, 0.2669241 , 0.06167726], dtype=float32)
    """
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    if array.dtype.kind == "c":
        array, std = real_parts(array), std / math.sqrt(2)
    require(array, FLOATS, "normal_kernel_cpu")
    run(mersenne.normal, array, generator, mean, std)


def log_normal(array: Array, mean: float = 1.0, std: float = 2.0, generator: Generator | None = None) -> None:
    """Fill with numbers whose logarithm is normal, of the given mean and standard deviation.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.log_normal_.html
    """
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    require(array, FLOATS, "log_normal_cpu")
    run(mersenne.log_normal, array, generator, mean, std)


def exponential(array: Array, rate: float = 1.0, generator: Generator | None = None) -> None:
    """Fill with numbers of the density  rate * exp(-rate * x),  x >= 0.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.exponential_.html
    """
    if not rate > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
    if array.size:
        require_continuous(array, "Exponential", from_numpy(array.dtype).legacy)
    run(mersenne.exponential, array, generator, rate)


def cauchy(array: Array, median: float = 0.0, sigma: float = 1.0, generator: Generator | None = None) -> None:
    """Fill with numbers of the density  1 / (pi * sigma * (1 + ((x - median) / sigma)^2)).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.cauchy_.html
    """
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    require_continuous(array, "Cauchy", CPP_NAMES[from_numpy(array.dtype).name])
    run(mersenne.cauchy, array, generator, median, sigma)


def require_continuous(array: Array, distribution: str, found: str) -> None:
    if from_numpy(array.dtype).name not in FLOATS:
        raise RuntimeError(
            f"{distribution} distribution is a continuous probability distribution. dtype must be a floating point "
            f"but you specified {found}"
        )


# ---------------------------------------------------------------------------------------------------------------------
# discrete distributions


def random(array: Array, low: int | None = None, high: int | None = None, generator: Generator | None = None) -> None:
    """Fill with integers, all equally likely, in one of three forms.

    random(a)                 from 0 to the largest integer of the dtype (2**digits for floating point dtypes)
    random(a, low, high)      from low to high - 1
    random(a, low, None)      from low to that largest integer; for low = -2**63 all numbers of 64 bits

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.random_.html
    """
    name = from_numpy(array.dtype).name
    if low is None:
        require(array, (*NUMBERS, "bool"), "random_kernel_cpu")
        if array.size:
            run(mersenne.integers, array, generator, 0, highest(name) + 1, name in ("int64", "float64"))
        return
    if high is None and low == -(2**63):
        if name in ("int8", "uint8", "int16", "int32") and array.size:
            raise RuntimeError("random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16")
        require(array, ("int64", "float64", "float32", "bfloat16"), "random_full_64_bits_range_kernel_cpu")
        run(mersenne.integers, array, generator, 0, 0, True)
        return
    if high is None:
        if array.dtype.kind == "c":
            raise RuntimeError("random_from_to_impl handles only integral, floating-point and boolean types")
        last = highest(name)
        low = first_stored(low, array.dtype) if name in FLOATS else low
        if name in FLOATS and not low < last:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, but got "
                f"from={low} > to_inc={last}"
            )
    else:
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        if name in FLOATS:
            low, high = first_stored(low, array.dtype), end_stored(high, array.dtype)
        if low >= high:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got "
                f"from={low} >= to={high}"
            )
        last = high - 1
    check_range(low, last, name)
    count = last - low + 1
    run(mersenne.integers, array, generator, low, count % 2**64, count >= 2**28)


def highest(name: str) -> int:
    """The largest integer up to which a dtype holds all integers; -1 for uint64, as PyTorch counts in int64."""
    if name in DIGITS:
        return 2 ** DIGITS[name]
    return -1 if name == "uint64" else RANGES[name][1]


def as_stored(number: int, dtype: np.dtype) -> int:
    """An integer after a trip through a floating point dtype and back to int64 (too large a number becomes -2**63)."""
    with np.errstate(over="ignore"):
        stored = float((np.float64 if dtype == np.float64 else np.float32)(number).astype(dtype))
    return int(stored) if -(2.0**63) <= stored < 2.0**63 else -(2**63)


def first_stored(low: int, dtype: np.dtype) -> int:
    """`low`, or the next number of a floating point dtype where low + 1 is rounded down below it."""
    stored = as_stored(low + 1, dtype)
    return low if stored >= low else stored + 2 ** (abs(low + 1).bit_length() - DIGITS[from_numpy(dtype).name])


def end_stored(high: int, dtype: np.dtype) -> int:
    """`high`, or the number of a floating point dtype before it where high - 1 is rounded up to it."""
    stored = as_stored(high - 1, dtype)
    return high if stored < high else stored - 2 ** (abs(high - 1).bit_length() - DIGITS[from_numpy(dtype).name])


def check_range(low: int, last: int, name: str) -> None:
    """Can elements called `name` hold low and last? A warning where they hold only some of the integers between."""
    if name.startswith("complex"):
        raise RuntimeError("check_random_bounds handles only integral, floating-point and boolean types")
    lowest, limit = (-LARGEST[name], LARGEST[name]) if name in FLOATS else RANGES[name]
    bounds = ((low, "from"), (last, "to - 1"))
    for bound, side in bounds:
        if not lowest <= bound <= limit:
            raise RuntimeError(f"{side} is out of bounds for {CPP_NAMES[name]}")
    if name not in FLOATS:
        return
    for bound, side in bounds:
        if abs(bound) > 2 ** DIGITS[name]:
            warn(
                f"{side} is out of bounds [-(2^{DIGITS[name]}), 2^{DIGITS[name]}]. Due to precision limitations "
                f"{CPP_NAMES[name]} can support discrete uniform distribution only within this range. This warning "
                "will become an error in version 1.7 release, please fix the code in advance"
            )


def bernoulli(array: Array, p: float | Array = 0.5, generator: Generator | None = None) -> None:
    """Fill with ones, each with probability p, and zeros. p is a number, or an array that broadcasts to `array`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.bernoulli_.html
    """
    if not is_array(p):
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        require(array, (*NUMBERS, "bool"), "bernoulli_scalar_cpu_")
        run(mersenne.bernoulli, array, generator, p)
        return
    require(array, (*NUMBERS, "bool"), "bernoulli_tensor_cpu_self_")
    require(p, FLOATS, "bernoulli_tensor_cpu_p_")
    if known(p) and not np.all((p >= 0) & (p <= 1)):
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If "
            "so, please report an enhancement request to PyTorch.)"
        )
    run(mersenne.bernoulli_each, array, generator, p)


def geometric(array: Array, p: float, generator: Generator | None = None) -> None:
    """Fill with the number of trials up to the first success, each with probability p:  P(k) = (1 - p)^(k - 1) * p.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.geometric_.html
    """
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    require(array, NUMBERS, "geometric_cpu")
    run(mersenne.geometric, array, generator, p)


def poisson(rates: Array, generator: Generator | None = None) -> Array:
    """A new array of Poisson numbers, one for each rate:  P(k) = rate^k * exp(-rate) / k!

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.poisson.html
    """
    require(rates, FLOATS, "poisson_cpu")
    if known(rates) and not (rates >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    return run(mersenne.poisson, rates, generator)


def binomial(counts: Array, chances: Array, generator: Generator | None = None) -> Array:
    """A new array of binomial numbers: how many of n trials succeed, each with chance p; the two arrays broadcast.

    P(k) = n! / (k! (n - k)!) * p^k * (1 - p)^(n - k)
    """
    for array, name in ((counts, "count"), (chances, "prob")):
        if from_numpy(array.dtype).name not in FLOATS:
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: {from_numpy(array.dtype).legacy}"
            )
    if counts.dtype != chances.dtype:
        found, expected = from_numpy(chances.dtype).legacy, from_numpy(counts.dtype).legacy
        raise RuntimeError(f"Found dtype {found} but expected {expected}")
    require(counts, ("float32", "float64"), "binomial_cpu", empty_too=True)
    return run(mersenne.binomial, counts, generator, chances)


def slopes(x: Array, low: float, high: float, generator: Generator | None = None) -> Array:
    """A new array, for rrelu: numbers from [low, high) where x <= 0, and 1 elsewhere."""
    return run(mersenne.slopes, x, generator, low, high)


# ---------------------------------------------------------------------------------------------------------------------
# choices


def multinomial(
    probabilities: Array, num_samples: int, replacement: bool = False, generator: Generator | None = None
) -> Array:
    """Indices (int64) of `num_samples` choices for each row of weights, which need not sum to 1.

    One choice, or several without replacement: every weight is divided by an exponential number, and the largest
    quotients win ("exponential race"). Equal ones, such as those of zero weights, come in the order of their indices
    (PyTorch's order of these depends on its partial sort).
    With replacement: the first index whose running sum of weights, as a part of the total, is not below a u53.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.multinomial.html

    >>> multinomial(np.array([0.0, 3.0, 1.0]), 2, True, Generator().manual_seed(1))
    array([1, 1])
    """
    check_multinomial(probabilities, num_samples, replacement)
    if 0 in probabilities.shape[:-1]:
        return np.empty((0, num_samples), np.int64, like=near(probabilities))
    if replacement and num_samples > 1:
        return choose_by_sums(probabilities, num_samples, generator)
    if probabilities.size == 0:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    if known(probabilities):
        if not ((probabilities >= 0) & (probabilities < np.inf)).all():
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        if (probabilities.sum(-1) == 0).any():
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    race = np.empty_like(probabilities)  # with the same strides: filled in the order of memory
    exponential(race, 1.0, generator)
    with np.errstate(all="ignore"):
        scores = probabilities / race
    if num_samples == 1:
        return scores.argmax(-1, keepdims=True)
    return np.argsort(-scores, -1, kind="stable")[..., :num_samples]


def check_multinomial(probabilities: Array, num_samples: int, replacement: bool) -> None:
    """RuntimeError with PyTorch's text for arguments that do not fit."""
    if probabilities.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    found = from_numpy(probabilities.dtype)
    if found.name not in FLOATS:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {found.legacy}")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > probabilities.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if probabilities.shape[-1] > 2**24:
        raise RuntimeError("number of categories cannot exceed 2^24")


def choose_by_sums(probabilities: Array, num_samples: int, generator: Generator | None) -> Array:
    """Choices with replacement, by looking up uniform numbers among the running sums of each row."""
    if known(probabilities):
        if not (probabilities >= 0).all():
            raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
        if not np.isfinite(probabilities).all():
            raise RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    wide = probabilities.astype(np.float32) if is_half(probabilities) else probabilities
    sums = np.add.accumulate(wide, -1)  # from left to right, in the array's own precision
    if probabilities.shape[-1] == 0 or (known(sums) and not (sums[..., -1] > 0).all()):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    sums /= sums[..., -1:].copy()
    sums[..., -1] = 1
    return run(mersenne.among_sums, sums, generator, num_samples)


def randperm(n: int, generator: Generator | None = None, dtype: Any = np.int64) -> Array:
    """A random order of 0, 1, ..., n - 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.randperm.html

    >>> randperm(5, Generator().manual_seed(1))
    array([0, 4, 2, 3, 1])
    """
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    result = np.empty(n, dtype)
    permute(result, generator)
    return result


def permute(array: Array, generator: Generator | None = None) -> None:
    """Fill a vector of n elements with 0, 1, ..., n - 1 in a random order."""
    check_count(array.size, from_numpy(array.dtype).name)
    require(array, NUMBERS, "randperm", empty_too=True)
    run(mersenne.shuffle, array, generator)


def check_count(n: int, name: str) -> None:
    """Can a dtype hold the numbers from 0 to n - 1? bfloat16 may round them."""
    if name not in NUMBERS or name == "bfloat16" or n <= highest(name) + 1:
        return
    if name in DIGITS:
        limit = "2049" if name == "float16" else f"2^{DIGITS[name]}+1"
        raise RuntimeError(f"n cannot be greater than {limit} for {getattr(dtypes, name).legacy} type.")
    raise RuntimeError(f"value cannot be converted to type {name}_t without overflow")


def dropout_mask(array: Array, p: float, generator: Generator | None = None) -> None:
    """Fill with 0, with probability p, and 1 / (1 - p), the factor that keeps the mean: 0 <= p < 1."""
    run(mersenne.dropout_mask, array, generator, p)
