# How a reduction walks an array of any strides: in the order in which its numbers lie in memory. Needs door.pxi,
# threads.pxi.
#
# A Walk lists the sides of the array from the longest step to the shortest; neighbours that are one long side are joined,
# whatever the order of the axes. Two sides are left to a room, which sees either rows to reduce or rows to reduce into each
# other; the others are loops around it. Each result has a state (the extreme so far, its place, ...) that every number
# is folded into, so no order of sides is a special case.

from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cdef enum:
    SHORT = 4       # rows of so few numbers are read as columns, and so few columns as rows
    MOST_PARTS = 64


cdef struct Side:
    Py_ssize_t size
    Py_ssize_t step     # bytes from one number to the next
    Py_ssize_t out      # results from one number's to the next one's: 0 on a reduced side
    Py_ssize_t place    # what a step adds to a number's place among those that are reduced together; 0 if none asks


cdef struct State:      # what a room folds into: the results so far, and what else the family wants to know
    char* values
    char* more
    int least       # 1 for minima, 0 for maxima and all else


ctypedef void (*room_t)(const void* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                        const State* state) noexcept nogil
ctypedef void (*merge_t)(void* values, void* more, const void* new_values, const void* new_more,
                         Py_ssize_t count) noexcept nogil


cdef struct Walk:
    const char* x
    int ndim                # of sides, at least 2, the longest step first
    int left                # so many of them, the innermost, are left to a room: 2, or more if its door says so
    Side sides[66]
    Py_ssize_t count        # of results
    Py_ssize_t n            # numbers for each of them
    cnp.uint64_t reduced    # which axes of the array are
    int kept[64]            # axes in the order of the results
    int results             # how many axes these are
    bint sorted             # is that the order of the array's axes?


cdef enum Repeats:      # what a side of step 0 and a walk from the other end change
    NOTHING             # a maximum: neither matters
    PLACES              # an argmax: the first place counts
    SUMS                # a sum: every number counts


cdef bint reduced_axes(object axis, int ndim, cnp.uint64_t* reduced):
    """Is `axis` None, an axis or several, each once? If so, a bit is set for each."""
    cdef int i
    reduced[0] = 0
    if axis is None:
        reduced[0] = (<cnp.uint64_t>1 << ndim) - 1
        return True
    if type(axis) is int:
        axis = (axis,)
    elif type(axis) is not tuple:
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


cdef bint plan(object x, object axis, Repeats repeats, Walk* walk):
    """Can a room walk x? It must be an array, aligned, not empty, in this machine's byte order. If so, fill `walk`."""
    if not cnp.PyArray_CheckExact(x):
        return False
    cdef cnp.ndarray array = x
    cdef int ndim = array.ndim
    if not cnp.PyArray_ISALIGNED(array) or not cnp.PyArray_ISNOTSWAPPED(array) or ndim > 60:
        return False
    if not reduced_axes(axis, ndim, &walk.reduced):
        return False
    cdef int i, at, last = -1, sides = 0
    cdef Py_ssize_t size, step, place = 1
    cdef Side side
    cdef bint is_reduced
    cdef int axes[64]
    walk.x = array.data
    walk.count = walk.n = 1
    for i in range(ndim - 1, -1, -1):       # from the back: insertion keeps the order of axes that have equal steps
        size = array.shape[i]
        if size == 0:
            return False
        is_reduced = walk.reduced >> i & 1
        if is_reduced:
            walk.n *= size
        else:
            walk.count *= size
        step = array.strides[i]
        side = Side(size, step, 0 if is_reduced else 1, place if is_reduced and repeats == PLACES else 0)
        if is_reduced:
            place *= size
        if size == 1:
            continue
        if is_reduced and step == 0 and repeats != SUMS:
            continue
        if is_reduced and step < 0 and repeats != PLACES:
            walk.x += (size - 1) * step
            side.step = -step
        at = sides
        while at > 0 and abs_(walk.sides[at - 1].step) > abs_(side.step):    # here the shortest step comes first
            walk.sides[at] = walk.sides[at - 1]
            axes[at] = axes[at - 1]
            at -= 1
        walk.sides[at] = side
        axes[at] = i
        sides += 1
    walk.sorted = True
    walk.results = 0
    cdef Py_ssize_t out = 1
    for i in range(sides):      # the results lie in the order of the walk
        if walk.sides[i].out:
            walk.sides[i].out = out
            out *= walk.sides[i].size
            walk.sorted = walk.sorted and (last < 0 or axes[i] < last)
            last = axes[i]
            walk.kept[walk.results] = last
            walk.results += 1
    join(walk, sides)
    return True


cdef inline Py_ssize_t abs_(Py_ssize_t n) noexcept nogil:
    return n if n >= 0 else -n


