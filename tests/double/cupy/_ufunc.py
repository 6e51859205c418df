"""CuPy's ufuncs: the first loop of the list that fits the operands runs, and NumPy or SciPy does its arithmetic."""

import functools

import numpy as np

from cupy import _double as double
from cupy._array import SCALARS, ndarray

SCATTERS = ("add", "subtract", "maximum", "minimum", "bitwise_and", "bitwise_or", "bitwise_xor")


@functools.cache
def dtype_of(char):
    """The dtype of a type character; E is ml_dtypes' bfloat16."""
    if char == "E":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(char)


@functools.cache
def can_cast(source, target):
    """np.can_cast, remembered."""
    return np.can_cast(source, target)


def described(x):
    """The dtype by which an operand takes part in the choice of a loop, and its Python type if it is a weak scalar."""
    if isinstance(x, (ndarray, np.generic)):
        return x.dtype, None
    if isinstance(x, bool):
        return np.dtype(bool), None
    if isinstance(x, int):
        return np.dtype(np.int64 if x < 2**63 else np.uint64), int
    return (np.dtype(np.float64), float) if isinstance(x, float) else (np.dtype(np.complex128), complex)


def rank(kind):
    """Booleans, integers, everything else: a weak scalar counts as weak only up to the arrays' rank."""
    return {"b": 0, "i": 1, "u": 1, int: 1}.get(kind, 2)


def fits(dtype, weak, target):
    """Whether an operand may enter a loop that wants `target`."""
    if can_cast(dtype, target):
        return True
    try:
        return weak is not None and np.result_type(weak(0), target) == target
    except TypeError:
        return False


@functools.lru_cache(4096)
def choose(loops, operands):
    """The first of the loops that takes these operands, each given as (dtype, weak type); None if there is none."""
    strong = [rank(d.kind) for d, weak in operands if weak is None]
    weaks = [rank(weak) for d, weak in operands if weak is not None]
    if not strong or not weaks or max(strong) < max(weaks):
        operands = tuple((d, None) for d, _ in operands)
    mixed = any(loop.startswith("Qq") for loop in loops) and any(weak is int for _, weak in operands)
    for loop in loops:
        ins, _, outs = loop.partition("->")
        if mixed and ins == "QQ":
            continue  # a Python number may be negative, and the loop Qq knows what to do
        if "V" not in loop and all(fits(d, weak, dtype_of(c)) for (d, weak), c in zip(operands, ins)):
            return tuple(dtype_of(c) for c in ins), tuple(dtype_of(c) for c in outs)
    return None


@functools.lru_cache(4096)
def choose_by_result(loops, dtype):
    """The first loop with this result, for the argument dtype=."""
    for loop in loops:
        ins, _, outs = loop.partition("->")
        if "V" not in loop and all(dtype_of(c) == dtype for c in outs):
            return tuple(dtype_of(c) for c in ins), tuple(dtype_of(c) for c in outs)
    return None


def converted(x, dtype):
    """An operand in the dtype of the loop."""
    return x.astype(dtype, copy=False) if isinstance(x, (np.ndarray, np.generic)) else np.array(x).astype(dtype)[()]


def compute(host, in_types, out_types, outs, *operands):
    """The launch of a ufunc: convert, compute, convert back, store."""
    made = host(*(converted(x, t) for x, t in zip(operands, in_types, strict=True)))
    single = len(out_types) == 1
    made = (made,) if single else made
    result = []
    for m, t, out in zip(made, out_types, outs, strict=True):
        m = np.asarray(m).astype(t, copy=False)
        if out is not None:
            np.copyto(out, m, casting="unsafe")
        result.append(m if out is None else out)
    return result[0] if single else tuple(result)


