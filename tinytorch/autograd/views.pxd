# What of views.py becomes C where it is compiled.

cimport cython
from tinytorch.autograd.grad_mode cimport Usage
from tinytorch.tensor cimport TensorBase, Version

cdef Usage usage

cpdef check_writable(TensorBase target, bint recorded)
cpdef check_history(TensorBase target, bint recorded)


cdef class View:
    cdef public TensorBase base
    cdef public Py_ssize_t seen
    cdef public object creation


@cython.locals(counter=Version, parent=View)
cpdef track(TensorBase tensor, TensorBase source, bint several=*)
