"""Random numbers from the Mersenne Twister in NumPy: twins of _ext/random.pyx, equal to the bit.

Two things make them equal. `fma32` and `fma64` compute a * b + c with a single rounding, out of operations that round
every time. And log, log1p, exp, sin, cos and tan of float64 come from Python's `math`, which calls the C library as the
kernels do; NumPy's own differ from it in the last bit of some numbers.

Where they may differ: `poisson` for rates of 10 and more compares with a log-gamma that Python computes itself (a
number changes only when a draw falls within 1e-14 of the limit), and fma64 beyond 1e300 or below 1e-290 in magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tinytorch.kernels.arrays import Array

N, SHIFT = 624, 397  # words in a block of the twister, and the distance between words that it mixes
LONG = 2**32 // 20  # from so many entries on a shuffle draws 64 bits

# The state of a stream, the bytes of torch.get_rng_state() field by field: `left` is the number of words left in the
# block plus one, `next` the place of the next word, `normal_y` the second normal of a pair that waits for its turn.
# What has no comment in _ext/random.pyx either is unused and zero.
STATE = np.dtype(
    [
        ("seed", "u8"), ("left", "i4"), ("seeded", "i4"), ("next", "u8"), ("words", "u8", N),
        ("normal_x", "f8"), ("normal_y", "f8"), ("normal_rho", "f8"), ("normal_is_valid", "i4"), ("padding", "V4"),
        ("float_normal", "f4"), ("float_normal_is_valid", "u1"), ("end", "V3"),
    ]
)  # fmt: skip


def _room(out: Array, *dtypes: type) -> Array:
    """`out`, a plain writable array of one of the dtypes, as one row."""
    if out.dtype not in dtypes or not out.flags.carray:
        raise ValueError("random kernel: state and out must be contiguous writable arrays of the right dtype")
    return out.reshape(-1)


def _memory(state: Array) -> np.void:
    """The bytes of an array as a state."""
    bytes_ = _room(state, np.uint8)
    if bytes_.size != STATE.itemsize:
        raise ValueError(f"random kernel: a state has {STATE.itemsize} bytes")
    return bytes_.view(STATE)[0]


def _stream(state: Array) -> np.void:
    """The stream in an array of bytes."""
    s = _memory(state)
    if s["left"] < 1 or s["next"] + s["left"] > N + 1:
        raise ValueError("random kernel: the state is not one of a Mersenne Twister")
    return s


# ---------------------------------------------------------------------------------------------------------------------
# the stream of words


def seed(state: Array, seed: int) -> None:
    """Start the stream of `seed` (0 <= seed < 2**64); its lower 32 bits decide the words."""
    s = _memory(state)
    state[...] = 0
    s["seed"], s["left"], s["seeded"] = seed, 1, 1
    word = seed & 0xFFFFFFFF
    block = [word]
    for k in range(1, N):
        word = (1812433253 * (word ^ (word >> 30)) + k) & 0xFFFFFFFF
        block.append(word)
    s["words"] = block


def _mixed(first: Array, second: Array) -> Array:
    """The highest bit of one word and the other bits of the next, times the matrix of the recurrence."""
    joined = (first & 0x80000000) | (second & 0x7FFFFFFF)
    return (joined >> 1) ^ (joined & 1) * 0x9908B0DF


def _next_block(s: np.void) -> None:
    """x[k] = x[k + SHIFT] ^ mixed(x[k], x[k + 1]), the new words of the block serving as the old ones run out."""
    x = s["words"]
    lap = N - SHIFT  # so many words do not depend on each other
    x[:lap] = x[SHIFT:] ^ _mixed(x[:lap], x[1 : lap + 1])
    for k in range(lap, N - 1, lap):
        stop = min(k + lap, N - 1)
        x[k:stop] = x[k - lap : stop - lap] ^ _mixed(x[k:stop], x[k + 1 : stop + 1])
    x[N - 1] = x[SHIFT - 1] ^ _mixed(x[N - 1], x[0])
    s["left"], s["next"] = N + 1, 0


def _tempered(y: Array) -> Array:
    """What the stream shows of words of the block."""
    y = y ^ (y >> 11)
    y ^= (y << 7) & 0x9D2C5680
    y ^= (y << 15) & 0xEFC60000
    return y ^ (y >> 18)


def _draw(s: np.void, n: int) -> Array:
    """The next n words (uint64 that hold 32 bits)."""
    pieces = []
    while n > 0:
        if s["left"] == 1:
            _next_block(s)
        first, m = int(s["next"]), min(n, int(s["left"]) - 1)
        pieces.append(s["words"][first : first + m])
        if first + m == N:
            pieces[-1] = pieces[-1].copy()  # the block is about to be overwritten
        s["left"] -= m
        s["next"] += m
        n -= m
    return _tempered(np.concatenate(pieces)) if pieces else np.empty(0, np.uint64)


def _draw_wide(s: np.void, n: int) -> Array:
    """The next n 64-bit draws: of two words, the first is the high half."""
    words = _draw(s, 2 * n)
    return (words[::2] << 32) | words[1::2]


def _draw_unit24(s: np.void, n: int) -> Array:
    return (_draw(s, n) & 0xFFFFFF).astype(np.float32) * np.float32(2.0**-24)


def _draw_unit53(s: np.void, n: int) -> Array:
    return (_draw_wide(s, n) & (2**53 - 1)).astype(np.float64) * 2.0**-53


def words(state: Array, out: Array) -> None:
    """Fill `out` (uint32) with the next words of the stream."""
    target = _room(out, np.uint32)
    target[:] = _draw(_stream(state), target.size)


# ---------------------------------------------------------------------------------------------------------------------
# integers


def integers(state: Array, out: Array, low: int, count: int, wide: bool) -> None:
    """Fill `out` (int64) with  low + (draw mod count)  modulo 2**64; a draw is a word, or two when `wide`.

    count = 0 stands for 2**64: the draw itself.
    """
    target = _room(out, np.int64)
    s = _stream(state)
    numbers = (_draw_wide if wide else _draw)(s, target.size)
    if count:
        numbers %= np.uint64(count)
    target[:] = (numbers + np.uint64(low % 2**64)).view(np.int64)  # uint64 sums wrap around


def shuffle(state: Array, out: Array) -> None:
    """Fill `out` (int64) with a random order of 0, 1, ..., n - 1.

    Fisher and Yates: for i = 0, 1, ..., n - 2 entry i changes places with entry  i + (w mod (n - i)). From LONG
    entries on a word is too coarse: for i = 0, 1, ..., n - 1 entry i changes places with entry  W mod (i + 1).
    """
    target = _room(out, np.int64)
    s, n = _stream(state), target.size
    order = list(range(n))
    if n >= LONG:
        others = (_draw_wide(s, n) % np.arange(1, n + 1, dtype=np.uint64)).tolist()
    else:
        left = np.arange(n, 1, -1, dtype=np.uint64)
        others = (_draw(s, left.size) % left + np.arange(left.size, dtype=np.uint64)).tolist()
    for i, other in enumerate(others):
        order[i], order[other] = order[other], order[i]
    target[:] = order


# ---------------------------------------------------------------------------------------------------------------------
# a * b + c with one rounding


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b, and what rounding lost of it, exactly. Source: Knuth, The Art of Computer Programming 2, 4.2.2"""
    total = a + b
    b_part = total - a
    return total, (a - (total - b_part)) + (b - b_part)


