# What of promotion.py becomes C where it is compiled.

cpdef bint agree(list arrays)
cdef bint _is_array(object value)
