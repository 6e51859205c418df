# What of elementwise.py becomes C where it is compiled.

cimport cython
from tinytorch.autograd.grad_mode cimport Usage
from tinytorch.tensor cimport TensorBase

cdef Usage usage


@cython.locals(arrays=list, tensor=TensorBase, recorded=bint)
cpdef list _straight(TensorBase self, tuple others)
