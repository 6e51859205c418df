"""Products of matrices, and products added to something:

    matmul     out[i, j] = sum_k a[i, k] * b[k, j]
    addmm      out[i, j] = beta * c[i, j] + alpha * sum_k a[i, k] * b[k, j]        a bias, for one

for float32 and float64, for vectors, matrices and batches of matrices, however these lie in memory. NumPy twin:
tinytorch/kernels/matmul.py; it takes whatever is of another kind.

Five ways of computing:
 - three plain loops where anything else would not have begun before they are done (SMALL);
 - tiles in AVX-512's registers for products of middling size (tile.pxi), which are faster than OpenBLAS there;
 - the same from panels, which larger matrices are copied into, on processors where that is faster (panels.pxi);
 - BLAS reads a matrix that lies row by row or column by column where it is;
 - of any other matrix it gets blocks, copied into rows (pack.pxi).

Our own threads share a large product. Each has a rectangle of the result, or some of a batch's matrices, or half of
long sums, so no number depends on how they take turns.
"""

from importlib import import_module

from cython cimport floating

include "door.pxi"
include "threads.pxi"
include "soon.pxi"
include "blas.pxi"
include "operands.pxi"
include "pack.pxi"
include "tile.pxi"
include "panels.pxi"

twin = import_module("tinytorch.kernels.matmul")

cdef enum:
    SMALL = 64              # products of numbers that plain loops compute
    GRAIN = 1 << 18         # products of numbers that a thread should have at least
    LONG_SUMS = 768         # numbers from which on sums are computed in halves
    LONG = 20000            # numbers from which on NumPy's dot product is faster than a matrix of one row
    RELEASE = 1 << 14       # from so many on, other Python threads may run meanwhile
    ALONE = 1 << 18         # products of numbers up to which OpenBLAS takes one thread, of two matrices
    ALONE_BY_VECTOR = 9215  # and of a matrix by a vector
    DEPTH = 384             # rows of a block of b, columns of one of a: no power of 2, caches like that
    BLOCK = 1 << 18         # numbers that a block may always have
    TILED = 140000000       # products of numbers up to which tiles are faster than BLAS,
    TILED_ROWS = 256        # rows of a up to which they always are where b is transposed,
    TILED_DEPTH = 4096      # and how many numbers they add up at most: a strip of b has to stay in a cache
    TILE_DEPTH = 112        # rows of b that tiles go down at a time: a strip of them stays in the first cache,
    TILED_AT_ONCE = 256     # unless there are no more than these
    PANELLED = 6000000      # products of numbers from which on panels are faster than either, where they are at all,
    PANELLED_SIDE = 128     # and the shortest side of the matrices
    NEAR = 1 << 20          # bytes among which numbers are near each other: the second cache has room for them
    FEW = 16                # rows of a that b is not copied for, nor turned,
    UNPACKED = 1000000      # unless there are more products of numbers than BLAS computes without copies
    ROWS = 4                # a piece of the result has whole blocks of so many rows
    COLUMNS = 16            # and columns, which is what BLAS computes at a time

# ---- doors -----------------------------------------------------------------------------------------------------------


def matmul(a, b):
    """a @ b, a new array."""
    cdef Product p
    if not describe(a, b, &p):
        return twin.matmul(a, b)
    p.beta, p.alpha, p.c.data = 0, 1, NULL
    out = compute(a, b, &p)
    return twin.matmul(a, b) if out is None else out


def addmm(c, a, b, beta=1, alpha=1):
    """beta * c + alpha * (a @ b), a new array. c broadcasts to the product's shape; beta = 0 ignores it."""
    cdef Product p
    if not (describe(a, b, &p) and describe_summand(c, a, b, &p)) or type(beta) is complex or type(alpha) is complex:
        return twin.addmm(c, a, b, beta, alpha)
    p.beta, p.alpha = beta, alpha
    if p.alpha == 0:
        p.k = 0             # nothing is added, not even nan: so BLAS has it
    out = compute(a, b, &p)
    return twin.addmm(c, a, b, beta, alpha) if out is None else out


