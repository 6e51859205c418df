# What of scattering.py becomes C where it is compiled.

cimport cython
from tinytorch.ops.gathering cimport need_tensor
from tinytorch.tensor cimport TensorBase


cpdef tuple with_dims(object y, object src, object index)
cpdef within_bounds(object kernel, object y, object dim, object index, object src)
cpdef tuple check_scatter(TensorBase input, object dim, TensorBase index, object src)
cpdef tuple _scatter_add_call(object name, object input, object dim, object index, object src)
