"""Tensors made from numbers, lists, arrays and buffers, compared with PyTorch's: tensor, as_tensor, from_numpy, ..."""

import array
import decimal
import fractions

import numpy as np
import pytest

import tinytorch as tt
from tests.functions.beside import same

inf, nan = float("inf"), float("nan")

DATA = [
    3, 2.5, True, 1j, -0.0, nan, inf, 2**63 - 1, -(2**63), 2**63, 2**64, 1e300, [], [[]], [[], []], [[[]], [[]]], (),
    [()], [1, 2], [1, 2.5], [True, False], [True, 1], [True, 2.5], [1, 1j], [[1, 2], [3, 4]], ((1, 2), [3, 4]),
    [[1], [2, 3]], [[1, 2], 3], [1, [2, 3]], [1, "a"], "abc", b"abc", bytearray(b"abc"), None, [None], {}, {1: 2},
    {1, 2}, range(4), range(0), object, [[1, 2], [3, None]], np.float32(2.5), np.float64(2.5), np.int8(3),
    np.bool_(True), np.float16(2.5), np.uint16(7), [np.float32(1), np.float32(2)], [np.float64(1), 2],
    [1, np.int8(2)], [np.bool_(True)], [np.int32(1), 2.5], np.arange(3), np.arange(6.0).reshape(2, 3).T, np.array(5),
    np.array(["a"]), np.array([1, None]), np.array([1 + 2j]), np.array([True]), np.arange(4, dtype=np.uint64),
    np.arange(3)[::-1], np.arange(3).astype(">i4"), [np.arange(2), np.arange(2)], [np.arange(2), [3, 4]],
    [np.array(1), np.array(2)], np.array([1.0, 2.0], np.longdouble), np.datetime64("2020"), decimal.Decimal("2.5"),
    fractions.Fraction(1, 2), [decimal.Decimal("2.5")], array.array("i", [1, 2]), array.array("d", [1.5]),
    memoryview(b"ab"), [range(2), range(2)], [2**63], [2**64], [1, 2**63 - 1], [1.5, 2**60], [-1, 255], [300.7, -1.2],
    [65504.0, 65520.0, 1e6], [3.4e38, 3.5e38], [1e-45, 1e-46], [0.1, 1 / 3], "", [[1.0, True], [2, 3]], iter([1, 2]),
    (i for i in (1, 2)), slice(2), ..., NotImplemented,
]  # fmt: skip
DTYPES = ["float32", "float64", "float16", "bfloat16", "uint8", "int8", "int32", "int64", "bool", "complex64", "uint64"]


@pytest.mark.parametrize("at", range(len(DATA)))
def test_tensor(at):
    """Each datum as it is, and as every dtype; also as_tensor."""
    data = DATA[at]
    if not hasattr(data, "__next__"):  # an iterator is used up
        same(lambda lib: lib.as_tensor(data.copy() if isinstance(data, np.ndarray) else data))
    same(lambda lib: lib.tensor(data))
    for dtype in DTYPES:
        same(lambda lib, dtype=dtype: lib.tensor(data, dtype=getattr(lib, dtype)))


