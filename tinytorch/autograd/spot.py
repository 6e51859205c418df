"""Spot: where a view lies in the memory of its base, and the three linear maps that follow from it.

    take    the piece of a whole that lies in that place
    put     a whole that is 0 but for a piece in that place: the transpose of `take`
    rest    a whole without the piece: 0 in that place, as it was elsewhere; its own transpose

The gradient of a base and the gradient of a view are related by these, whatever operations led from one to the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.device import device_of, example
from tinytorch.kernels.memory import address, extent, flat_places, overlaps_itself, show


class Spot:
    """Two layouts of one memory, the whole's and a piece's: sides, strides and starts in bytes, and dtypes."""

    __slots__ = ("like", "nbytes", "piece", "shift", "start", "whole")

    def __init__(self, whole: Any, piece: Any):
        self.like = example(device_of(whole))
        self.shift = address(piece) - address(whole)
        self.whole = (whole.dtype, whole.shape, whole.strides)
        self.piece = (piece.dtype, piece.shape, piece.strides)
        self.nbytes = -1  # computed when it is first needed

    def _measure(self) -> None:
        """How many bytes hold the whole and the piece, and in which of them the whole starts."""
        low, high = extent(*self.whole[1:], self.whole[0].itemsize)
        first, last = extent(*self.piece[1:], self.piece[0].itemsize)
        if first == last or low == high:
            self.shift = 0
        else:  # as_strided may reach further than the whole does
            low, high = min(low, first + self.shift), max(high, last + self.shift)
        self.start, self.nbytes = -low, high - low

    def lay(self, whole: Any) -> tuple[Any, Any]:
        """A copy of `whole` in the whole's layout, and the piece of it, a view."""
        if self.nbytes < 0:
            self._measure()
        make = np.empty if self.nbytes == whole.nbytes else np.zeros  # there are gaps
        memory = make(self.nbytes, np.uint8, like=self.like)
        copy, piece = self._seen(memory)
        copy[...] = whole
        return copy, piece

    def _seen(self, memory: Any) -> tuple[Any, Any]:
        """The whole and the piece as views of `memory`, which has `nbytes`."""
        whole = show(memory, *self.whole, self.start)
        if not self.nbytes:
            return whole, np.empty(self.piece[1], self.piece[0], like=self.like)
        return whole, show(memory, *self.piece, self.start + self.shift)

    def take(self, whole: Any) -> Any:
        """The piece of `whole`, in memory of its own."""
        return self.lay(whole)[1]

    def put(self, piece: Any) -> Any:
        """Zeros with `piece` in its place; elements of it that lie at one place are added up."""
        if self.nbytes < 0:
            self._measure()
        memory = np.zeros(self.nbytes, np.uint8, like=self.like)
        whole, place = self._seen(memory)
        dtype, shape, strides = self.piece
        repeated = tuple([dim for dim, stride in enumerate(strides) if stride == 0 and shape[dim] > 1])
        if repeated:
            piece = piece.sum(axis=repeated, keepdims=True)
            place = place[tuple([slice(0, 1) if dim in repeated else slice(None) for dim in range(place.ndim)])]
        if not overlaps_itself(place.shape, place.strides):
            place[...] = piece
        else:
            places = self._places(place.shape, place.strides, self.start + self.shift, dtype.itemsize)
            elements = show(memory, dtype, (self.nbytes // dtype.itemsize,), (dtype.itemsize,), 0)
            kernels.scatter.index_add(elements, 0, places, piece.reshape(-1))
        if overlaps_itself(*self.whole[1:]):  # elements of the whole that lie at one place share its gradient
            times = np.zeros(self.nbytes // whole.itemsize, like=self.like)
            places = self._places(*self.whole[1:], self.start, whole.itemsize)
            kernels.scatter.index_add(times, 0, places, np.broadcast_to(np.ones_like(times[:1]), places.shape))
            whole = (whole / times[places].reshape(whole.shape)).astype(whole.dtype)
        return whole

    def _places(self, *layout: Any) -> Any:
        """flat_places of a layout, one after the other, on the device."""
        return np.asarray(flat_places(*layout).reshape(-1), like=self.like)

    def rest(self, whole: Any) -> Any:
        """`whole` with zeros in the place of the piece."""
        copy, piece = self.lay(whole)
        piece[...] = 0
        return copy