cdef void join(Walk* walk, int sides) noexcept nogil:
    """Join sides that are one, the longest step first from here on; there are two sides at least in the end."""
    cdef Side found[66]
    cdef Side side
    cdef int n = 0, i
    for i in range(sides):
        side = walk.sides[i]
        if n and (
            side.step == found[n - 1].step * found[n - 1].size
            and side.out == found[n - 1].out * found[n - 1].size
            and side.place == found[n - 1].place * found[n - 1].size
        ):
            found[n - 1].size *= side.size
        else:
            found[n] = side
            n += 1
    while n < 2:
        found[n] = Side(1, 0, 0, 0)
        n += 1
    walk.ndim = n
    walk.left = 2
    for i in range(n):
        walk.sides[i] = found[n - 1 - i]
    cdef Side* inner = &walk.sides[n - 1]
    cdef Side* outer = &walk.sides[n - 2]
    if inner.size <= SHORT and outer.size > inner.size and (inner.out == 0) != (outer.out == 0):
        side = inner[0]
        inner[0] = outer[0]
        outer[0] = side


cdef void visit(const Walk* walk, room_t room, int at, const char* x, Py_ssize_t out, Py_ssize_t place,
                const State* state) noexcept nogil:
    """Call the room for each pair of innermost sides, or whatever is left to it."""
    cdef const Side* side = &walk.sides[at]
    cdef Py_ssize_t i
    if at == walk.ndim - walk.left:
        room(x, side, out, place, state)
        return
    for i in range(side.size):
        visit(walk, room, at + 1, x + i * side.step, out + i * side.out, place + i * side.place, state)


cdef int side_to_split(const Walk* walk, int parts) noexcept nogil:
    """The side that threads share: the outermost that is long enough or shared evenly, else the longest.

    States of their own for every thread, which a reduced side needs, must not be many beside the numbers.
    """
    cdef int i, longest = 0
    for i in range(walk.ndim):
        if walk.sides[i].size >= 8 * parts and (walk.sides[i].out or walk.n >= 32 * parts):
            return i
        if walk.sides[i].out and walk.sides[i].size % parts == 0:
            return i
        if walk.sides[i].size > walk.sides[longest].size:
            longest = i
    return longest


cdef void visit_part(const Walk* walk, room_t room, int split, Py_ssize_t part, Py_ssize_t parts,
                     const State* state) noexcept nogil:
    """visit a part of one side"""
    cdef Walk own = walk[0]
    cdef Side* side = &own.sides[split]
    cdef Py_ssize_t start = side.size * part // parts, stop = side.size * (part + 1) // parts
    side.size = stop - start
    if side.size:
        visit(&own, room, 0, walk.x + start * side.step, start * side.out, start * side.place, state)


cdef void fold(const Walk* walk, room_t room, merge_t merge, const State* state, Py_ssize_t value, Py_ssize_t more,
               Py_ssize_t grain) noexcept nogil:
    """Fold all numbers into the results' states, `value` and `more` bytes each, which hold what to begin with.

    Threads share a side; where that is a reduced one, each folds into states of its own, which are merged in order.
    """
    cdef int parts = threads_for(walk.count * walk.n, grain), split, part
    cdef State own[MOST_PARTS]
    cdef char* memory
    if parts > MOST_PARTS:
        parts = MOST_PARTS
    if parts == 1:
        visit(walk, room, 0, walk.x, 0, 0, state)
        return
    split = side_to_split(walk, parts)
    for part in range(parts):
        own[part] = state[0]
    if walk.sides[split].out:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
            visit_part(walk, room, split, part, parts, &own[part])
        return
    memory = <char*>malloc((parts - 1) * walk.count * (value + more))
    if memory == NULL:
        visit(walk, room, 0, walk.x, 0, 0, state)
        return
    for part in range(1, parts):    # `more` lies in front: it has words, which must be aligned, `values` may be bytes
        if value:
            own[part].values = memory + ((parts - 1) * more + (part - 1) * value) * walk.count
            memcpy(own[part].values, state.values, walk.count * value)
        if more:
            own[part].more = memory + (part - 1) * walk.count * more
            memcpy(own[part].more, state.more, walk.count * more)
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        visit_part(walk, room, split, part, parts, &own[part])
    for part in range(1, parts):
        merge(state.values, state.more, own[part].values, own[part].more, walk.count)
    free(memory)


cdef cnp.ndarray results_of(const Walk* walk, cnp.ndarray x, bint keepdims, int kind):
    """A new array for the results: of their shape, or one long row in the order of the walk where that is another"""
    cdef cnp.npy_intp shape[64]
    cdef int i, ndim = 0
    if not walk.sorted:
        return cnp.PyArray_EMPTY(1, <cnp.npy_intp*>&walk.count, kind, 0)
    for i in range(x.ndim):
        if not walk.reduced >> i & 1:
            shape[ndim] = x.shape[i]
            ndim += 1
        elif keepdims:
            shape[ndim] = 1
            ndim += 1
    return cnp.PyArray_EMPTY(ndim, shape, kind, 0)


cdef object in_order_of_axes(const Walk* walk, cnp.ndarray results, cnp.ndarray x, bint keepdims):
    """The results with their shape, in C order"""
    cdef int i
    if walk.sorted:
        return results
    axes = [walk.kept[walk.results - 1 - i] for i in range(walk.results)]
    table = results.reshape([x.shape[i] for i in axes])
    table = table.transpose([axes.index(i) for i in sorted(axes)])
    return table.copy().reshape(
        [1 if walk.reduced >> i & 1 else x.shape[i] for i in range(x.ndim) if keepdims or not walk.reduced >> i & 1]
    )
