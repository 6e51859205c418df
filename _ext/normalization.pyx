"""Layer normalization: rows with mean 0 and variance 1, scaled and shifted, and the gradients.

    y  = (x - m) r w + b          m = mean(x),  r = 1 / sqrt(mean((x - m)^2) + eps)  of each row
    dx = r (h - mean(h) - z mean(h z)),  dw = sum of g z,  db = sum of g        h = g w,  z = (x - m) r,  g = dy

A row is what the last `count` axes hold. Rows are read from memory once: what is read again is still in the cache.

NumPy twin: tinytorch/kernels/normalization.py. float32 and float64 in C order; anything else goes to the twin.
"""

from importlib import import_module

from libc.math cimport sqrt
from libc.stdlib cimport calloc, free

include "door.pxi"
include "simd.pxi"
include "threads.pxi"

from cython cimport floating

twin = import_module("tinytorch.kernels.normalization")

cdef enum:
    GRAIN = 16384       # numbers that are worth a thread
    LANES = 32          # running sums side by side
    FEW = 16            # from so many numbers on, running sums are worth their setting up and adding up
    BLOCK = 2048        # numbers that are added in their own precision before they go to a float64
    TOGETHER = 32       # rows whose gradients of w and b are added in their own precision


cdef struct Rows:
    Py_ssize_t rows, columns


cdef inline bint rows_of(object x, Py_ssize_t count, Rows* walk):
    """Is x a plain array of rows: not empty, and with more axes than the `count` of a row, or as many?"""
    if not plain_float(x):
        return False
    cdef cnp.ndarray array = x
    cdef Py_ssize_t i
    if not 0 < count <= array.ndim or cnp.PyArray_SIZE(array) == 0:
        return False
    walk.columns = 1
    for i in range(array.ndim - count, array.ndim):
        walk.columns *= array.shape[i]
    walk.rows = cnp.PyArray_SIZE(array) // walk.columns
    return True


cdef inline bint for_a_row(object w, cnp.ndarray x, Py_ssize_t count):
    """Is w None, or plain, of x's dtype and of the shape of x's rows?"""
    if w is None:
        return True
    if not plain(w) or cnp.PyArray_TYPE(<cnp.ndarray>w) != cnp.PyArray_TYPE(x) or (<cnp.ndarray>w).ndim != count:
        return False
    cdef Py_ssize_t i
    for i in range(count):
        if (<cnp.ndarray>w).shape[i] != x.shape[x.ndim - count + i]:
            return False
    return True


cdef inline char* data_of(object array):
    return NULL if array is None else (<cnp.ndarray>array).data


def layer_norm(x, count, weight=None, bias=None, eps=1e-5):
    """(y, the means m, the reciprocal deviations r); m and r have x's axes, the last `count` of them of length 1."""
    cdef Rows walk
    cdef Py_ssize_t axes = count, i
    if not rows_of(x, axes, &walk) or not for_a_row(weight, x, axes) or not for_a_row(bias, x, axes):
        return twin.layer_norm(x, count, weight, bias, eps)
    cdef cnp.ndarray source = x, out = empty_like(source)
    cdef cnp.npy_intp sides[64]
    for i in range(source.ndim):
        sides[i] = source.shape[i] if i < source.ndim - axes else 1
    cdef int kind = cnp.PyArray_TYPE(source)
    cdef cnp.ndarray mean = empty(source.ndim, sides, kind), rstd = empty(source.ndim, sides, kind)
    cdef char* w = data_of(weight)
    cdef char* b = data_of(bias)
    cdef double small = eps
    if kind == cnp.NPY_FLOAT:
        with nogil:
            forward_in_parts(<const float*> source.data, <const float*> w, <const float*> b, <float*> out.data,
                             <float*> mean.data, <float*> rstd.data, walk.rows, walk.columns, small)
    else:
        with nogil:
            forward_in_parts(<const double*> source.data, <const double*> w, <const double*> b, <double*> out.data,
                             <double*> mean.data, <double*> rstd.data, walk.rows, walk.columns, small)
    return out, mean, rstd


