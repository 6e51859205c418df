# How many threads a loop is worth: `threads_for(work, grain)` is 1 for little work, never more than set_num_threads says.
#
#     parts = threads_for(n, GRAIN)
#     if parts == 1:
#         _room(x, y, n)                                     # entering a parallel region costs more than a small loop
#     else:
#         for part in prange(parts, num_threads=parts, schedule="static", chunksize=1, nogil=True):
#             _room(x + begin(part, parts, n), y + begin(part, parts, n), begin(part + 1, parts, n) - begin(part, parts, n))

from importlib import import_module as _import_module

from cython.parallel cimport prange

cdef const int* _limit = <const int*><size_t>_import_module("tinytorch._ext.threads").address()


cdef inline int threads_for(Py_ssize_t work, Py_ssize_t grain) noexcept nogil:
    """The number of threads for `work` elements of which one thread should have `grain` at least"""
    cdef Py_ssize_t parts = work // grain
    return 1 if parts < 2 else <int>parts if parts < _limit[0] else _limit[0]


cdef inline Py_ssize_t begin(Py_ssize_t part, Py_ssize_t parts, Py_ssize_t n) noexcept nogil:
    """Where part number `part` of n elements starts: all parts but the last are whole blocks of 64 elements"""
    return n if part == parts else (n // parts * part) & ~<Py_ssize_t>63