def _compute_by(str way=None):
    """Compute all but the smallest products by "blas", in "tiles" or from "panels" where the processor can; None stands
    for the fastest way: for tests. Can it compute in tiles?"""
    global has_tiles, has_panels, always_panels
    has_tiles = way != "blas" and processor_has_tiles()
    always_panels = way == "panels" and has_tiles
    has_panels = always_panels or (way is None and processor_has_panels())
    return has_tiles


cdef object compute(cnp.ndarray a, cnp.ndarray b, Product* p):
    """The product as a new array; None where BLAS is needed and there is none, and for long dot products."""
    cdef cnp.npy_intp[3] shape
    cdef int ndim = 0
    cdef double work = <double>p.m * p.k * p.n
    p.small = work <= SMALL
    if not p.small and not (blas_found() and (wide or max(p.m, p.k, p.n) <= INT_MAX)):
        return None
    if p.m == 1 and p.n == 1 and p.k > LONG:
        return None
    if a.ndim == 3 or b.ndim == 3:
        shape[ndim] = p.count
        ndim += 1
    if a.ndim > 1:
        shape[ndim] = p.m
        ndim += 1
    if b.ndim > 1:
        shape[ndim] = p.n
        ndim += 1
    out = cnp.PyArray_EMPTY(ndim, shape, p.kind, 0)
    p.out = (<cnp.ndarray>out).data
    p.rows, p.columns, p.scratch = 1, 1, 0
    p.way, p.halved = BY_BLAS, False
    if p.small and work * p.count <= RELEASE:
        pieces(p, 0, p.count, NULL)
    elif p.count and p.m and p.n:
        share(p, work * p.count)
    return out