def _to_odd(total: Array, lost: Array) -> Array:
    """total + lost, rounded to the neighbour whose last bit is 1.

    A number that is rounded so and then to fewer bits comes out as if it had been rounded once.
    Source: Boldo, Melquiond 2008, https://doi.org/10.1109/TC.2007.70819
    """
    even = (total.view(np.uint64) & 1) == 0
    return np.where(even & (lost != 0), np.nextafter(total, np.where(lost > 0, np.inf, -np.inf)), total)


def fma32(a: Array, b: Array, c: Array) -> Array:
    """a * b + c for float32 arrays, rounded once.

    In float64 the product is exact, and the sum rounded to 53 bits and then to 24 is right unless the first rounding
    ended just between two float32.
    """
    product = np.multiply(a, b, dtype=np.float64)
    total = np.asarray(product + c)
    between = (total.view(np.uint64) & 0x1FFFFFFF) == 0x10000000
    if between.any():
        exact = np.broadcast_arrays(product, np.asarray(c, np.float64), between)
        total[between] = _to_odd(*_two_sum(exact[0][between], exact[1][between]))
    return total.astype(np.float32)


def fma64(a: Array, b: Array, c: Array) -> Array:
    """a * b + c for float64 arrays, rounded once: the product as an exact sum of two numbers, added by Boldo's way."""
    plain = a * b + c
    high, low = _two_product(a, b)
    middle, lowest = _two_sum(c, low)
    top, rest = _two_sum(high, middle)
    fused = top + _to_odd(*_two_sum(lowest, rest))
    return np.where(np.isfinite(fused), fused, plain)  # inf and nan have no exact parts


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """a * b, and what rounding lost of it. Source: Dekker 1971, https://doi.org/10.1007/BF01397083"""
    product = a * b
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: Array) -> tuple[Array, Array]:
    """a as the sum of two numbers of 26 bits, whose products are exact."""
    scaled = a * 134217729.0  # 2**27 + 1
    high = scaled - (scaled - a)
    return high, a - high


