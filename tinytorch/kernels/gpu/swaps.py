"""Products and extremes of the numbers that go to one place, by compare-and-swap: what scatter_reduce launches.

A GPU adds at a place in one step. For products, and for extremes where nan wins, a thread reads what is there, computes
and puts the result there if nobody has written meanwhile; otherwise it begins again. The order differs from run to run,
and so may the last digit of a product. PyTorch's kernels for GPUs do the same.
"""

from __future__ import annotations

import functools
from typing import Any

from tinytorch.device import library
from tinytorch.kernels.gpu.formula import formula

Array = Any

# What two numbers become; nan before all others.
_JOINED = {
    "multiply": "T(W(a) * W(b))",
    "maximum": "a != a || a >= b ? a : b",
    "minimum": "a != a || a <= b ? a : b",
}
_SWAPS = """
template<int SIZE> struct Bits {};
template<> struct Bits<1> { typedef unsigned char Number; typedef unsigned Word; };
template<> struct Bits<2> { typedef unsigned short Number; typedef unsigned Word; };
template<> struct Bits<4> { typedef unsigned Number; typedef unsigned Word; };
template<> struct Bits<8> { typedef unsigned long long Number; typedef unsigned long long Word; };

// Swapped is the aligned word of 32 or 64 bits in which the number is; its neighbours there stay as they are.
template<class V> __device__ void reduce_into(V* place, V value) {
    typedef typename Bits<sizeof(V)>::Number Number;
    typedef typename Bits<sizeof(V)>::Word Word;
    size_t ahead = (size_t)place % sizeof(Word);
    Word* around = (Word*)((char*)place - ahead);
    int shift = 8 * (int)ahead;
    Word others = ~((Word)(Number)~(Number)0 << shift);
    Word seen = *around, before;
    do {
        before = seen;
        Number bits = (Number)(before >> shift);
        V number;
        memcpy((void*)&number, &bits, sizeof(V));
        number = joined(number, value);
        memcpy(&bits, (const void*)&number, sizeof(V));
        Word after = (before & others) | ((Word)bits << shift);
        if (after == before) return;
        seen = atomicCAS(around, before, after);
    } while (seen != before);
}
"""
# Complex numbers are too long for a swap: who has the lock of a place may write there.
_LOCKS = """
template<class V> __device__ void reduce_into(volatile V* place, V real, V imag, int* lock) {
    for (bool done = false; !done;) {
        if (atomicCAS(lock, 0, 1) == 0) {
            __threadfence();
            V there = place[0], turned = place[1];
            place[0] = there * real - turned * imag;
            place[1] = there * imag + turned * real;
            __threadfence();
            atomicExch(lock, 0);
            done = true;
        }
    }
}
"""
_PLACE = """
    long long j = index;
    if (j >= 0 && j < side) {
        long long place = (i / behind / here * side + j) * behind + i % behind;
        REDUCE;
    }
"""


@functools.cache
def _swapped(how: str) -> Any:
    joined = f"__device__ T joined(T a, T b) {{ return {_JOINED[how]}; }}\n"
    return formula(
        f"scatter_{how}",
        "I index, T source, int64 side, int64 here, int64 behind",
        "raw T out",
        _PLACE.replace("REDUCE", "reduce_into(&out[place], T(source))"),
        joined + _SWAPS,
    )


_locked = formula(
    "scatter_multiply_complex",
    "I index, T source, int64 side, int64 here, int64 behind",
    "raw T out, raw int32 locks",
    _PLACE.replace("REDUCE", "reduce_into((V*)&out[place], source.real(), source.imag(), &locks[place])"),
    "typedef decltype(T().real()) V;\n" + _LOCKS,
)


def reduce_into(out: Array, index: Array, source: Array, sides: tuple[int, int, int], how: str) -> None:
    """Each number of source joined with what is in its place of out, in one launch (and one that opens the locks).

    out, index and source have the same sides but along one axis: that of out and of index there, and the product of the
    sides behind, are `sides`. An index that is out of range writes nothing.
    """
    if out.dtype.kind != "c":
        _swapped(how)(index, source, *sides, out)
    elif how == "multiply":
        _locked(index, source, *sides, out, library().zeros(out.shape, "int32"))
    else:
        raise TypeError(f"{how}: complex numbers have no order")