FORMS = [
    lambda lib: lib.tensor([1.0], requires_grad=True),
    lambda lib: lib.tensor([1], requires_grad=True),
    lambda lib: lib.tensor([1.0], requires_grad=1),
    lambda lib: lib.tensor([1.0], device="cpu"),
    lambda lib: lib.tensor([1.0], device=lib.device("cpu"), pin_memory=False),
    lambda lib: lib.tensor([1.0], device="nowhere"),
    lambda lib: lib.tensor([1.0], pin_memory=True),
    lambda lib: lib.tensor([1.0], dtype=float),
    lambda lib: lib.tensor([1.0], dtype=int),
    lambda lib: lib.tensor([1.0], dtype="float32"),
    lambda lib: lib.tensor([1.0], dtype=np.float32),
    lambda lib: lib.tensor(data=[1, 2]),
    lambda lib: lib.tensor(),
    lambda lib: lib.tensor([1], lib.float32),
    lambda lib: lib.tensor(lib.tensor([1, 2])),
    lambda lib: lib.tensor(lib.tensor([1.0], requires_grad=True)),
    lambda lib: lib.tensor([lib.tensor(1), lib.tensor(2.5)]),
    lambda lib: lib.tensor([lib.tensor(1), 2]),
    lambda lib: lib.tensor([lib.tensor(1.5), 2]),
    lambda lib: lib.tensor([lib.tensor([1, 2]), lib.tensor([3, 4])]),
    lambda lib: lib.tensor([lib.tensor([1]), lib.tensor([3])]),
    lambda lib: lib.tensor([lib.tensor([[1]]), 3]),
    lambda lib: lib.tensor((lib.ones(2), lib.ones(3))),
    lambda lib: lib.tensor(lib.zeros(2, 3).shape),
    lambda lib: lib.tensor(lib.float32),
    lambda lib: lib.as_tensor(lib.tensor([1, 2]), dtype=lib.float64),
    lambda lib: lib.as_tensor([1, 2], dtype=lib.float64, device="cpu"),
    lambda lib: lib.as_tensor(lib.ones(2, requires_grad=True) * 2, dtype=lib.float64),
    lambda lib: lib.as_tensor([lib.ones(2), lib.ones(2)]),
    lambda lib: lib.zeros(1, dtype=lib.float64).new_tensor([1, 2]),
    lambda lib: lib.zeros(1).new_tensor([1, 2], dtype=lib.int8),
    lambda lib: lib.zeros(1).new_tensor([1.0, 2], requires_grad=True),
    lambda lib: lib.zeros(1).new_tensor(lib.ones(2)),
    lambda lib: lib.zeros(1).new_tensor(np.arange(3)),
    lambda lib: lib.zeros(1).new_tensor("a"),
    lambda lib: lib.asarray([1, 2.5]),
    lambda lib: lib.asarray(3),
    lambda lib: lib.asarray([1, 2], dtype=lib.float64, requires_grad=True),
    lambda lib: lib.asarray([1, 2], copy=False),
    lambda lib: lib.asarray([1, 2], copy=True),
    lambda lib: lib.asarray(np.arange(3.0), copy=False),
    lambda lib: lib.asarray(np.arange(3.0), dtype=lib.float32),
    lambda lib: lib.asarray(np.arange(3.0), dtype=lib.float32, copy=False),
    lambda lib: lib.asarray(np.float32(3.5)),
    lambda lib: lib.asarray(bytearray(b"\0\0\x80?"), dtype=lib.float32),
    lambda lib: lib.asarray(bytearray(b"\0\0\x80?")),
    lambda lib: lib.asarray(array.array("i", [1, 2]), dtype=lib.int32),
    lambda lib: lib.asarray(lib.ones(2, requires_grad=True)),
    lambda lib: lib.asarray(lib.ones(2, requires_grad=True), requires_grad=False),
    lambda lib: lib.asarray(lib.ones(2), requires_grad=True),
    lambda lib: lib.asarray("abc"),
    lambda lib: lib.asarray(None),
    lambda lib: lib.from_numpy(np.arange(6.0).reshape(2, 3).T),
    lambda lib: lib.from_numpy(np.array(5)),
    lambda lib: lib.from_numpy([1, 2]),
    lambda lib: lib.from_numpy(np.float32(3)),
    lambda lib: lib.from_numpy(np.array(["a"])),
    lambda lib: lib.from_numpy(np.arange(3)[::-1]),
    lambda lib: lib.from_numpy(np.arange(3).astype(">i4")),
    lambda lib: lib.from_numpy(np.zeros(3, "i4,f4")["f1"]),
    lambda lib: lib.from_numpy(np.zeros(3, "i2,f4")["f1"]),
    lambda lib: lib.from_numpy(np.broadcast_to(np.arange(3.0), (2, 3))),
    lambda lib: lib.from_numpy(np.zeros(2, np.longdouble)),
    lambda lib: lib.from_numpy(None),
    lambda lib: lib.frombuffer(bytearray(range(8)), dtype=lib.int16),
    lambda lib: lib.frombuffer(bytearray(range(8)), dtype=lib.int16, count=2, offset=1),
    lambda lib: lib.frombuffer(bytearray(range(8)), dtype=lib.uint8, offset=7),
    lambda lib: lib.frombuffer(bytearray(range(8)), dtype=lib.float32, requires_grad=True),
    lambda lib: lib.frombuffer(b"abcd", dtype=lib.int32),
    lambda lib: lib.frombuffer(bytearray(7), dtype=lib.int16),
    lambda lib: lib.frombuffer(bytearray(8), dtype=lib.int16, count=5),
    lambda lib: lib.frombuffer(bytearray(8), dtype=lib.int16, offset=8),
    lambda lib: lib.frombuffer(bytearray(8), dtype=lib.int16, offset=-1),
    lambda lib: lib.frombuffer(bytearray(0), dtype=lib.int16),
    lambda lib: lib.frombuffer(bytearray(8), dtype=lib.int16, count=0),
    lambda lib: lib.frombuffer([1, 2], dtype=lib.int16),
    lambda lib: lib.frombuffer(np.arange(3), dtype=lib.int64),
    lambda lib: lib.frombuffer(bytearray(8), dtype=lib.bool),
    lambda lib: lib.complex(lib.tensor(1.0), lib.tensor(2.0)),
]


