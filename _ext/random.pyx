"""Random numbers from the Mersenne Twister, to the bit those of PyTorch on x86-64 with AVX2.

A stream of 32-bit words w comes from the recurrence of Matsumoto and Nishimura (MT19937). Numbers are made of them so:

    u24 = (w mod 2^24) / 2^24                                       float32 in [0, 1)
    u53 = ((w1 * 2^32 + w2) mod 2^53) / 2^53                        float64 in [0, 1), from two words
    uniform      low + (high - low) * u
    normal       sqrt(-2 log(1 - u)) * cos(2 pi v), and sin         Box and Muller: two normals from two uniforms
    exponential  -log(1 - u) / rate
    geometric    ceil(log(u) / log(1 - p))
    cauchy       median + sigma * tan(pi * (u - 1/2))

Equal to the bit asks for care: `fma(a, b, c)` is a * b + c rounded *once*, as PyTorch's own kernels compute it, where
two roundings would differ in the last bit for half of all numbers. C's fma is right under any compiler flags; with the
processor's own instruction (simd.pxi) it is fast as well. Only -ffast-math would break this file.

The state of a stream is one array of 5056 bytes, laid out as in `torch.get_rng_state()`.

NumPy twin: tinytorch/kernels/random.py
Source: Matsumoto, Nishimura 1998, https://doi.org/10.1145/272991.272995
"""

from libc.math cimport (M_PI, ceil, cos, exp, fabs, floor, fma, fmaf, lgamma, log, log1p, sin, sqrt, sqrtf, tan)
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset

include "door.pxi"
include "simd.pxi"

cdef enum:
    N = 624             # words in a block of the twister
    SHIFT = 397         # each new word mixes the words k, k + 1 and k + SHIFT of the old block
    BLOCK = 1024        # words that are drawn at a time, before they are made into numbers
    LONG = 214748364    # 2**32 // 20: from here on a shuffle draws 64 bits


cdef struct State:              # torch.get_rng_state(), field by field
    uint64_t seed
    int32_t left                # words left in the block, plus one
    int32_t seeded              # always 1
    uint64_t next               # where the next word of the block is
    uint64_t words[N]           # the block; each entry holds 32 bits
    double normal_x             # always 0
    double normal_y             # the second normal of a pair, waiting for its turn
    double normal_rho           # always 0
    int32_t normal_is_valid     # is there one waiting?
    int32_t padding
    float float_normal          # both unused since PyTorch 1.4
    int32_t float_normal_is_valid


cdef Py_ssize_t room(object out, int kind) except -1:
    """How many numbers `out`, a plain writable array of NumPy's type `kind`, takes."""
    if not plain(out) or cnp.PyArray_TYPE(<cnp.ndarray>out) != kind or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
        raise ValueError("random kernel: state and out must be contiguous writable arrays of the right dtype")
    return cnp.PyArray_SIZE(<cnp.ndarray>out)


cdef State* memory(object state) except NULL:
    """The bytes of an array as a state."""
    if room(state, cnp.NPY_UINT8) != sizeof(State):
        raise ValueError(f"random kernel: a state has {sizeof(State)} bytes")
    return <State*>(<cnp.ndarray>state).data


cdef State* stream(object state) except NULL:
    """The stream in an array of bytes."""
    cdef State* s = memory(state)
    if s.left < 1 or s.next + s.left > N + 1:
        raise ValueError("random kernel: the state is not one of a Mersenne Twister")
    return s


# ---------------------------------------------------------------------------------------------------------------------
# the stream of words

def seed(state, seed):
    """Start the stream of `seed` (0 <= seed < 2**64); its lower 32 bits decide the words."""
    _seed(memory(state), seed)


cdef void _seed(State* s, uint64_t seed) noexcept nogil:
    cdef uint32_t word = <uint32_t>seed
    cdef int k
    memset(s, 0, sizeof(State))
    s.seed = seed
    s.left = s.seeded = 1
    s.words[0] = word
    for k in range(1, N):
        word = <uint32_t>1812433253 * (word ^ (word >> 30)) + k
        s.words[k] = word


