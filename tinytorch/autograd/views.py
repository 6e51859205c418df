"""Views and in-place writes: whose memory a tensor shares, and how a write rewrites the history of the whole.

In PyTorch's semantics a write into a view changes its base, and a write into the base changes its views. The data
follows by itself, the memory being one. The history is kept like this:

- A view remembers its base and the steps (view rules) that lead from the base to it.
- A write into the view `v` of `b` makes b's history "b as it was, with this slice replaced": a CopySlices node.
- Everybody who shares the memory shares a version counter. A view that finds the counter moved since it last looked
  takes its steps anew from the base, and so has the new history.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.autograd import messages
from tinytorch.autograd.grad_mode import enable_grad, state
from tinytorch.autograd.node import Node
from tinytorch.tensor import Tensor, _new

NORMAL, NO_GRAD, MULTIPLE, CUSTOM = "normal", "no_grad", "multiple", "custom"  # how a view came about; only
# through NORMAL ones may be written, where the write is recorded


class View:
    """Of which tensor another one is a view, and the steps from there: (rule, arguments, output number or None)."""

    __slots__ = ("base", "creation", "seen", "steps")

    def __init__(self, base: Tensor, steps: tuple, seen: int, creation: str):
        self.base = base
        self.steps = steps
        self.seen = seen  # the version at which the view's grad_fn was right
        self.creation = creation

    @staticmethod
    def track(tensor: Tensor, args: tuple, rule: Any, output_nr: int | None) -> None:
        """Note that `tensor` is what `rule` gave as a view of args[0]."""
        source = args[0]
        counter = source._version_counter()
        tensor._version = counter
        tensor._storage_root = source._array if source._storage_root is None else source._storage_root
        step = (rule, args[1:], output_nr)
        parent = source._view
        creation = MULTIPLE if output_nr is not None else NORMAL if state.recording else NO_GRAD
        if parent is None:
            tensor._view = View(source, (step,), counter.value, creation)
        else:
            if parent.creation != NORMAL:
                creation = parent.creation
            tensor._view = View(parent.base, (*parent.steps, step), counter.value, creation)

    def take(self, whole: Any) -> Any:
        """The same view of another whole (an array, or a Tensor) that has the base's shape."""
        for rule, args, output_nr in self.steps:
            whole = rule.apply(whole, *args)
            if output_nr is not None:
                whole = whole[output_nr]
        return whole

    def refresh(self, tensor: Tensor) -> None:
        """Give `tensor` the history it has after writes into its base or into other views."""
        version = tensor._version.value  # type: ignore[union-attr]
        if version == self.seen:
            return
        if self.base._requires_grad or tensor._requires_grad:
            if self.creation != NORMAL and state.recording and self.base._node is not None:
                raise RuntimeError(messages.forbidden_view(tensor, self.creation, written="base"))
            with enable_grad():
                fresh = self.take(self.base)
            tensor._node, tensor._output_nr, tensor._requires_grad = fresh._node, fresh._output_nr, fresh._requires_grad
        self.seen = version


def zeros(shape: tuple, dtype: Any) -> np.ndarray:
    """What stands for a gradient that did not come."""
    return np.zeros(shape, dtype)


class CopySlices(Node):
    """base_new = base_old with a slice replaced by `value`

    The gradient of `value` is that of the slice; the gradient of base_old is the rest, zero in the slice.
    """

    def __init__(self, base: Tensor, view: View, value_edge: tuple):
        super().__init__()
        self.view = view
        self.order = _memory_order(base._array)
        self.outputs = ((base._array.shape, base._array.dtype),)
        self.next_functions = (base._edge(), value_edge)

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def run(self, grads: list) -> tuple:
        (grad,) = grads
        if grad is None:
            return None, None
        is_tensor = isinstance(grad, Tensor)
        base_edge, value_edge = self.next_functions
        for_value = for_base = None
        if value_edge[0] is not None:
            piece = self.view.take(grad)
            for_value = piece.clone() if is_tensor else np.array(piece)
        if base_edge[0] is not None:
            for_base = grad.clone() if is_tensor else self._copy(grad)
            rest = self.view.take(for_base)
            if is_tensor:
                rest.zero_()
            else:
                rest[...] = 0
        return for_base, for_value

    def _copy(self, grad: np.ndarray) -> np.ndarray:
        """A copy with the base's order of dimensions in memory, so that views of the base are views of it."""
        order = self.order
        copy = np.ascontiguousarray(grad.transpose(order)).transpose(np.argsort(order))
        return copy if copy.flags.writeable and not np.may_share_memory(copy, grad) else grad.copy()


def _memory_order(array: np.ndarray) -> list[int]:
    """The dimensions of `array`, the one with the largest steps in memory first."""
    return sorted(range(array.ndim), key=lambda dim: -abs(array.strides[dim]))


