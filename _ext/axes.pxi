# A reduction as loops: which axes of an array are walked, in the order of its memory, and by how many threads.
# Needs door.pxi, threads.pxi and pieces.pxi.
#
# Axes are sorted by their strides, and axes that lie one behind the other become one loop, so that a transposed array
# reduced over its axis 0 is a contiguous one reduced over its axis 1. The innermost reduced loop is joined in a first
# stage: the array is then read as (m, n, c), where n numbers become one, for c columns (c = 1: the numbers of a row
# lie next to each other) and m rows or blocks. Other loops that are to be reduced are left to the next stage, which reads
# the results of this one.
#
# Few results of many numbers each leave most threads without work. The long loop is then cut into pieces of a length
# that depends on the shape alone, whose results are the next stage: the order of additions, and with it the result to
# the bit, is the same for every number of threads.

from libc.stdlib cimport free, malloc
from libc.string cimport memcpy


cdef enum:
    MOST = 65               # NumPy's limit on axes, and one more loop for pieces
    BRIEF = 64              # a row of fewer numbers is a brief one
    MANY = 16               # so many numbers, or more, to a result make work with the results small
    GRAIN = 1 << 18         # bytes of x that are worth a thread
    UNLOCKED = 1 << 13      # the interpreter's lock is kept for fewer numbers
    NEAR = 1 << 19          # so many bytes stay in a core's second cache
    TILE = 64               # so many rows of results, or fewer, are written in turns


cdef struct Loop:
    Py_ssize_t length
    Py_ssize_t stride       # elements of x from one to the next
    Py_ssize_t step         # elements of this stage's result from one to the next
    Py_ssize_t final        # and of the last stage's
    bint reduced


cdef struct Loops:          # the innermost first
    Loop at[MOST]
    int count
    const char* x           # the element where all loops begin
    Py_ssize_t origin       # its place in the last stage's result
    Py_ssize_t results      # how many results there are,
    Py_ssize_t joined       # and of how many numbers each one is made
    Py_ssize_t last         # the length of the last piece; 0: no loop is cut into pieces


# What a room is asked for: n numbers joined to one, for c columns, m times over. Strides count elements of x, steps
# elements of the results.
cdef struct Block:
    Py_ssize_t m, n, c
    Py_ssize_t m_stride, n_stride, c_stride
    Py_ssize_t m_step, c_step
    double p                # the power of a norm
    bint near               # does all that is read stay in a near cache?


# x, out and second point to what the room's own types are; what `parameter` means is known to the room and its door.
ctypedef void (*Room)(const void* x, void* out, void* second, const Block* block, double parameter) noexcept nogil


cdef struct Stage:          # what one stage does: x -> out (and second, where a room has two results)
    Room room
    Room next_room          # reads what a stage before the last has left: numbers of `between` bytes
    double parameter        # the last stage's; that of others is 1
    double p                # of every stage
    char* out
    char* second
    Py_ssize_t size, out_size, second_size, between     # bytes of an element


cdef inline bint walkable(object x, object axis, cnp.uint64_t* reduced):
    """Can loops walk x, and is `axis` an axis, several or None, each once? If so, the set of the axes, as bits."""
    if not cnp.PyArray_CheckExact(x) or not cnp.PyArray_ISBEHAVED_RO(<cnp.ndarray>x) or not cnp.PyArray_SIZE(x):
        return False
    cdef cnp.ndarray array = x
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(array)
    cdef int i
    for i in range(array.ndim):
        if array.strides[i] % size:
            return False
    return reduced_axes(axis, array.ndim, reduced)


cdef inline bint reduced_axes(object axis, int ndim, cnp.uint64_t* reduced):
    """The set of the axes that `axis` names, as bits; False where it is not one axis, several or None, each once."""
    cdef int i
    reduced[0] = 0
    if axis is None:
        reduced[0] = (<cnp.uint64_t>1 << ndim) - 1 if ndim < 64 else ~<cnp.uint64_t>0
        return True
    if type(axis) is int:
        if not -ndim <= axis < ndim:
            return False
        i = axis
        reduced[0] = <cnp.uint64_t>1 << (i + ndim if i < 0 else i)
        return True
    if type(axis) is not tuple:
        return False
    for each in <tuple>axis:
        if type(each) is not int or not -ndim <= each < ndim:
            return False
        i = each
        i += ndim if i < 0 else 0
        if reduced[0] >> i & 1:
            return False
        reduced[0] |= <cnp.uint64_t>1 << i
    return True


