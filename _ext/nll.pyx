"""Negative log-likelihoods of classes:  l_i = -w[t_i] x[i, t_i]  for log-probabilities x and class numbers t.

    nll            the losses one by one
    nll_sum        their sum, and the sum of the weights w[t_i] by which a mean divides
    nll_backward   the gradient of x: -g w[t_i] at [i, t_i], 0 elsewhere

x is read as (outer, classes, inner), t as (outer, inner): rows of classes, or images with a class for every point.
Sums are made in PyTorch's order, so that losses are equal to the bit: runs of 16 losses are added, the sums of 16 runs
are added to a running sum of their own, and so on, eight levels high.

NumPy twin: tinytorch/kernels/nll.py. float32 and float64 in C order; anything else goes to the twin.
"""

from importlib import import_module

from cython cimport floating

include "door.pxi"

twin = import_module("tinytorch.kernels.nll")

cdef enum:
    LEVELS = 8
    POWER = 4       # a run has 2^4 numbers


cdef struct Walk:       # x read as (outer, classes, inner), target as (outer, inner)
    Py_ssize_t outer, classes, inner
    cnp.int64_t ignored


cdef inline bint walkable(const cnp.npy_intp* shape, int ndim, int kind, object target, object weight,
                          object ignore_index, Walk* walk):
    """Do target (N, ...) and weight (C,), or None, fit x (N, C, ...) of dtype `kind`, or (C,), and are they plain?"""
    cdef int i, axis = 1 if ndim > 1 else 0
    if not plain(target) or cnp.PyArray_TYPE(<cnp.ndarray>target) != cnp.NPY_INT64:
        return False
    cdef cnp.ndarray t = target, w
    if (kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE) or ndim == 0 or t.ndim != ndim - 1:
        return False
    walk.outer = shape[0] if axis else 1
    walk.classes = shape[axis]
    walk.inner = 1
    walk.ignored = ignore_index
    if axis and t.shape[0] != shape[0]:
        return False
    for i in range(axis + 1, ndim):
        if t.shape[i - 1] != shape[i]:
            return False
        walk.inner *= shape[i]
    if weight is None:
        return True
    if not plain(weight) or cnp.PyArray_TYPE(<cnp.ndarray>weight) != kind:
        return False
    w = weight
    return w.ndim == 1 and w.shape[0] == walk.classes


cdef int check_classes(const cnp.int64_t* target, Walk* walk) except -1:
    """IndexError for a class that is not below walk.classes, and is not ignored"""
    cdef Py_ssize_t i
    for i in range(walk.outer * walk.inner):
        if not 0 <= target[i] < walk.classes and target[i] != walk.ignored:
            raise IndexError(f"Target {target[i]} is out of bounds.")
    return 0


cdef inline char* data_of(object array):
    return NULL if array is None else (<cnp.ndarray>array).data


def nll(x, target, weight=None, ignore_index=-100):
    """The losses, a new array in the shape of target; the loss of an ignored class is 0."""
    cdef Walk walk
    if not plain(x) or not walkable((<cnp.ndarray>x).shape, (<cnp.ndarray>x).ndim, cnp.PyArray_TYPE(<cnp.ndarray>x),
                                    target, weight, ignore_index, &walk):
        return twin.nll(x, target, weight, ignore_index)
    cdef cnp.ndarray p = x, t = target
    cdef cnp.ndarray out = cnp.PyArray_EMPTY(t.ndim, t.shape, cnp.PyArray_TYPE(p), 0)
    cdef const cnp.int64_t* classes = <const cnp.int64_t*> t.data
    cdef char* factors = data_of(weight)
    check_classes(classes, &walk)
    if cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT:
        with nogil:
            _nll(<const float*> p.data, classes, <const float*> factors, <float*> out.data, &walk)
    else:
        with nogil:
            _nll(<const double*> p.data, classes, <const double*> factors, <double*> out.data, &walk)
    return out


cdef void _nll(const floating* x,               # IN   (outer, classes, inner)
               const cnp.int64_t* target,       # IN   (outer, inner), checked
               const floating* weight,          # IN   (classes,), or NULL
               floating* losses,                # OUT  (outer, inner)
               Walk* walk) noexcept nogil:
    cdef Py_ssize_t o, j
    for o in range(walk.outer):
        for j in range(walk.inner):
            if target[j] == walk.ignored:
                losses[j] = 0
            elif weight == NULL:
                losses[j] = -x[target[j] * walk.inner + j]
            else:
                losses[j] = -x[target[j] * walk.inner + j] * weight[target[j]]
        x += walk.classes * walk.inner
        target += walk.inner
        losses += walk.inner


