# What of grad_mode.py becomes C where it is compiled.

cdef class Usage:
    cdef public bint inference, saved_hooks, watched, accelerated
