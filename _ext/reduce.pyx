"""Sums, means, variances and extremes with their places, of float32 and float64 arrays in C order:

    sum = x_1 + ... + x_n        mean = sum / n        var = ((x_1 - mean)^2 + ... + (x_n - mean)^2) / (n - correction)

NumPy twin: tinytorch/kernels/reduce.py. Axes that lie side by side are one axis of length n: the array is read as
(outer, n, inner). With inner = 1 a result is the reduction of a row of adjacent numbers; otherwise rows of `inner`
numbers are reduced into each other, number by number. Anything else goes to the twin.
"""

from importlib import import_module

include "door.pxi"
include "simd.pxi"
include "rows.pxi"
include "cascade.pxi"

twin = import_module("tinytorch.kernels.reduce")

cdef enum:
    TILE = 4096     # columns reduced together: their running results stay in a near cache
    PART = 64       # rows that are added before their sum goes to the total


cdef struct Split:      # x read as (outer, n, inner); the axes from `first` up to `last` are reduced
    Py_ssize_t outer, n, inner
    int first, last


cdef inline bint split(object x, object axis, Split* parts):
    """Can x be read as (outer, n, inner) with n reduced, n > 0? If so, fill `parts`."""
    if not plain_float(x):
        return False
    cdef cnp.ndarray array = x
    cdef int ndim = array.ndim, i
    if axis is None:
        parts.first, parts.last = 0, ndim
    elif type(axis) is int:
        if not -ndim <= axis < ndim:
            return False
        parts.first = axis
        parts.first += ndim if parts.first < 0 else 0
        parts.last = parts.first + 1
    elif type(axis) is tuple:
        if not neighbours(axis, ndim, parts):
            return False
    else:
        return False
    parts.outer = parts.n = parts.inner = 1
    for i in range(ndim):
        if i < parts.first:
            parts.outer *= array.shape[i]
        elif i < parts.last:
            parts.n *= array.shape[i]
        else:
            parts.inner *= array.shape[i]
    return parts.n > 0


cdef bint neighbours(tuple axes, int ndim, Split* parts):
    """Are these axes, each once, side by side? If so, set `first` and `last`."""
    cdef int low = ndim, high = -1, i
    cdef cnp.uint64_t seen = 0
    for axis in axes:
        if type(axis) is not int or not -ndim <= axis < ndim:
            return False
        i = axis
        i += ndim if i < 0 else 0
        if seen >> i & 1:
            return False
        seen |= <cnp.uint64_t>1 << i
        low = i if i < low else low
        high = i if i > high else high
    parts.first, parts.last = low, high + 1
    return high - low + 1 == len(axes) and len(axes) > 0


cdef cnp.ndarray reduced(cnp.ndarray x, Split* parts, bint keepdims, int kind):
    """A new array for the results, of dtype `kind`"""
    cdef cnp.npy_intp shape[64]
    cdef int i, ndim = 0
    for i in range(x.ndim):
        if parts.first <= i < parts.last:
            if not keepdims:
                continue
            shape[ndim] = 1
        else:
            shape[ndim] = x.shape[i]
        ndim += 1
    return cnp.PyArray_EMPTY(ndim, shape, kind, 0)


def sum(x, axis=None, bint keepdims=False):
    """Sum of x over `axis`, in x's dtype."""
    cdef Split parts
    if not split(x, axis, &parts):
        return twin.sum(x, axis, keepdims)
    return scaled_sum(x, &parts, keepdims, 1)


def mean(x, axis=None, bint keepdims=False):
    """Sum of x over `axis` divided by how many there are."""
    cdef Split parts
    if not split(x, axis, &parts):
        return twin.mean(x, axis, keepdims)
    return scaled_sum(x, &parts, keepdims, <double>parts.n)


cdef cnp.ndarray scaled_sum(cnp.ndarray x, Split* parts, bint keepdims, double divisor):
    cdef cnp.ndarray out = reduced(x, parts, keepdims, cnp.PyArray_TYPE(x))
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        with nogil:
            _sum(<const float*> x.data, <float*> out.data, parts, divisor)
    else:
        with nogil:
            _sum(<const double*> x.data, <double*> out.data, parts, divisor)
    return out


