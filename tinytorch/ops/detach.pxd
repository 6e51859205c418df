# What of detach.py becomes C where it is compiled.

from tinytorch.autograd.grad_mode cimport Usage
from tinytorch.tensor cimport TensorBase, wrap

cdef Usage usage


cpdef TensorBase _data(TensorBase self)
cpdef _set_data(TensorBase self, object value)
