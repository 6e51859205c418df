"""Function: operations that users differentiate by hand, in PyTorch's three styles.

    class Cube(Function):                               class Cube(Function):
        @staticmethod                                       @staticmethod
        def forward(ctx, x):                                def forward(x):
            ctx.save_for_backward(x)                            return x ** 3
            return x ** 3                                   @staticmethod
        @staticmethod                                       def setup_context(ctx, inputs, output):
        def backward(ctx, grad):                                ctx.save_for_backward(*inputs)
            (x,) = ctx.saved_tensors                        # backward as on the left
            return grad * 3 * x ** 2

Both are called as Cube.apply(x). The third style is PyTorch 0.3's: forward(self, x) and backward(self, grad) are methods
of an instance that is called, Cube()(x). Unlike a built-in rule, a Function sees Tensors in both directions.

Source: https://docs.pytorch.org/docs/2.13/autograd.html#torch.autograd.Function
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from tinytorch.autograd import anomaly, saved, views
from tinytorch.autograd.grad_mode import no_grad, state
from tinytorch.autograd.node import Node
from tinytorch.tensor import NO_EDGE, Tensor, _new, wrap


class FunctionCtx:
    """What forward can tell autograd about its inputs and outputs."""

    needs_input_grad: tuple[bool, ...] = ()
    to_save: tuple | None = None
    dirty_tensors: tuple = ()
    non_differentiable: tuple = ()
    materialize_grads = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward, where `saved_tensors` has them; writes into them in between are noticed."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Accepted for PyTorch's sake: there is no forward-mode differentiation here."""
        self.saved_for_forward = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward wrote into; they have to be among its outputs."""
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """With False, backward is given None instead of zeros for an output that no gradient came for."""
        self.materialize_grads = value


class FunctionNode(Node, FunctionCtx):
    """The node of a Function; to its static methods it is `ctx`."""

    takes_tensors = True
    function: Any  # the Function class, or the instance of the old style
    tensor_positions: tuple[int, ...] = ()  # which arguments of forward were tensors
    argument_count = 0
    _saved: tuple | None = ()
    _versions: tuple[int, ...] = ()

    @property
    def saved_tensors(self) -> tuple[Tensor, ...]:
        """What save_for_backward was given."""
        if self._saved == () and self.to_save:
            return self.to_save  # still inside forward
        return tuple(saved.unpack(self, as_tensors=True))

    @property
    def saved_variables(self) -> tuple[Tensor, ...]:
        warnings.warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2)
        return self.saved_tensors

    def release(self) -> None:
        if self._saved:
            self._saved = None

    def run(self, grads: list) -> tuple:
        if self.materialize_grads:
            grads = [
                wrap(views.zeros(*meta)) if grad is None and meta[1] is not None else grad
                for grad, meta in zip(grads, self.outputs)
            ]
        result = self.call_backward(grads)
        results = result if isinstance(result, tuple) else (result,)
        expected = self.argument_count
        while len(results) > expected and results[-1] is None:
            results = results[:-1]
        if len(results) != expected:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {expected}, got {len(results)})"
                "\n\nbackward returns one gradient for every argument of forward, None for those that are no tensors."
            )
        for position, grad in enumerate(results):
            if grad is not None and position not in self.tensor_positions:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different from None at position {position + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
            if grad is not None and not isinstance(grad, Tensor):
                raise TypeError(f"expected Variable or None (got {type(grad).__name__})")
        return tuple(results[position] for position in self.tensor_positions)

    def call_backward(self, grads: list) -> Any:
        """Call the user's backward."""
        function = self.function
        own = [c for c in ("backward", "vjp") if getattr(function, c) is not getattr(Function, c)]
        if not own:
            raise NotImplementedError(
                "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
                "backward mode AD."
            )
        if len(own) == 2:
            raise RuntimeError("Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one of them.")
        return getattr(function, own[0])(self, *grads)


class InstanceNode(FunctionNode):
    """The node of an instance-style Function: the instance is what forward and backward get as `self`."""

    def call_backward(self, grads: list) -> Any:
        self.function._node = self
        return self.function.backward(*grads)


