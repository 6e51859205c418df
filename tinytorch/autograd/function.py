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

Both are called as Cube.apply(x). The third style is PyTorch 0.3's: forward(self, x) and backward(self, grad) are
methods of an instance that is called, Cube()(x). Unlike a built-in rule, a Function sees Tensors in both directions.

Source: https://docs.pytorch.org/docs/2.13/autograd.html#torch.autograd.Function
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from tinytorch.autograd import anomaly_mode, saved, views
from tinytorch.autograd.grad_mode import no_grad, state, usage
from tinytorch.autograd.node import Node
from tinytorch.autograd.places import place_of_any
from tinytorch.errors import warn
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

    @property
    def saved_tensors(self) -> tuple[Tensor, ...]:
        """What save_for_backward was given."""
        if self.to_save is not None:
            return self.to_save  # still inside forward
        return tuple(saved.unpack(self, True))

    @property
    def saved_variables(self) -> tuple[Tensor, ...]:
        warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning)
        return self.saved_tensors

    def release(self) -> None:
        self._saved, self._freed = None, True

    def run(self, grads: list) -> tuple:
        if self.materialize_grads:
            grads = [
                wrap(views.zeros(*meta, self._place)) if grad is None and meta[1] is not None else grad
                for grad, meta in zip(grads, self.outputs)
            ]
        result = self.call_backward(grads)
        results = result if isinstance(result, tuple) else (result,)
        expected = self.argument_count
        while len(results) > expected and results[-1] is None:
            results = results[:-1]
        if len(results) != expected:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {expected}, got "
                f"{len(results)})\n\n"
                "backward returns one gradient for every argument of forward, None for those that are no tensors."
            )
        for position, grad in enumerate(results):
            if grad is None:
                continue
            if position not in self.tensor_positions:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position {position + 1}, but "
                    "the corresponding forward input was not a Variable"
                )
            if not isinstance(grad, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(grad).__name__})")
        found = tuple([results[position] for position in self.tensor_positions])
        for grad, (node, nr) in zip(found, self.next_functions):
            if grad is not None and node is not None:
                _check_kind(grad._array.dtype.kind, node.outputs[nr][1].kind)
        return found

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at {id(self):#x}>"

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
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
                "implement one of them."
            )
        return getattr(function, own[0])(self, *grads)


def _check_kind(given: str, wanted: str) -> None:
    """RuntimeError where a real tensor would get a complex gradient, or a complex one an integer gradient."""
    if given not in "fV" and (given == "c") != (wanted == "c"):
        raise RuntimeError(
            "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) to be true, but got "
            "false.  (Could this error message be improved?  If so, please report an enhancement request to "
            "PyTorch.)\n\n A backward returned a complex gradient for a real input, or integers for a complex one."
        )


class InstanceNode(FunctionNode):
    """The node of an instance-style Function: the instance is what forward and backward get as `self`."""

    def call_backward(self, grads: list) -> Any:
        self.function._node = self
        try:
            return self.function.backward(*grads)
        finally:
            self.function._node = None  # the node holds the instance: a reference back would be a cycle


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
    _instance_style = False  # forward(self, x): the style of PyTorch 0.3
    _has_setup = False  # forward(x) and setup_context(ctx, inputs, output)
    generate_vmap_rule = False
    _node: FunctionNode | None = None  # of the old style: where saved_tensors are

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        static = isinstance(inspect.getattr_static(cls, "forward"), (staticmethod, classmethod))
        cls._instance_style = not static
        cls._has_setup = cls.setup_context is not Function.setup_context
        base = FunctionNode if static else InstanceNode
        cls.node_class = type(cls.__name__ + "Backward", (base,), {"function": cls, "__module__": __name__})

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
        if cls._instance_style:
            return cls()(*args, **kwargs)
        node = cls.node_class()
        if kwargs:
            args = cls._positional(node, args, kwargs)
        node.needs_input_grad = tuple([isinstance(a, Tensor) and a.requires_grad for a in args])
        before, state.recording = state.recording, False
        try:
            if cls._has_setup:
                output = cls.forward(*args)
                cls.setup_context(node, args, output)
            else:
                output = cls.forward(node, *args)
        finally:
            state.recording = before
        return _record(node, node, args, output)

    @classmethod
    def _positional(cls, node: FunctionNode, args: tuple, kwargs: dict) -> tuple:
        """The arguments of forward, those given by name included, in the order of its parameters."""
        first = () if cls._has_setup else (node,)
        bound = inspect.signature(cls.forward).bind(*first, *args, **kwargs)
        bound.apply_defaults()
        return bound.args[len(first) :]

    def __call__(self, *args: Any) -> Any:
        """The style of PyTorch 0.3: an instance is called, forward and backward are its methods."""
        if not self._instance_style:
            name = type(self).__name__
            raise RuntimeError(
                "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
                "function with static forward method. (Example: "
                "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)\n\n"
                f"{name} has static methods: call {name}.apply(...) instead of an instance."
            )
        node = type(self).node_class()
        node.function = self
        self.needs_input_grad = node.needs_input_grad = tuple([isinstance(a, Tensor) and a.requires_grad for a in args])
        self.to_save, self.dirty_tensors, self.non_differentiable = None, (), ()
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
    recorded = state.recording and True in node.needs_input_grad
    if recorded:
        node.next_functions = tuple([a._edge() for a in inputs])
        node.tensor_positions = tuple([i for i, a in enumerate(args) if isinstance(a, Tensor)])
        node.argument_count = len(args)
        node.materialize_grads = told.materialize_grads
    _check_dirty(told.dirty_tensors, outputs, recorded)
    dirty, constant = _ids(told.dirty_tensors), _ids(told.non_differentiable)
    creation = views.CUSTOM if sum([isinstance(value, Tensor) for value in outputs]) == 1 else views.MULTIPLE
    wrapped = []
    for nr, value in enumerate(outputs):
        if isinstance(value, Tensor):
            if id(value) in dirty:
                if recorded:
                    _rewrite(node, nr, value)
            else:
                differentiable = id(value) not in constant
                value = _apart(value, inputs, creation, differentiable)
                if recorded and differentiable and value._array.dtype.kind in "fcV":
                    value._node, value._output_nr, value._requires_grad = node, nr, True
        wrapped.append(value)
    if recorded:
        node.outputs = tuple(
            [(v._array.shape, v._array.dtype) if isinstance(v, Tensor) else ((), None) for v in wrapped]
        )
        if usage.accelerated:
            node._place = place_of_any(wrapped)
        if told.to_save:
            _save(node, told.to_save, list(outputs), wrapped)
        if anomaly_mode.tracing:
            anomaly_mode.trace(node)
    if usage.watched and state.watcher is not None:
        state.watcher.function(node.function, node if recorded else None, args, wrapped)
    told.to_save, told.dirty_tensors, told.non_differentiable = None, (), ()  # outputs among them would be a cycle
    return wrapped[0] if single else tuple(wrapped)


