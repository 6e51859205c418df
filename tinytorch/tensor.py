"""Tensor: an array, its gradient, the node that made it, a version. Nothing here is about any single operation.

The operations (`add`, `sum`, `view`, ...) live in `tinytorch/ops` and `tinytorch/functions`; `tinytorch/public.py`
hangs them onto Tensor under their names.

This file is Python, and runs as it stands. Where there is a compiler it is compiled too, as it stands: tensor.pxd says
which attributes are then fields of a C struct.
"""

from __future__ import annotations

import operator
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from importlib.machinery import EXTENSION_SUFFIXES
from typing import TYPE_CHECKING, Any

import numpy as np

from tinytorch import dtypes
from tinytorch.device import CPU, as_array, device, device_of
from tinytorch.dtypes import FLOAT, dtype

if TYPE_CHECKING:
    from tinytorch.autograd.node import Node
    from tinytorch.autograd.views import View

ndarray = np.ndarray


def usual(cls: type, **values: Any) -> None:
    """Give the attributes of `cls` the values that they have until they are set.

    Most objects use few of their attributes: the class holds the usual value, an object only what differs from it.
    Fields of a compiled class need no help: they start as None, False or 0, which is all that is used here.
    """
    for name, value in values.items():
        if not hasattr(cls, name):
            setattr(cls, name, value)


class Named(type):
    """Classes that print as PyTorch's, <class 'torch.Tensor'>: programs print the types of what they have."""

    def __repr__(cls) -> str:
        module = "torch" if cls.__module__ == __name__ else cls.__module__
        return f"<class '{module[4:] if module.startswith('tinytorch.') else module}.{cls.__qualname__}'>"


class Size(tuple, metaclass=Named):
    """The shape of a tensor: a tuple that prints as PyTorch's and counts elements.

    >>> torch.zeros(2, 3).shape, torch.Size([2, 3]).numel()
    (torch.Size([2, 3]), 6)
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable = ()) -> Size:
        sides = tuple(sizes)
        if not all(type(side) is int for side in sides):
            sides = tuple([_whole(side, at) for at, side in enumerate(sides)])
        return tuple.__new__(cls, sides)

    def numel(self) -> int:
        count = 1
        for side in self:
            count *= side
        return count

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Size:
        if not isinstance(other, tuple):
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Any:
        return Size(other + tuple(self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Size:
        return Size(tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple:
        return Size, (tuple(self),)


def _whole(side: Any, at: int) -> int:
    """A side of a Size as an int; TypeError if it is none."""
    try:
        return int(operator.index(side))
    except TypeError:
        given = type(side).__name__
        raise TypeError(f"torch.Size() takes an iterable of 'int' (item {at} is '{given}')") from None


class Version:
    """How often a piece of memory has been written to; shared by a tensor and its views."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