cdef void _sum(const floating* x, floating* out, Split* parts, double divisor) noexcept nogil:
    cdef Py_ssize_t i, n = parts.n, inner = parts.inner
    for i in range(parts.outer):
        if inner == 1:
            sum_of_row(x + i * n, n, out + i)
        else:
            sums_of_columns(x + i * n * inner, n, inner, out + i * inner)
    if divisor != 1:
        for i in range(parts.outer * inner):
            out[i] /= <floating>divisor


cdef simd_void column_sums(const floating* x,       # IN   n rows, `stride` numbers from one to the next
                           const floating* center,  # IN   NULL, or a number per column: add (x - center)^2 instead
                           floating* out,           # OUT  (columns,)  sum over the rows / divisor
                           Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns, floating divisor) noexcept nogil:
    """Parts of PART rows are added first, then the parts, in double precision."""
    cdef floating part[TILE]
    cdef double total[TILE]
    cdef Py_ssize_t i, j, stop
    cdef floating away
    for j in range(columns):
        total[j] = 0
    i = 0
    while i < n:
        stop = i + PART if n - i > PART else n
        for j in range(columns):
            part[j] = 0
        while i < stop:
            if center == NULL:
                for j in range(columns):
                    part[j] += x[j]
            else:
                for j in range(columns):
                    away = x[j] - center[j]
                    part[j] += away * away
            x += stride
            i += 1
        for j in range(columns):
            total[j] += part[j]
    for j in range(columns):
        out[j] = <floating>(total[j] / divisor)


def var_mean(x, axis=None, double correction=1, bint keepdims=False):
    """(variance, mean) of x over `axis`, in two passes: the mean, then the squares of what is left."""
    cdef Split parts
    if not split(x, axis, &parts):
        return twin.var_mean(x, axis, correction, keepdims)
    cdef cnp.ndarray array = x
    cdef cnp.ndarray means = scaled_sum(array, &parts, keepdims, <double>parts.n)
    cdef cnp.ndarray variances = empty_like(means)
    cdef double freedom = parts.n - correction if parts.n > correction else 0
    if cnp.PyArray_TYPE(array) == cnp.NPY_FLOAT:
        with nogil:
            _variances(<const float*> array.data, <const float*> means.data, <float*> variances.data,
                       &parts, freedom)
    else:
        with nogil:
            _variances(<const double*> array.data, <const double*> means.data, <double*> variances.data,
                       &parts, freedom)
    return variances, means


cdef void _variances(const floating* x, const floating* means, floating* out, Split* parts,
                     double freedom) noexcept nogil:
    cdef Py_ssize_t i, j, columns
    cdef Py_ssize_t n = parts.n, inner = parts.inner
    cdef double total
    for i in range(parts.outer):
        if inner == 1:
            row_squares(x + i * n, n, means[i], &total)
            out[i] = <floating>(total / freedom)
        else:
            j = 0
            while j < inner:
                columns = TILE if inner - j > TILE else inner - j
                column_sums(x + i * n * inner + j, means + i * inner + j, out + i * inner + j,
                            n, inner, columns, <floating>freedom)
                j += columns


cdef simd_void row_squares(const floating* x, Py_ssize_t n, floating center, double* total) noexcept nogil:
    """total = sum((x - center)^2): blocks of squares, each added by row_sum"""
    cdef floating squares[BLOCK]
    cdef Py_ssize_t i = 0, j, width
    cdef double block
    total[0] = 0
    while i < n:
        width = BLOCK if n - i > BLOCK else n - i
        for j in range(width):
            squares[j] = (x[i + j] - center) * (x[i + j] - center)
        row_sum(squares, width, &block)
        total[0] += block
        i += width


def amax(x, axis=None, bint keepdims=False):
    """Largest number of x over `axis`."""
    cdef Split parts
    if not split(x, axis, &parts):
        return twin.amax(x, axis, keepdims)
    return extremes(x, &parts, keepdims, 1)


def amin(x, axis=None, bint keepdims=False):
    """Smallest number of x over `axis`."""
    cdef Split parts
    if not split(x, axis, &parts):
        return twin.amin(x, axis, keepdims)
    return extremes(x, &parts, keepdims, -1)


