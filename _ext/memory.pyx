"""Memory of large arrays: what one array gives back, the next one of about its size takes.

A page of memory that the system has just handed out is slow to write to for the first time. This is an allocator below
NumPy (NEP 49): blocks of LARGE bytes and more are kept when they are freed, everything else goes to NumPy's own
allocator, which gets the blocks back, too. tinytorch/kernels/cache.py switches it on.

    capacity    sizes are rounded up to 16 steps an octave, so that at most 1/16 of a block is unused
    promise     live and kept blocks together never exceed what was once live at the same time: a program's peak is
                what it would be without the cache
    bound       kept blocks never exceed `limit` bytes
    lines       blocks begin at a line of the cache, so that no read or write of 64 bytes lies across two

The block freed last is taken first, since it may still lie in the processor's caches; the one freed first is given up
first. The lists of kept blocks are written into the blocks themselves.
"""

cimport numpy as cnp
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from cpython.pythread cimport (
    WAIT_LOCK, PyThread_acquire_lock, PyThread_allocate_lock, PyThread_release_lock, PyThread_type_lock,
)
from libc.string cimport memcpy, memset, strcmp, strcpy

cnp.import_array()


cdef extern from "numpy/arrayobject.h":
    ctypedef struct Allocator "PyDataMemAllocator":
        void* ctx
        void* (*malloc)(void* ctx, size_t size) noexcept nogil
        void* (*calloc)(void* ctx, size_t count, size_t size) noexcept nogil
        void* (*realloc)(void* ctx, void* block, size_t size) noexcept nogil
        void (*free)(void* ctx, void* block, size_t size) noexcept nogil

    ctypedef struct Handler "PyDataMem_Handler":
        char name[127]
        unsigned char version
        Allocator allocator

    object PyDataMem_SetHandler(object handler)
    object PyDataMem_GetHandler()


cdef extern from *:
    """
    #include <stdint.h>

    #if defined(__GNUC__)
    #define UNCHECKED __attribute__((no_sanitize("address")))
    #else
    #define UNCHECKED
    #endif

    /* Stands right before a block that begins at a line of the cache, inside a larger one of NumPy's allocator. */
    typedef struct { void* whole; size_t size, seal; } Note;

    enum { ROOM_FOR_LINE = 192 };       /* for the note, to the next line, and past the beginning of a page */
    static const size_t SEAL = (size_t)0x7469746f726e7963;

    static void* at_line(void* whole, size_t size) {
        uintptr_t block = ((uintptr_t)whole + sizeof(Note) + 63) / 64 * 64;
        Note* note;
        if (block % 4096 == 0) block += 64;
        note = (Note*)block - 1;
        note->whole = whole, note->size = size, note->seal = SEAL ^ block;
        return (void*)block;
    }

    /* The note before a block, or NULL if there is none. What is before another allocator's block may not be ours to
       read, but lies in the same page, so it can be. */
    UNCHECKED static Note* note_of(void* block) {
        Note* note;
        if ((uintptr_t)block % 64 || (uintptr_t)block % 4096 == 0) return NULL;
        note = (Note*)block - 1;
        return note->seal == (SEAL ^ (uintptr_t)block) ? note : NULL;
    }
    """
    ctypedef struct Note:
        void* whole
        size_t size
        size_t seal
    size_t ROOM_FOR_LINE
    void* at_line(void* whole, size_t size) noexcept nogil      # where a block of `size` bytes begins in `whole`
    Note* note_of(void* block) noexcept nogil


cdef enum:
    LARGE = 1 << 16             # bytes from which a block is worth keeping
    HUGE = 1 << 22              # and from which NumPy asks the system for huge pages
    STEPS = 16                  # capacities in an octave
    CAPACITIES = 64 * STEPS


cdef struct Block:              # a kept block
    size_t capacity
    Block* earlier              # the blocks freed before and after this one, of any capacity
    Block* later
    Block* below                # the same among the blocks of its capacity
    Block* above


cdef Block* top[CAPACITIES]     # of every capacity the block freed last
cdef Block* first = NULL        # of all kept blocks the one freed first
cdef Block* last = NULL
cdef size_t live = 0, most = 0, kept = 0, limit = 0         # bytes; `most` were live at one time
cdef Py_ssize_t hits = 0, misses = 0
cdef PyThread_type_lock lock = PyThread_allocate_lock()     # NumPy may call without the interpreter's lock
cdef Handler ours
cdef Allocator numpys           # NumPy's own functions
cdef object capsule = None


# ---- capacities ------------------------------------------------------------------------------------------------------