cdef void share(Product* p, double work) except *:
    """Compute a product that is worth some preparation: flags, blocks, threads"""
    cdef int parts = threads_for(<Py_ssize_t>min(work, 1e18), GRAIN), part
    cdef Py_ssize_t count, size = 4 if p.kind == cnp.NPY_FLOAT else 8
    cdef cnp.npy_intp bytes_of_all
    cdef cnp.ndarray blocks_of_all = None, halves = None
    cdef char* scratch = NULL
    cdef char* out = p.out
    cdef bint borrowed
    if not p.small:
        if p.m == 1:
            transpose(p)
        if has_panels and better_from_panels(p):
            p.way = FROM_PANELS
            p.a.flag, p.b.flag = AS_IT_IS, PACKED
        elif has_tiles and better_tiled(p):
            p.way = IN_TILES
            look_for_tiles(p)
            if better_in_halves(p):
                halves = halve(p)
        else:
            look(&p.a, p.m, p.k)
            look(&p.b, p.k, p.n)
        split(p, parts)
        cut_blocks(p, parts)
    borrowed = not p.small and p.way == BY_BLAS and not alone(p)
    count = p.count * p.rows * p.columns
    parts = <int>min(parts, count)
    if p.scratch:
        p.scratch = (p.scratch * size + REGISTER - 1) // REGISTER * REGISTER    # bytes from here on
        bytes_of_all = parts * p.scratch + REGISTER
        blocks_of_all = cnp.PyArray_EMPTY(1, &bytes_of_all, cnp.NPY_BYTE, 0)
        scratch = blocks_of_all.data + -<size_t>blocks_of_all.data % REGISTER   # registers lie in a line of the cache
    if borrowed:
        borrow_blas()
    if work < RELEASE:
        pieces(p, 0, count, scratch)
    elif parts == 1:
        with nogil:
            pieces(p, 0, count, scratch)
    else:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1, nogil=True):
            pieces(p, count * part // parts, count * (part + 1) // parts, scratch + part * p.scratch)
    if borrowed:
        return_blas()
    if halves is not None:
        if p.kind == cnp.NPY_FLOAT:
            unite(<float*>p.out, <float*>out, p.m * p.n)
        else:
            unite(<double*>p.out, <double*>out, p.m * p.n)


# ---- rooms -----------------------------------------------------------------------------------------------------------


cdef void pieces(Product* p, Py_ssize_t first, Py_ssize_t last, char* scratch) noexcept nogil:
    """Pieces `first` to `last` of the results"""
    cdef Py_ssize_t i
    if p.small and p.kind == cnp.NPY_FLOAT:
        loops(<float*>p.out + first * p.m * p.n, p, first, last)
    elif p.small:
        loops(<double*>p.out + first * p.m * p.n, p, first, last)
    else:
        for i in range(first, last):
            if p.kind == cnp.NPY_FLOAT:
                piece(<float*>p.out, p, i, <float*>scratch)
            else:
                piece(<double*>p.out, p, i, <double*>scratch)


cdef void loops(floating* out, Product* p, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Small products, the plain way"""
    cdef Py_ssize_t matrix, i, j, k, inner = p.k, right = p.a.right, down = p.b.down
    cdef floating total, alpha = <floating>p.alpha, beta = <floating>p.beta
    cdef const floating* a
    cdef const floating* b
    cdef const floating* c
    for matrix in range(first, last):
        for i in range(p.m):
            a = <const floating*>p.a.data + matrix * p.a.batch + i * p.a.down
            b = <const floating*>p.b.data + matrix * p.b.batch
            c = <const floating*>p.c.data + matrix * p.c.batch + i * p.c.down
            for j in range(p.n):
                total = 0
                for k in range(inner):
                    total += a[k * right] * b[k * down]
                out[0] = alpha * total
                if beta != 0:
                    out[0] += beta * c[j * p.c.right]
                out += 1
                b += p.b.right


cdef inline bint alone(Product* p) noexcept:
    """Is a matrix of the result so little work that OpenBLAS takes one thread for it anyway? Telling it so takes 0.4 us.
    """
    return <double>p.m * p.k * p.n <= (ALONE_BY_VECTOR if p.m == 1 or p.n == 1 else ALONE)


cdef inline bint better_from_panels(Product* p) noexcept:
    """Are panels the fastest way? Not for few rows, nor for short sums: b is copied, and `out` is read and written."""
    return always_panels or (min(p.m, p.k, p.n) >= PANELLED_SIDE and <double>p.m * p.k * p.n >= PANELLED)


cdef inline bint better_tiled(Product* p) noexcept:
    """Are tiles faster than OpenBLAS? Not where they compute more than an eighth of the result twice (a quarter, if b is
    not in rows, which OpenBLAS takes longer for), nor where copies of b are read too seldom, nor where they would jump
    about in much memory: OpenBLAS reads it in order, once."""
    cdef Py_ssize_t size = 4 if p.kind == cnp.NPY_FLOAT else 8, half = REGISTER // 2 // size
    cdef Py_ssize_t computed = (p.n + half - 1) // half * half
    cdef double work = <double>p.m * p.k * p.n
    return (p.m >= ROWS and p.n >= half and p.k <= TILED_DEPTH
            and (work <= TILED or (p.b.down == 1 and p.m <= TILED_ROWS))
            and computed - p.n <= p.n // (8 if p.b.right == 1 else 4)
            and (p.b.right == 1 or p.m >= FEW or (p.b.down == 1 and work > UNPACKED))
            and span(p.a.right, p.k, size) < NEAR and span(p.b.down, p.k, size) <= 4 * NEAR)


cdef inline bint better_in_halves(Product* p) noexcept:
    """Are sums so long that each is better computed in two halves, which are added in the end? A second thread then reads
    other rows of b, and those of a weight that it has just updated lie in its cache. x (64, 1000) @ w (1000, 100) and
    an update of w take 58 instead of 89 us at two threads of an Intel Xeon, and x @ w 1.06 of the time where w stays as
    it was. A single thread adds up halves too, or the last digits would depend on who computes."""
    return (p.count == 1 and p.k % 2 == 0 and p.k >= LONG_SUMS and p.k >= 8 * p.m and p.b.down != 1
            and <double>p.m * p.k * p.n >= 2 * GRAIN)


cdef cnp.ndarray halve(Product* p):
    """Make it a batch of two products, of the first and of the last half of the columns of a; both results"""
    cdef cnp.npy_intp[3] shape = [2, p.m, p.n]
    cdef cnp.ndarray halves = cnp.PyArray_EMPTY(3, shape, p.kind, 0)
    p.count, p.k, p.halved, p.out = 2, p.k // 2, True, halves.data
    p.a.batch, p.b.batch = p.k * p.a.right, p.k * p.b.down
    return halves


cdef void unite(const floating* halves, floating* out, Py_ssize_t n) noexcept:
    """The sums of two halves"""
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = halves[i] + halves[n + i]


cdef void look_for_tiles(Product* p) noexcept:
    """What tiles read where it is. They copy b, strip by strip, where its rows are no adjacent numbers, and where rows
    that are read often lie so far apart that no cache holds them."""
    cdef Py_ssize_t size = 4 if p.kind == cnp.NPY_FLOAT else 8
    p.a.flag = AS_IT_IS
    p.b.flag = PACKED if p.b.right != 1 or (p.m > FEW and span(p.b.down, p.k, size) > NEAR) else AS_IT_IS


cdef inline double span(Py_ssize_t step, Py_ssize_t count, Py_ssize_t size) noexcept:
    """How many bytes `count` steps of so many numbers take"""
    return <double>max(step, -step) * count * size


cdef void cut_blocks(Product* p, int parts) noexcept:
    """How large the blocks are that BLAS gets, and how many numbers have to be copied for them"""
    cdef Py_ssize_t rows = largest_cut(p.m, p.rows, ROWS), columns = largest_cut(p.n, p.columns, COLUMNS)
    p.depth, p.a_rows, p.b_columns = p.k, rows, columns
    cdef Py_ssize_t size = 4 if p.kind == cnp.NPY_FLOAT else 8
    if p.way == FROM_PANELS:
        cut_panels(p, columns, size, parts)
        return
    if p.way == IN_TILES:
        if p.k > TILED_AT_ONCE and (p.b.flag == AS_IT_IS or p.m <= FEW):
            p.depth = even(p.k, TILE_DEPTH)
        p.scratch = p.depth * 4 * REGISTER // size if p.b.flag == PACKED else 0
        return
    if p.a.flag == PACKED or p.b.flag == PACKED:
        p.depth = min(p.k, max(DEPTH, BLOCK // max(rows, columns)))
        if p.a.flag == PACKED:
            p.a_rows = min(rows, most(p.m * p.k, parts) // p.depth)
        if p.b.flag == PACKED:
            p.b_columns = min(columns, most(p.k * p.n, parts) // p.depth)
    if p.a.flag == PACKED:
        p.scratch += p.a_rows * p.depth
    if p.b.flag == PACKED:
        p.scratch += p.b_columns * p.depth


cdef inline Py_ssize_t most(Py_ssize_t numbers, int parts) noexcept:
    """How many numbers a block may have: all threads together copy at most 3/8 of a large operand at a time. BLAS packs
    the other operand anew for each block, so blocks had better be as wide as the operand."""
    return max(BLOCK, numbers // 8 * 3 // parts)


cdef void split(Product* p, int parts) noexcept:
    """Into how many pieces each matrix of the result is cut: as many as give every thread as much to do, in the shape
    that costs least. That counts the products of numbers in the largest piece, and what is spent on its operands."""
    cdef Py_ssize_t pieces = parts, columns, height, width
    cdef double a_cost = 60 if p.a.flag == PACKED else 20, b_cost = 60 if p.b.flag == PACKED else 20, cost, least = 0
    p.rows = p.columns = 1
    if p.count >= 8 * parts:
        return
    while pieces % 2 == 0 and p.count * (pieces // 2) % parts == 0:
        pieces //= 2
    for columns in range(1, pieces + 1):
        if pieces % columns == 0 and (columns == 1 or p.n - cut(p.n, columns - 1, columns, COLUMNS) >= COLUMNS):
            height = largest_cut(p.m, pieces // columns, ROWS)
            width = largest_cut(p.n, columns, COLUMNS)
            cost = <double>height * width + a_cost * height + b_cost * width
            if columns == 1 or cost < least:
                p.rows, p.columns, least = pieces // columns, columns, cost


cdef inline Py_ssize_t largest_cut(Py_ssize_t n, Py_ssize_t parts, Py_ssize_t block) noexcept:
    """How many rows the largest of the parts has that `cut` makes"""
    return min(n, ((n + block - 1) // block + parts - 1) // parts * block)


cdef inline Py_ssize_t cut(Py_ssize_t n, Py_ssize_t part, Py_ssize_t parts, Py_ssize_t block) noexcept nogil:
    """Where part number `part` of n rows starts, in whole blocks"""
    return min(n, (n + block - 1) // block * part // parts * block)


cdef void piece(floating* out, Product* p, Py_ssize_t i, floating* scratch) noexcept nogil:
    """Piece number i of the results"""
    cdef Py_ssize_t matrix = i // (p.rows * p.columns), row = i // p.columns % p.rows, column = i % p.columns
    cdef Py_ssize_t top = cut(p.m, row, p.rows, ROWS), left = cut(p.n, column, p.columns, COLUMNS)
    cdef Py_ssize_t rows = cut(p.m, row + 1, p.rows, ROWS) - top
    cdef Py_ssize_t columns = cut(p.n, column + 1, p.columns, COLUMNS) - left
    if rows == 0 or columns == 0:
        return
    out += (matrix * p.m + top) * p.n + left
    cdef const floating* a = <const floating*>p.a.data + matrix * p.a.batch + top * p.a.down
    cdef const floating* b = <const floating*>p.b.data + matrix * p.b.batch + left * p.b.right
    cdef const floating* c = <const floating*>p.c.data + matrix * p.c.batch + top * p.c.down + left * p.c.right
    cdef floating alpha = <floating>p.alpha
    if p.way == FROM_PANELS:
        panels(p, rows, columns, alpha, a, b, out, scratch)
    elif p.way == IN_TILES:
        tiles(rows, p.k, columns, alpha, a, p.a.down, p.a.right, b, p.b.down, p.b.right, out, p.n, p.depth,
              scratch if p.b.flag == PACKED else NULL)
    elif p.n > 1 or p.a.flag == PACKED or p.b.down < 1:
        blocks(a, b, out, p, rows, columns, scratch)
    elif p.a.flag == AS_IT_IS:
        gemv(AS_IT_IS, rows, p.k, alpha, a, p.a.apart, b, p.b.down, 0, out)
    else:
        gemv(TRANSPOSED, p.k, rows, alpha, a, p.a.apart, b, p.b.down, 0, out)
    if p.beta != 0 and not (p.halved and matrix == 1):
        add(c, p.c.down, p.c.right, <floating>p.beta, out, rows, columns, p.n)


cdef void add(const floating* c, Py_ssize_t down, Py_ssize_t right, floating beta, floating* out, Py_ssize_t rows,
              Py_ssize_t columns, Py_ssize_t apart) noexcept nogil:
    """out += beta c"""
    cdef Py_ssize_t i, j
    for i in range(rows):
        if right == 1:
            for j in range(columns):
                out[j] += beta * c[j]
        else:
            for j in range(columns):
                out[j] += beta * c[j * right]
        c += down
        out += apart


cdef void blocks(const floating* a, const floating* b, floating* out, Product* p, Py_ssize_t rows, Py_ssize_t columns,
                 floating* scratch) noexcept nogil:
    """out = alpha a @ b; operands that have to be packed go block by block"""
    cdef Py_ssize_t k, j, i, depth, width, height
    cdef floating* b_block = scratch
    cdef floating* a_block = scratch + (p.depth * p.b_columns if p.b.flag == PACKED else 0)
    cdef const floating* left
    cdef const floating* right
    cdef int a_flag = AS_IT_IS if p.a.flag == PACKED else p.a.flag
    cdef int b_flag = AS_IT_IS if p.b.flag == PACKED else p.b.flag
    k = 0
    while k < p.k:
        depth = min(p.depth, p.k - k)
        j = 0
        while j < columns:
            width = min(p.b_columns, columns - j)
            right = b + k * p.b.down + j * p.b.right
            if p.b.flag == PACKED:
                pack(right, p.b.down, p.b.right, b_block, depth, width)
                right = b_block
            i = 0
            while i < rows:
                height = min(p.a_rows, rows - i)
                left = a + i * p.a.down + k * p.a.right
                if p.a.flag == PACKED:
                    pack(left, p.a.down, p.a.right, a_block, height, depth)
                    left = a_block
                gemm(
                    a_flag, b_flag, height, width, depth, <floating>p.alpha,
                    left, depth if p.a.flag == PACKED else p.a.apart,
                    right, width if p.b.flag == PACKED else p.b.apart,
                    <floating>(k > 0), out + i * p.n + j, p.n,
                )
                i += p.a_rows
            j += p.b_columns
        k += p.depth
