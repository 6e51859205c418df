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

    __slots__ = ("dtype", "nbytes", "piece", "shape", "start", "strides", "whole")

    def __init__(self, whole: np.ndarray, piece: np.ndarray):
        shift = address(piece) - address(whole) if piece.size and whole.size else 0
        low, high = extent(whole.shape, whole.strides, whole.itemsize)
        if piece.size and whole.size:  # as_strided may reach further than the whole does
            first, last = extent(piece.shape, piece.strides, piece.itemsize)
            low, high = min(low, first + shift), max(high, last + shift)
        self.nbytes = high - low
        self.whole = (whole.dtype, whole.shape, whole.strides, -low)
        self.piece = (piece.dtype, piece.shape, piece.strides, shift - low)
        self.shape, self.strides, self.dtype = piece.shape, piece.strides, piece.dtype

    def lay(self, whole: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """A copy of `whole` (None: zeros) in the whole's layout, and the piece of it, a view."""
        if whole is None or self.nbytes != whole.nbytes:
            memory = np.zeros(self.nbytes, np.uint8)  # there are gaps
        else:
            memory = np.empty(self.nbytes, np.uint8)
        copy = show(memory, *self.whole)
        if whole is not None:
            copy[...] = whole
        if not self.nbytes:
            return copy, np.empty(self.shape, self.dtype)
        return copy, show(memory, *self.piece)

    def take(self, whole: np.ndarray) -> np.ndarray:
        """The piece of `whole`, in memory of its own."""
        return self.lay(whole)[1]

    def put(self, piece: np.ndarray) -> np.ndarray:
        """Zeros with `piece` in its place; elements of it that lie at one place are added up."""
        whole, place = self.lay(None)
        repeated = tuple([dim for dim, stride in enumerate(self.strides) if stride == 0 and self.shape[dim] > 1])
        if repeated:
            piece = piece.sum(axis=repeated, keepdims=True)
            place = place[tuple([slice(0, 1) if dim in repeated else slice(None) for dim in range(place.ndim)])]
        if not overlaps_itself(place.shape, place.strides):
            place[...] = piece
        else:
            size = place.itemsize
            memory = np.ndarray(self.nbytes // size, self.dtype, whole.base)
            np.add.at(memory, flat_places(place.shape, place.strides, self.piece[3], size), piece)
        return whole

    def rest(self, whole: np.ndarray) -> np.ndarray:
        """`whole` with zeros in the place of the piece."""
        copy, piece = self.lay(whole)
        piece[...] = 0
        return copy
