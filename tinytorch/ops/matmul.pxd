# What of matmul.py becomes C where it is compiled.

cimport cython
from tinytorch.tensor cimport TensorBase


cpdef object product(object x, object y)


@cython.locals(left=TensorBase, right=TensorBase)
cpdef object _mm(object input, object mat2)