cdef inline cnp.ndarray result_array(cnp.ndarray x, cnp.uint64_t reduced, bint keepdims, int kind):
    """A new array for the results, of dtype `kind`"""
    cdef cnp.npy_intp shape[64]
    cdef int i, ndim = 0
    for i in range(x.ndim):
        if reduced >> i & 1:
            if not keepdims:
                continue
            shape[ndim] = 1
        else:
            shape[ndim] = x.shape[i]
        ndim += 1
    return cnp.PyArray_EMPTY(ndim, shape, kind, 0)


cdef inline bint goes_inside(Loop* a, Loop* b) noexcept nogil:
    """Does a go further inside than b? The smaller stride does; a stride of 0 goes outside, a reduced loop inside."""
    if a.stride != b.stride:
        return a.stride != 0 and (a.stride < b.stride or b.stride == 0)
    return a.reduced and not b.reduced


cdef void read_loops(cnp.ndarray x, cnp.uint64_t reduced, Loops* loops) noexcept:
    """The loops over x, sorted and merged"""
    cdef Py_ssize_t step = 1, size = cnp.PyArray_ITEMSIZE(x)
    cdef int i, j, count = 0
    cdef Loop loop
    loops.x = x.data
    loops.origin = loops.last = 0
    loops.results = loops.joined = 1
    for i in range(x.ndim - 1, -1, -1):
        loop.length, loop.stride, loop.reduced = x.shape[i], x.strides[i] // size, reduced >> i & 1
        loop.final = 0 if loop.reduced else step
        if loop.reduced:
            loops.joined *= loop.length
        else:
            step *= loop.length
        if loop.length == 1:
            continue
        if loop.stride < 0:         # begin at the other end
            loops.x += (loop.length - 1) * loop.stride * size
            loops.origin += (loop.length - 1) * loop.final
            loop.stride, loop.final = -loop.stride, -loop.final
        j = count
        while j > 0 and goes_inside(&loop, &loops.at[j - 1]):
            loops.at[j] = loops.at[j - 1]
            j -= 1
        loops.at[j] = loop
        count += 1
    loops.results = step
    loops.count = count
    merge(loops)


cdef void merge(Loops* loops) noexcept nogil:
    """Loops of which one begins where the other ends become one."""
    cdef int i, j = 0
    cdef Loop* inner
    cdef Loop* outer
    for i in range(1, loops.count):
        inner, outer = &loops.at[j], &loops.at[i]
        if (
            inner.reduced == outer.reduced
            and outer.stride == inner.length * inner.stride
            and outer.final == inner.length * inner.final
        ):
            inner.length *= outer.length
        else:
            j += 1
            loops.at[j] = loops.at[i]
    loops.count = j + 1 if loops.count else 0


cdef int innermost_reduced(Loops* loops) noexcept nogil:
    """The number of the innermost reduced loop; that of a loop of one number where none is left."""
    cdef int i
    for i in range(loops.count):
        if loops.at[i].reduced:
            return i
    loops.at[loops.count].length, loops.at[loops.count].stride = 1, 0
    loops.at[loops.count].reduced = True
    loops.count += 1
    return loops.count - 1


cdef int first_to_reduce(Loops* loops) noexcept nogil:
    """The innermost reduced loop; but a longer one where that leaves rows of a few numbers, which are slow"""
    cdef int which = innermost_reduced(loops), i
    cdef Py_ssize_t columns = 1     # that lie side by side inside the loop at hand
    cdef bint gap = False
    if which > 0 or loops.at[0].length >= BRIEF or loops.at[0].stride != 1:
        return which
    for i in range(loops.count):
        if loops.at[i].reduced and loops.at[i].length > loops.at[which].length and (columns >= BRIEF or not gap):
            which = i
        if loops.at[i].stride != columns:
            gap = True
        elif not gap:
            columns *= loops.at[i].length
    return which


cdef int merge_the_kept(Loops* loops, int which) noexcept nogil:
    """A stage before the last keeps all loops but one: any two of those may become one. The new number of that one"""
    cdef int i
    for i in range(loops.count):
        loops.at[i].reduced, loops.at[i].final = i == which, loops.at[i].step
    merge(loops)
    return innermost_reduced(loops)