# ---------------------------------------------------------------------------------------------------------------------
# uniform numbers and what is made of one of them


def uniform(state: Array, out: Array, low: float, high: float) -> None:
    """Fill `out` with  fma(u, high - low, low);  u24 for float32, u53 for float64.

    A number that rounds up to `high` becomes `low`, so that the interval stays half open.
    """
    x = _room(out, np.float32, np.float64)
    s = _stream(state)
    low, high = x.dtype.type(low), x.dtype.type(high)
    with np.errstate(all="ignore"):
        if x.dtype == np.float32:
            x[:] = fma32(_draw_unit24(s, x.size), high - low, low)
        else:
            x[:] = fma64(_draw_unit53(s, x.size), high - low, low)
    x[x == high] = low


def bernoulli(state: Array, out: Array, p: float) -> None:
    """Fill `out` (bool) with  u53 < p."""
    target = _room(out, np.bool_)
    target[:] = _draw_unit53(_stream(state), target.size) < p


def _each(function: Callable[[float], float], x: Array) -> Array:
    """The C library's function of every number."""
    return np.fromiter(map(function, x.tolist()), np.float64, x.size)


def _log(x: float) -> float:
    return math.log(x) if x else -math.inf


def exponential(state: Array, out: Array, rate: float) -> None:
    """Fill `out` (float64) with  -1 / rate * log1p(-u53)."""
    x = _room(out, np.float64)
    x[:] = (-1.0 / rate if rate else 0.0) * _each(math.log1p, -_draw_unit53(_stream(state), x.size))


def geometric(state: Array, out: Array, p: float) -> None:
    """Fill `out` (float64) with  ceil(log(u53) / log1p(-p))."""
    x = _room(out, np.float64)
    x[:] = np.ceil(_each(_log, _draw_unit53(_stream(state), x.size)) / math.log1p(-p))


def cauchy(state: Array, out: Array, median: float, sigma: float) -> None:
    """Fill `out` (float64) with  fma(tan(pi * (u53 - 1/2)), sigma, median)."""
    x = _room(out, np.float64)
    tangent = _each(math.tan, math.pi * (_draw_unit53(_stream(state), x.size) - 0.5))
    with np.errstate(all="ignore"):
        x[:] = fma64(tangent, np.float64(sigma), np.float64(median))


# ---------------------------------------------------------------------------------------------------------------------
# normal numbers