@pytest.mark.parametrize("call", FORMS)
def test_forms(call):
    same(call)


@pytest.mark.parametrize("name", ["float64", "float16", "bfloat16"])
def test_the_default_dtype(name):
    def call(lib):
        kept = lib.get_default_dtype()
        lib.set_default_dtype(getattr(lib, name))
        try:
            made = [lib.tensor(2.5), lib.tensor([1, 2]), lib.tensor(np.float32(3)), lib.zeros(2), lib.full((2,), 0.5)]
            made += [lib.arange(3.0), lib.linspace(0, 1, 3), lib.eye(2), lib.Tensor([1, 2]), lib.tensor([1]) / 2]
            return made + ([lib.tensor(1j)] if name == "float64" else [])
        finally:
            lib.set_default_dtype(kept)

    same(call)


SHARERS = {
    "from_numpy": lambda lib, data: lib.from_numpy(data),
    "as_tensor": lambda lib, data: lib.as_tensor(data),
    "asarray": lambda lib, data: lib.asarray(data),
    "frombuffer": lambda lib, data: lib.frombuffer(data, dtype=lib.float64),
    "from_dlpack": lambda lib, data: lib.from_dlpack(data),
    "tensor": lambda lib, data: lib.tensor(data),
    "asarray(copy=True)": lambda lib, data: lib.asarray(data, copy=True),
    "Tensor": lambda lib, data: lib.DoubleTensor(data),
}


@pytest.mark.parametrize("name", SHARERS)
def test_who_shares_memory(name):
    def call(lib):
        data = np.arange(3.0)
        tensor = SHARERS[name](lib, data)
        data[0] = 50
        tensor[1] = 70
        return tensor, data.copy()

    same(call)


def test_as_tensor_of_a_tensor_is_the_tensor():
    x = tt.ones(2)
    assert tt.as_tensor(x) is x
    assert tt.as_tensor(x, dtype=tt.float32) is x
    assert tt.asarray(x).data_ptr() == x.data_ptr()


def test_an_array_that_cannot_be_written_to():
    def call(lib):
        data = np.arange(3.0)
        data.flags.writeable = False
        return [lib.from_numpy(data), lib.as_tensor(data), lib.tensor(data)]

    same(call)
