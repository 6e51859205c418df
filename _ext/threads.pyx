"""How many threads the loops of the kernels may use: one number for all of them, which threads.pxi reads.

It stands in C, since loops ask for it without the interpreter's lock; tinytorch/kernels/threads.py sets it.
"""

cdef int limit = 1


def get():
    """The number of threads that a loop may use."""
    return limit


def set(int threads):
    """Let a loop use so many threads."""
    global limit
    limit = threads


def address():
    """Where the number is in memory."""
    return <size_t>&limit