cdef inline size_t step_of(size_t size) noexcept nogil:
    """1/16 of the largest power of two that is no larger than `size`"""
    cdef size_t step = LARGE // STEPS
    while size >= 2 * STEPS * step:
        step *= 2
    return step


cdef inline size_t capacity_of(size_t size) noexcept nogil:
    """`size`, rounded up to a whole number of steps: depends on nothing else, so free finds what malloc found"""
    cdef size_t step = step_of(size)
    return (size + step - 1) // step * step


cdef inline int place_of(size_t capacity) noexcept nogil:
    """Where `top` has the blocks of a capacity"""
    cdef size_t step = step_of(capacity), unit = LARGE // STEPS
    cdef int octave = 0
    while unit < step:
        unit *= 2
        octave += 1
    return octave * STEPS + <int>(capacity // step) - STEPS


# ---- lists of kept blocks; the caller holds the lock -----------------------------------------------------------------

cdef void keep(Block* block, size_t capacity) noexcept nogil:
    """Put a block on top of those of its capacity."""
    global first, last, kept
    cdef int place = place_of(capacity)
    block.capacity = capacity
    block.below, block.above = top[place], NULL
    block.earlier, block.later = last, NULL
    if block.below:
        block.below.above = block
    if last:
        last.later = block
    else:
        first = block
    top[place] = last = block
    kept += capacity


cdef void drop(Block* block) noexcept nogil:
    """Take a block out of the lists."""
    global first, last, kept
    if block.above:
        block.above.below = block.below
    else:
        top[place_of(block.capacity)] = block.below
    if block.below:
        block.below.above = block.above
    if block.earlier:
        block.earlier.later = block.later
    else:
        first = block.later
    if block.later:
        block.later.earlier = block.earlier
    else:
        last = block.earlier
    kept -= block.capacity


cdef Block* surplus(size_t allowed) noexcept nogil:
    """Take the blocks freed first out of the lists until no more than `allowed` bytes are kept; they hang by `below`."""
    cdef Block* given_up = NULL
    cdef Block* block
    while kept > allowed:
        block = first
        drop(block)
        block.below = given_up
        given_up = block
    return given_up


cdef void give_back(void* block, size_t size) noexcept nogil:
    """Free a block by NumPy's allocator."""
    cdef Note* note = note_of(block)
    if note:
        note.seal = 0
        block = note.whole
    numpys.free(numpys.ctx, block, size)


cdef void release(Block* block) noexcept nogil:
    """Give blocks that hang by `below` back to NumPy's allocator."""
    cdef Block* following
    while block:
        following = block.below
        give_back(block, block.capacity)
        block = following


cdef size_t allowance() noexcept nogil:
    """How many bytes may be kept beside what is live"""
    return min(limit, most - live)


# ---- what NumPy calls ------------------------------------------------------------------------------------------------

cdef void* take(size_t capacity) noexcept nogil:
    """A kept block of this capacity, or NULL after making room for a new one"""
    global live, most, hits, misses
    cdef Block* given_up = NULL
    PyThread_acquire_lock(lock, WAIT_LOCK)
    cdef Block* block = top[place_of(capacity)]
    live += capacity
    most = max(most, live)
    if block:
        drop(block)
        hits += 1
    else:
        given_up = surplus(allowance())
        misses += 1
    PyThread_release_lock(lock)
    release(given_up)
    return block


cdef void* fresh(size_t capacity) noexcept nogil:
    """A new block

    The C library's blocks begin 16 bytes behind a line's start. Of 64000 float32 numbers an Intel Xeon computes x + y in
    12.9 us there and in 7.0 from a line's start, e^x in 16.2 and 13.0; to a Zen 4, or from HUGE on, it is all the same.
    Not by posix_memalign: what it has given and got back, the C library (until 2.37) does not give a second time where a
    small block has taken what was left before it, and the heap grows.
    """
    if capacity >= HUGE:
        return numpys.malloc(numpys.ctx, capacity)
    cdef void* whole = numpys.malloc(numpys.ctx, capacity + ROOM_FOR_LINE)
    return at_line(whole, capacity) if whole else NULL


cdef void missed(size_t capacity) noexcept nogil:
    """There was no memory for a block that `take` has counted."""
    global live
    PyThread_acquire_lock(lock, WAIT_LOCK)
    live -= capacity
    PyThread_release_lock(lock)


cdef void* large_malloc(void* ctx, size_t size) noexcept nogil:
    if size < LARGE:
        return numpys.malloc(numpys.ctx, size)
    cdef size_t capacity = capacity_of(size)
    cdef void* block = take(capacity)
    if not block:
        block = fresh(capacity)
        if not block:
            missed(capacity)
    return block


cdef void* large_calloc(void* ctx, size_t count, size_t size) noexcept nogil:
    cdef size_t total = count * size
    if total < LARGE or total // count != size:         # too large a product: NumPy's allocator refuses it
        return numpys.calloc(numpys.ctx, count, size)
    cdef size_t capacity = capacity_of(total)
    cdef void* block = take(capacity)
    if block:
        memset(block, 0, total)
    else:
        block = numpys.calloc(numpys.ctx, 1, capacity)
        if not block:
            missed(capacity)
    return block


cdef void* large_realloc(void* ctx, void* block, size_t size) noexcept nogil:
    """The block grows or shrinks as NumPy's allocator does it; one that begins at a line is copied.

    Nobody says how large others were, so the former size stays in `live`: then too little is kept, never too much.
    """
    global live, most
    cdef size_t capacity = capacity_of(size) if size >= LARGE else size
    cdef Note* note = note_of(block)
    cdef void* grown
    if note:
        grown = numpys.malloc(numpys.ctx, capacity)
        if grown:
            memcpy(grown, block, min(capacity, note.size))
            give_back(block, note.size)
    else:
        grown = numpys.realloc(numpys.ctx, block, capacity)
    if grown and size >= LARGE:
        PyThread_acquire_lock(lock, WAIT_LOCK)
        live += capacity
        most = max(most, live)
        PyThread_release_lock(lock)
    return grown


cdef void large_free(void* ctx, void* block, size_t size) noexcept nogil:
    global live
    if size < LARGE or not block:
        give_back(block, size)      # small by now, but maybe not always
        return
    cdef size_t capacity = capacity_of(size)
    PyThread_acquire_lock(lock, WAIT_LOCK)
    live -= min(live, capacity)
    keep(<Block*>block, capacity)
    cdef Block* given_up = surplus(allowance())
    PyThread_release_lock(lock)
    release(given_up)


# ---- the switch ------------------------------------------------------------------------------------------------------

def install(size_t bytes):
    """Keep freed blocks, at most so many bytes, for the arrays that this context makes from now on.

    False, and nothing changes, where somebody else has given NumPy an allocator.
    """
    global capsule, limit, numpys, ours
    current = PyDataMem_GetHandler()
    cdef Handler* handler = <Handler*>PyCapsule_GetPointer(current, "mem_handler")
    if capsule is None:
        if strcmp(handler.name, "default_allocator") != 0:
            return False
        numpys = handler.allocator
        ours = handler[0]
        strcpy(ours.name, "tinytorch_cache")
        ours.allocator.malloc, ours.allocator.calloc = large_malloc, large_calloc
        ours.allocator.realloc, ours.allocator.free = large_realloc, large_free
        capsule = PyCapsule_New(&ours, "mem_handler", NULL)
    elif handler != &ours and strcmp(handler.name, "default_allocator") != 0:
        return False
    limit = bytes
    PyDataMem_SetHandler(capsule)
    return True


def here():
    """Let this context allocate through the cache too, where NumPy's own allocator serves it."""
    if limit:
        current = PyDataMem_GetHandler()
        if strcmp((<Handler*>PyCapsule_GetPointer(current, "mem_handler")).name, "default_allocator") == 0:
            PyDataMem_SetHandler(capsule)


def empty():
    """Give all kept blocks back to the system."""
    global most
    PyThread_acquire_lock(lock, WAIT_LOCK)
    cdef Block* given_up = surplus(0)
    most = live
    PyThread_release_lock(lock)
    with nogil:
        release(given_up)


def state():
    """What there is: bytes live, kept and live at most at one time, the bound, and how often a kept block was taken."""
    return {"live": live, "kept": kept, "most": most, "limit": limit, "hits": hits, "misses": misses}


# ---- fork ------------------------------------------------------------------------------------------------------------

# A child must not be born in the middle of a change. The C library calls these right around the fork; Python's own
# hooks come too early and too late: between them other hooks free arrays, which waits for the lock.

cdef extern from *:
    """
    #ifdef _WIN32
    static int at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void)) { return 0; }
    #else
    #include <pthread.h>
    #define at_fork pthread_atfork
    #endif
    """
    int at_fork(void (*before)() noexcept nogil, void (*in_parent)() noexcept nogil, void (*in_child)() noexcept nogil)


cdef void hold() noexcept nogil:
    PyThread_acquire_lock(lock, WAIT_LOCK)


cdef void let_go() noexcept nogil:
    PyThread_release_lock(lock)


at_fork(hold, let_go, let_go)