class Function(FunctionCtx):
    """Base class of operations with a hand-written derivative; see the top of this file.

    >>> class Double(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         return grad * 2
    >>> x = torch.ones(2, requires_grad=True)
    >>> Double.apply(x).sum().backward()
    >>> x.grad
    tensor([2., 2.])
    """

    node_class: type[FunctionNode] = FunctionNode
    generate_vmap_rule = False
    _node: FunctionNode | None = None  # of the old style: where saved_tensors are

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        base = InstanceNode if cls._is_instance_style() else FunctionNode
        cls.node_class = type(cls.__name__ + "Backward", (base,), {"function": cls, "__module__": cls.__module__})

    @classmethod
    def _is_instance_style(cls) -> bool:
        return not isinstance(inspect.getattr_static(cls, "forward"), (staticmethod, classmethod))

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; the user's to write."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Any) -> None:
        """In the style where forward has no ctx: save here what backward needs."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of forward's arguments for those of its outputs; the user's to write."""
        raise NotImplementedError("You must implement the backward or vjp method.")

    vjp = backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call forward, and record this Function if an input requires grad."""
        if cls._is_instance_style():
            return cls()(*args, **kwargs)
        ctx = cls.node_class()
        if kwargs:
            bound = inspect.signature(cls.forward).bind(*((ctx,) if not cls._has_setup() else ()), *args, **kwargs)
            bound.apply_defaults()
            args = bound.args if cls._has_setup() else bound.args[1:]
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        with no_grad():
            if cls._has_setup():
                output = cls.forward(*args)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args)
        return _record(ctx, ctx, args, output)

    @classmethod
    def _has_setup(cls) -> bool:
        return cls.setup_context is not Function.setup_context

    def __call__(self, *args: Any) -> Any:
        """The style of PyTorch 0.3: an instance is called, forward and backward are its methods."""
        if not self._is_instance_style():
            raise RuntimeError(
                f"{type(self).__name__} has static methods: call {type(self).__name__}.apply(...), not an instance"
            )
        node = type(self).node_class()
        node.function = self
        self.needs_input_grad = node.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        with no_grad():
            output = self.forward(*args)
        return _record(node, self, args, output)

    @property
    def saved_tensors(self) -> tuple:
        """In the old style: what this instance saved."""
        return self._node.saved_tensors if self._node is not None else self.to_save or ()


def _record(node: FunctionNode, told: FunctionCtx, args: tuple, output: Any) -> Any:
    """Tie the outputs of a Function to its node. `told`: what forward said of its inputs and outputs."""
    single = not isinstance(output, tuple)
    outputs = (output,) if single else output
    inputs = [a for a in args if isinstance(a, Tensor)]
    recorded = state.recording and any(node.needs_input_grad)
    if recorded:
        node.next_functions = tuple([a._edge() for a in inputs])
        node.tensor_positions = tuple([i for i, a in enumerate(args) if isinstance(a, Tensor)])
        node.argument_count = len(args)
        node.materialize_grads = told.materialize_grads
    dirty, constant = _ids(told.dirty_tensors), _ids(told.non_differentiable)
    wrapped = []
    for nr, value in enumerate(outputs):
        if isinstance(value, Tensor):
            differentiable = recorded and id(value) not in constant and value._array.dtype.kind in "fcV"
            value = _tie(node, nr, value, inputs, id(value) in dirty, differentiable)
        wrapped.append(value)
    for tensor in told.dirty_tensors:
        if not any(tensor is value for value in wrapped):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
                "are modified inplace must all be outputs of the Function."
            )
    if recorded:
        node.outputs = tuple([(v._array.shape, v._array.dtype) if isinstance(v, Tensor) else ((), None) for v in wrapped])
        if told.to_save:
            _save(node, told.to_save, list(outputs), wrapped)
        if anomaly.tracing:
            anomaly.trace(node)
    return wrapped[0] if single else tuple(wrapped)


def _ids(tensors: tuple) -> set[int]:
    return {id(tensor) for tensor in tensors}


def _tie(node: FunctionNode, nr: int, value: Tensor, inputs: list, is_dirty: bool, differentiable: bool) -> Tensor:
    """Output number `nr` as the Tensor that the user gets."""
    is_input = any(value is tensor for tensor in inputs)
    if is_dirty:
        if differentiable:
            views.check_writable(value, True)
            result = _new(Tensor)
            result._array, result._node, result._output_nr, result._requires_grad = value._array, node, nr, True
            views.rebase_history(value, result)
        return value
    if is_input:
        alias = _new(Tensor)
        alias._array, alias._counter, alias._storage_root = value._array, value._version_counter(), value._root()
        alias._view = views.View(value, alias._counter.value, views.CUSTOM)  # type: ignore[union-attr]
        value = alias
    elif value._view is not None:
        if any(value._view.base is t or (t._view is not None and value._view.base is t._view.base) for t in inputs):
            value._view = views.View(value._view.base, value._view.seen, views.CUSTOM)
        else:
            value._view = None
    if differentiable:
        value._node, value._output_nr, value._requires_grad = node, nr, True
    return value


def _save(node: FunctionNode, tensors: tuple, outputs: list, wrapped: list) -> None:
    """Keep what forward saved, each tensor with its version; an output without its reference back to the node."""
    kept: list[Any] = []
    for tensor in tensors:
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {len(kept)} is of type {type(tensor).__name__}"
            )
        for raw, given in zip(outputs, wrapped):
            if tensor is raw and tensor is not None and isinstance(given, Tensor) and given._node is node:
                tensor = saved.twin(given)
                break
        kept.append(tensor)
    node._saved = tuple(kept)
    node._versions = tuple([0 if t is None or t._counter is None else t._counter.value for t in kept])
    if saved._hooks:
        saved.pack_through_hooks(node)


class _OnceOnly(Node):
    """Stands where a second derivative would have to pass a backward that was marked once_differentiable."""

    def run(self, grads: list) -> tuple:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def once_differentiable(backward: Callable) -> Callable:
    """Mark a backward whose own computation is not to be differentiated: it runs unrecorded, a second derivative raises."""

    @functools.wraps(backward)
    def wrapped(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            results = backward(ctx, *grads)
        sources = [g for g in grads if isinstance(g, Tensor) and g.requires_grad]
        if not state.recording or not sources:
            return results
        node = _OnceOnly()
        node.next_functions = tuple(g._edge() for g in sources) or (NO_EDGE,)
        single = not isinstance(results, tuple)
        marked = []
        for nr, result in enumerate((results,) if single else results):
            if isinstance(result, Tensor):
                copy = wrap(result._array)
                copy._node, copy._output_nr, copy._requires_grad = node, nr, True
                result = copy
            marked.append(result)
        node.outputs = tuple([(r._array.shape, r._array.dtype) if isinstance(r, Tensor) else ((), None) for r in marked])
        return marked[0] if single else tuple(marked)

    return wrapped
