# What of fitting.py becomes C where it is compiled.

cimport cython

cpdef fit(object grad, object shape, object dtype)
@cython.locals(given=tuple, repeated=list, extra=Py_ssize_t, dim=Py_ssize_t, fits=bint)
cpdef unbroadcast(object grad, object shape)