def normal_pairs(state: Array, out: Array, mean: float, std: float) -> None:
    """Fill `out` (float64) with  fma(z, std, mean),  z standard normal, one after the other.

    A pair comes from two u53:  r = sqrt(-2 log1p(-u2)),  z1 = r cos(2 pi u1),  z2 = r sin(2 pi u1).  z2 waits in the
    state, for the next number of this call or a later one.
    """
    x = _room(out, np.float64)
    with np.errstate(all="ignore"):
        x[:] = fma64(_standard_normals(_stream(state), x.size), np.float64(std), np.float64(mean))


def log_normal(state: Array, out: Array, mean: float, std: float) -> None:
    """Fill `out` (float64) with  exp(normal_pairs)."""
    normal_pairs(state, out, mean, std)
    x = out.reshape(-1)
    x[:] = _each(_exp, x)


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _standard_normals(s: np.void, n: int) -> Array:
    normals = []
    if n and s["normal_is_valid"]:
        normals.append(s["normal_y"])
        s["normal_is_valid"] = s["normal_y"] = 0
    pairs = (n - len(normals) + 1) // 2
    units = _draw_unit53(s, 2 * pairs).tolist()
    for u1, u2 in zip(units[::2], units[1::2]):
        angle = 2 * math.pi * u1
        radius = math.sqrt(-2 * math.log1p(-u2))
        normals += radius * math.cos(angle), radius * math.sin(angle)
    if len(normals) > n:
        s["normal_y"], s["normal_is_valid"] = normals.pop(), 1
    return np.array(normals, np.float64)


def normal(state: Array, out: Array, mean: float, std: float) -> None:
    """Fill `out` (float32 or float64, 16 numbers or more) with normal numbers, 16 at a time.

    `out` is filled with u24 (u53) first. Then x[j] and x[j + 8] of each 16 are the two uniforms of a pair and become
    r cos and r sin. When n is no multiple of 16, the last 16 places get fresh uniforms and are transformed at the end.
    """
    x = _room(out, np.float32, np.float64)
    if x.size < 16:
        raise ValueError("random kernel: normal fills 16 numbers or more; normal_pairs does fewer")
    draw, transform = (_draw_unit24, _pairs32) if x.dtype == np.float32 else (_draw_unit53, _pairs64)
    s, centre, scale = _stream(state), x.dtype.type(mean), x.dtype.type(std)
    with np.errstate(all="ignore"):
        x[:] = draw(s, x.size)
        whole = x[: x.size // 16 * 16].reshape(-1, 2, 8)
        whole[:, 0], whole[:, 1] = transform(whole[:, 0], whole[:, 1], centre, scale)
        if x.size % 16:
            first, second = draw(s, 16).reshape(2, 8)
            x[-16:-8], x[-8:] = transform(first, second, centre, scale)


def _pairs64(first: Array, second: Array, mean: Array, std: Array) -> tuple[Array, Array]:
    """fma(r cos, std, mean) and fma(r sin, std, mean), with r = sqrt(-2 log(1 - first)), angle 2 pi * second."""
    shape = first.shape
    angle = (2 * math.pi * second).reshape(-1)
    radius = np.sqrt(-2 * _each(math.log, (1 - first).reshape(-1)))
    cosine, sine = radius * _each(math.cos, angle), radius * _each(math.sin, angle)
    return fma64(cosine, std, mean).reshape(shape), fma64(sine, std, mean).reshape(shape)


def _pairs32(first: Array, second: Array, mean: Array, std: Array) -> tuple[Array, Array]:
    """The same in float32, with the polynomials below."""
    radius = np.sqrt(np.float32(-2) * _log32(1 - first))
    sine, cosine = _sine_cosine32(np.float32(2 * math.pi) * second)
    return fma32(radius * cosine, std, mean), fma32(radius * sine, std, mean)


# The single precision polynomials of the Cephes library, in the order of operations of PyTorch's AVX2 kernel.
# Source: https://www.netlib.org/cephes (single/logf.c, sinf.c)

_LOG = [np.float32(c) for c in (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)]  # fmt: skip
_SINE = [np.float32(c) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)]
_COSINE = [np.float32(c) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)]
_PI_QUARTER = [np.float32(c) for c in (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)]  # in three parts


