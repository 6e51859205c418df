# Where a long row of numbers is cut into pieces that are reduced one by one: its length decides, and nothing else, so that
# the order of additions, and with it the sum to the bit, is the same for every number of threads.

cdef enum:
    FEW = 128               # so many results, or more, keep every thread busy
    PIECE = 1 << 15         # so many numbers, or more, are in a piece
    MOST_PIECES = 256


cdef inline Py_ssize_t piece_of(Py_ssize_t length, Py_ssize_t results) noexcept nogil:
    """How many numbers are in a piece, where `length` of them make one of so many results; `length`: do not cut"""
    cdef Py_ssize_t numbers = length * results, pieces, piece
    if results >= FEW or numbers < 4 * PIECE:
        return length
    pieces = numbers // PIECE if numbers // PIECE < MOST_PIECES else MOST_PIECES
    piece = (length // pieces + 31) & ~<Py_ssize_t>31
    return piece if piece < length else length