# ---- in-place writes -------------------------------------------------------------------------------------------------


def check_writable(target: Tensor, recorded: bool) -> None:
    """Raise PyTorch's error where `target` must not be written into; `recorded`: the write takes part in autograd."""
    array = target._array
    for side, stride in zip(array.shape, array.strides):
        if stride == 0 and side > 1:
            raise RuntimeError(
                "unsupported operation: more than one element of the written-to tensor refers to a single memory "
                "location. Please clone() the tensor before performing the operation."
            )
    if target._inference and not state.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a "
            "normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not (recorded and state.recording):
        return
    view = target._view
    if view is not None:
        if view.creation != NORMAL:
            raise RuntimeError(messages.forbidden_view(target, view.creation, written="view"))
        if view.base._requires_grad and view.base._node is None:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if target._requires_grad and target._node is None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation.\n\n"
            "Update it where nothing is recorded: with torch.no_grad(): w -= lr * w.grad"
        )


def write(target: Tensor, function: Callable, *args: Any, **kwargs: Any) -> Tensor:
    """target = function(target, ...) in place: the same memory with new values, the same object with a new history."""
    if target._view is not None:
        target._view.refresh(target)
    if not state.recording:
        check_writable(target, False)
        result = function(target, *args, **kwargs)
        assign(target, result)
        return target

    # The function works on an alias: what it saves for its backward is the alias, whose memory we can exchange.
    alias = _new(Tensor)
    alias._array, alias._node, alias._output_nr = target._array, target._node, target._output_nr
    alias._requires_grad, alias._accumulator = target._requires_grad, target._accumulator
    recorded = target._requires_grad or _any_requires_grad(args) or _any_requires_grad(kwargs.values())
    check_writable(target, recorded)
    result = function(alias, *args, **kwargs)
    if sys.getrefcount(alias) > 2:  # somebody besides this line and the call keeps it: saved for backward
        if alias._version is not None:
            alias._version.value += 1  # views of it taken inside the function would see the overwritten memory
            alias._version = None
        alias._array = alias._array.copy()
    assign(target, result)
    if result._requires_grad:
        rebase_history(target, result)
    return target


def _any_requires_grad(values: Any) -> bool:
    for value in values:
        if isinstance(value, Tensor):
            if value.requires_grad:
                return True
        elif isinstance(value, (list, tuple)) and _any_requires_grad(value):
            return True
    return False


def assign(target: Tensor, result: Tensor) -> None:
    """Write result's values into target's memory."""
    from tinytorch.dtypes import can_cast

    into, values = target._array, result._array
    if into.dtype is not values.dtype and not can_cast(result.dtype, target.dtype):
        raise RuntimeError(
            f"result type {result.dtype.legacy} can't be cast to the desired output type {target.dtype.legacy}"
        )
    if into.shape != values.shape:
        raise RuntimeError(
            f"output with shape {list(into.shape)} doesn't match the broadcast shape {list(values.shape)}"
        )
    np.copyto(into, values, casting="unsafe")
    target._bump()


def rebase_history(target: Tensor, result: Tensor) -> None:
    """Let target's gradient flow where result's would; if target is a view, replace its slice in the base's history."""
    node, output_nr = result._node, result._output_nr
    view = target._view
    if view is not None:
        base = view.base
        base._node, base._output_nr = CopySlices(base, view, _source_edge(node, output_nr)), 0
        base._requires_grad = True
        return  # the version moved, so the view takes its new history from the base when it is next asked
    retained = target._retains_grad and target._node is not None
    if retained and target._node._retaining:  # type: ignore[union-attr]
        node._retaining = {output_nr: target._node._retaining.pop(target._output_nr)}  # type: ignore[union-attr]
    target._node, target._output_nr, target._requires_grad = node, output_nr, True
    _adopt_saved_output(node, target, result)


def _source_edge(node: Any, output_nr: int) -> tuple:
    """For a plain copy of a value of the same shape and dtype, the value's own edge; else the node's."""
    if type(node).__name__ == "CopyBackwards":
        source, nr = node.next_functions[1]
        if source is not None and source.outputs[nr] == node.outputs[0]:
            return source, nr
    return node, output_nr


def _adopt_saved_output(node: Any, target: Tensor, result: Tensor) -> None:
    """A rule that saved its output saved a copy of what is now in target's memory: let it watch over that instead."""
    saved = getattr(node, "_saved", None)
    if not saved:
        return
    for i, value in enumerate(saved):
        if isinstance(value, Tensor) and value._array is result._array:
            value._array, value._version = target._array, target._version
            versions = list(node._versions)
            versions[i] = target._version.value  # type: ignore[union-attr]
            node._versions = tuple(versions)
