"""view_copy, transpose_copy, split_copy and their like: what the function without `_copy` shows, in memory of its own.

>>> x = torch.zeros(2)
>>> torch.view_copy(x, (2, 1))[0] = 1
>>> x
tensor([0., 0.])
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.node import Node
from tinytorch.errors import wrap_dim
from tinytorch.ops import complex_views, shape, slicing, squeezing, strided, transposition
from tinytorch.ops.detach import detach
from tinytorch.ops.expansion import expand
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap

_kinds: dict[type, type] = {}  # of a view's node: of the copy's


def _copied(view: Tensor) -> Tensor:
    """The elements of a view in memory of their own; the gradient is the view's, so its node stays, renamed."""
    copy = wrap(view._array.copy())
    node = view._node
    if node is not None:
        if type(node) not in _kinds.values():  # else it is the common node of several outputs
            node.__class__ = _kind_of_copy(type(node))
        copy._node, copy._output_nr, copy._requires_grad = node, view._output_nr, True
    elif state.inference:
        copy._inference = True
    return copy


def _kind_of_copy(kind: type[Node]) -> type[Node]:
    if kind not in _kinds:
        _kinds[kind] = type(kind.__name__ + "_copy", (kind,), {"__module__": __name__})
    return _kinds[kind]


def _publish_copy(
    name: str, function: Callable, *, several: bool = False, method: bool = False, out: bool | str = "same"
) -> None:
    """Publish <name>_copy, the copy of what `function` shows; `several`: of a tuple of views."""

    @functools.wraps(function)
    def copy(*args: Any, **kwargs: Any) -> Any:
        shown = function(*args, **kwargs)
        return tuple([_copied(view) for view in shown]) if several else _copied(shown)

    copy.__doc__ = f"What `{name}` shows, in memory of its own."
    public(name=name + "_copy", method=method, out=out, out_name=f"aten::{name}_copy")(copy)


_NARROWED = (
    "Expected self.dtype() == output.dtype() to be true, but got false.  (Could this error message be improved?  If "
    "so, please report an enhancement request to PyTorch.)"
)


def _alias(input: Tensor) -> Tensor:
    return shape.Alias.apply(input)


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    dim = wrap_dim(dim, input._array.ndim)
    return slicing.Slice.apply(input, slicing.along(dim, slice(start, end, step)))


_publish_copy("alias", _alias)
_publish_copy("as_strided", strided.as_strided)
_publish_copy("detach", detach)
_publish_copy("diagonal", strided.diagonal)
_publish_copy("expand", expand)
_publish_copy("narrow", slicing.narrow, method=True, out=_NARROWED)
_publish_copy("permute", transposition.permute)
_publish_copy("select", slicing.select)
_publish_copy("slice", _slice)
_publish_copy("split", slicing.split, several=True)
_publish_copy("split_with_sizes", slicing.split_with_sizes, several=True)
_publish_copy("squeeze", squeezing.squeeze)
_publish_copy("t", transposition.t)
_publish_copy("transpose", transposition.transpose)
_publish_copy("unbind", slicing.unbind, several=True)
_publish_copy("unfold", strided.unfold)
_publish_copy("unsqueeze", squeezing.unsqueeze)
_publish_copy("view", shape.view)
_publish_copy("view_as_complex", complex_views.view_as_complex)
_publish_copy("view_as_real", complex_views.view_as_real)
