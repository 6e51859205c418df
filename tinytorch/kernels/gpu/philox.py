"""How a GPU's generator fills arrays: Philox, one kernel for each distribution.

Philox turns a seed and a counter of 128 bits into four words of 32 bits: a function without memory, so that any number
of threads can draw at once, each with its own number as the upper half of its counter. The lower half is the stream's
offset / 4. Which thread makes which element is PyTorch's division of the work on a GPU with as many multiprocessors, so
that rand, randint and the like give PyTorch's numbers there, and randn and the like do but for the last digits. The
rest (poisson, binomial, multinomial with replacement, randperm, a probability for each element) has numbers of its own.

Sources: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3 (2011),
https://doi.org/10.1145/2063384.2063405; how words become floating point numbers: the cuRAND library's documentation.

mersenne.py has functions of the same names for the CPU; draws.py has checked the arguments.
"""

from __future__ import annotations

import functools
from typing import Any, Protocol

import numpy as np

from tinytorch.device import device, library
from tinytorch.kernels.arrays import in_memory_order, is_half

# Words and what they are made into. units, normals and words fill as many numbers as four words give.
PHILOX = r"""
struct Words { unsigned int w[4]; };

__device__ Words philox(unsigned long long seed, unsigned long long place, unsigned long long thread) {
    unsigned int a = (unsigned int)place, b = (unsigned int)(place >> 32);
    unsigned int c = (unsigned int)thread, d = (unsigned int)(thread >> 32);
    unsigned int key = (unsigned int)seed, other = (unsigned int)(seed >> 32);
    for (int turn = 0; turn < 10; turn++) {
        const unsigned long long p = 0xD2511F53ull * a, q = 0xCD9E8D57ull * c;
        a = (unsigned int)(q >> 32) ^ b ^ key;
        b = (unsigned int)q;
        c = (unsigned int)(p >> 32) ^ d ^ other;
        d = (unsigned int)p;
        key += 0x9E3779B9u;
        other += 0xBB67AE85u;
    }
    const Words result = {{a, b, c, d}};
    return result;
}

// from (0, 1]: the middle of one of 2^32 (2^53) intervals
__device__ float unit(unsigned int w) { return (float)w * 2.3283064365386963e-10f + 1.1641532182693481e-10f; }

__device__ double unit(unsigned int low, unsigned int high) {
    const unsigned long long w = (unsigned long long)low ^ ((unsigned long long)high << 21);
    return (double)w * 1.1102230246251565e-16 + 5.5511151231257827e-17;
}

__device__ void units(const Words& b, float* u) {
    for (int k = 0; k < 4; k++) u[k] = unit(b.w[k]);
}

__device__ void units(const Words& b, double* u) {
    for (int k = 0; k < 2; k++) u[k] = unit(b.w[2 * k], b.w[2 * k + 1]);
}

// Box and Muller: sqrt(-2 log u) times the sine and the cosine of 2 pi v
__device__ void normals(const Words& b, float* z) {
    for (int k = 0; k < 4; k += 2) {
        const float radius = sqrtf(-2.0f * logf(unit(b.w[k]))), angle = 6.283185307179586f * unit(b.w[k + 1]);
        z[k] = radius * sinf(angle);
        z[k + 1] = radius * cosf(angle);
    }
}

__device__ void normals(const Words& b, double* z) {
    const double radius = sqrt(-2.0 * log(unit(b.w[0], b.w[1]))), angle = 6.283185307179586 * unit(b.w[2], b.w[3]);
    z[0] = radius * sin(angle);
    z[1] = radius * cos(angle);
}

__device__ void words(const Words& b, unsigned int* w) {
    for (int k = 0; k < 4; k++) w[k] = b.w[k];
}

__device__ void words(const Words& b, unsigned long long* w) {
    for (int k = 0; k < 2; k++) w[k] = ((unsigned long long)b.w[2 * k] << 32) | b.w[2 * k + 1];
}
"""

# Each thread draws four words at a time and spreads what they give over elements that are `threads` apart: threads
# that run together write to neighbouring places.
SPREAD = """
    const unsigned long long seed = start[0], place = (start[1] + ahead) / 4;
    const int lanes = 16 / sizeof({kind});
    for (long long first = i, step = 0; first < count; first += lanes * threads, step++) {{
        {kind} drawn[4];
        {draw}(philox(seed, place + step, i), drawn);
        for (int lane = 0; lane < lanes; lane++) {{
            const long long k = first + lane * threads;
            if (k < count) {{
                const {kind} x = drawn[lane];
                {store}
            }}
        }}
    }}
"""