cdef inline uint32_t mixed(uint64_t first, uint64_t second) noexcept nogil:
    """The highest bit of one word and the other bits of the next, times the matrix of the recurrence."""
    cdef uint32_t joined = (<uint32_t>first & <uint32_t>0x80000000) | (<uint32_t>second & <uint32_t>0x7fffffff)
    return (joined >> 1) ^ ((0 - (joined & 1)) & <uint32_t>0x9908b0df)


cdef simd_void next_block(State* s) noexcept nogil:
    cdef uint64_t* x = s.words
    cdef int k
    for k in range(N - SHIFT):
        x[k] = x[k + SHIFT] ^ mixed(x[k], x[k + 1])
    for k in range(N - SHIFT, N - 1):
        x[k] = x[k + SHIFT - N] ^ mixed(x[k], x[k + 1])
    x[N - 1] = x[SHIFT - 1] ^ mixed(x[N - 1], x[0])
    s.left = N + 1
    s.next = 0


cdef inline uint32_t tempered(uint32_t y) noexcept nogil:
    """What the stream shows of a word of the block."""
    y ^= y >> 11
    y ^= (y << 7) & <uint32_t>0x9d2c5680
    y ^= (y << 15) & <uint32_t>0xefc60000
    return y ^ (y >> 18)


cdef simd_void show(const uint64_t* block, uint32_t* out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = tempered(<uint32_t>block[i])


cdef void draw(State* s, uint32_t* out, Py_ssize_t n) noexcept nogil:
    """The next n words."""
    cdef Py_ssize_t m
    while n > 0:
        if s.left == 1:
            next_block(s)
        m = min(n, <Py_ssize_t>s.left - 1)
        show(s.words + s.next, out, m)
        s.left -= <int32_t>m
        s.next += m
        out += m
        n -= m


cdef inline uint64_t pair(const uint32_t* words) noexcept nogil:
    """A 64-bit draw: the first word is the high half."""
    return (<uint64_t>words[0] << 32) | words[1]


cdef inline double unit53(uint64_t draw) noexcept nogil:
    return <double><int64_t>(draw & <uint64_t>0x1fffffffffffff) * (1 / 9007199254740992.0)


cdef double draw_unit53(State* s) noexcept nogil:
    """One u53."""
    cdef uint32_t words[2]
    draw(s, words, 2)
    return unit53(pair(words))


def words(state, out):
    """Fill `out` (uint32) with the next words of the stream."""
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_UINT32)
    cdef uint32_t* target = <uint32_t*>(<cnp.ndarray>out).data
    with nogil:
        draw(s, target, n)


# ---------------------------------------------------------------------------------------------------------------------
# integers

def integers(state, out, low, count, wide):
    """Fill `out` (int64) with  low + (draw mod count)  modulo 2**64; a draw is a word, or two when `wide`.

    count = 0 stands for 2**64: the draw itself.
    """
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_INT64)
    cdef int64_t* target = <int64_t*>(<cnp.ndarray>out).data
    cdef uint64_t first = <uint64_t><int64_t>low
    cdef uint64_t modulus = count
    cdef bint two = wide
    with nogil:
        _integers(s, target, n, first, modulus, two)


cdef void _integers(State* s, int64_t* out, Py_ssize_t n, uint64_t low, uint64_t count, bint wide) noexcept nogil:
    cdef uint32_t buffer[BLOCK]
    cdef uint64_t number
    cdef Py_ssize_t i, m
    while n > 0:
        m = min(n, BLOCK // 2)
        draw(s, buffer, 2 * m if wide else m)
        for i in range(m):
            number = pair(buffer + 2 * i) if wide else buffer[i]
            if count == 0:
                pass
            elif (count | number) >> 32 == 0:       # a 32-bit division takes a fraction of the time
                number = <uint32_t>number % <uint32_t>count
            else:
                number %= count
            out[i] = <int64_t>(low + number)
        out += m
        n -= m


def shuffle(state, out):
    """Fill `out` (int64) with a random order of 0, 1, ..., n - 1.

    Fisher and Yates: for i = 0, 1, ..., n - 2 entry i changes places with entry  i + (w mod (n - i)). From LONG
    entries on a word is too coarse: for i = 0, 1, ..., n - 1 entry i changes places with entry  W mod (i + 1).
    """
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_INT64)
    cdef int64_t* order = <int64_t*>(<cnp.ndarray>out).data
    with nogil:
        _shuffle(s, order, n)


