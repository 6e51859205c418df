# What a product is made of: matrices or batches of matrices of float32 or float64, wherever their numbers lie.

from libc.limits cimport INT_MAX

cdef enum:
    PACKED = 3              # besides AS_IT_IS and TRANSPOSED: BLAS cannot read it and gets copies of blocks

cdef enum:                  # ways of computing a product:
    BY_BLAS                 # NumPy's library,
    IN_TILES                # tile.pxi,
    FROM_PANELS             # panels.pxi

cdef struct Operand:        # a matrix, or a batch of them
    const char* data
    Py_ssize_t batch        # numbers from one matrix to the next,
    Py_ssize_t down         # from one row to the next
    Py_ssize_t right        # and from one column to the next
    int flag                # how BLAS may read it
    Py_ssize_t apart        # where it may: numbers from one of its rows (or columns) to the next

cdef struct Product:        # `count` products of (m, k) by (k, n)
    Py_ssize_t count, m, k, n
    Operand a, b, c
    char* out
    int kind                # NumPy's number of the dtype
    double beta, alpha      # beta is 0 where nothing is added
    bint small              # few enough numbers for plain loops
    int way                 # how it is computed
    Py_ssize_t rows, columns            # the pieces that threads have of each matrix: so many by so many
    Py_ssize_t depth, a_rows, b_columns # blocks are (a_rows, depth) and (depth, b_columns)
    bint halved                         # a batch of two: the halves of long sums
    Py_ssize_t scratch                  # numbers that a thread needs for copies


cdef inline bint readable(object x, Operand* to):
    """Is x an array of float32 or float64 with 1 to 3 axes whose strides are whole numbers of elements?"""
    if not cnp.PyArray_CheckExact(x):
        return False
    cdef cnp.ndarray array = x
    cdef int kind = cnp.PyArray_TYPE(array), i
    cdef Py_ssize_t odd = 0, size = 4 if kind == cnp.NPY_FLOAT else 8
    if not (kind == cnp.NPY_FLOAT or kind == cnp.NPY_DOUBLE) or array.ndim > 3 or not cnp.PyArray_ISBEHAVED_RO(array):
        return False
    for i in range(array.ndim):
        odd |= array.strides[i]
    to.data, to.batch, to.down, to.right = array.data, 0, 0, 0
    if array.ndim >= 1:
        to.right = array.strides[array.ndim - 1] // size
    if array.ndim >= 2:
        to.down = array.strides[array.ndim - 2] // size
    if array.ndim == 3:
        to.batch = array.strides[0] // size
    return odd & (size - 1) == 0


cdef inline bint describe(object a, object b, Product* p):
    """Put what a @ b is into p; False where these are not for us, or do not fit."""
    if not readable(a, &p.a) or not readable(b, &p.b):
        return False
    cdef cnp.ndarray left = a, right = b
    cdef Py_ssize_t before, after
    p.kind = cnp.PyArray_TYPE(left)
    if cnp.PyArray_TYPE(right) != p.kind or left.ndim == 0 or right.ndim == 0:
        return False
    p.m = 1 if left.ndim == 1 else left.shape[left.ndim - 2]
    p.k = left.shape[left.ndim - 1]
    if right.ndim == 1:         # a vector on the right is a column
        p.b.down, p.b.right, p.n = p.b.right, 0, 1
    else:
        p.n = right.shape[right.ndim - 1]
    if right.shape[0 if right.ndim == 1 else right.ndim - 2] != p.k:
        return False
    before = left.shape[0] if left.ndim == 3 else 1
    after = right.shape[0] if right.ndim == 3 else 1
    if before == 1:
        p.a.batch = 0
    if after == 1:
        p.b.batch = 0
    p.count = after if before == 1 else before
    return before == after or before == 1 or after == 1


cdef inline bint describe_summand(object c, object a, object b, Product* p):
    """Put c, broadcast to the shape of a @ b, into p; False where it is of another kind or does not fit."""
    if not readable(c, &p.c):
        return False
    cdef cnp.ndarray x = c
    cdef int a_ndim = (<cnp.ndarray>a).ndim, b_ndim = (<cnp.ndarray>b).ndim, i, axis = x.ndim - 1
    if cnp.PyArray_TYPE(x) != p.kind:
        return False
    # the axes of c, the last first, beside those that the product has: columns, rows, matrices
    cdef bint[3] there = [b_ndim > 1, a_ndim > 1, a_ndim == 3 or b_ndim == 3]
    cdef Py_ssize_t[3] sides = [p.n, p.m, p.count], strides = [0, 0, 0]
    for i in range(3):
        if there[i] and axis >= 0:
            if x.shape[axis] == sides[i]:
                strides[i] = x.strides[axis] // cnp.PyArray_ITEMSIZE(x)
            elif x.shape[axis] != 1:
                return False
            axis -= 1
    p.c.right, p.c.down, p.c.batch = strides[0], strides[1], strides[2]
    return axis < 0


cdef void transpose(Product* p) noexcept:
    """Make a row by a matrix, (1, k) @ (k, n), the transposed matrix by a column, (n, k) @ (k, 1)"""
    cdef Operand a = p.a
    p.a, p.b = p.b, a
    p.m, p.n = p.n, p.m
    p.a.down, p.a.right = p.a.right, p.a.down
    p.b.down, p.b.right = p.b.right, p.b.down
    p.c.down, p.c.right = p.c.right, p.c.down


cdef void look(Operand* x, Py_ssize_t rows, Py_ssize_t columns) noexcept:
    """How BLAS may read a matrix"""
    if (x.right == 1 or columns == 1) and (x.down >= columns or rows == 1):
        x.flag, x.apart = AS_IT_IS, columns if rows == 1 else x.down
    elif (x.down == 1 or rows == 1) and (x.right >= rows or columns == 1):
        x.flag, x.apart = TRANSPOSED, rows if columns == 1 else x.right
    else:
        x.flag, x.apart = PACKED, 0
    if not wide and x.apart > INT_MAX:
        x.flag = PACKED
