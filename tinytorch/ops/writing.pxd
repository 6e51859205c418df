# What of writing.py becomes C where it is compiled.

cpdef object fresh(object x)