cdef void _shuffle(State* s, int64_t* order, Py_ssize_t n) noexcept nogil:
    cdef uint32_t buffer[BLOCK]
    cdef Py_ssize_t i, other, drawn = 0
    for i in range(n):
        order[i] = i
    if n >= LONG:
        for i in range(n):
            draw(s, buffer, 2)
            other = <Py_ssize_t>(pair(buffer) % <uint64_t>(i + 1))
            order[i], order[other] = order[other], order[i]
        return
    for i in range(n - 1):
        if i == drawn:
            draw(s, buffer, min(BLOCK, n - 1 - i))
            drawn += BLOCK
        other = i + <Py_ssize_t>(buffer[i % BLOCK] % <uint32_t>(n - i))
        order[i], order[other] = order[other], order[i]


# ---------------------------------------------------------------------------------------------------------------------
# uniform numbers and what is made of one of them

def uniform(state, out, low, high):
    """Fill `out` with  fma(u, high - low, low);  u24 for float32, u53 for float64.

    A number that rounds up to `high` becomes `low`, so that the interval stays half open.
    """
    cdef State* s = stream(state)
    cdef Py_ssize_t n
    cdef float* narrow
    cdef double* wide
    cdef double a = low, b = high
    if plain(out) and cnp.PyArray_TYPE(<cnp.ndarray>out) == cnp.NPY_FLOAT:
        n = room(out, cnp.NPY_FLOAT)
        narrow = <float*>(<cnp.ndarray>out).data
        with nogil:
            _uniform32(s, narrow, n, <float>a, <float>b)
    else:
        n = room(out, cnp.NPY_DOUBLE)
        wide = <double*>(<cnp.ndarray>out).data
        with nogil:
            _uniform64(s, wide, n, a, b)


cdef void _uniform32(State* s, float* out, Py_ssize_t n, float low, float high) noexcept nogil:
    cdef uint32_t buffer[BLOCK]
    cdef Py_ssize_t m
    while n > 0:
        m = min(n, BLOCK)
        draw(s, buffer, m)
        spread32(buffer, out, m, low, high)
        out += m
        n -= m


cdef simd_void spread32(const uint32_t* words, float* out, Py_ssize_t n, float low, float high) noexcept nogil:
    cdef float span = high - low, x
    cdef Py_ssize_t i
    for i in range(n):
        x = <float><int32_t>(words[i] & 0xffffff) * <float>(1 / 16777216.0)
        x = fmaf(x, span, low)
        out[i] = low if x == high else x


cdef void _uniform64(State* s, double* out, Py_ssize_t n, double low, double high) noexcept nogil:
    cdef uint32_t buffer[BLOCK]
    cdef Py_ssize_t m
    while n > 0:
        m = min(n, BLOCK // 2)
        draw(s, buffer, 2 * m)
        spread64(buffer, out, m, low, high)
        out += m
        n -= m


cdef simd_void spread64(const uint32_t* words, double* out, Py_ssize_t n, double low, double high) noexcept nogil:
    cdef double span = high - low, x
    cdef Py_ssize_t i
    for i in range(n):
        x = fma(unit53(pair(words + 2 * i)), span, low)
        out[i] = low if x == high else x


def bernoulli(state, out, p):
    """Fill `out` (bool) with  u53 < p."""
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_BOOL)
    cdef uint8_t* target = <uint8_t*>(<cnp.ndarray>out).data
    cdef double chance = p
    with nogil:
        _bernoulli(s, target, n, chance)


