"""Node: one step of the backward graph. AccumulateGrad: where a leaf's gradient ends up."""

from __future__ import annotations

import itertools
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import kernels, tensor
from tinytorch.autograd.grad_mode import usage
from tinytorch.autograd.hooks import RemovableHandle
from tinytorch.device import device, device_of
from tinytorch.kernels.memory import is_dense
from tinytorch.tensor import Tensor, wrap

ndarray = np.ndarray
priorities = itertools.count(0, -1)  # the node that was made last comes first in backward
_leaf_sequence = itertools.count(-(1 << 63))  # a leaf whose gradient is complete goes before every other node


class Node:
    """One step of the backward graph: it takes the gradients of its outputs and gives those of its inputs.

    `next_functions` has an edge for every input: (the node that made it, which of its outputs), or (None, 0).
    Nodes made later come first in backward; `_sequence_nr` says which is later.
    """

    takes_tensors = False  # run() wants Tensors even where the engine computes with plain arrays

    priority: int
    edges: tuple  # for every input, one after the other: the node that made it (or None), which of its outputs
    # Shape and array dtype of the output; of each of them, where there are several. Few tuples: a graph has millions.
    _shape: tuple[int, ...]
    _dtype: Any
    _outputs: tuple[tuple[tuple[int, ...], Any], ...] | None
    _place: device | None  # where the outputs are; None: nobody has asked for a GPU yet
    needs_input_grad: tuple[bool, ...]  # for every input: has a gradient somewhere to go? Else do not compute it
    _saved: Any  # what was saved for backward, see autograd/saved.py; None: nothing
    _versions: Any  # and the versions that it had then; None: all were 0
    _freed: bool  # was what was saved freed since?
    has_hooks: bool  # may there be anything in one of the next four?
    _prehooks: OrderedDict | None  # fn(grad_outputs)
    _posthooks: OrderedDict | None  # fn(grad_inputs, grad_outputs)
    _tensor_hooks: dict[int, OrderedDict] | None  # Tensor.register_hook: fn(grad), by output
    _retaining: dict[int, Callable[[], Tensor | None]] | None  # tensors whose grad is kept, by output
    _metadata: dict | None

    def __init__(self) -> None:
        self.priority = next(priorities)
        self.edges = self._outputs = ()

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The edges in pairs."""
        edges = self.edges
        return tuple([(edges[i], edges[i + 1]) for i in range(0, len(edges), 2)])

    @next_functions.setter
    def next_functions(self, pairs: tuple[tuple[Node | None, int], ...]) -> None:
        self.edges = tuple([part for pair in pairs for part in pair])

    @property
    def outputs(self) -> tuple[tuple[tuple[int, ...], Any], ...]:
        """Shape and array dtype of every output."""
        return ((self._shape, self._dtype),) if self._outputs is None else self._outputs

    @outputs.setter
    def outputs(self, outputs: tuple[tuple[tuple[int, ...], Any], ...]) -> None:
        if len(outputs) == 1:
            (self._shape, self._dtype), self._outputs = outputs[0], None
        else:
            self._outputs = outputs

    def _sequence_nr(self) -> int:
        """How many nodes were made before this one."""
        return -self.priority

    def run(self, grads: list) -> tuple:
        """The gradients of the inputs, one for each edge, given those of the outputs (None: no gradient came)."""
        raise NotImplementedError

    def release(self) -> None:
        """Forget what was saved for backward."""
        if self._saved is not None:
            self._saved, self._freed = None, True

    def name(self) -> str:
        """The node's name as PyTorch prints it, for instance MulBackward0."""
        return type(self).__name__

    @property
    def metadata(self) -> dict:
        """A dictionary for anything one wants to note on this node."""
        if self._metadata is None:
            self._metadata = {}
        return self._metadata

    @property
    def requires_grad(self) -> bool:
        return True  # else there would be no node

    def __call__(self, *grads: Any) -> Any:
        """The gradients of the inputs for gradients of the outputs, without a walk through the graph behind."""
        from tinytorch.autograd.engine import call_node

        return call_node(self, *grads)

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(grad_inputs, grad_outputs) after this node ran; what it returns replaces grad_inputs."""
        if self._posthooks is None:
            self._posthooks = OrderedDict()
        self.has_hooks = True
        return RemovableHandle(self._posthooks, hook)

    def register_prehook(self, hook: Callable) -> RemovableHandle:
        """Call hook(grad_outputs) before this node runs; what it returns replaces grad_outputs."""
        if self._prehooks is None:
            self._prehooks = OrderedDict()
        self.has_hooks = True
        return RemovableHandle(self._prehooks, hook)

    def hooks_of_output(self, output_nr: int) -> OrderedDict:
        """The hooks that Tensor.register_hook puts on output `output_nr`."""
        if self._tensor_hooks is None:
            self._tensor_hooks = {}
        self.has_hooks = True
        return self._tensor_hooks.setdefault(output_nr, OrderedDict())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"


tensor.usual(
    Node,
    **dict.fromkeys(
        ("_place", "_saved", "_versions", "_prehooks", "_posthooks", "_tensor_hooks", "_retaining", "_metadata")
    ),
    _outputs=None,
    has_hooks=False,
    _freed=False,
)

_accumulating = threading.Lock()  # backward may run in several threads that share parameters


class AccumulateGrad(Node):
    """grad of a leaf += the gradient that arrives"""

    variable: Tensor

    def __init__(self, variable: Tensor):
        array = variable._array
        self.priority = next(_leaf_sequence)
        self.edges = ()
        self._shape, self._dtype = array.shape, array.dtype
        if usage.accelerated:
            self._place = device_of(array)
        self.has_hooks = variable._hooks is not None
        self.variable = variable

    def _sequence_nr(self) -> int:
        return (1 << 64) - 1  # PyTorch's, for all leaves

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def run(self, grads: list) -> tuple:
        (grad,) = grads
        grads.clear()  # so that references to the gradient can be counted below
        if grad is None:
            return ()
        variable = self.variable
        if variable._node is not None:
            raise RuntimeError(
                "leaf variable has been moved into the graph interior\n\n"
                "This leaf was written to while it required no gradient (after detach_, say), so that it is a leaf no "
                "longer."
            )
        with _accumulating:
            if variable._grad is not None:
                self._add(variable._grad, grad)
            elif isinstance(grad, Tensor):
                variable._grad = grad.clone()
            else:
                # Nobody else may hold the array that becomes .grad, since users write into it. (PyTorch asks the same.)
                fresh = sys.getrefcount(grad) == FRESH and is_memory_of_its_own(grad)
                plain = fresh and grad.flags.c_contiguous and variable._array.flags.c_contiguous
                variable._grad = wrap(grad if plain else _laid_out_like(variable._array, grad))
        if variable._post_accumulate_hooks:
            for hook in list(variable._post_accumulate_hooks.values()):
                hook(variable)
        return ()

    def _add(self, total: Tensor, grad: Any) -> None:
        if isinstance(grad, Tensor):
            self.variable._grad = total + grad
            return
        kernels.arithmetic.add(total._array, grad, total._array)
        total._bump()


tensor.new_accumulator = AccumulateGrad


def is_memory_of_its_own(grad: Any) -> bool:
    """Does the array own its memory, or is it (transposed, say) the only view of all of an array that does?"""
    owner = grad.base
    if owner is None:
        return True
    alone = FRESH + 1  # `owner`, and grad.base
    return (
        type(owner) is type(grad) and owner.base is None and owner.size == grad.size and sys.getrefcount(owner) == alone
    )


def _references() -> int:
    """What getrefcount says of an array with one reference: 2, since the call has another; in compiled code 1."""
    array = np.empty(0)
    return sys.getrefcount(array)


FRESH = _references()


def _laid_out_like(array: Any, grad: Any) -> Any:
    """A copy of `grad` that lies in memory as `array` does; row by row if that has gaps or repetitions."""
    copy = np.empty_like(array) if is_dense(array) else np.empty(array.shape, array.dtype, like=array)
    copy[...] = grad
    return copy