def _polynomial(coefficients: list[np.float32], x: Array) -> Array:
    """Horner's scheme, the highest power first, every step rounded once."""
    value: Array = coefficients[0]
    for coefficient in coefficients[1:]:
        value = fma32(value, x, coefficient)
    return value


def _log32(x: Array) -> Array:
    """log(x) for x > 0:  x = (1 + t) * 2^e  with  sqrt(1/2) <= 1 + t < sqrt(2)"""
    m, exponent = np.frexp(x)
    small = m < np.float32(0.707106781186547524)
    t = (m - 1) + np.where(small, m, np.float32(0))
    e = (exponent - small).astype(np.float32)
    z = t * t
    y = _polynomial(_LOG, t) * t
    y = fma32(y, z, e * np.float32(-2.12194440e-4))  # log(2) in two parts: 0.693359375 - 2.12194440e-4
    return fma32(e, np.float32(0.693359375), t + (y - np.float32(0.5) * z))


def _sine_cosine32(x: Array) -> tuple[Array, Array]:
    """sin(x) and cos(x) for 0 <= x <= 2 pi:  x = j * pi/4 + r  with j even and |r| <= pi/4"""
    j = ((x * np.float32(1.27323954473516)).astype(np.int32) + 1) & ~1  # 4 / pi
    y = -j.astype(np.float32)
    for part in _PI_QUARTER:
        x = fma32(y, part, x)
    z = x * x
    c = fma32(_polynomial(_COSINE, z) * z, z, np.float32(-0.5) * z) + 1
    s = fma32(_polynomial(_SINE, z) * z, x, x)
    swap = (j & 2) != 0  # odd multiples of pi/2 turn one into the other
    sine, cosine = np.where(swap, c, s), np.where(swap, s, c)
    return np.where(j & 4, -sine, sine), np.where((j - 2) & 4, cosine, -cosine)


# ---------------------------------------------------------------------------------------------------------------------
# Poisson numbers


def poisson(state: Array, rates: Array, out: Array) -> None:
    """Fill `out` (float64) with Poisson numbers, one for each of `rates` (float64; 0 of a negative one, nan of nan).

    rate < 10: numbers u are multiplied until the product is not above exp(-rate); all but the last count. Otherwise
    the transformed rejection PTRS. Source: Hörmann 1993, https://doi.org/10.1016/0167-6687(93)90997-4
    """
    target = _room(out, np.float64)
    if rates.shape != out.shape or rates.dtype != np.float64 or not rates.flags.c_contiguous:
        raise ValueError("random kernel: `rates` must be as `out`")
    s = _stream(state)
    for i, rate in enumerate(rates.reshape(-1).tolist()):
        target[i] = _poisson_large(s, rate) if rate >= 10 else _poisson_small(s, rate)


def _poisson_small(s: np.void, rate: float) -> float:
    if not rate > 0:
        return 0 * rate  # without a draw; nan stays nan, where no product would ever be small enough
    product, limit, number = 1.0, math.exp(-rate), 0.0
    while True:
        product *= float(_draw_unit53(s, 1)[0])
        if product <= limit:
            return number
        number += 1


def _poisson_large(s: np.void, rate: float) -> float:
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    quick = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = _draw_unit53(s, 2).tolist()
        u -= 0.5
        us = 0.5 - abs(u)
        number = (2 * a / us + b) * u + rate + 0.43 if us else -math.inf
        if -(2.0**63) <= number < 2.0**63:
            number = float(math.floor(number))
        else:
            number = -(2.0**63)  # what PyTorch's cast to int64 makes of it on x86-64
        if us >= 0.07 and v <= quick:
            return number
        if number < 0 or (us < 0.013 and v > us):
            continue
        score = _log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b)
        if score <= -rate + number * math.log(rate) - math.lgamma(number + 1):
            return number
