# What of node.py becomes C where it is compiled: the attributes of a node are fields of a struct.

cimport cython
from tinytorch.tensor cimport TensorBase


cdef class Node:
    cdef object __weakref__
    cdef public long long priority
    cdef public tuple edges, _shape, _outputs, needs_input_grad
    cdef public object _dtype, _place, _saved, _versions
    cdef public bint _freed, has_hooks
    cdef public object _prehooks, _posthooks, _tensor_hooks, _retaining, _metadata

    cpdef tuple run(self, list grads)
    cpdef release(self)


cdef class AccumulateGrad(Node):
    cdef public TensorBase variable

    @cython.locals(variable=TensorBase)
    cpdef tuple run(self, list grads)
    cpdef _add(self, TensorBase total, object grad)