cdef void cut_into_pieces(Loops* loops, int which) noexcept nogil:
    """Make two loops of a long one where there are few results, the outer one over pieces."""
    cdef Loop* loop = &loops.at[which]
    cdef Py_ssize_t length = piece_of(loop.length, loops.results), pieces
    cdef int i
    if length == loop.length or loops.count == MOST:
        return
    pieces = (loop.length + length - 1) // length
    for i in range(loops.count, which + 1, -1):
        loops.at[i] = loops.at[i - 1]
    loops.count += 1
    loops.at[which + 1] = loop[0]
    loops.at[which + 1].length, loops.at[which + 1].stride = pieces, length * loop.stride
    loops.last = loop.length - (pieces - 1) * length
    loop.length = length


cdef void run(Loops* loops, Stage* stage):
    """Reduce all reduced loops, without the interpreter's lock where that takes a while."""
    cdef Py_ssize_t numbers = 1
    cdef bint done
    cdef int i
    for i in range(loops.count):
        numbers *= loops.at[i].length
    if numbers < UNLOCKED:
        done = run_stages(loops, stage)
    else:
        with nogil:
            done = run_stages(loops, stage)
    if not done:
        raise MemoryError


cdef bint run_stages(Loops* loops, Stage* last) noexcept nogil:
    """All reduced loops, innermost first. False: no memory for what is between two stages."""
    cdef int which = first_to_reduce(loops), i
    cdef Py_ssize_t origin = loops.origin, size
    cdef char* between = NULL
    cdef Stage stage = last[0]
    cdef Loops inner
    loops.last = 0
    cut_into_pieces(loops, which)
    while other_reduced(loops, which):
        size = 1
        for i in range(loops.count):        # the results of this stage lie in the order of the loops
            if i != which:
                loops.at[i].step = size
                size *= loops.at[i].length
        stage.out, stage.out_size, stage.second = <char*> malloc(size * last.between), last.between, NULL
        stage.second_size, stage.parameter, loops.origin = 0, 1, 0
        if stage.out == NULL:
            free(between)
            return False
        inner = loops[0]
        i = merge_the_kept(&inner, which)
        run_stage(&inner, i, &stage)
        free(between)
        between = stage.out
        loops.x, loops.last = between, 0
        loops.count -= 1
        for i in range(loops.count):
            if i >= which:
                loops.at[i] = loops.at[i + 1]
            loops.at[i].stride = loops.at[i].step
        merge(loops)
        stage.size, stage.room = last.between, last.next_room
        which = first_to_reduce(loops)
    for i in range(loops.count):
        loops.at[i].step = loops.at[i].final
    last.size, last.room, loops.origin = stage.size, stage.room, origin
    if not run_in_order(loops, which, last):
        run_stage(loops, which, last)
    free(between)
    return True


cdef bint run_in_order(Loops* loops, int which, Stage* last) noexcept nogil:
    """Where columns are cut short only because their results belong elsewhere, find these in the order of memory first.

    A transposed array of 64 MB over its last axis: columns of 1 KB, 4.4 ms, or of 256 KB, 2.4 ms. Answers of a byte that
    belong far from one another are put in their places later, too. False: nothing done.
    """
    cdef Loops merged = loops[0]
    cdef Stage stage = last[0]
    cdef Loop kept[MOST]
    cdef Py_ssize_t size = 1
    cdef int count = 0, i
    if which == 0 or loops.at[which].length < MANY:
        return False
    for i in range(loops.count):
        if i != which:
            merged.at[i].step = size
            size *= loops.at[i].length
            kept[count] = loops.at[i]
            count += 1
    which = merge_the_kept(&merged, which)
    if merged.count == loops.count and (stage.out_size > 1 or -TILE < kept[0].step < TILE):
        return False
    if size * merged.at[which].length * last.size <= NEAR:
        return False
    stage.out = <char*> malloc(size * (stage.out_size + stage.second_size))
    if stage.out == NULL:
        return False
    if stage.second != NULL:
        stage.second = stage.out + size * stage.out_size
    merged.origin = 0
    run_stage(&merged, which, &stage)
    put_in_place(kept, count, stage.out, last.out + loops.origin * last.out_size, last.out_size)
    if stage.second != NULL:
        put_in_place(kept, count, stage.second, last.second + loops.origin * last.second_size, last.second_size)
    free(stage.out)
    return True


cdef const char* put_in_place(const Loop* kept, int count, const char* results, char* out,
                              Py_ssize_t size) noexcept nogil:
    """Results of `size` bytes in the order of the first `count` loops, each to its place; where others begin"""
    cdef const Loop* outer = &kept[count - 1]
    cdef Loop once = Loop(length=1, stride=0, step=0, final=0, reduced=False)
    cdef Py_ssize_t i
    if count > 2:
        for i in range(outer.length):
            results = put_in_place(kept, count - 1, results, out + i * outer.step * size, size)
        return results
    if count == 1:
        outer = &once
    if size == 1:
        put_rows_in_place(&kept[0], outer, <const cnp.uint8_t*>results, <cnp.uint8_t*>out)
    elif size == 4:
        put_rows_in_place(&kept[0], outer, <const cnp.uint32_t*>results, <cnp.uint32_t*>out)
    else:
        put_rows_in_place(&kept[0], outer, <const cnp.uint64_t*>results, <cnp.uint64_t*>out)
    return results + kept[0].length * outer.length * size


