"""Views and in-place writes: whose memory a tensor shares, and how a write rewrites the history of the whole.

In PyTorch's semantics a write into a view changes its base, and a write into the base changes its views. The data
follows by itself, the memory being one. The history is kept like this:

- A view remembers its base. Where in the base's memory it lies is in the two arrays (autograd/spot.py).
- A write into the view `v` of `b` makes b's history "b as it was, with this piece replaced": a CopySlices node.
- Everybody who shares the memory shares a version counter. A view that finds the counter moved since it last looked
  gets a new history: "the piece of the base that lies here", an AsStridedBackward0 node.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd import messages
from tinytorch.autograd.grad_mode import state, usage
from tinytorch.autograd.node import FRESH, Node
from tinytorch.autograd.spot import Spot
from tinytorch.device import CPU, device, filled
from tinytorch.dtypes import can_cast
from tinytorch.kernels.memory import address, is_dense
from tinytorch.tensor import Tensor, TensorBase, _new

# How a view came about. Writes that are recorded go only through NORMAL ones.
NORMAL, NO_GRAD, INFERENCE, MULTIPLE, CUSTOM = "normal", "no_grad", "inference", "multiple", "custom"


class View:
    """Of which tensor another one is a view, and since when its history is right."""

    def __init__(self, base: Any, seen: int, creation: str):
        self.base = base
        self.seen = seen  # the version at which the view's grad_fn was right
        self.creation = creation

    def refresh(self, tensor: Any) -> None:
        """Give `tensor`, whose view this is, the history it has after writes into its base or into other views."""
        version = tensor._counter.value
        if version == self.seen:
            return
        base = self.base
        part_of_graph = base._requires_grad or tensor._node is not None
        if part_of_graph and base._root() is tensor._storage_root:  # else base.data was exchanged
            if self.creation is not NORMAL:
                raise RuntimeError(messages.forbidden_view(tensor, self.creation, written="base"))
            _change_node(tensor, AsStridedBackward0(base, tensor), 0)
            self.seen = version


def track(tensor: TensorBase, source: TensorBase, several: bool = False) -> None:
    """Note that `tensor` is a view of `source`; `several`: one of those that an operation returned together."""
    counter = source._version_counter()
    tensor._counter = counter
    root = source._storage_root
    tensor._storage_root = source._array if root is None else root
    if source._inference:
        tensor._inference = True
    creation = NORMAL if state.recording else INFERENCE if state.inference else NO_GRAD
    if several and creation is NORMAL:
        creation = MULTIPLE
    parent = source._view
    if parent is not None:
        source = parent.base
        if creation is NORMAL or parent.creation is INFERENCE:
            creation = parent.creation
    tensor._view = View(source, counter.value, creation)


class AsStridedBackward0(Node):
    """view = the piece of base that lies where the view is,    dbase = dview in that place, 0 elsewhere"""

    def __init__(self, base: Tensor, view: Tensor):
        super().__init__()
        self.spot = Spot(base._array, view._array)
        self.outputs = ((view._array.shape, view._array.dtype),)
        self.next_functions = (base._edge(),)

    def run(self, grads: list) -> tuple:
        (grad,) = grads
        if isinstance(grad, Tensor):
            from tinytorch.autograd.pieces import Put

            return (Put.apply(grad, self.spot),)
        return (None if grad is None else self.spot.put(grad),)


class CopySlices(Node):
    """base_new = base_old with a piece replaced by `value`

    The gradient of `value` is that of the piece; the gradient of base_old is the rest, zero in the piece.
    """

    def __init__(self, base: Tensor, view: Tensor, value_edge: tuple):
        super().__init__()
        self.spot = Spot(base._array, view._array)
        self.outputs = ((base._array.shape, base._array.dtype),)
        self.next_functions = (base._edge(), value_edge)

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def run(self, grads: list) -> tuple:
        (grad,) = grads
        if grad is None:
            return None, None
        base_edge, value_edge = self.next_functions
        if isinstance(grad, Tensor):
            from tinytorch.autograd.pieces import Piece, Rest

            return (
                None if base_edge[0] is None else Rest.apply(grad, self.spot),
                None if value_edge[0] is None else Piece.apply(grad, self.spot),
            )
        whole, piece = self.spot.lay(grad)
        if base_edge[0] is None:
            return None, piece
        for_value = None if value_edge[0] is None else piece.copy()
        piece[...] = 0
        return whole, for_value


def zeros(shape: tuple, dtype: Any, place: device | None) -> Any:
    """What stands for a gradient that did not come."""
    return filled(shape, 0, dtype, place or CPU)


# ---- in-place writes -------------------------------------------------------------------------------------------------


def check_writable(target: Any, recorded: bool) -> None:
    """Raise PyTorch's error where `target` must not be written into; `recorded`: the write takes part in autograd."""
    check_history(target, recorded)
    array = target._array
    if not array.flags.c_contiguous:
        check_repeats(array)