cdef void _bernoulli(State* s, uint8_t* out, Py_ssize_t n, double p) noexcept nogil:
    cdef uint32_t buffer[BLOCK]
    cdef Py_ssize_t m
    while n > 0:
        m = min(n, BLOCK // 2)
        draw(s, buffer, 2 * m)
        below(buffer, out, m, p)
        out += m
        n -= m


cdef simd_void below(const uint32_t* words, uint8_t* out, Py_ssize_t n, double p) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = unit53(pair(words + 2 * i)) < p


def exponential(state, out, rate):
    """Fill `out` (float64) with  -1 / rate * log1p(-u53)."""
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_DOUBLE), i
    cdef double* x = <double*>(<cnp.ndarray>out).data
    cdef double factor = -1. / <double>rate if rate != 0 else 0
    with nogil:
        _uniform64(s, x, n, 0, 1)
        for i in range(n):
            x[i] = factor * log1p(-x[i])


def geometric(state, out, p):
    """Fill `out` (float64) with  ceil(log(u53) / log1p(-p))."""
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_DOUBLE), i
    cdef double* x = <double*>(<cnp.ndarray>out).data
    cdef double divisor = log1p(-<double>p)
    with nogil:
        _uniform64(s, x, n, 0, 1)
        for i in range(n):
            x[i] = ceil(log(x[i]) / divisor)


def cauchy(state, out, median, sigma):
    """Fill `out` (float64) with  fma(tan(pi * (u53 - 1/2)), sigma, median)."""
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_DOUBLE), i
    cdef double* x = <double*>(<cnp.ndarray>out).data
    cdef double centre = median, scale = sigma
    with nogil:
        _uniform64(s, x, n, 0, 1)
        for i in range(n):
            x[i] = fma(tan(M_PI * (x[i] - 0.5)), scale, centre)


# ---------------------------------------------------------------------------------------------------------------------
# normal numbers

def normal_pairs(state, out, mean, std):
    """Fill `out` (float64) with  fma(z, std, mean),  z standard normal, one after the other.

    A pair comes from two u53:  r = sqrt(-2 log1p(-u2)),  z1 = r cos(2 pi u1),  z2 = r sin(2 pi u1).  z2 waits in the
    state, for the next number of this call or a later one.
    """
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_DOUBLE), i
    cdef double* x = <double*>(<cnp.ndarray>out).data
    cdef double centre = mean, scale = std
    with nogil:
        for i in range(n):
            x[i] = fma(next_normal(s), scale, centre)


def log_normal(state, out, mean, std):
    """Fill `out` (float64) with  exp(normal_pairs)."""
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_DOUBLE), i
    cdef double* x = <double*>(<cnp.ndarray>out).data
    cdef double centre = mean, scale = std
    with nogil:
        for i in range(n):
            x[i] = exp(fma(next_normal(s), scale, centre))


cdef double next_normal(State* s) noexcept nogil:
    cdef double z, radius, angle
    if s.normal_is_valid:
        z = s.normal_y
        s.normal_y = 0
        s.normal_is_valid = 0
        return z
    angle = 2 * M_PI * draw_unit53(s)
    radius = sqrt(-2 * log1p(-draw_unit53(s)))
    s.normal_y = radius * sin(angle)
    s.normal_is_valid = 1
    return radius * cos(angle)


