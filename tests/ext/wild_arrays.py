"""Arrays that lie in memory in any way: strides that skip, go backwards, stand still or overlap, off every boundary,
with bytes turned round, read-only; between margins that show whether anything wrote beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

MARGIN = 64  # bytes before and after
SPECIAL = [np.nan, np.inf, -np.inf, -0.0]
FLOATS = [np.float32, np.float64]
DTYPES = [*FLOATS, *FLOATS, *FLOATS, np.float16, np.int64, np.int32, np.uint8, np.bool_, np.complex64, np.complex128]


@dataclass(frozen=True)
class Laid:
    """An array by its bytes and how they are read; `fresh()` makes it anew, each time from a copy of the bytes."""

    memory: np.ndarray  # of uint8
    dtype: np.dtype
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # in bytes
    writable: bool

    def fresh(self) -> tuple[np.ndarray, np.ndarray]:
        """(the array, the bytes that it is part of)"""
        memory = self.memory.copy()
        array = np.ndarray(self.shape, self.dtype, memory, self.start, self.strides)
        array.setflags(write=self.writable)
        return array, memory


def values(count: int, dtype: Any, seed: int, odd: bool, sign: int) -> np.ndarray:
    """Quarters from -2 to 2 (of one sign unless `sign` is 0), with sums exact in any order; `odd`: some nan, inf"""
    dtype, generator = np.dtype(dtype), np.random.default_rng(seed)
    whole = generator.integers(1 if sign or dtype.kind == "u" else -8, 9, count)
    if dtype.kind == "b":
        return whole > 4
    if dtype.kind in "iu":
        return whole.astype(dtype)
    x = (sign or 1) * whole / 4
    if dtype.kind == "c":
        x = x + 1j * generator.permutation(x)
    x = x.astype(dtype)
    if odd and count:
        special = [number for number in SPECIAL if not number * sign < 0]
        x[generator.integers(0, count, 2)] = generator.choice(special, 2)
    return x


def lay(
    shape: tuple[int, ...],
    dtype: Any,
    *,
    order: list[int] | None = None,  # the axes from the one whose neighbours lie closest
    steps: list[str] | None = None,  # of each axis: see below
    shift: int = 0,  # bytes off the boundary
    swapped: bool = False,
    writable: bool = True,
    seed: int = 0,
    odd: bool = False,
    sign: int = 0,
) -> Laid:
    """Lay an array out. A step is "next", "skip", "back", "still" (stride 0) or "overlap" (stride of one element)."""
    dtype = np.dtype(dtype)
    order = list(range(len(shape)))[::-1] if order is None else order
    steps = ["next"] * len(shape) if steps is None else steps
    strides, reach, lowest = [0] * len(shape), 1, 0
    highest = 0
    for axis in order:
        stride = {"next": reach, "skip": 2 * reach, "back": -reach, "still": 0, "overlap": 1}[steps[axis]]
        strides[axis] = stride
        span = abs(stride) * max(shape[axis] - 1, 0)
        lowest, highest = (lowest + span, highest) if stride < 0 else (lowest, highest + span)
        reach = max(reach, 1 + lowest + highest)
    numbers = values(reach, dtype, seed, odd, sign)
    if swapped:
        dtype = dtype.newbyteorder()
        numbers = numbers.astype(dtype)
    memory = np.full(2 * MARGIN + shift + numbers.nbytes, 0xA5, np.uint8)
    start = MARGIN + shift
    memory[start : start + numbers.nbytes] = numbers.view(np.uint8)
    size = dtype.itemsize
    return Laid(memory, dtype, start + lowest * size, shape, tuple(step * size for step in strides), writable)


class Drawn:
    """What the table of kernels asks for, drawn by Hypothesis"""

    def __init__(self, data: st.DataObject):
        self.draw = data.draw
        self.written: list[Laid] = []

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def seed(self) -> int:
        return self.draw(st.integers(0, 1000))

    def shape(self, low: int = 0, high: int = 4) -> tuple[int, ...]:
        shape = self.draw(arrays.array_shapes(min_dims=low, max_dims=high, min_side=0, max_side=5))
        if shape and self.draw(st.integers(0, 3)) == 0:  # now and then one long side
            axis = self.draw(st.integers(0, len(shape) - 1))
            shape = (*shape[:axis], self.pick(31, 33, 70, 130), *shape[axis + 1 :])
        return shape

    def dtype(self) -> Any:
        return self.pick(*DTYPES)

    def floating(self) -> Any:
        return self.pick(*FLOATS, *FLOATS, np.float16)

    def fit(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape; now and then one that does not fit."""
        if self.draw(st.integers(0, 24)) > 0:
            return shape
        return self.pick((*shape, 2), shape[::-1], tuple(n + 1 for n in shape), shape[1:])

    def array(self, shape: tuple[int, ...], dtype: Any = None, **options: Any) -> Laid:
        dtype = self.dtype() if dtype is None else dtype
        return lay(shape, dtype, writable=self.pick(True, False), **self.layout(shape, ["still", "overlap"]), **options)

    def target(self, shape: tuple[int, ...], dtype: Any, **options: Any) -> Laid:
        """An array to be written: no two of its elements lie at one place. Now and then it is read-only."""
        writable = self.draw(st.integers(0, 24)) > 0
        made = lay(shape, dtype, writable=writable, **self.layout(shape, []), **options)
        self.written.append(made)
        return made

    def layout(self, shape: tuple[int, ...], more: list[str]) -> dict[str, Any]:
        seed, odd = self.seed(), self.pick(True, False)
        if self.pick(True, False):
            return {"seed": seed, "odd": odd}  # C order
        return {
            "seed": seed,
            "odd": odd,
            "order": self.draw(st.permutations(range(len(shape)))),
            "steps": [self.pick("next", "next", "skip", "back", *more) for _ in shape],
            "shift": self.pick(0, 0, 0, 1, 4),
            "swapped": self.draw(st.integers(0, 7)) == 0,
        }

    def index(self, length: int, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray | Laid:
        """Integers below `length`; now and then one that is not."""
        made = self.array(shape, dtype or self.pick(np.int64, np.int64, np.int32))
        array, memory = made.fresh()
        if memory is None or not array.size:
            return made
        numbers = np.random.default_rng(self.seed()).integers(0, max(length, 1), array.shape)
        if self.draw(st.integers(0, 9)) == 0:
            numbers.reshape(-1)[0] = self.pick(-1, length, -100)
        array.setflags(write=True)
        array[...] = numbers  # where elements share a place the last one stays: below `length`, too
        return Laid(memory, made.dtype, made.start, made.shape, made.strides, made.writable)

    def axis(self, ndim: int) -> int:
        """An axis; now and then one too many"""
        return self.draw(st.integers(-max(ndim, 1), max(ndim, 1) - (0 if self.draw(st.integers(0, 19)) == 0 else 1)))

    def axes(self, ndim: int) -> Any:
        """None, an axis, or several"""
        if self.pick(True, False):
            return self.pick(None, self.axis(ndim))
        return tuple(self.draw(st.lists(st.integers(0, max(ndim - 1, 0)), unique=True, max_size=ndim)))


class Large(Drawn):
    """The same for one large call in C order: threads, blocks of SIMD and what is left over"""

    def __init__(self, number: int):
        self.random = np.random.default_rng(number)
        self.written = []
        self.sides = [(203, 1501), (3, 100_003), (100_003, 3)][number % 3]

    def pick(self, *options: Any) -> Any:
        return options[self.random.integers(len(options))]

    def seed(self) -> int:
        return int(self.random.integers(1000))

    def shape(self, low: int = 0, high: int = 4) -> tuple[int, ...]:
        return (5003,) if high == 1 else self.sides if high == 2 or low < 3 else (1, *self.sides)

    def dtype(self) -> Any:
        return self.pick(*FLOATS)

    floating = dtype

    def fit(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape

    def array(self, shape: tuple[int, ...], dtype: Any = None, **options: Any) -> Laid:
        return lay(shape, self.dtype() if dtype is None else dtype, seed=self.seed(), **options)

    def target(self, shape: tuple[int, ...], dtype: Any, **options: Any) -> Laid:
        made = lay(shape, dtype, seed=self.seed(), **options)
        self.written.append(made)
        return made

    def index(self, length: int, shape: tuple[int, ...], dtype: Any = None) -> Laid:
        made = self.array(shape, dtype or np.int64)
        array, memory = made.fresh()
        array[...] = self.random.integers(0, length, shape)
        return Laid(memory, made.dtype, made.start, made.shape, made.strides, True)

    def axis(self, ndim: int) -> int:
        return int(self.random.integers(ndim))

    def axes(self, ndim: int) -> Any:
        return self.pick(None, self.axis(ndim))
