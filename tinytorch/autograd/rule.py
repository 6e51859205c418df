"""Rule: the base of every built-in operation. `apply` computes, and records a node when somebody wants gradients.

A rule has two static methods. `forward(ctx, x, ...)` works on plain arrays. `backward(ctx, grad)` is written once in
operators and rules that arrays and Tensors share: the engine feeds it arrays, or Tensors when the gradient is itself
to be differentiated (create_graph). What makes the latter work: *with no Tensor among its inputs, apply is just
forward.*
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tinytorch.autograd import anomaly_mode, saved
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.messages import freed_error
from tinytorch.autograd.node import Node, priorities
from tinytorch.autograd.views import View
from tinytorch.dtypes import FLOAT
from tinytorch.errors import broadcast_error
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.tensor import NO_EDGE, Tensor, _new

ndarray = np.ndarray


_NODE_ATTRIBUTES = ("needs_input_grad", "next_functions", "outputs", "priority", "rule")


class RuleNode(Node):
    """The node of a built-in rule; it is also the rule's `ctx`."""

    rule: type[Rule]
    needs_input_grad: tuple[bool, ...] = (
        True,
    )  # for every input: has a gradient somewhere to go? Else do not compute it
    _saved: Any = ()  # Tensors (inputs and outputs) and plain arrays; None once freed
    _versions: Any = ()

    def save_for_backward(self, *arrays: Any) -> None:
        """Keep inputs, outputs or constants (masks, indices) of the rule for backward, where saved_tensors has them."""
        self._saved = arrays

    @property
    def saved_tensors(self) -> Any:
        """What was saved: arrays, or Tensors that know their history when the gradient is recorded too.

        Only backward has it: PyTorch's built-in nodes show users what they saved as `_saved_self` and the like.
        """
        if state.task is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute 'saved_tensors'")
        return saved.unpack(self)

    def run(self, grads: list) -> tuple:
        for grad in grads:
            if grad is not None:
                break
        else:
            return (None,) * len(self.next_functions)
        result = self.rule.backward(self, *grads)
        return result if type(result) is tuple else (result,)

    def release(self) -> None:
        if self._saved:
            self._saved = None

    # What was saved, as attributes under PyTorch's names: grad_fn._saved_self, ._saved_result, ._saved_dim ...

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
            if self._saved is None and name in self._names_of_parameters():
                raise freed_error(self)
            found = self._names_of_saved().get(name)
            if found is not None:
                return saved.unpack(self, as_tensors=True)[found]
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

    Class attributes say what the base has to know:

    inputs     how many leading arguments of forward are tensors (None: all of them); backward gives as many gradients
    promote    how the inputs' dtypes are joined before forward: a function of tinytorch.autograd.promotion, or None
    is_view    the output shares the first input's memory
    differentiable  False for comparisons, argmax and the like: results without a gradient, never recorded
    name       of the node in the backward graph, "<Class>Backward0" if not given
    """

    inputs: int | None = 1
    promote: Any = None  # Callable[[list], None]; typed so, a function in a class body would count as a method
    is_view = False
    differentiable = True
    name: str | None = None
    node_class: type[RuleNode] | None = None  # made when the rule is first recorded: most of them never are

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = f"{cls.__name__}Backward0"
        cls.node_class = None

    @classmethod
    def make_node_class(cls) -> type[RuleNode]:
        """The class of this rule's nodes, called after the rule."""
        attributes = {"rule": cls, "__module__": cls.__module__, "__doc__": cls.__doc__}
        cls.node_class = type(cls.name or "", (RuleNode,), attributes)
        return cls.node_class

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
    def apply(cls, *args: Any, **options: Any) -> Any:
        """Run forward on the arrays of `args`; record a node if an input requires grad and recording is on."""
        # One input, and two tensors, are looked at without a loop: most calls are like that, and it saves time.
        count, given = cls.inputs, len(args)
        if count == 1:
            x = args[0]
            if not isinstance(x, Tensor):
                return cls.forward(NO_CONTEXT, *args, **options)
            arrays = list(args)
            arrays[0] = x._array
            needs_grad, viewed = x._requires_grad, x._view is not None
        elif count == 2 == given and isinstance(args[0], Tensor) and isinstance(args[1], Tensor):
            x, y = args
            arrays = [x._array, y._array]
            needs_grad = x._requires_grad or y._requires_grad
            viewed = not (x._view is y._view is None)
        else:
            if count is None:
                count = given
            arrays = list(args)
            needs_grad = viewed = has_tensor = False
            for i in range(count):
                arg = args[i]
                if isinstance(arg, Tensor):
                    has_tensor = True
                    arrays[i] = arg._array
                    if arg._requires_grad:
                        needs_grad = True
                    if arg._view is not None:
                        viewed = True
            if not has_tensor:
                return cls.forward(NO_CONTEXT, *args, **options)
        recording = state.recording
        if viewed and recording:
            needs_grad = _refreshed(args[:count]) or needs_grad
        if cls.promote is not None:
            cls.promote(arrays)
        recording = recording and needs_grad and cls.differentiable
        node: Any = cls._node(args[:count]) if recording else NO_CONTEXT

        token = quiet()
        try:
            output = cls.forward(node, *arrays, **options)
        except (ValueError, TypeError, IndexError) as error:
            raise cls.explain(error, arrays[:count]) from None
        finally:
            leave(token)
        if type(output) is tuple:
            return cls._several(node if recording else None, args, arrays, output)

        if type(output) is not ndarray:
            output = _as_array(output, node if recording else None)
        tensor = _new(Tensor)
        tensor._array = output
        if recording:
            tensor._node, tensor._requires_grad = node, True
            node.outputs = ((output.shape, output.dtype),)
            if node._saved:
                saved.pack(node, args, arrays, (tensor,))
            if anomaly_mode.tracing:
                anomaly_mode.trace(node)
        if cls.is_view:
            View.track(tensor, args[0])
        elif not recording and state.inference:
            tensor._inference = True
        return tensor

    @classmethod
    def _node(cls, inputs: tuple) -> RuleNode:
        """A node with edges to the nodes that made `inputs`."""
        node = _new(cls.node_class or cls.make_node_class())
        node.priority = next(priorities)
        edges: list = []
        for arg in inputs:
            if not isinstance(arg, Tensor):
                edges.append(NO_EDGE)
            elif arg._node is None:
                edges.append(arg._edge())
            else:
                edges.append((arg._node, arg._output_nr))
        node.next_functions = tuple(edges)
        if len(edges) == 2:
            node.needs_input_grad = (edges[0] is not NO_EDGE, edges[1] is not NO_EDGE)
        elif len(edges) != 1:
            node.needs_input_grad = tuple([edge is not NO_EDGE for edge in edges])
        return node

    @classmethod
    def _several(cls, node: RuleNode | None, args: tuple, arrays: list, output: tuple) -> tuple[Tensor, ...]:
        """The Tensors for a forward that returned several arrays."""
        tensors = []
        for nr, array in enumerate(output):
            tensor = _new(Tensor)
            tensor._array = array if type(array) is ndarray else _as_array(array, node)
            if node is not None and tensor._array.dtype.kind in "fcV":  # indices and masks have no gradient
                tensor._node, tensor._output_nr, tensor._requires_grad = node, nr, True
            if cls.is_view:
                View.track(tensor, args[0], True)
            elif state.inference:
                tensor._inference = True
            tensors.append(tensor)
        if node is not None:
            node.outputs = tuple([(t._array.shape, t._array.dtype) for t in tensors])
            if node._saved:
                saved.pack(node, args, arrays, tensors)
            if anomaly_mode.tracing:
                anomaly_mode.trace(node)
        return tuple(tensors)


def _refreshed(inputs: tuple) -> bool:
    """Bring the histories of the views among `inputs` up to date; does a base of theirs require grad?"""
    found = False
    for arg in inputs:
        if isinstance(arg, Tensor) and arg._view is not None:
            arg._view.refresh(arg)
            # a base counts even where the view is none that gradients flow through
            found = found or arg._view.base._requires_grad or arg._requires_grad
    return found


def _as_array(scalar: Any, node: RuleNode | None) -> np.ndarray:
    """NumPy's scalar, which it makes of 0-dim results, as an array; in what `node` saved, too."""
    array = np.asarray(scalar)
    if node is not None and node._saved:
        node._saved = tuple([array if value is scalar else value for value in node._saved])
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
