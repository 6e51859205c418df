# What of index_writing.py becomes C where it is compiled.

from tinytorch.ops.gathering cimport need_tensor


cpdef tuple _check_source(object name, object input, object dim, object index, object source)
cpdef tuple _index_add_call(object name, object input, object dim, object index, object source, object alpha)
