"""Which dtype comes out, compared with PyTorch's: the complete tables of promote_types, can_cast and result_type."""

import operator

import pytest

from tests.functions.beside import same

NAMES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32",
    "float64", "complex64", "complex128",
]  # fmt: skip
COMMON = [name for name in NAMES if name not in ("uint16", "uint32", "uint64")]
NUMBERS = [True, 3, 2.5, 1j]


@pytest.mark.parametrize("first", NAMES)
def test_promote_types_and_can_cast(first):
    for second in NAMES:
        if {first, second} & {"complex64", "complex128"} and {first, second} & {"float16", "bfloat16"}:
            continue  # PyTorch has complex32, which NumPy has not
        same(lambda lib, second=second: lib.promote_types(getattr(lib, first), getattr(lib, second)))
    for second in NAMES:
        same(lambda lib, second=second: lib.can_cast(getattr(lib, first), getattr(lib, second)))


@pytest.mark.parametrize("first", NAMES)
def test_result_type(first):
    """With dimensions and without, on both sides; with numbers on either side."""
    for second in NAMES:
        if {first, second} & {"complex64", "complex128"} and {first, second} & {"float16", "bfloat16"}:
            continue
        for shapes in (((2,), (2,)), ((), (2,)), ((2,), ()), ((), ()), ((0,), ())):
            same(
                lambda lib, second=second, shapes=shapes: lib.result_type(
                    lib.ones(shapes[0], dtype=getattr(lib, first)), lib.ones(shapes[1], dtype=getattr(lib, second))
                )
            )
    for number in NUMBERS:
        if first in ("float16", "bfloat16") and number == 1j:
            continue
        for shape in ((2,), ()):
            for turned in (False, True):

                def call(lib, shape=shape, number=number, turned=turned):
                    operands = (lib.ones(shape, dtype=getattr(lib, first)), number)
                    return lib.result_type(*(operands[::-1] if turned else operands))

                same(call)


@pytest.mark.parametrize("first", NUMBERS)
@pytest.mark.parametrize("second", NUMBERS)
def test_result_type_of_numbers(first, second):
    same(lambda lib: lib.result_type(first, second))


OPERATORS = [operator.add, operator.mul, operator.truediv, operator.floordiv, operator.lt, operator.pow]


@pytest.mark.parametrize("apply", OPERATORS)
def test_operators_follow(apply):
    """The dtype of results (their values are compared elsewhere), or the error."""

    def dtype_of(lib, first, second, shapes):
        x = lib.ones(shapes[0], dtype=getattr(lib, first))
        y = lib.ones(shapes[1], dtype=getattr(lib, second)) if isinstance(second, str) else second
        return apply(x, y).dtype

    for first in COMMON:
        for second in [*COMMON, *NUMBERS]:
            kinds = {first, str(second)}
            if kinds & {"complex64", "complex128", "1j"} and kinds & {"float16", "bfloat16"}:
                continue
            for shapes in (((2,), (2,)), ((), (2,)), ((2,), ())):
                same(lambda lib, a=first, b=second, shapes=shapes: dtype_of(lib, a, b, shapes))


ERRORS = [
    lambda lib: lib.promote_types(5, lib.float32),
    lambda lib: lib.promote_types(lib.float32, "a"),
    lambda lib: lib.promote_types(lib.float32),
    lambda lib: lib.can_cast(lib.float32, 3),
    lambda lib: lib.can_cast(from_=lib.float32, to=lib.int32),
    lambda lib: lib.result_type(lib.ones(2), "a"),
    lambda lib: lib.result_type(tensor=lib.ones(2), other=3),
    lambda lib: lib.result_type(3, lib.ones(2).long()),
]


@pytest.mark.parametrize("call", ERRORS)
def test_forms(call):
    same(call)
