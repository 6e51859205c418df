# What of elementwise.py becomes C where it is compiled.

cimport cython
from tinytorch.tensor cimport TensorBase


@cython.locals(arrays=list, tensor=TensorBase, recorded=bint)
cpdef list _straight(TensorBase self, tuple others)