def check_repeats(array: np.ndarray) -> None:
    """RuntimeError where elements of `array`, which is to be written to, lie at one place after an `expand`."""
    for side, stride in zip(array.shape, array.strides):
        if stride == 0 and side > 1 and array.size:
            raise RuntimeError(
                "unsupported operation: more than one element of the written-to tensor refers to a single memory "
                "location. Please clone() the tensor before performing the operation."
            )


def check_history(target: Any, recorded: bool) -> None:
    """Raise PyTorch's error where autograd cannot follow a write into `target`."""
    if usage.inference and target._inference and not state.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a "
            "normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not recorded or not state.recording:
        return
    view = target._view
    if view is not None:
        if view.creation is not NORMAL:
            raise RuntimeError(messages.forbidden_view(target, view.creation, written="view"))
        if target.requires_grad and view.base._node is None:
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place operation.\n\n"
                "Update it where nothing is recorded: with torch.no_grad(): w[0] = 1"
            )
    if target._requires_grad and target._node is None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation.\n\n"
            "Update it where nothing is recorded: with torch.no_grad(): w -= lr * w.grad"
        )


def check_overlap(written: np.ndarray, read: np.ndarray, *, same: bool = True) -> None:
    """RuntimeError where `read` shares a part of the memory of `written`, so that the order of the writes would matter.

    Reading the very memory that is written is harmless element by element, and refused only if `same` is False.
    Like PyTorch this looks only at arrays without gaps.
    """
    if written is read and same:
        return
    if written.base is None and read.base is None and written is not read:
        return  # both own their memory
    if not np.may_share_memory(written, read):
        return
    if not (written.size and read.size and (written is read or (is_dense(written) and is_dense(read)))):
        return
    first, second = address(written), address(read)
    if first >= second + read.nbytes or second >= first + written.nbytes:
        return
    if same and first == second and written.nbytes == read.nbytes and written.strides == read.strides:
        return
    raise RuntimeError(
        "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
        "location. Please clone() the tensor before performing the operation."
    )


def write(target: Tensor, function: Callable, *args: Any, **kwargs: Any) -> Tensor:
    """target = function(target, ...) in place: the same memory with new values, the same object with a new history."""
    recorded = state.recording and (
        target.requires_grad or _any_requires_grad(args) or bool(kwargs and _any_requires_grad(kwargs.values()))
    )
    check_writable(target, recorded)
    for arg in args:
        if isinstance(arg, Tensor):
            check_overlap(target._array, arg._array)
    if recorded:
        record(target, function, *args, **kwargs)
    else:
        assign(target, function(target, *args, **kwargs))
    return target