ctypedef fused result:      # bools, or numbers of 4 or 8 bytes
    cnp.uint8_t
    cnp.uint32_t
    cnp.uint64_t


cdef void put_rows_in_place(const Loop* inner, const Loop* outer, const result* results, result* out) noexcept nogil:
    """The same of two loops, TILE results of the inner one at a time: the lines that are written stay in a near cache"""
    cdef Py_ssize_t start = 0, length = inner.length, step = inner.step, stop, i, j
    while start < length:
        stop = start + TILE if length - start > TILE else length
        for i in range(outer.length):
            for j in range(start, stop):
                out[i * outer.step + j * step] = results[i * length + j]
        start = stop


cdef bint other_reduced(Loops* loops, int which) noexcept nogil:
    """Is there a reduced loop besides the one with this number?"""
    cdef int i
    for i in range(loops.count):
        if loops.at[i].reduced and i != which:
            return True
    return False


cdef void run_stage(Loops* loops, int which, Stage* stage) noexcept nogil:
    """Reduce the loop number `which`, with as many threads as that is worth."""
    cdef Py_ssize_t work = 1, rows = 1, tiles = 1
    cdef int threads, part, i
    for i in range(loops.count):
        work *= loops.at[i].length
        if i == which or i > 0 or which == 0:
            rows *= loops.at[i].length if i != which else 1
    threads = threads_for(work * stage.size, GRAIN)
    if threads > 1 and which > 0 and rows < 4 * threads and loops.at[0].length >= 64 * threads:
        tiles = threads
    threads = threads if rows * tiles > threads else <int>(rows * tiles)
    if threads <= 1:
        run_part(loops, which, stage, 0, rows, 1)
        return
    for part in prange(threads, num_threads=threads, schedule="static", chunksize=1):
        run_part(loops, which, stage, rows * tiles * part // threads, rows * tiles * (part + 1) // threads, tiles)


cdef void run_part(Loops* loops, int which, Stage* stage, Py_ssize_t start, Py_ssize_t stop,
                   Py_ssize_t tiles) noexcept nogil:
    """The rows (or tiles of columns) with the numbers from `start` up to `stop`, counted innermost loop first"""
    cdef int first = 1 if which > 0 else 0      # with columns, the loop over them is the room's
    cdef int run = -1, i                        # the loop over rows that is the room's, too
    cdef Py_ssize_t length = loops.at[which].length, column = 0, size = stage.size, rest, place, offset, position, left
    cdef Block block
    for i in range(loops.count):
        size *= loops.at[i].length
    block.near = size <= NEAR
    block.n_stride = loops.at[which].stride
    block.m_stride = block.m_step = block.c_stride = block.c_step = 0
    block.p = stage.p
    block.c = 1
    if first:
        block.c_stride, block.c_step = loops.at[0].stride, loops.at[0].step
    for i in range(first, loops.count):
        if i != which:
            run = i
            block.m_stride, block.m_step = loops.at[i].stride, loops.at[i].step
            break
    while start < stop:
        rest = start // tiles
        offset, position, left = 0, loops.origin, 1
        block.n = length
        for i in range(first, loops.count):
            if i == which:
                continue
            place = rest % loops.at[i].length
            rest //= loops.at[i].length
            offset += place * loops.at[i].stride
            position += place * loops.at[i].step
            if i == run:
                left = loops.at[i].length - place
            if loops.last and i == which + 1:   # the last piece is shorter: it comes alone
                if place == loops.at[i].length - 1:
                    block.n = loops.last
                elif i == run:
                    left -= 1
        if first:
            column = begin(start % tiles, tiles, loops.at[0].length)
            block.c = begin(start % tiles + 1, tiles, loops.at[0].length) - column
        offset += column * block.c_stride
        position += column * block.c_step
        block.m = 1 if tiles > 1 else left if left < stop - start else stop - start
        stage.room(loops.x + offset * stage.size, stage.out + position * stage.out_size,
                   stage.second + position * stage.second_size, &block, stage.parameter)
        start += block.m
