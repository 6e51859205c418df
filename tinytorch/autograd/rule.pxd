# What of rule.py becomes C where it is compiled.

cimport cython
from tinytorch.autograd.grad_mode cimport Usage
from tinytorch.autograd.node cimport Node
from tinytorch.autograd.saved cimport pack
from tinytorch.autograd.views cimport track
from tinytorch.promotion cimport agree
from tinytorch.tensor cimport TensorBase, source_of


cdef Usage usage



cdef class RuleNode(Node):
    cdef public Application application


cdef class _NoContext:
    pass


cdef class Application:
    cdef public object rule, forward, backward, promote, node_class
    cdef public bint settled, silent, is_view, differentiable
    cdef public Py_ssize_t inputs

    @cython.locals(
        i=Py_ssize_t, count=Py_ssize_t, arrays=list, x=TensorBase, tensor=TensorBase, created=RuleNode,
        has_tensor=bint, needs_grad=bint, viewed=bint, recording=bint,
    )
    cpdef compute(self, tuple args, dict options)
    @cython.locals(i=Py_ssize_t, edges=list, x=TensorBase)
    cpdef RuleNode node(self, tuple args, Py_ssize_t count)
    cpdef tuple several(self, RuleNode node, tuple args, list arrays, tuple output)
