# What of engine.py becomes C where it is compiled.

cimport cython
from tinytorch.autograd.grad_mode cimport Usage
from tinytorch.autograd.node cimport Node


cdef Usage usage


cdef class Task:
    cdef object __weakref__
    cdef public bint recording
    cdef public dict waiting, buffers, needed, capture_at, captured

    @cython.locals(buffer=list)
    cpdef add(self, Node node, Py_ssize_t output_nr, object grad)


@cython.locals(
    waiting=dict, buffers=dict, needed=dict, capture_at=dict, ready=list, upcoming=Node, node=Node, next_node=Node,
    edges=tuple, grads=list, buffer=list, outputs=tuple, shape=tuple, results=tuple, index=Py_ssize_t,
    output_nr=Py_ssize_t, left=Py_ssize_t,
)
cpdef _walk(Task task, bint keep_graph, bint create_graph, object watcher)
@cython.locals(counts=dict, stack=list, node=Node, next_node=Node, edges=tuple, i=Py_ssize_t)
cpdef dict _count_edges(object roots)