def record(target: Tensor, function: Callable, *args: Any, **kwargs: Any) -> None:
    """target = function(target, ...) in place, as part of the graph; the caller has checked that this may be done."""
    # The function works on an alias: what it saves for its backward is the alias, whose memory we can exchange.
    alias = twin(target)
    if target._view is not None:
        target._view.refresh(target)
        alias._node, alias._output_nr, alias._requires_grad = target._node, target._output_nr, target._requires_grad
        if alias._node is not None and alias._node.has_hooks:  # hooks on the view as it was do not see this write
            alias._node, alias._output_nr = AsStridedBackward0(target._view.base, target), 0
    result = function(alias, *args, **kwargs)
    if sys.getrefcount(alias) > FRESH:  # somebody besides this line and the call keeps it: saved for backward
        if alias._counter is not None:
            alias._counter.value += 1  # views of it taken inside the function would see the overwritten memory
            alias._counter = None
        alias._array = alias._array.copy()
    assign(target, result)
    if result._requires_grad and target._array.dtype.kind in "fcV":
        rebase_history(target, result)


def twin(target: Tensor) -> Tensor:
    """Another tensor with the array and the history of `target`, but with no views and no version of its own yet."""
    alias = _new(Tensor)
    alias._array = kernels.layout.alias(target._array)  # an array object of its own, see ops/memory.py: detach
    alias._node, alias._output_nr = target._node, target._output_nr
    alias._requires_grad, alias._accumulator = target._requires_grad, target._accumulator
    if usage.watched and state.watcher is not None:
        state.watcher.stands_for(alias, target)
    return alias


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
    into, values = target._array, result._array
    if into.shape != values.shape:
        raise RuntimeError(
            f"output with shape {list(into.shape)} doesn't match the broadcast shape {list(values.shape)}"
        )
    if into.dtype is not values.dtype and not can_cast(result.dtype, target.dtype):
        raise RuntimeError(
            f"result type {result.dtype.legacy} can't be cast to the desired output type {target.dtype.legacy}"
        )
    np.copyto(into, values, casting="unsafe")
    target._bump()
    if usage.watched and state.watcher is not None:
        state.watcher.written(target, result)


def rebase_history(target: Tensor, result: Tensor) -> None:
    """Let target's gradient flow where result's would; if target is a view, replace its piece in the base's history."""
    node, output_nr = result._node, result._output_nr
    view = target._view
    if view is None:
        _change_node(target, node, output_nr)
    else:
        base = view.base
        _change_node(base, CopySlices(base, target, _source_edge(node, output_nr)), 0)
        # The version moved, so the view takes its new history from the base when it is next asked.
        target._requires_grad = True
        if usage.watched and state.watcher is not None:
            state.watcher.rebased(base, target, result)
    _adopt_saved_output(node, target, result)


def _change_node(tensor: Tensor, node: Any, output_nr: int) -> None:
    """Make `node` the maker of `tensor`; a gradient that is to be retained is the new one."""
    old = tensor._node
    if tensor._retains_grad and old is not None and old._retaining and tensor._output_nr in old._retaining:
        node._retaining = {**(node._retaining or {}), output_nr: old._retaining.pop(tensor._output_nr)}
        node.has_hooks = True
    tensor._node, tensor._output_nr, tensor._requires_grad = node, output_nr, True


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
            value._array, value._counter = target._array, target._counter
            if target._view is not None:
                value.maker = "AsStridedBackward0"  # type: ignore[attr-defined]  # what a view is made by once it was written to
            versions = [0] * len(saved) if node._versions is None else list(node._versions)
            versions[i] = target._counter.value  # type: ignore[union-attr]
            node._versions = versions


def reshape_in_place(target: Tensor, rule: Any, *args: Any) -> Tensor:
    """target = rule(target, ...) for a view rule: the same memory, the same object with other sides and strides."""
    view = target._view
    if view is not None and state.recording:
        view.refresh(target)
    up_to_date = view is None or view.seen == target._counter.value  # type: ignore[union-attr]
    result = rule.apply(twin(target), *args)
    target._storage_root = target._root()  # the array is another one now, the storage is not
    target._array = result._array
    target._bump()
    if result._node is not None:  # a gradient that is to be retained stays the one of the old shape, as in PyTorch
        target._node, target._output_nr, target._requires_grad = result._node, 0, True
    if usage.watched and state.watcher is not None:
        state.watcher.written(target, result)
    if view is not None and up_to_date:
        view.seen = target._counter.value  # type: ignore[union-attr]
    return target
