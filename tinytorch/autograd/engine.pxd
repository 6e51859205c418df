# What of engine.py becomes C where it is compiled.

cimport cython
from tinytorch.autograd.node cimport Node


cdef class Task:
    cdef public dict waiting, buffers, needed, capture_at, captured


@cython.locals(
    waiting=dict, buffers=dict, needed=dict, capture_at=dict, ready=list, upcoming=Node, node=Node, next_node=Node,
    grads=list, buffer=list, outputs=tuple, results=tuple, index=Py_ssize_t, output_nr=Py_ssize_t, left=Py_ssize_t,
)
cpdef _walk(Task task, bint keep_graph, bint create_graph)
