"""Rule: the base of every built-in operation. `apply` computes, and records a node when somebody wants gradients.

A rule has two static methods. `forward(ctx, x, ...)` works on plain arrays. `backward(ctx, grad)` is written once in
operators and rules that arrays and Tensors share: the engine feeds it arrays, or Tensors when the gradient is itself
to be differentiated (create_graph). What makes the latter work: *with no Tensor among its inputs, apply is just
forward.*

Like tensor.py this file is also compiled where there is a compiler; rule.pxd has the types.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tinytorch.autograd import anomaly_mode, saved
from tinytorch.autograd.grad_mode import state, usage
from tinytorch.autograd.messages import freed_error
from tinytorch.autograd.node import Node, priorities
from tinytorch.autograd.places import elsewhere, together
from tinytorch.autograd.saved import pack
from tinytorch.autograd.views import track
from tinytorch.device import as_array, device_of, use
from tinytorch.dtypes import FLOAT
from tinytorch.errors import broadcast_error
from tinytorch.kernels import PURE
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.promotion import agree
from tinytorch.tensor import Tensor, TensorBase, source_of

ndarray = np.ndarray


_NODE_ATTRIBUTES = ("application", "edges", "needs_input_grad", "priority", "rule")


class RuleNode(Node):
    """The node of a built-in rule; it is also the rule's `ctx`."""

    application: Application  # of its rule; the rule itself is `rule`, an attribute of the node's class

    def save_for_backward(self, *arrays: Any) -> None:
        """Keep inputs, outputs or constants (masks, indices) of the rule for backward, where saved_tensors has them."""
        self._saved = arrays

    @property
    def saved_tensors(self) -> Any:
        """What was saved: arrays, or Tensors that know their history when the gradient is recorded too.

        Only backward has it: PyTorch's built-in nodes show users what they saved as `_saved_self` and the like.
        """
        task = state.task
        if task is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute 'saved_tensors'")
        return saved.unpack(self, task.recording)

    def run(self, grads: list) -> tuple:
        backward = self.application.backward
        if len(grads) == 1:
            grad = grads[0]
            if grad is None:
                return (None,) * (len(self.edges) // 2)
            result = backward(self, grad)
        elif any([grad is not None for grad in grads]):  # noqa: C419 - compiled C functions hold no generators
            result = backward(self, *grads)
        else:
            return (None,) * (len(self.edges) // 2)
        return result if type(result) is tuple else (result,)


class ShownNode(RuleNode):
    """Shows what was saved as PyTorch's nodes do: grad_fn._saved_self, ._saved_result, ._saved_dim ..."""

    def _names_of_parameters(self) -> list[str]:
        parameters = [*list(inspect.signature(self.rule.forward).parameters)[1:], "result"]
        return [f"_saved_{saved.PYTORCH_NAMES.get(name, name)}" for name in parameters]

    def _names_of_saved(self) -> dict[str, int]:
        """Attribute name -> position in what was saved: the parameter's name in forward, or `result`."""
        found: dict[str, int] = {}
        for i, name in enumerate(saved.names(self, self._names_of_parameters()[:-1])):
            found.setdefault(name, i)
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_saved_"):
            if self._freed and name in self._names_of_parameters():
                raise freed_error(self)
            found = self._names_of_saved().get(name)
            if found is not None:
                return saved.unpack(self, True)[found]
            if name[7:] in self.__dict__:
                return self.__dict__[name[7:]]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        own = [f"_saved_{key}" for key in self.__dict__ if not key.startswith("_") and key not in _NODE_ATTRIBUTES]
        return [*super().__dir__(), *self._names_of_saved(), *own]


class _NoContext:
    """The ctx of a forward whose backward nobody will ask for: it takes whatever it is told and forgets it."""

    needs_input_grad = (False,) * 16

    def save_for_backward(self, *arrays: Any) -> None:
        pass

    def __setattr__(self, name: str, value: Any) -> None:
        pass


NO_CONTEXT: Any = _NoContext()


class Rule:
    """One operation: forward over backward, the formula in the docstring.

    Class attributes say what `apply` has to know:

    inputs     how many leading arguments of forward are tensors (None: all of them); backward gives as many gradients
    promote    how the inputs' dtypes are joined before forward: a function of tinytorch.promotion, or None
    is_view    the output shares the first input's memory
    silent     forward does nothing that NumPy could warn of: it calls kernels, or makes a view
    differentiable  False for comparisons, argmax and the like: results without a gradient, never recorded
    name       of the node in the backward graph, "<Class>Backward0" if not given
    """

    inputs: int | None = 1
    promote: Any = None  # Callable[[list], None]; typed so, a function in a class body would count as a method
    is_view = False
    silent = False
    differentiable = True
    name: str | None = None
    apply: Application

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = f"{cls.__name__}Backward0"
        cls.apply = Application(cls)

    @staticmethod
    def forward(ctx: Any, *args: Any, **options: Any) -> Any:
        """The output array (or a tuple of them) for the input arrays."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """The gradient of every input (None: there is none) for the gradients of the outputs."""
        raise NotImplementedError

    @classmethod
    def explain(cls, error: Exception, arrays: list) -> Exception:
        """The error to raise instead of NumPy's: PyTorch's class and text."""
        return error

    @classmethod
    def make_node_class(cls) -> type[RuleNode]:
        """The class of this rule's nodes, called after the rule; made when the rule is first recorded."""
        attributes = {"rule": cls, "__module__": cls.__module__, "__doc__": cls.__doc__}
        cls.apply.node_class = type(cls.name or "", (ShownNode,), attributes)
        return cls.apply.node_class


class Application:
    """`Rule.apply`: what a rule says about itself, at hand; called, it computes and records."""

    def __init__(self, rule: type[Rule]):
        self.rule = rule
        self.forward, self.backward = rule.forward, rule.backward
        self.promote = rule.promote
        self.settled = getattr(rule.promote, "settled", False)
        self.inputs = -1 if rule.inputs is None else rule.inputs
        self.is_view, self.differentiable = rule.is_view, rule.differentiable
        self.silent = rule.silent and (rule.is_view or not PURE)  # pure NumPy has to be silenced
        self.node_class: type[RuleNode] | None = None

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run forward on the arrays of `args`; record a node if an input requires grad and recording is on."""
        return self.compute(args, options)

    def compute(self, args: tuple, options: dict) -> Any:
        count = len(args) if self.inputs < 0 else self.inputs
        if usage.accelerated:
            args = together(args)
            place = elsewhere(args)
            if place is not None:
                with use(place):
                    return self.compute(args, options)
        arrays = list(args)
        has_tensor = needs_grad = viewed = False
        for i in range(count):
            if isinstance(args[i], TensorBase):
                x = args[i]
                has_tensor = True
                arrays[i] = x._array
                needs_grad = needs_grad or x._requires_grad
                viewed = viewed or x._view is not None
        if not has_tensor:
            return self.forward(NO_CONTEXT, *args, **options)
        if viewed and state.recording:
            needs_grad = _refreshed(args[:count]) or needs_grad
        if self.promote is not None and not (self.settled and agree(arrays)):
            self.promote(arrays)
        recording = needs_grad and self.differentiable and state.recording
        created = self.node(args, count) if recording else None
        node: Any = created if recording else NO_CONTEXT

        token = None if self.silent else quiet()
        try:
            if options:
                output = self.forward(node, *arrays, **options)
            elif len(arrays) == 2:  # most calls have few arguments; a call with a list of them takes longer
                output = self.forward(node, arrays[0], arrays[1])
            elif len(arrays) == 1:
                output = self.forward(node, arrays[0])
            elif len(arrays) == 3:
                output = self.forward(node, arrays[0], arrays[1], arrays[2])
            elif len(arrays) == 4:
                output = self.forward(node, arrays[0], arrays[1], arrays[2], arrays[3])
            else:
                output = self.forward(node, *arrays)
        except (ValueError, TypeError, IndexError) as error:
            raise self.rule.explain(error, arrays[:count]) from None
        finally:
            if token is not None:
                leave(token)
        if type(output) is tuple:
            tensors = self.several(created, args, arrays, output)
            if usage.watched:
                _tell(self.rule, created, args, options, tensors)
            return tensors

        if type(output) is not ndarray:
            output = _as_array(output, created)
        tensor = TensorBase.__new__(Tensor)
        tensor._array = output
        if created is not None:
            tensor._node, tensor._requires_grad = created, True
            created._shape, created._dtype = output.shape, output.dtype
            if usage.accelerated:
                created._place = device_of(output)
            if created._saved is not None:
                pack(created, args, arrays, (tensor,))
            if anomaly_mode.tracing:
                anomaly_mode.trace(created)
        if self.is_view:
            track(tensor, args[0])
        elif not recording and usage.inference and state.inference:
            tensor._inference = True
        if usage.watched:
            _tell(self.rule, created, args, options, tensor)
        return tensor

    def node(self, args: tuple, count: int) -> RuleNode:
        """A node with edges to the nodes that made the first `count` of `args`."""
        node = RuleNode.__new__(self.node_class or self.rule.make_node_class())
        node.application = self
        node.priority = next(priorities)
        edges: list = []
        for i in range(count):
            if isinstance(args[i], TensorBase):
                x = args[i]
                edges.append(source_of(x))
                edges.append(x._output_nr)
            else:
                edges.append(None)
                edges.append(0)
        node.edges = tuple(edges)
        if count == 1:
            node.needs_input_grad = _ONE
        elif count == 2:
            node.needs_input_grad = _OF_TWO[2 * (edges[0] is not None) + (edges[2] is not None)]
        else:
            node.needs_input_grad = tuple([edges[2 * i] is not None for i in range(count)])
        return node

    def several(self, node: RuleNode | None, args: tuple, arrays: list, output: tuple) -> tuple[Tensor, ...]:
        """The Tensors for a forward that returned several arrays."""
        tensors = []
        for nr, array in enumerate(output):
            tensor = TensorBase.__new__(Tensor)
            tensor._array = array if type(array) is ndarray else _as_array(array, node)
            if node is not None and tensor._array.dtype.kind in "fcV":  # indices and masks have no gradient
                tensor._node, tensor._output_nr, tensor._requires_grad = node, nr, True
            if self.is_view:
                track(tensor, args[0], True)
            elif usage.inference and state.inference:
                tensor._inference = True
            tensors.append(tensor)
        if node is not None:
            node.outputs = tuple([(t._array.shape, t._array.dtype) for t in tensors])
            if usage.accelerated:
                node._place = device_of(tensors[0]._array) if tensors else None
            if node._saved is not None:
                pack(node, args, arrays, tuple(tensors))
            if anomaly_mode.tracing:
                anomaly_mode.trace(node)
        return tuple(tensors)


def _tell(rule: type[Rule], node: RuleNode | None, args: tuple, options: dict, outputs: Any) -> None:
    """Tell the watcher, if this thread has one, of an operation that has just run."""
    if state.watcher is not None:
        state.watcher.operation(rule, node, args, options, outputs if type(outputs) is tuple else (outputs,))


# needs_input_grad, ready made: of one input, and of two by which of them has an edge
_ONE = (True,)
_OF_TWO = ((False, False), (False, True), (True, False), (True, True))


def _refreshed(inputs: tuple) -> bool:
    """Bring the histories of the views among `inputs` up to date; does a base of theirs require grad?"""
    found = False
    for arg in inputs:
        if isinstance(arg, TensorBase) and arg._view is not None:
            arg._view.refresh(arg)
            # a base counts even where the view is none that gradients flow through
            found = found or arg._view.base._requires_grad or arg._requires_grad
    return found


def _as_array(output: Any, node: RuleNode | None) -> Any:
    """A GPU's array as it is; a scalar, which NumPy makes of 0-dim results, as an array, in what `node` saved, too."""
    array = as_array(output)
    if array is not output and node is not None and node._saved is not None:
        node._saved = tuple([array if value is output else value for value in node._saved])
    return array


class Elementwise(Rule):
    """A rule that works element by element on inputs that broadcast; the engine undoes the broadcasting."""

    @classmethod
    def explain(cls, error: Exception, arrays: list) -> Exception:
        return broadcast_error(arrays) or error


def check_can_require_grad(dtype: Any) -> None:
    """RuntimeError for dtypes that have no gradients."""
    if dtype.category < FLOAT:
        raise RuntimeError(
            "Only Tensors of floating point and complex dtype can require gradients\n\nWhole numbers have no "
            "derivatives: write 1. for 1, or dtype=torch.float32."
        )
