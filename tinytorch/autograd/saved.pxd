# What of saved.py becomes C where it is compiled.

cimport cython
from tinytorch.autograd.grad_mode cimport Usage
from tinytorch.autograd.node cimport Node
from tinytorch.tensor cimport TensorBase, Version, wrap


cdef Usage usage

@cython.locals(kept=list, versions=list, tensor=TensorBase, counter=Version)
cpdef pack(Node node, tuple args, list arrays, tuple outputs)
@cython.locals(i=Py_ssize_t, tensor=TensorBase)
cpdef owner(object array, tuple args, list arrays, tuple outputs)
@cython.locals(values=list, versions=list, tensor=TensorBase, counter=Version, version=Py_ssize_t)
cpdef list unpack(Node node, bint as_tensors)
@cython.locals(copy=TensorBase)
cpdef TensorBase twin(TensorBase output)
