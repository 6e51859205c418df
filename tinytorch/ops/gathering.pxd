# What of gathering.py becomes C where it is compiled.

cimport cython
from tinytorch.tensor cimport TensorBase


cpdef need_tensor(object function, object argument, object position, object value)
cpdef object _gather(object input, object index, object dim)


@cython.locals(shape=tuple, places=tuple)
cpdef object _index_select(TensorBase input, object dim, TensorBase index)
