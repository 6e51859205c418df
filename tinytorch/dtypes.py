"""The dtype objects (`torch.float32`, ...), PyTorch's promotion rules, finfo and iinfo.

Promotion has two steps. `promote_types` joins two dtypes on a lattice. `result_dtype` joins the operands of an
operation, where only the *category* (bool < integer < float < complex) of Python numbers and 0-dim tensors counts:

    float32 tensor (3,)  +  2.5               -> float32     a number does not raise the dtype within a category
    int64 tensor (3,)    +  2.5               -> float32     but a higher category wins, with the default dtype
    float32 tensor (3,)  +  float64 tensor () -> float32     0-dim tensors are treated alike
    float32 tensor ()    +  float64 tensor () -> float64     unless all of them are 0-dim

Source: https://docs.pytorch.org/docs/2.13/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from typing import Any

import numpy as np

BOOL, INTEGER, FLOAT, COMPLEX = range(4)  # the categories, in the order in which they win


class dtype:
    """The type of a tensor's elements.

    >>> torch.float32, torch.long, torch.float32.itemsize, torch.int8.is_floating_point
    (torch.float32, torch.int64, 4, False)
    """

    __slots__ = ("_numpy", "category", "itemsize", "legacy", "name")

    def __init__(self, name: str, legacy: str, category: int, itemsize: int):
        self.name = name
        self.legacy = legacy  # "Float" of torch.FloatTensor, also what error messages say
        self.category = category
        self.itemsize = itemsize
        self._numpy = None if name == "bfloat16" else np.dtype(name)

    @property
    def numpy(self) -> np.dtype:
        """The NumPy dtype of arrays that hold such elements."""
        if self._numpy is None:
            self._numpy = _load_bfloat16()
        return self._numpy

    @property
    def tensor_name(self) -> str:
        """What some of PyTorch's messages call a tensor: "torch.FloatTensor", and "CPUBoolType" for newer dtypes."""
        newer = self.name in ("bool", "bfloat16", "complex64", "complex128")
        return f"CPU{self.legacy}Type" if newer else f"torch.{self.legacy}Tensor"

    @property
    def c_name(self) -> str:
        """What some of PyTorch's messages call it: "long int" for int64."""
        return _C_NAMES.get(self.name, self.legacy.lower())

    @property
    def is_floating_point(self) -> bool:
        return self.category == FLOAT

    @property
    def is_complex(self) -> bool:
        return self.category == COMPLEX

    @property
    def is_signed(self) -> bool:
        return self.category != BOOL and not self.name.startswith("uint")

    def to_real(self) -> dtype:
        """The dtype of a complex number's parts; a real dtype is its own."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    def to_complex(self) -> dtype:
        """The complex dtype whose parts have this dtype.

        float16 and bfloat16 have none here: NumPy has no complex number that small, complex64 takes their place.
        """
        if self.category == COMPLEX:
            return self
        if self.category < FLOAT:
            raise RuntimeError(f"Unknown Complex ScalarType for {self.legacy}")
        return complex128 if self is float64 else complex64

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return "bool_" if self.name == "bool" else self.name  # pickled by reference: there is one object for each


_C_NAMES = {
    "uint8": "unsigned char", "int8": "signed char", "int16": "short int", "int64": "long int",
    "uint16": "short unsigned int", "uint32": "unsigned int", "uint64": "long unsigned int",
    "float16": "c10::Half", "bfloat16": "c10::BFloat16",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip

bool_ = dtype("bool", "Bool", BOOL, 1)
uint8 = dtype("uint8", "Byte", INTEGER, 1)
int8 = dtype("int8", "Char", INTEGER, 1)
int16 = dtype("int16", "Short", INTEGER, 2)
int32 = dtype("int32", "Int", INTEGER, 4)
int64 = dtype("int64", "Long", INTEGER, 8)
uint16 = dtype("uint16", "UInt16", INTEGER, 2)
uint32 = dtype("uint32", "UInt32", INTEGER, 4)
uint64 = dtype("uint64", "UInt64", INTEGER, 8)
float16 = dtype("float16", "Half", FLOAT, 2)
bfloat16 = dtype("bfloat16", "BFloat16", FLOAT, 2)
float32 = dtype("float32", "Float", FLOAT, 4)
float64 = dtype("float64", "Double", FLOAT, 8)
complex64 = dtype("complex64", "ComplexFloat", COMPLEX, 8)
complex128 = dtype("complex128", "ComplexDouble", COMPLEX, 16)

ALL = (bool_, uint8, int8, int16, int32, int64, uint16, uint32, uint64,
       float16, bfloat16, float32, float64, complex64, complex128)  # fmt: skip

NAMES: dict[str, dtype] = {  # what torch. has; not names of this module, where bool and float are Python's
    **{d.name: d for d in ALL},
    "half": float16, "float": float32, "double": float64, "cfloat": complex64, "cdouble": complex128,
    "short": int16, "int": int32, "long": int64,
}  # fmt: skip

_FROM_NUMPY = {d.numpy: d for d in ALL if d is not bfloat16}
_FROM_PYTHON = {bool: bool_, int: int64, float: float64, complex: complex128}
_PYTHON_CATEGORY = {bool: BOOL, int: INTEGER, float: FLOAT, complex: COMPLEX}
_default = float32


def _load_bfloat16() -> np.dtype:
    """NumPy knows bfloat16 only through the package ml_dtypes, an extra of this one."""
    try:
        import ml_dtypes
    except ImportError:
        raise ImportError(
            "torch.bfloat16 needs the package ml_dtypes: pip install 'tinytorch-readalong[bf16]'"
        ) from None
    found = np.dtype(ml_dtypes.bfloat16)
    _FROM_NUMPY[found] = bfloat16
    return found


def from_numpy(numpy_dtype: np.dtype) -> dtype:
    """The dtype of an array, given its NumPy dtype; TypeError (PyTorch's text) for one that tensors cannot hold."""
    found = _FROM_NUMPY.get(numpy_dtype)
    if found is not None:
        return found
    if numpy_dtype.name == "bfloat16":
        return _FROM_NUMPY[bfloat16.numpy]
    raise TypeError(
        f"can't convert np.ndarray of type numpy.{numpy_dtype.type.__name__}. The only supported types are: float64, "
        "float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
    )


def with_own_dtype(array: np.ndarray) -> np.ndarray:
    """`array` under the one dtype object that each torch.dtype has, so that `is` compares them.

    Unpickled arrays bring a copy of their dtype, and C's `long long` is another type than `long` of the same size.
    """
    own = from_numpy(array.dtype).numpy
    return array if array.dtype is own else array.view(own)


def as_dtype(value: Any) -> dtype:
    """`value` as a dtype object: a dtype, or one of Python's bool, int, float, complex."""
    if isinstance(value, dtype):
        return value
    try:
        return _FROM_PYTHON[value]
    except (KeyError, TypeError):
        raise TypeError(f"dtype must be torch.dtype, not {type(value).__name__}") from None


def get_default_dtype() -> dtype:
    """The dtype of floating point tensors made from Python numbers.

    >>> torch.get_default_dtype()
    torch.float32
    """
    return _default


def set_default_dtype(d: dtype, /) -> None:
    """Let new floating point tensors be of dtype `d` (float32 at the start)."""
    global _default
    if not isinstance(d, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if d.category != FLOAT:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d


def default_complex() -> dtype:
    return _default.to_complex()


_INTEGER_ORDER = {int8: 0, int16: 1, int32: 2, int64: 3}
_WIDE_UNSIGNED = (uint16, uint32, uint64)
_FLOAT_ORDER = {float16: 0, bfloat16: 0, float32: 1, float64: 2}


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that can hold both, by PyTorch's lattice.

    >>> torch.promote_types(torch.int32, torch.float32), torch.promote_types(torch.uint8, torch.long)
    (torch.float32, torch.int64)
    """
    a, b = (type1, type2) if type1.category <= type2.category else (type2, type1)
    if a is b or (a.category == BOOL and b not in _WIDE_UNSIGNED):
        return b
    if b.category == FLOAT:
        if a.category == INTEGER:
            return b
        if _FLOAT_ORDER[a] == _FLOAT_ORDER[b]:
            return float32  # float16 and bfloat16: neither holds the other
        return a if _FLOAT_ORDER[a] > _FLOAT_ORDER[b] else b
    if a in _WIDE_UNSIGNED or b in _WIDE_UNSIGNED:
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{type1.legacy} and {type2.legacy}"
        )
    if b.category == COMPLEX:
        return complex128 if float64 in (a, b) or complex128 in (a, b) else complex64
    if a is uint8 or b is uint8:
        other = b if a is uint8 else a
        return int16 if other is int8 else other
    return a if _INTEGER_ORDER[a] > _INTEGER_ORDER[b] else b


def _join(higher: dtype | None, lower: dtype | None) -> dtype | None:
    """A dtype of higher priority meets one of lower priority: the lower one counts only by its category."""
    if higher is None or lower is None:
        return higher or lower
    if higher.category == COMPLEX:
        return higher
    if higher.category == FLOAT:
        return higher.to_complex() if lower.category == COMPLEX else higher
    if lower.category == COMPLEX:
        return lower
    if higher.category == BOOL or lower.category == FLOAT:
        return promote_types(higher, lower)
    return higher


def of_number(number: Any) -> dtype:
    """The dtype that a tensor made from a Python (or NumPy) number has.

    >>> from tinytorch import dtypes
    >>> dtypes.of_number(True), dtypes.of_number(3), dtypes.of_number(2.5)
    (torch.bool, torch.int64, torch.float32)
    """
    if isinstance(number, (bool, np.bool_)):
        return bool_
    if isinstance(number, (int, np.integer)):
        return int64
    if isinstance(number, (float, np.floating)):
        return _default
    return default_complex()


def result_dtype(operands: Any) -> dtype:
    """The dtype in which arrays and numbers are combined; 0-dim arrays and numbers count by their category only."""
    with_dims = zero_dim = number = None
    for operand in operands:
        if not isinstance(operand, _ARRAYS):
            found = of_number(operand)
            number = found if number is None else promote_types(number, found)
        elif operand.ndim:
            found = from_numpy(operand.dtype)
            with_dims = found if with_dims is None else promote_types(with_dims, found)
        else:
            found = from_numpy(operand.dtype)
            zero_dim = found if zero_dim is None else promote_types(zero_dim, found)
    joined = _join(with_dims, _join(zero_dim, number))
    if joined is None:
        raise ValueError("result_dtype of no operands")
    return joined


_ARRAYS: Any = (np.ndarray,)  # device.py adds CuPy's array type when a GPU is first asked for


def can_cast(from_: dtype, to: dtype) -> bool:
    """May a result of dtype `from_` be written into a tensor of dtype `to`? Not into a lower category.

    >>> torch.can_cast(torch.double, torch.float), torch.can_cast(torch.float, torch.int)
    (True, False)
    """
    return from_.category <= to.category and not (from_.category == INTEGER and to.category == BOOL)


Dtype = dtype  # its name where `dtype` is an attribute


class _Limits:
    """What finfo and iinfo have in common."""

    dtype: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and other.dtype == self.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    @staticmethod
    def _read(name: str, type_: Any) -> Dtype:
        if not isinstance(type_, Dtype):
            given = type_.__class__.__name__
            raise TypeError(f"{name}(): argument 'type' (position 1) must be torch.dtype, not {given}")
        return type_


class finfo(_Limits):
    """Limits of a floating point dtype; of a complex dtype, those of its parts.

    Source: https://docs.pytorch.org/docs/2.13/type_info.html

    >>> torch.finfo(torch.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: Dtype | None = None):
        real = self._read("finfo", type or _default).to_real()
        if real.category != FLOAT:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'\n\n"
                f"{real} is an integer dtype."
            )
        limits: Any
        if real is bfloat16:
            import ml_dtypes

            limits = ml_dtypes.finfo(real.numpy)
        else:
            limits = np.finfo(real.numpy)
        self.dtype = real.name
        self.bits = real.itemsize * 8
        self.eps, self.max, self.min = float(limits.eps), float(limits.max), float(limits.min)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = 10.0 ** -int(limits.precision)

    def __repr__(self) -> str:
        shown = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in shown)}, dtype={self.dtype})"


class iinfo(_Limits):
    """Limits of an integer dtype.

    Source: https://docs.pytorch.org/docs/2.13/type_info.html

    >>> torch.iinfo(torch.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """

    def __init__(self, type: Dtype):
        kind = self._read("iinfo", type)
        if kind.category == BOOL:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if kind.category != INTEGER:
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'\n\n"
                f"{kind} is a floating point dtype."
            )
        limits = np.iinfo(kind.numpy)
        self.dtype, self.bits, self.min, self.max = kind.name, limits.bits, int(limits.min), int(limits.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