def nll_sum(x, target, weight=None, ignore_index=-100):
    """(sum of the losses, sum of the weights of the classes that are not ignored), 0-dimensional arrays."""
    cdef Walk walk
    if not plain(x) or not walkable((<cnp.ndarray>x).shape, (<cnp.ndarray>x).ndim, cnp.PyArray_TYPE(<cnp.ndarray>x),
                                    target, weight, ignore_index, &walk):
        return twin.nll_sum(x, target, weight, ignore_index)
    cdef cnp.ndarray p = x, t = target
    cdef cnp.ndarray total = cnp.PyArray_EMPTY(0, NULL, cnp.PyArray_TYPE(p), 0)
    cdef cnp.ndarray divisor = cnp.PyArray_EMPTY(0, NULL, cnp.PyArray_TYPE(p), 0)
    cdef const cnp.int64_t* classes = <const cnp.int64_t*> t.data
    cdef char* factors = data_of(weight)
    check_classes(classes, &walk)
    if cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT:
        with nogil:
            _nll_sum(<const float*> p.data, classes, <const float*> factors, <float*> total.data,
                     <float*> divisor.data, &walk)
    else:
        with nogil:
            _nll_sum(<const double*> p.data, classes, <const double*> factors, <double*> total.data,
                     <double*> divisor.data, &walk)
    return total, divisor


cdef void _nll_sum(const floating* x, const cnp.int64_t* target, const floating* weight,    # IN, as in _nll
                   floating* total, floating* divisor,                                      # OUT  one number each
                   Walk* walk) noexcept nogil:
    cdef floating losses[LEVELS]
    cdef floating weights[LEVELS]
    cdef Py_ssize_t n = walk.outer * walk.inner, counted = 0, i, j = 0
    cdef int level
    for level in range(LEVELS):
        losses[level] = weights[level] = 0
    for i in range(n):
        if target[i] != walk.ignored:
            counted += 1
            if weight == NULL:
                losses[0] -= x[target[i] * walk.inner + j]
            else:
                losses[0] -= x[target[i] * walk.inner + j] * weight[target[i]]
                weights[0] += weight[target[i]]
            level = 0
            while level < LEVELS - 1 and i & (<Py_ssize_t>((1 << POWER) - 1) << (level * POWER)) == 0:
                losses[level + 1] += losses[level]
                weights[level + 1] += weights[level]
                losses[level] = weights[level] = 0
                level += 1
        j += 1
        if j == walk.inner:
            j = 0
            x += walk.classes * walk.inner
    total[0] = divisor[0] = 0
    for level in range(LEVELS):
        total[0] += losses[level]
        divisor[0] += weights[level]
    if weight == NULL:
        divisor[0] = counted


def nll_backward(grad, shape, target, weight=None, ignore_index=-100, divisor=None):
    """The gradient of x, a new array of `shape`: -grad * weight / divisor at the targets, 0 elsewhere.

    grad has the shape of target, or is one number (0-dimensional) for all losses.
    """
    cdef Walk walk
    cdef cnp.npy_intp sides[32]
    cdef int ndim = len(shape), i
    if not plain(grad) or ndim > 32:
        return twin.nll_backward(grad, shape, target, weight, ignore_index, divisor)
    for i in range(ndim):
        sides[i] = shape[i]
    cdef cnp.ndarray g = grad
    cdef int kind = cnp.PyArray_TYPE(g)
    if not walkable(sides, ndim, kind, target, weight, ignore_index, &walk) or not (
        g.ndim == 0 or cnp.PyArray_SAMESHAPE(g, target)
    ):
        return twin.nll_backward(grad, shape, target, weight, ignore_index, divisor)
    cdef cnp.ndarray t = target, out = cnp.PyArray_ZEROS(ndim, sides, kind, 0)
    cdef const cnp.int64_t* classes = <const cnp.int64_t*> t.data
    cdef char* factors = data_of(weight)
    cdef Py_ssize_t step = g.ndim > 0 or t.ndim == 0
    cdef double share = 1 if divisor is None else divisor
    check_classes(classes, &walk)
    if kind == cnp.NPY_FLOAT:
        with nogil:
            _nll_backward(<const float*> g.data, step, classes, <const float*> factors, <float>share,
                          <float*> out.data, &walk)
    else:
        with nogil:
            _nll_backward(<const double*> g.data, step, classes, <const double*> factors, share,
                          <double*> out.data, &walk)
    return out


cdef void _nll_backward(const floating* grad, Py_ssize_t step,      # IN   (outer, inner), or one number with step 0
                        const cnp.int64_t* target,                  # IN   (outer, inner), checked
                        const floating* weight,                     # IN   (classes,), or NULL
                        floating divisor,
                        floating* out,                              # OUT  (outer, classes, inner), zeros before
                        Walk* walk) noexcept nogil:
    cdef Py_ssize_t o, j
    cdef floating g
    for o in range(walk.outer):
        for j in range(walk.inner):
            if target[j] != walk.ignored:
                g = grad[j * step] / divisor
                out[target[j] * walk.inner + j] = -g if weight == NULL else -weight[target[j]] * g
        out += walk.classes * walk.inner
        target += walk.inner
        grad += step * walk.inner
