"""Node: one step of the backward graph. AccumulateGrad: where a leaf's gradient ends up."""

from __future__ import annotations

import itertools
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.autograd.hooks import RemovableHandle
from tinytorch.tensor import Tensor, wrap

_sequence = itertools.count()
_ACCUMULATE_FIRST = 1 << 62  # a leaf whose gradient is complete goes before every other node, as in PyTorch


class Node:
    """One step of the backward graph: it takes the gradients of its outputs and gives those of its inputs.

    `next_functions` holds an edge for every input: (the node that made it, which of its outputs), or (None, 0).
    Nodes made later come first in backward; `_sequence_nr` says which is later.
    """

    next_functions: tuple[tuple[Node | None, int], ...] = ()
    outputs: tuple[tuple[tuple[int, ...], Any], ...] = ()  # shape and array dtype of every output
    takes_tensors = False  # run() wants Tensors even where the engine computes with plain arrays
    _metadata: dict | None = None
    _prehooks: OrderedDict | None = None  # fn(grad_outputs)
    _posthooks: OrderedDict | None = None  # fn(grad_inputs, grad_outputs)
    _tensor_hooks: dict[int, OrderedDict] | None = None  # Tensor.register_hook: fn(grad), by output
    _retaining: dict[int, Callable[[], Tensor | None]] | None = None  # tensors whose grad is kept, by output

    def __init__(self) -> None:
        self.priority = -next(_sequence)

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
    def has_hooks(self) -> bool:
        return not (self._prehooks is self._posthooks is self._tensor_hooks is self._retaining is None)

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(grad_inputs, grad_outputs) after this node ran; what it returns replaces grad_inputs."""
        if self._posthooks is None:
            self._posthooks = OrderedDict()
        return RemovableHandle(self._posthooks, hook)

    def register_prehook(self, hook: Callable) -> RemovableHandle:
        """Call hook(grad_outputs) before this node runs; what it returns replaces grad_outputs."""
        if self._prehooks is None:
            self._prehooks = OrderedDict()
        return RemovableHandle(self._prehooks, hook)

    def hooks_of_output(self, output_nr: int) -> OrderedDict:
        """The hooks that Tensor.register_hook puts on output `output_nr`."""
        if self._tensor_hooks is None:
            self._tensor_hooks = {}
        return self._tensor_hooks.setdefault(output_nr, OrderedDict())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"


_accumulating = threading.Lock()  # backward may run in several threads that share parameters


class AccumulateGrad(Node):
    """grad of a leaf += the gradient that arrives"""

    def __init__(self, variable: Tensor):
        self.priority = -next(_sequence) - _ACCUMULATE_FIRST
        self.variable = variable
        self.outputs = ((variable._array.shape, variable._array.dtype),)

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def run(self, grads: list) -> tuple:
        (grad,) = grads
        grads.clear()  # so that references to the gradient can be counted below
        if grad is None:
            return ()
        variable = self.variable
        with _accumulating:
            if variable._grad is not None:
                self._add(variable._grad, grad)
            elif isinstance(grad, Tensor):
                variable._grad = grad.clone()
            else:
                # Nobody else may hold the array that becomes .grad, since users write into it. References of an
                # array that came fresh out of a rule: `grad`, the argument of getrefcount. (PyTorch asks the same.)
                fresh = type(grad) is np.ndarray and grad.base is None and sys.getrefcount(grad) == 2
                kept = grad if fresh and grad.flags.c_contiguous else _like(variable._array, grad)
                variable._grad = wrap(kept)
        if variable._post_accumulate_hooks:
            for hook in list(variable._post_accumulate_hooks.values()):
                if hook(variable) is not None:
                    raise RuntimeError("Tensor post accumulate grad hooks should return None.")
        return ()

    def _add(self, total: Tensor, grad: Any) -> None:
        if isinstance(grad, Tensor):
            self.variable._grad = total + grad
            return
        np.add(total._array, grad, out=total._array)
        total._bump()


def _like(array: np.ndarray, grad: Any) -> np.ndarray:
    """A copy of `grad` whose dimensions lie in memory in the order of `array`'s."""
    copy = np.empty_like(array, subok=False)
    copy[...] = grad
    return copy