# Distributions that need nobody knows how many words: a thread for each element, which takes one number after another.
STREAM = """
struct Stream {
    unsigned long long seed, place, thread;
    __device__ double next() {
        const Words b = philox(seed, place++, thread);
        return unit(b.w[0], b.w[1]);
    }
};
"""
RESERVED = 4096  # words that are kept free for each thread of such a distribution


class Source(Protocol):
    """What the functions need of a generator: its GPU, and the right to use so many words of each thread."""

    @property
    def device(self) -> device: ...

    def take(self, words: int) -> tuple[Any, int]:
        """(memory that holds a seed and an offset, what to add to that offset)"""


def start(seed: int, offset: int, memory: Any = None) -> Any:
    """Write a seed and an offset into memory of the GPU, new memory by default."""
    memory = library().empty(2, np.uint64) if memory is None else memory
    _writer()(np.uint64(seed), np.uint64(offset), memory, size=1)
    return memory


@functools.cache
def _writer() -> Any:
    return library().ElementwiseKernel(
        "uint64 seed, uint64 offset", "raw uint64 memory", "memory[0] = seed; memory[1] = offset;", "random_start"
    )


# ---- distributions that take one number each -------------------------------------------------------------------------


@functools.cache
def _spread(name: str, kind: str, draw: str, parameters: str, store: str) -> Any:
    return library().ElementwiseKernel(
        f"raw uint64 start, uint64 ahead, int64 count, int64 threads, {parameters}", "raw T y",
        SPREAD.format(kind=kind, draw=draw, store=store), f"random_{name}", preamble=PHILOX,
    )  # fmt: skip


