# Sum and maximum of one row of adjacent numbers, for reductions and softmax. Needs simd.pxi.

from cython cimport floating


cdef enum:
    LANES = 32      # running results side by side: two AVX-512 registers of float32
    BLOCK = 512     # numbers that are added before the block's sum goes to the total


cdef simd_void row_sum(const floating* x, Py_ssize_t n, double* total) noexcept nogil:
    """total = x[0] + ... + x[n - 1]

    Each lane adds at most BLOCK / LANES numbers; the blocks are added in float64 with Neumaier's compensation, so the
    error does not grow with n. Neumaier 1974, https://doi.org/10.1002/zamm.19740540106
    """
    cdef floating lane[LANES]
    cdef double wide[LANES]
    cdef double outcome = 0, lost = 0, larger
    cdef Py_ssize_t i = 0, j, stop
    while n - i >= LANES:
        stop = i + BLOCK if n - i > BLOCK else n
        for j in range(LANES):
            lane[j] = x[i + j]
        i += LANES
        while stop - i >= LANES:
            for j in range(LANES):
                lane[j] += x[i + j]
            i += LANES
        for j in range(LANES):
            wide[j] = lane[j]
        for j in range(LANES // 2):
            wide[j] += wide[j + LANES // 2]
        for j in range(LANES // 4):
            wide[j] += wide[j + LANES // 4]
        for j in range(1, LANES // 4):
            wide[0] += wide[j]
        larger = outcome + wide[0]
        if (outcome if outcome >= 0 else -outcome) >= (wide[0] if wide[0] >= 0 else -wide[0]):
            lost += (outcome - larger) + wide[0]
        else:
            lost += (wide[0] - larger) + outcome
        outcome = larger
    for j in range(i, n):
        outcome += x[j]
    # an infinite total has lost inf - inf = nan: then the total alone is right
    total[0] = outcome + lost if lost == lost else outcome


cdef inline floating larger_or_nan(floating x, floating best) noexcept nogil:
    """max(x, best), and nan when either is"""
    return x if (x > best) | (x != x) else best


cdef inline floating larger(floating x, floating best) noexcept nogil:
    """max(x, best), one instruction; whether it sees a nan depends on the order"""
    return x if x > best else best


cdef inline_void row_max(const floating* x, Py_ssize_t n, floating* largest) noexcept nogil:
    """largest = max(x[0], ..., x[n - 1]), n >= 1; a nan may go unseen: it is still in the sum of the powers"""
    cdef floating lane[LANES]
    cdef floating best = x[0]
    cdef Py_ssize_t i = 0, j
    if n >= LANES:
        for j in range(LANES):
            lane[j] = x[j]
        i = LANES
        while n - i >= LANES:
            for j in range(LANES):
                lane[j] = larger(x[i + j], lane[j])
            i += LANES
        for j in range(LANES // 2):
            lane[j] = larger(lane[j + LANES // 2], lane[j])
        for j in range(LANES // 4):
            lane[j] = larger(lane[j + LANES // 4], lane[j])
        best = lane[0]
        for j in range(1, LANES // 4):
            best = larger(lane[j], best)
    for j in range(i, n):
        best = larger(x[j], best)
    largest[0] = best
