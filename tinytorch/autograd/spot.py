"""Spot: where a view lies in the memory of its base, and the three linear maps that follow from it.

    take    the piece of a whole that lies in that place
    put     a whole that is 0 but for a piece in that place: the transpose of `take`
    rest    a whole without the piece: 0 in that place, as it was elsewhere; its own transpose

The gradient of a base and the gradient of a view are related by these, whatever operations led from one to the other.
"""

from __future__ import annotations

import numpy as np

from tinytorch.kernels.memory import address, extent, flat_places, overlaps_itself, show


class Spot:
    """Two layouts of one memory, the whole's and a piece's: sides, strides and starts in bytes, and dtypes."""

    __slots__ = ("nbytes", "piece", "shift", "start", "whole")

    def __init__(self, whole: np.ndarray, piece: np.ndarray):
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

    def lay(self, whole: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """A copy of `whole` (None: zeros) in the whole's layout, and the piece of it, a view."""
        if self.nbytes < 0:
            self._measure()
        if whole is None or self.nbytes != whole.nbytes:
            memory = np.zeros(self.nbytes, np.uint8)  # there are gaps
        else:
            memory = np.empty(self.nbytes, np.uint8)
        copy = show(memory, *self.whole, self.start)
        if whole is not None:
            copy[...] = whole
        if not self.nbytes:
            return copy, np.empty(self.piece[1], self.piece[0])
        return copy, show(memory, *self.piece, self.start + self.shift)

    def take(self, whole: np.ndarray) -> np.ndarray:
        """The piece of `whole`, in memory of its own."""
        return self.lay(whole)[1]

    def put(self, piece: np.ndarray) -> np.ndarray:
        """Zeros with `piece` in its place; elements of it that lie at one place are added up."""
        whole, place = self.lay(None)
        dtype, shape, strides = self.piece
        repeated = tuple([dim for dim, stride in enumerate(strides) if stride == 0 and shape[dim] > 1])
        if repeated:
            piece = piece.sum(axis=repeated, keepdims=True)
            place = place[tuple([slice(0, 1) if dim in repeated else slice(None) for dim in range(place.ndim)])]
        if not overlaps_itself(place.shape, place.strides):
            place[...] = piece
        else:
            memory = np.ndarray(self.nbytes // dtype.itemsize, dtype, whole.base)
            np.add.at(memory, flat_places(place.shape, place.strides, self.start + self.shift, dtype.itemsize), piece)
        if overlaps_itself(*self.whole[1:]):  # elements of the whole that lie at one place share its gradient
            memory = np.zeros(self.nbytes // whole.itemsize)
            places = flat_places(*self.whole[1:], self.start, whole.itemsize)
            np.add.at(memory, places, 1)
            whole = (whole / memory[places]).astype(whole.dtype)
        return whole

    def rest(self, whole: np.ndarray) -> np.ndarray:
        """`whole` with zeros in the place of the piece."""
        copy, piece = self.lay(whole)
        piece[...] = 0
        return copy