@functools.cache
def _most_threads(device: int) -> int:
    """How many threads PyTorch starts at most on this GPU: as many as it runs at once, in blocks of 256."""
    facts = library().cuda.runtime.getDeviceProperties(device)
    return facts["multiProcessorCount"] * (facts["maxThreadsPerMultiProcessor"] // 256) * 256


def fill(
    stream: Source, array: Any, name: str, kind: str, draw: str, parameters: str, store: str, *values: Any
) -> None:
    """Let `store` (C++: x is the number drawn, k the place of the element in y) fill the array in order of memory."""
    count = array.size
    if not count:
        return
    target = in_memory_order(array)
    threads = min(_most_threads(stream.device.index or 0), -(-count // 256) * 256)
    lanes = 2 if kind in ("double", "unsigned long long") else 4
    memory, ahead = stream.take(4 * -(-count // (lanes * threads)))
    kernel = _spread(name, kind, draw, parameters, store)
    kernel(memory, ahead, count, threads, *values, target, size=min(threads, count))


def real(array: Any) -> str:
    """The type that an array's numbers are computed in."""
    return "double" if array.dtype == np.float64 else "float"


def uniform(stream: Source, array: Any, low: float, high: float) -> None:
    """low + u (high - low),  where `high` itself becomes `low`."""
    kind = real(array)
    store = f"""
        const T a = (T)({kind})low, b = (T)({kind})high, range = (T)(({kind})b - ({kind})a);
        const T value = (T)(x * ({kind})range + ({kind})a);
        y[k] = ({kind})value == ({kind})b ? a : value;
    """
    fill(stream, array, "uniform", kind, "units", "float64 low, float64 high", store, low, high)


def normal(stream: Source, array: Any, mean: float, std: float) -> None:
    """mean + std z"""
    kind = real(array)
    store = f"y[k] = (T)(x * ({kind})scale + ({kind})mean);"
    fill(stream, array, "normal", kind, "normals", "float64 mean, float64 scale", store, mean, std)


def log_normal(stream: Source, array: Any, mean: float, std: float) -> None:
    """exp(mean + std z)"""
    kind = real(array)
    store = f"y[k] = (T)exp(x * ({kind})scale + ({kind})mean);"
    fill(stream, array, "log_normal", kind, "normals", "float64 mean, float64 scale", store, mean, std)


def exponential(stream: Source, array: Any, rate: float) -> None:
    """-log(u) / rate,  and never 0: of the u next to 1 half the distance from 1 to the number before it is taken"""
    kind, half = real(array), _epsilon(array) / 2
    store = f"y[k] = (T)(({kind})-1 / ({kind})rate * (x >= 1 - ({kind}){half} ? -({kind}){half} : log(x)));"
    fill(stream, array, "exponential", kind, "units", "float64 rate", store, rate)


def cauchy(stream: Source, array: Any, median: float, sigma: float) -> None:
    """median + sigma tan(pi (u - 1/2)),  with u kept away from 0 and 1"""
    kind, epsilon = real(array), _epsilon(array)
    store = f"""
        const {kind} low = {epsilon}, u = x < low ? low : x > 1 - low ? 1 - low : x;
        y[k] = (T)(({kind})median + ({kind})sigma * tan(({kind})3.141592653589793 * (u - ({kind})0.5)));
    """
    fill(stream, array, "cauchy", kind, "units", "float64 median, float64 sigma", store, median, sigma)


def _epsilon(array: Any) -> float:
    """The distance from 1 to the next number of the type that an array's numbers are computed in."""
    return float(np.finfo(np.float64 if real(array) == "double" else np.float32).eps)


def geometric(stream: Source, array: Any, p: float) -> None:
    """ceil(log(u) / log(1 - p)),  at least 1"""
    kind = real(array)
    store = f"const {kind} trials = ceil(log(x) / ({kind})scale); y[k] = {_cast(array)}(trials < 1 ? 1 : trials);"
    fill(stream, array, "geometric", kind, "units", "float64 scale", store, float(np.log1p(-p)))


def bernoulli(stream: Source, array: Any, p: float) -> None:
    """1 if u <= p, else 0"""
    fill(stream, array, "bernoulli", real(array), "units", "float64 p", "y[k] = (T)(x <= p ? 1.0f : 0.0f);", p)


def dropout_mask(stream: Source, array: Any, p: float) -> None:
    """1 / (1 - p) if u <= 1 - p, else 0"""
    kind = real(array)
    store = f"y[k] = (T)(x <= keep ? 1 / ({kind})keep : ({kind})0);"
    fill(stream, array, "dropout", kind, "units", "float64 keep", store, 1 - p)


def integers(stream: Source, array: Any, low: int, count: int, wide: bool) -> None:
    """low + w mod count, with words w of 32 bits or, if `wide`, 64; all of them where count is 0."""
    kind = "unsigned long long" if wide else "unsigned int"
    store = f"y[k] = {_cast(array)}(long long)(low + (long long)(range ? x % ({kind})range : x));"
    values = np.int64(low), np.uint64(count)
    fill(stream, array, "integers", kind, "words", "int64 low, uint64 range", store, *values)


def _cast(array: Any) -> str:
    """How a whole number becomes an element: 16-bit numbers are made of float32 only."""
    return "(T)(float)" if is_half(array) else "(T)"


def shuffle(stream: Source, array: Any) -> None:
    """0, 1, ..., n - 1 in the order of n random words"""
    keys = library().empty(array.size, np.int64)
    integers(stream, keys, 0, 0, True)
    array[...] = np.argsort(keys).astype(array.dtype, copy=False)


def slopes(stream: Source, x: Any, low: float, high: float) -> Any:
    """Numbers from [low, high) where x <= 0, and 1 elsewhere; one is drawn for each element."""
    drawn = library().empty_like(x)
    uniform(stream, drawn, low, high)
    return np.where(x <= 0, drawn, library().ones((), x.dtype))


# ---- with parameters for each number ---------------------------------------------------------------------------------


@functools.cache
def _each(name: str, inputs: str, output: str, body: str, preamble: str = "") -> Any:
    return library().ElementwiseKernel(
        f"raw uint64 start, uint64 ahead, {inputs}", f"{output} y",
        "Stream stream = {start[0], (start[1] + ahead) / 4, (unsigned long long)i};" + body,
        f"random_{name}", preamble=PHILOX + STREAM + preamble,
    )  # fmt: skip


def bernoulli_each(stream: Source, array: Any, p: Any) -> None:
    """1 if u <= p, else 0"""
    kernel = _each("bernoulli_each", "P p", "T", "y = (T)(stream.next() <= (double)p ? 1.0f : 0.0f);")
    kernel(*stream.take(4), p, array)


def among_sums(stream: Source, sums: Any, num_samples: int) -> Any:
    """For each row of running sums, which end with 1, the first places where they are not below uniform numbers."""
    body = """
        const long long row = i / samples * width;
        const double u = stream.next();
        long long low = 0, high = width - 1;
        while (low < high) {
            const long long middle = (low + high) / 2;
            if ((double)sums[row + middle] < u) low = middle + 1; else high = middle;
        }
        y = low;
    """
    chosen = library().empty((*sums.shape[:-1], num_samples), np.int64)
    kernel = _each("among_sums", "raw P sums, int64 width, int64 samples", "int64", body)
    return kernel(*stream.take(4), sums, sums.shape[-1], num_samples, chosen)


POISSON = """
__device__ double poisson(Stream& stream, double rate) {
    if (!(rate > 0)) return 0 * rate;
    double number = 0;
    if (rate < 10) {  // numbers are multiplied until the product is not above exp(-rate)
        const double limit = exp(-rate);
        for (double product = stream.next(); product > limit; product *= stream.next()) number++;
        return number;
    }
    const double b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
    const double inverse = 1.1239 + 1.1328 / (b - 3.4), quick = 0.9277 - 3.6224 / (b - 2);
    for (int attempt = 0; attempt < 512; attempt++) {
        const double u = stream.next() - 0.5, v = stream.next(), us = 0.5 - fabs(u);
        number = floor((2 * a / us + b) * u + rate + 0.43);
        if (us >= 0.07 && v <= quick) break;
        if (number < 0 || (us < 0.013 && v > us)) continue;
        if (log(v * inverse / (a / (us * us) + b)) <= -rate + number * log(rate) - lgamma(number + 1)) break;
    }
    return number;
}
"""


def poisson(stream: Source, rates: Any) -> Any:
    """Poisson numbers: small rates by products, others by the transformed rejection PTRS.

    Source: Hörmann 1993, https://doi.org/10.1016/0167-6687(93)90997-4
    """
    kernel = _each("poisson", "T rate", "T", "y = (T)poisson(stream, (double)rate);", POISSON)
    return kernel(*stream.take(RESERVED), rates)


BINOMIAL = """
__device__ double tail(double k) {  // what Stirling's formula lacks of log(k!)
    const double small[] = {
        0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
        0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287};
    if (k < 10) return small[(int)k];
    const double next = k + 1, square = next * next;
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / next;
}

__device__ double wait(Stream& stream, double failure) {  // trials up to a success
    const double trials = ceil(log(stream.next()) / failure);
    return trials < 1 ? 1 : trials;
}

__device__ double successes(Stream& stream, double n, double p) {
    double k = 0;
    if (n * p < 10) {  // trials up to each success are added up until n of them are used
        const double failure = log1p(-p);
        for (double trials = wait(stream, failure); trials <= n; trials += wait(stream, failure)) k++;
        return k;
    }
    const double spread = sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double quick = 0.92 - 4.2 / b, odds = p / (1 - p), alpha = (2.83 + 5.1 / b) * spread;
    const double mode = floor((n + 1) * p), above = n - mode;
    for (int attempt = 0; attempt < 512; attempt++) {
        const double u = stream.next() - 0.5, v = stream.next(), us = 0.5 - fabs(u);
        k = floor((2 * a / us + b) * u + n * p + 0.5);
        if (us >= 0.07 && v <= quick) break;
        if (k < 0 || k > n) continue;
        const double bound = (mode + 0.5) * log((mode + 1) / (odds * (above + 1)))
            + (n + 1) * log((above + 1) / (n - k + 1)) + (k + 0.5) * log(odds * (n - k + 1) / (k + 1))
            + tail(mode) + tail(above) - tail(k) - tail(n - k);
        if (log(v * alpha / (a / (us * us) + b)) <= bound) break;
    }
    return k;
}

__device__ double binomial(Stream& stream, double n, double p) {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (isnan(n) || isnan(p) || isinf(n)) return n + p;
    return p > 0.5 ? n - successes(stream, n, 1 - p) : successes(stream, n, p);
}
"""


def binomial(stream: Source, counts: Any, chances: Any) -> Any:
    """Binomial numbers, as binomials.py draws them on the CPU: few by waiting, many by the rejection BTRS.

    Source: Hörmann 1993, https://doi.org/10.1080/00949659308811496
    """
    body = "y = (T)binomial(stream, (double)n, (double)p);"
    return _each("binomial", "T n, T p", "T", body, BINOMIAL)(*stream.take(RESERVED), counts, chances)