cdef void forward_in_parts(const floating* x, const floating* w, const floating* b, floating* y, floating* mean,
                           floating* rstd, Py_ssize_t rows, Py_ssize_t columns, double eps) noexcept nogil:
    """The rows, each thread a part of them"""
    cdef int parts = threads_for(rows * columns, GRAIN), part
    cdef Py_ssize_t first
    if parts == 1 or rows < parts:
        _layer_norm(x, w, b, y, mean, rstd, rows, columns, eps)
        return
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        first = rows * part // parts
        _layer_norm(x + first * columns, w, b, y + first * columns, mean + first, rstd + first,
                    rows * (part + 1) // parts - first, columns, eps)


cdef simd_void _layer_norm(const floating* x,       # IN   (rows, columns)
                           const floating* w,       # IN   (columns,), or NULL
                           const floating* b,       # IN   (columns,), or NULL
                           floating* y,             # OUT  (rows, columns)
                           floating* mean,          # OUT  (rows,)
                           floating* rstd,          # OUT  (rows,)
                           Py_ssize_t rows, Py_ssize_t columns, double eps) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef floating m, r
    cdef double total, square
    for i in range(rows):
        if columns < FEW:
            moments_of_few(x, columns, &total, &square)
        else:
            moments(x, columns, &total, &square)
        m = <floating>total
        r = <floating>(1 / sqrt(square + eps))
        mean[i], rstd[i] = m, r
        if w != NULL and b != NULL:
            for j in range(columns):
                y[j] = (x[j] - m) * r * w[j] + b[j]
        elif w != NULL:
            for j in range(columns):
                y[j] = (x[j] - m) * r * w[j]
        elif b != NULL:
            for j in range(columns):
                y[j] = (x[j] - m) * r + b[j]
        else:
            for j in range(columns):
                y[j] = (x[j] - m) * r
        x += columns
        y += columns


cdef inline double sum_of(const floating* lane) noexcept nogil:
    """The sum of LANES numbers, side by side as long as it goes"""
    cdef double wide[LANES]
    cdef int j
    for j in range(LANES // 2):
        wide[j] = <double>lane[j] + <double>lane[j + LANES // 2]
    for j in range(LANES // 4):
        wide[j] += wide[j + LANES // 4]
    for j in range(LANES // 8):
        wide[j] += wide[j + LANES // 8]
    return (wide[0] + wide[1]) + (wide[2] + wide[3])


cdef simd_void moments(const floating* x, Py_ssize_t n, double* mean, double* variance) noexcept nogil:
    """mean = mean(x),  variance = mean((x - mean)^2),  in two passes over the row"""
    cdef floating lane[LANES]
    cdef floating center = 0, d
    cdef double total
    cdef Py_ssize_t i, j, stop
    cdef int way
    for way in range(2):
        total = 0
        i = 0
        while i < n:
            stop = i + BLOCK if n - i > BLOCK else n
            for j in range(LANES):
                lane[j] = 0
            if way == 0:
                while stop - i >= LANES:
                    for j in range(LANES):
                        lane[j] += x[i + j]
                    i += LANES
                for j in range(stop - i):
                    lane[j] += x[i + j]
            else:
                while stop - i >= LANES:
                    for j in range(LANES):
                        lane[j] += (x[i + j] - center) * (x[i + j] - center)
                    i += LANES
                for j in range(stop - i):
                    lane[j] += (x[i + j] - center) * (x[i + j] - center)
            i = stop
            total += sum_of(lane)
        if way == 0:
            mean[0] = total / n
            center = <floating>mean[0]
        else:
            variance[0] = total / n


cdef inline_void moments_of_few(const floating* x, Py_ssize_t n, double* mean, double* variance) noexcept nogil:
    """moments by a single sum, in double precision: it waits for itself, but the sums of the next row need not

    On an Intel Xeon 1000 rows of 10 numbers take 15 instead of 35 us.
    """
    cdef double total = 0, square = 0
    cdef floating center
    cdef Py_ssize_t j
    for j in range(n):
        total += x[j]
    mean[0] = total / n
    center = <floating>mean[0]
    for j in range(n):
        square += (x[j] - center) * (x[j] - center)
    variance[0] = square / n


def layer_norm_backward(grad, x, count, mean, rstd, weight=None, need_x=True, need_weight=True, need_bias=True):
    """(dx, dw, db), each None unless asked for; grad is dy, mean and rstd are what layer_norm gave."""
    cdef Rows walk
    cdef Py_ssize_t axes = count
    if not rows_of(x, axes, &walk) or not plain_like(grad, x) or not for_a_row(weight, x, axes) or not (
        per_row(mean, x, walk.rows) and per_row(rstd, x, walk.rows)
    ):
        return twin.layer_norm_backward(grad, x, count, mean, rstd, weight, need_x, need_weight, need_bias)
    cdef cnp.ndarray source = x, g = grad, m = mean, r = rstd
    cdef int kind = cnp.PyArray_TYPE(source)
    cdef cnp.npy_intp* sides = source.shape + (source.ndim - axes)
    dx = empty_like(source) if need_x else None
    dw = empty(<int>axes, sides, kind) if need_weight else None
    db = empty(<int>axes, sides, kind) if need_bias else None
    cdef char* w = data_of(weight)
    cdef char* to_x = data_of(dx)
    cdef char* to_w = data_of(dw)
    cdef char* to_b = data_of(db)
    cdef int parts = threads_for(walk.rows * walk.columns, GRAIN)
    parts = parts if parts <= walk.rows else 1
    # for each part of the rows its gradients of w and b, and after them room for those of TOGETHER rows
    cdef double* sums = NULL
    if need_weight or need_bias:
        sums = <double*>calloc(parts * 4 * walk.columns, sizeof(double))
        if sums == NULL:
            raise MemoryError
    if kind == cnp.NPY_FLOAT:
        with nogil:
            backward_in_parts(<const float*> g.data, <const float*> source.data, <const float*> m.data,
                              <const float*> r.data, <const float*> w, <float*> to_x, <float*> to_w, <float*> to_b,
                              sums, parts, walk.rows, walk.columns)
    else:
        with nogil:
            backward_in_parts(<const double*> g.data, <const double*> source.data, <const double*> m.data,
                              <const double*> r.data, <const double*> w, <double*> to_x, <double*> to_w, <double*> to_b,
                              sums, parts, walk.rows, walk.columns)
    free(sums)
    return dx, dw, db


cdef inline bint per_row(object mean, cnp.ndarray x, Py_ssize_t rows):
    """Has mean one number of x's dtype for each row?"""
    return (
        plain(mean)
        and cnp.PyArray_TYPE(<cnp.ndarray>mean) == cnp.PyArray_TYPE(x)
        and cnp.PyArray_SIZE(<cnp.ndarray>mean) == rows
    )


cdef void backward_in_parts(const floating* g, const floating* x, const floating* mean, const floating* rstd,
                            const floating* w, floating* dx, floating* dw, floating* db, double* sums, int parts,
                            Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    """The rows, each thread a part of them, whose gradients of w and b are added at the end"""
    cdef int part
    cdef Py_ssize_t first, j
    cdef double total
    if parts == 1:
        _backward(g, x, mean, rstd, w, dx, sums, rows, columns)
    else:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
            first = rows * part // parts
            _backward(g + first * columns, x + first * columns, mean + first, rstd + first, w,
                      dx + first * columns if dx != NULL else NULL,
                      sums + part * 4 * columns if sums != NULL else NULL,
                      rows * (part + 1) // parts - first, columns)
    if dw != NULL:
        for j in range(columns):
            total = 0
            for part in range(parts):
                total += sums[part * 4 * columns + j]
            dw[j] = <floating>total
    if db != NULL:
        for j in range(columns):
            total = 0
            for part in range(parts):
                total += sums[(part * 4 + 1) * columns + j]
            db[j] = <floating>total


cdef simd_void _backward(const floating* g,         # IN   (rows, columns)  dy
                         const floating* x,         # IN   (rows, columns)
                         const floating* mean,      # IN   (rows,)
                         const floating* rstd,      # IN   (rows,)
                         const floating* w,         # IN   (columns,), or NULL
                         floating* dx,              # OUT  (rows, columns), or NULL
                         double* sums,              # OUT  (4, columns), zeros before: dw, db, and room; or NULL
                         Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef floating m, r, shift, slope
    cdef double total, product
    cdef const floating* h
    cdef floating* near_w = <floating*>(sums + 2 * columns) if sums != NULL else NULL
    cdef floating* near_b = <floating*>(sums + 3 * columns) if sums != NULL else NULL
    for i in range(rows):
        m, r = mean[i], rstd[i]
        if dx != NULL:
            h = g
            if w != NULL:
                # dx holds h until it is known: where h is mean(h), as in a row of one number, their difference is 0
                for j in range(columns):
                    dx[j] = g[j] * w[j]
                h = dx
            dots(h, x, m, columns, &total, &product)
            # r (h - mean(h) - z mean(h z))  =  r (h - shift + (x - m) slope)
            slope = <floating>(-product / columns * r * r)
            shift = <floating>(total / columns)
            for j in range(columns):
                dx[j] = ((h[j] - shift) + (x[j] - m) * slope) * r
            dx += columns
        if sums != NULL:
            for j in range(columns):
                near_w[j] += g[j] * ((x[j] - m) * r)
                near_b[j] += g[j]
            if i % TOGETHER == TOGETHER - 1 or i == rows - 1:
                for j in range(columns):
                    sums[j] += near_w[j]
                    sums[columns + j] += near_b[j]
                    near_w[j] = near_b[j] = 0
        g += columns
        x += columns


cdef simd_void dots(const floating* h, const floating* x, floating m, Py_ssize_t n,
                    double* total, double* product) noexcept nogil:
    """total = sum(h),  product = sum(h (x - m))"""
    cdef floating lane[LANES]
    cdef floating other[LANES]
    cdef Py_ssize_t i = 0, j, stop
    total[0] = product[0] = 0
    while i < n:
        stop = i + BLOCK if n - i > BLOCK else n
        for j in range(LANES):
            lane[j] = other[j] = 0
        while stop - i >= LANES:
            for j in range(LANES):
                lane[j] += h[i + j]
                other[j] += h[i + j] * (x[i + j] - m)
            i += LANES
        for j in range(stop - i):
            lane[j] += h[i + j]
            other[j] += h[i + j] * (x[i + j] - m)
        i = stop
        total[0] += sum_of(lane)
        product[0] += sum_of(other)