def normal(state, out, mean, std):
    """Fill `out` (float32 or float64, 16 numbers or more) with normal numbers, 16 at a time.

    `out` is filled with u24 (u53) first. Then x[j] and x[j + 8] of each 16 are the two uniforms of a pair and become
    r cos and r sin. When n is no multiple of 16, the last 16 places get fresh uniforms and are transformed at the end.
    """
    cdef State* s = stream(state)
    cdef Py_ssize_t n
    cdef float* narrow
    cdef double* wide
    cdef double centre = mean, scale = std
    cdef bint is_float32 = plain(out) and cnp.PyArray_TYPE(<cnp.ndarray>out) == cnp.NPY_FLOAT
    n = room(out, cnp.NPY_FLOAT if is_float32 else cnp.NPY_DOUBLE)
    if n < 16:
        raise ValueError("random kernel: normal fills 16 numbers or more; normal_pairs does fewer")
    if is_float32:
        narrow = <float*>(<cnp.ndarray>out).data
        with nogil:
            _uniform32(s, narrow, n, 0, 1)
            box_muller32(narrow, n // 16, <float>centre, <float>scale)
            if n % 16:
                _uniform32(s, narrow + n - 16, 16, 0, 1)
                box_muller32(narrow + n - 16, 1, <float>centre, <float>scale)
    else:
        wide = <double*>(<cnp.ndarray>out).data
        with nogil:
            _uniform64(s, wide, n, 0, 1)
            box_muller64(wide, n // 16, centre, scale)
            if n % 16:
                _uniform64(s, wide + n - 16, 16, 0, 1)
                box_muller64(wide + n - 16, 1, centre, scale)


cdef void box_muller64(double* x, Py_ssize_t blocks, double mean, double std) noexcept nogil:
    cdef double radius, angle
    cdef Py_ssize_t i
    cdef int j
    for i in range(blocks):
        for j in range(8):
            radius = sqrt(-2 * log(1 - x[j]))
            angle = 2 * M_PI * x[j + 8]
            x[j] = fma(radius * cos(angle), std, mean)
            x[j + 8] = fma(radius * sin(angle), std, mean)
        x += 16


cdef simd_void box_muller32(float* x, Py_ssize_t blocks, float mean, float std) noexcept nogil:
    cdef float radius, angle, sine, cosine
    cdef Py_ssize_t i
    cdef int j
    for i in range(blocks):
        for j in range(8):
            radius = sqrtf(-2 * log32(1 - x[j]))
            angle = <float>(2 * M_PI) * x[j + 8]
            sine_cosine32(angle, &sine, &cosine)
            x[j] = fmaf(radius * cosine, std, mean)
            x[j + 8] = fmaf(radius * sine, std, mean)
        x += 16


# The single precision polynomials of the Cephes library, in the order of operations of PyTorch's AVX2 kernel.
# Source: https://www.netlib.org/cephes (single/logf.c, sinf.c)

cdef extern from *:
    """
    #include <string.h>
    static inline int32_t bits_of_float(float x) { int32_t bits; memcpy(&bits, &x, 4); return bits; }
    static inline float float_of_bits(int32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
    """
    int32_t bits_of_float(float x) noexcept nogil
    float float_of_bits(int32_t bits) noexcept nogil


cdef inline float log32(float x) noexcept nogil:
    """log(x) for normal x > 0:  x = (1 + t) * 2^e  with  sqrt(1/2) <= 1 + t < sqrt(2)"""
    cdef int32_t bits = bits_of_float(x)
    cdef float m = float_of_bits((bits & 0x7fffff) | 0x3f000000)        # in [1/2, 1)
    cdef float e = <float>((bits >> 23) - 126)
    cdef bint small = m < <float>0.707106781186547524
    cdef float t = (m - 1) + (m if small else 0)
    cdef float z = t * t
    cdef float y = <float>7.0376836292e-2
    e -= 1 if small else 0
    y = fmaf(y, t, <float>-1.1514610310e-1)
    y = fmaf(y, t, <float>1.1676998740e-1)
    y = fmaf(y, t, <float>-1.2420140846e-1)
    y = fmaf(y, t, <float>1.4249322787e-1)
    y = fmaf(y, t, <float>-1.6668057665e-1)
    y = fmaf(y, t, <float>2.0000714765e-1)
    y = fmaf(y, t, <float>-2.4999993993e-1)
    y = fmaf(y, t, <float>3.3333331174e-1)
    y = y * t
    y = fmaf(y, z, e * <float>-2.12194440e-4)       # log(2) in two parts: 0.693359375 - 2.12194440e-4
    y = y - <float>0.5 * z
    return fmaf(e, <float>0.693359375, t + y)


cdef inline void sine_cosine32(float x, float* sine, float* cosine) noexcept nogil:
    """sin(x) and cos(x) for 0 <= x <= 2 pi:  x = j * pi/4 + r  with j even and |r| <= pi/4"""
    cdef int32_t j = (<int32_t>(x * <float>1.27323954473516) + 1) & ~1      # 4 / pi
    cdef float y = <float>j
    x = fmaf(y, <float>-0.78515625, x)                                      # pi/4 in three parts
    x = fmaf(y, <float>-2.4187564849853515625e-4, x)
    x = fmaf(y, <float>-3.77489497744594108e-8, x)
    cdef float z = x * x
    cdef float c = fmaf(<float>2.443315711809948e-5, z, <float>-1.388731625493765e-3)
    c = fmaf(c, z, <float>4.166664568298827e-2)
    c = c * z
    c = fmaf(c, z, <float>-0.5 * z) + 1
    cdef float s = fmaf(<float>-1.9515295891e-4, z, <float>8.3321608736e-3)
    s = fmaf(s, z, <float>-1.6666654611e-1)
    s = s * z
    s = fmaf(s, x, x)
    cdef float sin_ = c if j & 2 else s         # odd multiples of pi/2 turn one into the other
    cdef float cos_ = s if j & 2 else c
    sine[0] = -sin_ if j & 4 else sin_
    cosine[0] = cos_ if (j - 2) & 4 else -cos_


# ---------------------------------------------------------------------------------------------------------------------
# Poisson numbers

cdef extern from *:
    """
    /* a * b, rounded: a compiler may not fuse what goes through memory into the sum around it */
    static inline double rounded(double product) { volatile double stored = product; return stored; }
    """
    double rounded(double product) noexcept nogil


def poisson(state, rates, out):
    """Fill `out` (float64) with Poisson numbers, one for each of `rates` (float64; 0 of a negative one, nan of nan).

    rate < 10: numbers u are multiplied until the product is not above exp(-rate); all but the last count. Otherwise
    the transformed rejection PTRS. Source: Hörmann 1993, https://doi.org/10.1016/0167-6687(93)90997-4
    """
    cdef State* s = stream(state)
    cdef Py_ssize_t n = room(out, cnp.NPY_DOUBLE), i
    if not plain_like(rates, out):
        raise ValueError("random kernel: `rates` must be as `out`")
    cdef const double* rate = <const double*>(<cnp.ndarray>rates).data
    cdef double* target = <double*>(<cnp.ndarray>out).data
    with nogil:
        for i in range(n):
            target[i] = poisson_large(s, rate[i]) if rate[i] >= 10 else poisson_small(s, rate[i])


cdef double poisson_small(State* s, double rate) noexcept nogil:
    cdef double product = 1, limit = exp(-rate)
    cdef double number = 0
    if not rate > 0:
        return 0 * rate     # without a draw; nan stays nan, where no product would ever be small enough
    while True:
        product *= draw_unit53(s)
        if product <= limit:
            return number
        number += 1


cdef double poisson_large(State* s, double rate) noexcept nogil:
    cdef double log_rate = log(rate)
    cdef double b = 0.931 + rounded(2.53 * sqrt(rate))
    cdef double a = -0.059 + rounded(0.02483 * b)
    cdef double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    cdef double quick = 0.9277 - 3.6224 / (b - 2)
    cdef double u, v, us, number
    while True:
        u = draw_unit53(s) - 0.5
        v = draw_unit53(s)
        us = 0.5 - fabs(u)
        number = floor(rounded((2 * a / us + b) * u) + rate + 0.43)
        if not (-9223372036854775808.0 <= number < 9223372036854775808.0):
            number = -9223372036854775808.0         # what PyTorch's cast to int64 makes of it on x86-64
        if us >= 0.07 and v <= quick:
            return number
        if number < 0 or (us < 0.013 and v > us):
            continue
        if (log(v) + log(inverse_alpha) - log(a / rounded(us * us) + b)
                <= -rate + rounded(number * log_rate) - lgamma(number + 1)):
            return number