def _ids(tensors: tuple) -> set[int]:
    return {id(tensor) for tensor in tensors}


def _check_dirty(tensors: tuple, outputs: tuple, recorded: bool) -> None:
    """Count the writes that forward confessed to, and raise PyTorch's error for those that cannot be followed."""
    for tensor in tensors:
        if not any(tensor is value for value in outputs):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
                "are modified inplace must all be outputs of the Function."
            )
        if recorded and tensor._requires_grad and tensor._node is None and tensor._view is None:
            raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
        if recorded:
            views.check_writable(tensor, True)
        tensor._bump()


def _rewrite(node: FunctionNode, nr: int, value: Tensor) -> None:
    """Make `node` the maker of an input that forward wrote into."""
    result = _new(Tensor)
    result._array, result._node, result._output_nr, result._requires_grad = value._array, node, nr, True
    views.rebase_history(value, result)


def _apart(value: Tensor, inputs: list, creation: str, differentiable: bool) -> Tensor:
    """The output `value` as a tensor whose history may become the Function's; where it is an input, a view of it."""
    if any(value is tensor for tensor in inputs):
        if not differentiable:
            return value.detach()
        alias = _new(Tensor)
        alias._array, alias._counter, alias._storage_root = value._array, value._version_counter(), value._root()
        alias._view = views.View(value, alias._counter.value, creation)
        return alias
    if value._view is not None:
        value._view = views.View(value._view.base, value._view.seen, creation)
    return value


def _save(node: FunctionNode, tensors: tuple, outputs: list, wrapped: list) -> None:
    """Keep what forward saved, each tensor with its version; an output without its reference back to the node."""
    kept: list[Any] = []
    for tensor in tensors:
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {len(kept)} is of type "
                f"{type(tensor).__name__}"
            )
        for raw, given in zip(outputs, wrapped):
            if tensor is raw and tensor is not None and isinstance(given, Tensor) and given._node is node:
                tensor = saved.twin(given)
                break
        kept.append(tensor)
    node._saved = tuple(kept)
    node._versions = [0 if t is None or t._counter is None else t._counter.value for t in kept]
    if state.saved_hooks:
        saved.pack_through_hooks(node)


class _OnceOnly(Node):
    """Stands where a second derivative would have to pass a backward that was marked once_differentiable."""

    def run(self, grads: list) -> tuple:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def once_differentiable(backward: Callable) -> Callable:
    """Mark a backward whose own computation is not to be differentiated: it runs unrecorded; a second one raises."""

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
        node.outputs = tuple(
            [(r._array.shape, r._array.dtype) if isinstance(r, Tensor) else ((), None) for r in marked]
        )
        if usage.accelerated:
            node._place = place_of_any(marked)
        return marked[0] if single else tuple(marked)

    return wrapped
