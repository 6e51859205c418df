# What of tensor.py becomes C where it is compiled: the attributes of a tensor are fields of a struct.

cdef class Version:
    cdef public Py_ssize_t value


cdef class TensorBase:
    cdef public object _array, _node, _grad, _view, _accumulator, _hooks, _post_accumulate_hooks, _storage_root
    cdef public Version _counter
    cdef public bint _requires_grad, _retains_grad, _inference, _of_data
    cdef public Py_ssize_t _output_nr


    cpdef Version _version_counter(self)


cpdef source_of(TensorBase tensor)
cdef _first_of(TensorBase tensor, object reference)
cpdef TensorBase wrap(object array, bint requires_grad=*)
