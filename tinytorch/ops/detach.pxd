# What of detach.py becomes C where it is compiled.

from tinytorch.tensor cimport TensorBase, wrap


cpdef TensorBase _data(TensorBase self)
cpdef _set_data(TensorBase self, object value)