cdef cnp.ndarray extremes(cnp.ndarray x, Split* parts, bint keepdims, int sign):
    cdef cnp.ndarray out = reduced(x, parts, keepdims, cnp.PyArray_TYPE(x))
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        with nogil:
            _extremes(<const float*> x.data, <float*> out.data, parts, <float>sign)
    else:
        with nogil:
            _extremes(<const double*> x.data, <double*> out.data, parts, <double>sign)
    return out


cdef simd_void _extremes(const floating* x, floating* out, Split* parts, floating sign) noexcept nogil:
    """sign * max(sign * x): the maximum for sign 1, the minimum for -1"""
    cdef Py_ssize_t i, j, k
    cdef Py_ssize_t n = parts.n, inner = parts.inner
    for i in range(parts.outer):
        if inner == 1:
            row_max(x, n, sign, out)
            x += n
        else:
            for j in range(inner):
                out[j] = sign * x[j]
            x += inner
            for k in range(1, n):
                for j in range(inner):
                    out[j] = larger_or_nan(sign * x[j], out[j])
                x += inner
        for j in range(inner):
            out[j] = sign * out[j]
        out += inner


def max_with_indices(x, axis=None, bint keepdims=False):
    """(largest numbers of x along one axis, their places in it)."""
    cdef Split parts
    if type(axis) is tuple or not split(x, axis, &parts):
        return twin.max_with_indices(x, axis, keepdims)
    return extremes_with_places(x, &parts, keepdims, 1)


def min_with_indices(x, axis=None, bint keepdims=False):
    """(smallest numbers of x along one axis, their places in it)."""
    cdef Split parts
    if type(axis) is tuple or not split(x, axis, &parts):
        return twin.min_with_indices(x, axis, keepdims)
    return extremes_with_places(x, &parts, keepdims, -1)


cdef tuple extremes_with_places(cnp.ndarray x, Split* parts, bint keepdims, int sign):
    cdef cnp.ndarray values = reduced(x, parts, keepdims, cnp.PyArray_TYPE(x))
    cdef cnp.ndarray places = reduced(x, parts, keepdims, cnp.NPY_INT64)
    cdef cnp.int64_t* where = <cnp.int64_t*> places.data
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        with nogil:
            _extremes_with_places(<const float*> x.data, <float*> values.data, where, parts, <float>sign)
    else:
        with nogil:
            _extremes_with_places(<const double*> x.data, <double*> values.data, where, parts, <double>sign)
    return values, places


cdef simd_void _extremes_with_places(const floating* x, floating* values, cnp.int64_t* places, Split* parts,
                                     floating sign) noexcept nogil:
    cdef Py_ssize_t i, j, k
    cdef Py_ssize_t n = parts.n, inner = parts.inner
    cdef floating new
    for i in range(parts.outer):
        if inner == 1:
            row_place(x, n, sign, values, places)
            x += n
        else:
            for j in range(inner):
                values[j] = sign * x[j]
                places[j] = 0
            x += inner
            for k in range(1, n):
                for j in range(inner):
                    new = sign * x[j]
                    # a nan beats every number, but not the nan that came before it
                    if (new > values[j]) | ((new != new) & (values[j] == values[j])):
                        values[j] = new
                        places[j] = k
                x += inner
            for j in range(inner):
                values[j] = sign * values[j]
        values += inner
        places += inner


cdef simd_void row_place(const floating* x, Py_ssize_t n, floating sign, floating* value,
                         cnp.int64_t* place) noexcept nogil:
    """The extreme of a row and its first place: the best block is found first, then the place in this block alone."""
    cdef floating best = 0, new
    cdef Py_ssize_t i = 0, start = -1, width
    cdef int j, here, first = BLOCK
    cdef bint best_is_nan
    while i < n:
        width = BLOCK if n - i > BLOCK else n - i
        row_max(x + i, width, sign, &new)
        if start < 0 or new > best or (new != new and best == best):
            best = new
            start = i
        i += width
    best_is_nan = best != best
    width = BLOCK if n - start > BLOCK else n - start
    for j in range(<int>width):
        new = sign * x[start + j]
        here = j if (new == best) | (best_is_nan & (new != new)) else BLOCK
        first = here if here < first else first
    value[0] = sign * best
    place[0] = start + first
