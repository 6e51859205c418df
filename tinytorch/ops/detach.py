"""The same memory outside the graph: detach, detach_, data."""

from __future__ import annotations

from typing import Any

from tinytorch import arguments, kernels
from tinytorch.autograd.grad_mode import state, usage
from tinytorch.dtypes import FLOAT
from tinytorch.public import public
from tinytorch.tensor import Tensor, _new, wrap


@public(out=False)
def detach(input: Tensor) -> Tensor:
    """The same memory outside the graph: no gradient flows through it. Writes into it are noticed by backward.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.detach.html

    >>> x = torch.ones(2, requires_grad=True)
    >>> x.detach().requires_grad
    False
    """
    tensor = _new(Tensor)
    # An array of its own: what is saved for backward is recognised by the array object.
    tensor._array = kernels.layout.alias(input._array)
    tensor._counter = input._version_counter()
    tensor._storage_root = input._storage_root
    if input._inference:
        tensor._inference = True
    if usage.watched and state.watcher is not None:
        state.watcher.cut("detach", input, tensor)
    return tensor


@public(out=False)
def detach_(self: Tensor) -> Tensor:
    """Take this tensor out of the graph that made it: it becomes a leaf that requires no gradient.

    RuntimeError for views, whose base would still be in the graph.

    >>> y = torch.ones(2, requires_grad=True) * 2
    >>> y.detach_().is_leaf
    True
    """
    if self._view is not None:
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
            "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence "
            "detach_() cannot be called on these gradients. To fix this error, please refer to the "
            "Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
        )
    self._node, self._output_nr, self._requires_grad = None, 0, False
    self._retains_grad = False
    return self


def _data(self: Tensor) -> Tensor:
    """The same memory outside the graph, and outside the version check: backward cannot notice writes into it."""
    tensor = wrap(kernels.layout.alias(self._array))  # see detach
    tensor._storage_root = self._storage_root
    tensor._of_data = True
    if usage.watched and state.watcher is not None:
        state.watcher.cut("data", self, tensor)
    return tensor


def _set_data(self: Tensor, value: Any) -> None:
    """Let this tensor have the memory, shape and dtype of `value`; its place in the graph stays."""
    if not isinstance(value, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {arguments.type_name(value)}")
    if self.requires_grad and value.dtype.category < FLOAT:
        raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
    if value._array.shape != self._array.shape or value._array.dtype is not self._array.dtype:
        self._accumulator = None  # the node that accumulates this leaf's gradient knows its old shape and dtype
    self._storage_root = value._root()
    self._array = kernels.layout.alias(value._array)


Tensor.data = property(_data, _set_data)  # type: ignore[attr-defined]
