"""Node: one step of the backward graph. AccumulateGrad: where a leaf's gradient ends up."""

from __future__ import annotations

import itertools
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import tensor
from tinytorch.autograd.hooks import RemovableHandle
from tinytorch.kernels.memory import is_dense
from tinytorch.tensor import Tensor, wrap

priorities = itertools.count(0, -1)  # the node that was made last comes first in backward
_leaf_sequence = itertools.count(-(1 << 63))  # a leaf whose gradient is complete goes before every other node


class Node:
    """One step of the backward graph: it takes the gradients of its outputs and gives those of its inputs.

    `next_functions` holds an edge for every input: (the node that made it, which of its outputs), or (None, 0).
    Nodes made later come first in backward; `_sequence_nr` says which is later.
    """

    next_functions: tuple[tuple[Node | None, int], ...] = ()
    outputs: tuple[tuple[tuple[int, ...], Any], ...] = ()  # shape and array dtype of every output
    takes_tensors = False  # run() wants Tensors even where the engine computes with plain arrays
    has_hooks = False  # may there be anything in one of the next four?
    _metadata: dict | None = None
    _prehooks: OrderedDict | None = None  # fn(grad_outputs)
    _posthooks: OrderedDict | None = None  # fn(grad_inputs, grad_outputs)
    _tensor_hooks: dict[int, OrderedDict] | None = None  # Tensor.register_hook: fn(grad), by output
    _retaining: dict[int, Callable[[], Tensor | None]] | None = None  # tensors whose grad is kept, by output

    def __init__(self) -> None:
        self.priority = next(priorities)

    def _sequence_nr(self) -> int:
        """How many nodes were made before this one."""
        return -self.priority

    def run(self, grads: list) -> tuple:
        """The gradients of the inputs, one for each edge, given those of the outputs (None: no gradient came)."""
        raise NotImplementedError

    def release(self) -> None:
        """Forget what was saved for backward."""

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


_accumulating = threading.Lock()  # backward may run in several threads that share parameters


class AccumulateGrad(Node):
    """grad of a leaf += the gradient that arrives"""

    def __init__(self, variable: Tensor):
        self.priority = next(_leaf_sequence)
        self.variable = variable

    @property
    def outputs(self) -> tuple:  # type: ignore[override]
        array = self.variable._array
        return ((array.shape, array.dtype),)

    @property
    def has_hooks(self) -> bool:
        return not (self.variable._hooks is self._prehooks is self._posthooks is None)

    @has_hooks.setter
    def has_hooks(self, value: bool) -> None:
        pass  # it is looked up instead: hooks of a leaf are there before its node

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
                # Nobody else may hold the array that becomes .grad, since users write into it. References of an
                # array that came fresh out of a rule: `grad`, the argument of getrefcount. (PyTorch asks the same.)
                fresh = type(grad) is np.ndarray and sys.getrefcount(grad) == 2 and _is_memory_of_its_own(grad)
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
        np.add(total._array, grad, out=total._array)
        total._bump()


tensor.new_accumulator = AccumulateGrad


def _is_memory_of_its_own(grad: np.ndarray) -> bool:
    """Does the array own its memory, or is it (transposed, say) the only view of all of an array that does?"""
    owner = grad.base
    if owner is None:
        return True
    # References of the owner: grad.base, `owner`, the argument of getrefcount.
    return type(owner) is np.ndarray and owner.base is None and owner.size == grad.size and sys.getrefcount(owner) == 3


def _laid_out_like(array: np.ndarray, grad: Any) -> np.ndarray:
    """A copy of `grad` that lies in memory as `array` does; row by row if that has gaps or repetitions."""
    copy = np.empty_like(array, subok=False) if is_dense(array) else np.empty(array.shape, array.dtype)
    copy[...] = grad
    return copy