class TensorBase:
    """What every tensor has: memory, a place in the graph, a gradient. `Tensor` adds the operations."""

    _array: np.ndarray
    _requires_grad: bool  # of a leaf: asked for; of a result: True exactly when `_node` is set
    _node: Node | None  # the node whose backward the gradient flows into; None for a leaf
    _output_nr: int  # which output of that node this tensor is
    _grad: Tensor | None
    _counter: Version | None  # None: never written to and shared with no view
    _view: View | None  # of which tensor this is a view, see autograd/views.py
    _accumulator: Callable[[], Node | None] | None  # weak reference to the leaf's AccumulateGrad
    _hooks: OrderedDict | None  # of a leaf: what register_hook was given
    _post_accumulate_hooks: OrderedDict | None
    _retains_grad: bool
    _inference: bool
    _of_data: bool  # made by .data: x.data[0] of a 0-dim tensor was PyTorch 0.3's x.item()
    _storage_root: Any  # the array whose memory begins where PyTorch's storage would, if not `_array` itself

    # ---- what it is ------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The length of every dimension, as a `torch.Size`."""
        return tuple.__new__(Size, self._array.shape)  # NumPy has checked it

    @property
    def ndim(self) -> int:
        return self._array.ndim

    @property
    def dtype(self) -> dtype:
        """The type of the elements, a `torch.dtype`."""
        return dtypes.from_numpy(self._array.dtype)

    @property
    def device(self) -> device:
        """Where the memory is, a `torch.device`."""
        return device_of(self._array)

    @property
    def is_cuda(self) -> bool:
        return self.device is not CPU and self.device.type == "cuda"

    # ---- its place in the graph ------------------------------------------------------------------------------------

    @property
    def grad_fn(self) -> Node | None:
        """The node of the backward graph that made this tensor; None for a leaf.

        >>> x = torch.ones(2, requires_grad=True)
        >>> x.grad_fn, (x * 2).grad_fn.name()
        (None, 'MulBackward0')
        """
        if self._view is not None:
            self._view.refresh(self)
        return self._node

    @property
    def is_leaf(self) -> bool:
        """True for tensors that no recorded operation made: parameters, inputs, constants."""
        return self.grad_fn is None

    @property
    def output_nr(self) -> int:
        return self._output_nr

    @property
    def requires_grad(self) -> bool:
        """Are operations on this tensor recorded? Set it on leaves only."""
        return self._requires_grad or (self._view is not None and self._view.base._requires_grad)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Switch the recording of operations on this leaf on or off, in place.

        Raises RuntimeError for a non-leaf that is to be switched off, and for dtypes that have no gradients.

        >>> torch.ones(2).requires_grad_()
        tensor([1., 1.], requires_grad=True)
        """
        if not isinstance(requires_grad, bool):
            given = type(requires_grad).__name__
            raise TypeError(f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {given}")
        if self.grad_fn is not None:
            if not requires_grad:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                    "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            return self
        if requires_grad:
            if self._inference:
                raise RuntimeError(
                    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
                )
            if self.dtype.category < FLOAT:
                raise RuntimeError(
                    "only Tensors of floating point dtype can require gradients\n\n"
                    f"This tensor holds {self.dtype} numbers: convert it first, for instance with .float()."
                )
        self._requires_grad = requires_grad
        return self

    @property
    def grad(self) -> Tensor | None:
        """What `backward` has accumulated here so far; None before the first time.

        Only leaves, and tensors on which `retain_grad` was called, are given one; reading it elsewhere warns.
        """
        if self._grad is None and self._node is not None and not self._retains_grad:
            from tinytorch.autograd.messages import warn_grad_of_non_leaf

            warn_grad_of_non_leaf(self)
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            self._check_grad(value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def _check_grad(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            given = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
            raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {given}")
        if value is self:
            raise RuntimeError("can't assign Variable as its own grad")
        if value.dtype is not self.dtype:
            raise RuntimeError(
                f"attempting to assign a gradient with dtype '{value.dtype.c_name}' to a tensor with grad_dtype "
                f"'{self.dtype.legacy}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's "
                "dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any "
                "dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break "
                "downstream systems that assume they match."
            )
        if value.shape != self.shape:
            raise RuntimeError(
                f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
                f"'{list(self.shape)}'. Please ensure that the gradient and the tensor are the same size"
            )

    def _edge(self) -> tuple[Node | None, int]:
        """Where this tensor's gradient goes: (the node that made it, which output), a leaf's node, or nowhere."""
        source = source_of(self)
        return NO_EDGE if source is None else (source, self._output_nr)

    # ---- memory ----------------------------------------------------------------------------------------------------

    def _version_counter(self) -> Version:
        """The counter that this tensor shares with its views, made when it is first needed."""
        if self._counter is None:
            if _lock is None:
                self._counter = Version()
            else:
                with _lock:
                    self._counter = self._counter or Version()
        return self._counter

    def _bump(self) -> None:
        """Note that the memory was written to."""
        counter = self._version_counter()
        counter.value += 1

    def _root(self) -> np.ndarray:
        """The array whose first element is the first of the storage that this tensor lies in."""
        return self._array if self._storage_root is None else self._storage_root

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __hash__(self) -> int:
        return id(self)  # tensors are compared elementwise, so a dictionary can only go by identity


usual(
    TensorBase,
    **dict.fromkeys(("_node", "_grad", "_counter", "_view", "_accumulator", "_hooks", "_post_accumulate_hooks")),
    **dict.fromkeys(("_requires_grad", "_retains_grad", "_inference", "_of_data"), False),
    _output_nr=0,
    _storage_root=None,
)

_new = TensorBase.__new__  # _new(Tensor): a tensor without anything, also of classes derived from Tensor


class Tensor(TensorBase, metaclass=Named):
    """A multi-dimensional array of one dtype that remembers how it was computed.

    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __array_priority__ = 1000  # ndarray + Tensor is left to Tensor.__radd__

    if TYPE_CHECKING:  # the operations are attached by tinytorch/public.py, out of a type checker's sight

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Any: ...
        def __ne__(self, other: Any) -> Any: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...


NO_EDGE: tuple[None, int] = (None, 0)
# Threads that share a leaf get one node of it, and one counter. As Python, this file needs a lock for that; compiled,
# it holds the interpreter's from a test to what follows from it. Reentrant: collecting garbage may run finalizers.
_lock = None if __file__.endswith(tuple(EXTENSION_SUFFIXES)) else threading.RLock()
new_accumulator: Any = None  # AccumulateGrad; set by autograd/node.py, which stands above this file


def source_of(tensor: TensorBase) -> Any:
    """The node that a tensor's gradient goes to: the one that made it, or a leaf's AccumulateGrad; None for no node."""
    if tensor._node is not None:
        return tensor._node
    if not tensor._requires_grad:
        return None
    accumulator = None if tensor._accumulator is None else tensor._accumulator()
    if accumulator is not None:
        return accumulator
    accumulator = new_accumulator(tensor)
    # Weak, as in PyTorch: the graph holds the node, the node the leaf; no cycle keeps a dead leaf alive.
    reference = weakref.ref(accumulator)
    if _lock is None:
        return _first_of(tensor, reference)
    with _lock:
        return _first_of(tensor, reference)


def _first_of(tensor: TensorBase, reference: Callable[[], Node | None]) -> Node | None:
    """The leaf's node that another thread made meanwhile; the one that `reference` refers to, if none did."""
    others = None if tensor._accumulator is None else tensor._accumulator()
    if others is not None:
        return others
    tensor._accumulator = reference
    return reference()


def wrap(array: Any, requires_grad: bool = False) -> Tensor:
    """A tensor around `array`, which it shares; NumPy's scalars become 0-dim arrays."""
    tensor = _new(Tensor)
    tensor._array = array if type(array) is ndarray else as_array(array)
    if requires_grad:
        tensor._requires_grad = True
    return tensor
