"""Rule: the base of every built-in operation. `apply` computes, and records a node when somebody wants gradients.

A rule has two static methods. `forward(ctx, x, ...)` works on plain arrays. `backward(ctx, grad)` is written once in
operators and rules that arrays and Tensors share: the engine feeds it arrays, or Tensors when the gradient is itself
to be differentiated (create_graph). What makes the latter work: *with no Tensor among its inputs, apply is just forward.*
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tinytorch.autograd import anomaly_mode, saved
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.messages import freed_error
from tinytorch.autograd.node import Node
from tinytorch.autograd.views import View
from tinytorch.dtypes import FLOAT
from tinytorch.errors import broadcast_error
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.tensor import NO_EDGE, Tensor, _new

ndarray = np.ndarray


_NODE_ATTRIBUTES = ("next_functions", "outputs", "priority", "rule")


class RuleNode(Node):
    """The node of a built-in rule; it is also the rule's `ctx`."""

    rule: type[Rule]
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

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        """For every input: does a gradient have somewhere to go? The others need not be computed."""
        return tuple([node is not None for node, _ in self.next_functions])

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
    node_class: type[RuleNode] = RuleNode

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = f"{cls.__name__}Backward0"
        cls.node_class = type(cls.name or "", (RuleNode,), {"rule": cls, "__module__": cls.__module__, "__doc__": cls.__doc__})

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
        count = len(args) if cls.inputs is None else cls.inputs
        arrays = list(args)
        needs_grad = has_tensor = False
        for i in range(count):
            arg = args[i]
            if isinstance(arg, Tensor):
                has_tensor = True
                arrays[i] = arg._array
                if arg._view is not None and state.recording:
                    arg._view.refresh(arg)
                    if arg._view.base._requires_grad:  # even where the view is none that gradients flow through
                        needs_grad = True
                if arg._requires_grad:
                    needs_grad = True
        if not has_tensor:
            return cls.forward(NO_CONTEXT, *args, **options)
        if cls.promote is not None:
            cls.promote(arrays)

        node: Any = None
        if needs_grad and state.recording and cls.differentiable:
            node = cls.node_class()
            edges = []
            for i in range(count):
                arg = args[i]
                edges.append(arg._edge() if isinstance(arg, Tensor) else NO_EDGE)
            node.next_functions = tuple(edges)
        token = quiet()
        try:
            output = cls.forward(NO_CONTEXT if node is None else node, *arrays, **options)
        except (ValueError, TypeError, IndexError) as error:
            raise cls.explain(error, arrays[:count]) from None
        finally:
            leave(token)
        if type(output) is tuple:
            return cls._wrap_several(node, args, arrays, output)

        tensor = _new(Tensor)
        if type(output) is not ndarray:
            output = _as_array(output, node)
        tensor._array = output
        if node is not None:
            tensor._node = node
            tensor._requires_grad = True
            node.outputs = ((tensor._array.shape, tensor._array.dtype),)
            if node._saved:
                saved.pack(node, args, arrays, (tensor,))
            if anomaly_mode.tracing:
                anomaly_mode.trace(node)
        if cls.is_view:
            View.track(tensor, args[0])
        elif state.inference:
            tensor._inference = True
        return tensor

    @classmethod
    def _wrap_several(cls, node: RuleNode | None, args: tuple, arrays: list, output: tuple) -> tuple[Tensor, ...]:
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
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