class ufunc:
    """A ufunc of the device: operands are arrays of the device and numbers, results always arrays."""

    def __init__(self, name, host, types, nin, nout):
        self.name, self.types, self.nin, self.nout, self.nargs = name, types, nin, nout, nin + nout
        self.__name__ = name
        self._host, self._loops = host, tuple(types)
        self._plain = name.removeprefix("cupy_")

    def __repr__(self):
        return f"<ufunc '{self.name}'>"

    def _operand(self, x):
        if isinstance(x, (ndarray, *SCALARS)):
            return x
        if hasattr(x, "__cuda_array_interface__"):
            import cupy

            return cupy.asarray(x)
        raise TypeError(f"Unsupported type {type(x)}")

    def _outs(self, out, shapes, out_types, casting):
        outs = out if isinstance(out, tuple) else (out,)
        for o, t in zip(outs, out_types, strict=True):
            if o is None:
                continue
            if not isinstance(o, ndarray):
                raise TypeError("Output arguments type must be cupy.ndarray")
            if double.broadcast_shape(*shapes, o.shape) != o.shape:
                raise ValueError("Out shape is mismatched")
            if not np.can_cast(t, o.dtype, casting):
                raise TypeError(
                    f"Cannot cast {self.name} output operand from {t!r} to {o.dtype!r} with casting rule '{casting}'"
                )
        return outs

    def __call__(self, *args, out=None, dtype=None, casting="same_kind"):
        if not self.nin <= len(args) <= self.nargs:
            raise TypeError(
                f"Wrong number of arguments for {self!r}. It must be either {self.nin} or {self.nargs} "
                f"(with outputs), but given {len(args)}."
            )
        if len(args) > self.nin:
            if out is not None:
                raise ValueError("Cannot specify 'out' as both a positional and keyword argument")
            args, out = args[: self.nin], args[self.nin :]
            out = (*out, *[None] * (self.nout - len(out)))
        if isinstance(out, tuple) and len(out) != self.nout:
            raise ValueError("The 'out' tuple must have exactly one entry per ufunc output")
        if out is not None and not isinstance(out, tuple) and self.nout != 1:
            raise ValueError("'out' must be a tuple of arrays")
        operands = [self._operand(a) for a in args]
        types = (
            choose(self._loops, tuple(described(x) for x in operands))
            if dtype is None
            else choose_by_result(self._loops, np.dtype(dtype))
        )
        if types is None:
            wrong = tuple(described(x)[0] for x in operands) if dtype is None else np.dtype(dtype)
            raise TypeError(f"Wrong type ({wrong}) of arguments for {self.name}")
        shapes = [getattr(x, "shape", ()) for x in operands]
        outs = self._outs((None,) * self.nout if out is None else out, shapes, types[1], casting)
        return double.launch(compute, self._host, *types, outs, *operands)

    def outer(self, A, B, **kwargs):
        import cupy

        A, B = cupy.array(self._operand(A)), cupy.array(self._operand(B))
        return self(A.reshape(A.shape + (1,) * B.ndim), B.reshape((1,) * A.ndim + B.shape), **kwargs)

    def at(self, a, indices, b=None):
        from cupy._indexing import scatter

        if self._plain not in SCATTERS:
            raise NotImplementedError(f"`{self.name}.at` is not supported yet")
        scatter(self._host, a, indices, b)

    def reduce(self, array, axis=0, dtype=None, out=None, keepdims=False):
        if self.name == "cupy_add":
            return array.sum(axis, dtype, out, keepdims)
        if self.name == "cupy_multiply":
            return array.prod(axis, dtype, out, keepdims)
        raise NotImplementedError(f"`{self.name}.reduce` is not supported yet")

    def accumulate(self, array, axis=0, dtype=None, out=None):
        if self.name == "cupy_add":
            return array.cumsum(axis, dtype, out)
        if self.name == "cupy_multiply":
            return array.cumprod(axis, dtype, out)
        raise NotImplementedError(f"`{self.name}.accumulate` is not supported yet")

    def reduceat(self, array, indices, axis=0, dtype=None, out=None):
        if self.name != "cupy_add":
            raise NotImplementedError(f"`{self.name}.reduceat` is not supported yet")
        return double.launch(np.add.reduceat, array, indices, axis, dtype, out)
