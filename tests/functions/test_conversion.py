"""Other dtypes and orders in memory, numbers, lists, truth, copies, compared with PyTorch's."""

import copy
import io
import pickle

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import DTYPES, to_tinytorch, to_torch
from tests.functions.beside import assert_same, outcome, same, torch

inf, nan = float("inf"), float("nan")


def from_array(lib, array):
    return to_torch(array) if lib is torch else to_tinytorch(array)


# ---- dtypes ----------------------------------------------------------------------------------------------------------

VALUES = np.array([0, 1, -1, 2.5, -2.5, 3.99, 100.7, 127, 65504, 65520, 1e-8, 16777217])


@pytest.mark.parametrize("old", DTYPES)
@pytest.mark.parametrize("new", DTYPES)
def test_every_dtype_from_every_other(old, new):
    def call(lib):
        x = lib.from_numpy(VALUES if old not in ("uint8", "int8", "bool") else VALUES[:2]).to(getattr(lib, old))
        return [x.to(getattr(lib, new)), x.type(getattr(lib, new)), x.to(dtype=getattr(lib, new))]

    same(call)


FORMS = [
    lambda lib, x: x.to(lib.float64),
    lambda lib, x: x.to(float),
    lambda lib, x: x.to(dtype=int),
    lambda lib, x: x.to("cpu"),
    lambda lib, x: x.to(lib.device("cpu")),
    lambda lib, x: x.to(device="cpu"),
    lambda lib, x: x.to("cpu", lib.float64),
    lambda lib, x: x.to("cpu", lib.float64, True, True),
    lambda lib, x: x.to("cpu", dtype=lib.int8, non_blocking=True),
    lambda lib, x: x.to(lib.zeros(1, dtype=lib.float16)),
    lambda lib, x: x.to(other=lib.zeros(1, dtype=lib.float16)),
    lambda lib, x: x.to(lib.zeros(1, dtype=lib.float16), False, True),
    lambda lib, x: x.to(lib.float64, False, True),
    lambda lib, x: x.to(None),
    lambda lib, x: x.to(device=None, dtype=None),
    lambda lib, x: x.to(),
    lambda lib, x: x.to(copy=True),
    lambda lib, x: x.to("cuda"),
    lambda lib, x: x.to(0),
    lambda lib, x: x.to("nowhere"),
    lambda lib, x: x.to("float64"),
    lambda lib, x: x.to([1]),
    lambda lib, x: x.to(np.float32),
    lambda lib, x: x.to(lib.float64, "cpu"),
    lambda lib, x: x.to(foo=3),
    lambda lib, x: x.t().to(memory_format=lib.contiguous_format),
    lambda lib, x: x.t().to(lib.float64, memory_format=lib.contiguous_format),
    lambda lib, x: x.t().to(lib.float64),
    lambda lib, x: x.expand(4, 2, 3).to(lib.float64),
    lambda lib, x: x[:, ::2].to(lib.float64),
    lambda lib, x: x.reshape(1, 2, 1, 3).to(memory_format=lib.channels_last).is_contiguous(),
    lambda lib, x: x.float(),
    lambda lib, x: x.double(),
    lambda lib, x: x.half(),
    lambda lib, x: x.bfloat16(),
    lambda lib, x: x.long(),
    lambda lib, x: x.int(),
    lambda lib, x: x.short(),
    lambda lib, x: x.char(),
    lambda lib, x: x.byte(),
    lambda lib, x: x.bool(),
    lambda lib, x: x.cfloat(),
    lambda lib, x: x.cdouble(),
    lambda lib, x: x.t().double(memory_format=lib.contiguous_format),
    lambda lib, x: x.cpu(),
    lambda lib, x: x.cuda(),
    lambda lib, x: x.type_as(lib.zeros(1, dtype=lib.int64)),
    lambda lib, x: x.type_as(5),
    lambda lib, x: x.contiguous(),
    lambda lib, x: x.t().contiguous(),
    lambda lib, x: x.t().contiguous(memory_format=lib.preserve_format),
    lambda lib, x: x.contiguous(memory_format=lib.channels_last),
    lambda lib, x: lib.zeros(2, 3, 4, 5).contiguous(memory_format=lib.channels_last),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_forms(form, requires_grad):
    def call(lib):
        x = lib.tensor([[1.5, -2.5, 3.0], [0.0, 200.7, -1.0]], requires_grad=requires_grad)
        result = form(lib, x)
        return [result, result is x, getattr(result, "grad_fn", None) and result.grad_fn.name()]

    same(call)


def test_gradients_come_back_in_the_old_dtype():
    def call(lib):
        x = lib.ones(3, requires_grad=True)
        (x.double() * 3).sum().backward()
        (x.half().to(lib.float64) * 3).sum().backward()
        return x.grad

    same(call)


# ---- numbers and lists -----------------------------------------------------------------------------------------------

NUMBERS = [0, 1, -3, 2.5, -0.0, True, False, 1j, 2 + 0j, nan, inf, 1e300, 2**62]
AS_PYTHON = {
    "item": lambda x: x.item(),
    "tolist": lambda x: x.tolist(),
    "float": float,
    "int": int,
    "bool": bool,
    "complex": complex,
    "index": lambda x: [10, 20, 30, 40][x],
    "range": lambda x: [*range(x)][:3] if abs(x.item()) < 100 else 0,
    "hex": hex,
    "round": lambda x: round(x, 1),
    "format": lambda x: [f"{x}", f"{x:.2f}"],
    "format d": lambda x: f"{x:5d}",
    "str": str,
    "len": len,
    "list": list,
    "hash": lambda x: hash(x) == hash(x),
    "in": lambda x: [1 in x, 2.5 in x],
    "is_nonzero": lambda x: x.is_nonzero(),
    "not": lambda x: not x,
    "numpy scalar": lambda x: np.float64(x),
    "divmod": lambda x: x == x,
}


@pytest.mark.parametrize("name", AS_PYTHON)
@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_as_python_numbers(number, name):
    for shape in ((), (1,), (1, 1), (2,), (0,)):
        same(lambda lib, shape=shape: AS_PYTHON[name](lib.full(shape, number)))
    if isinstance(number, float):
        same(lambda lib: AS_PYTHON[name](lib.tensor(number, requires_grad=True)))


@pytest.mark.parametrize("dtype", [*DTYPES, "uint16", "uint32", "uint64"])
def test_tolist_and_item_of_every_dtype(dtype):
    def call(lib):
        x = lib.tensor([[0, 1], [1, 1]]).to(getattr(lib, dtype))
        return [x.tolist(), x[0, 1].item(), x[0, 1].tolist(), x[:, 0].tolist(), x[:0].tolist(), [*map(float, x[0])]]

    same(call)


PROTOCOL = [
    lambda lib, x: len(x),
    lambda lib, x: [row.tolist() for row in x],
    lambda lib, x: next(zip(x, x))[1],
    lambda lib, x: list(reversed(x)),
    lambda lib, x: [*x[0]],
    lambda lib, x: [5.0 in x, 99 in x, lib.tensor(2.0) in x, np.float32(2) in x],
    lambda lib, x: "a" in x,
    lambda lib, x: [1] in x,
    lambda lib, x: None in x,
    lambda lib, x: max(x[0]),
    lambda lib, x: sum(x),
    lambda lib, x: sorted(x[1]),
    lambda lib, x: {x: 1}[x],
    lambda lib, x: x in {x},
    lambda lib, x: [f"{x[0, 0]:>8.3f}|", f"{x[0, 0]:e}", "{}".format(x[0, 0])],  # noqa: UP032
    lambda lib, x: f"{x:.2f}",
    lambda lib, x: bool(x),
    lambda lib, x: float(x),
    lambda lib, x: int(x[0, 1]),
    lambda lib, x: x.item(),
    lambda lib, x: abs(x[0, 1]),
    lambda lib, x: [+x, -x][1],
    lambda lib, x: divmod(x, 2),
    lambda lib, x: x.__index__(),
    lambda lib, x: [1, 2, 3][lib.tensor(1)],
    lambda lib, x: x.__len__() * "a",
    lambda lib, x: isinstance(x, lib.Tensor),
    lambda lib, x: x.__class__.__name__,
    lambda lib, x: iter(lib.tensor(3)),
    lambda lib, x: len(lib.tensor(3)),
    lambda lib, x: [a + b for a, b in x[:, :2]],
]


@pytest.mark.parametrize("form", PROTOCOL)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_protocol(form, requires_grad):
    same(lambda lib: form(lib, lib.tensor([[1.0, -2.0, 3.0], [5.0, 2.0, 4.0]], requires_grad=requires_grad)))


def test_data_of_a_number_is_the_number():
    """PyTorch 0.3's loss.data[0], which is loss.item() today."""
    loss = tt.tensor(2.5, requires_grad=True) * 2
    with pytest.warns(UserWarning, match=r"\.item\(\)"):
        assert loss.data[0] == 5.0
    with pytest.raises(IndexError, match="invalid index of a 0-dim tensor"):
        loss[0]


DATA = [
    lambda lib, x: x.data,
    lambda lib, x: x.data.requires_grad,
    lambda lib, x: (x * 2).data.grad_fn,
    lambda lib, x: x.data.add_(1) is x,
    lambda lib, x: [x.data.add_(1), x, x._version],
    lambda lib, x: x.data_ptr() == x.data.data_ptr(),
    lambda lib, x: setattr(x, "data", lib.zeros(5)) or x,
    lambda lib, x: setattr(x, "data", lib.zeros(5, dtype=lib.int64)) or x,
    lambda lib, x: setattr(x, "data", 5),
    lambda lib, x: setattr(x, "data", lib.zeros(3, dtype=lib.float64)) or [x, x.dtype],
    lambda lib, x: x.detach().data.is_leaf,
]


@pytest.mark.parametrize("form", DATA)
def test_data(form):
    same(lambda lib: form(lib, lib.tensor([1.0, 2.0, 3.0], requires_grad=True)))


# ---- copies ----------------------------------------------------------------------------------------------------------


def pickled(value):
    """Through a file; the other side is this library."""
    file = io.BytesIO()
    pickle.dump(value, file)
    file.seek(0)
    return pickle.load(file)


SOURCES = [
    lambda lib: lib.tensor([1.0, 2.0]),
    lambda lib: lib.tensor([1.0, 2.0], requires_grad=True),
    lambda lib: lib.arange(6).reshape(2, 3).t(),
    lambda lib: lib.arange(10.0)[2:8:2],
    lambda lib: lib.zeros(2, 0),
    lambda lib: lib.tensor(5),
    lambda lib: lib.tensor([1.5, 2.5], dtype=lib.bfloat16),
    lambda lib: lib.tensor([1 + 2j]),
    lambda lib: lib.ones(3).expand(2, 3),
    lambda lib: lib.tensor([1.0], requires_grad=True) * 2,
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, pickled])
def test_copies(source, how):
    def call(lib):
        x = source(lib)
        twin = how(x)
        return [twin, twin is x, twin.data_ptr() == x.data_ptr() or not x.numel(), twin.storage_offset()]

    found, error, _ = outcome(call, tt)
    expected, wanted, _ = outcome(call, torch)
    assert error == wanted
    if wanted is None and how is not pickled:
        assert_same(found, expected)
    elif wanted is None:
        assert str(found[0].tolist()) == str(expected[0].tolist())
        assert (found[0].stride(), found[0].requires_grad) == (expected[0].stride(), expected[0].requires_grad)


def test_a_copy_of_two_tensors_in_one_memory_shares_it_too():
    def call(lib):
        x = lib.zeros(4)
        first, second = copy.deepcopy([x, x[1:3]])
        second.fill_(7)
        return first, x

    same(call)


def test_copies_keep_gradients_and_attributes():
    def call(lib):
        x = lib.ones(2, requires_grad=True)
        x.sum().backward()
        x.note = "a"
        twin = copy.deepcopy(x)
        return twin.grad, twin.note, twin.grad is x.grad

    same(call)
