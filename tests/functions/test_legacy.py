"""The classes of PyTorch's first years: Tensor(3, 4), FloatTensor([1, 2]), x.type(...), x.new(...), compared."""

import numpy as np
import pytest

import tinytorch as tt
from tests.functions.beside import same, torch

CLASSES = [
    "Tensor", "FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor", "LongTensor", "IntTensor", "ShortTensor",
    "CharTensor", "ByteTensor", "BoolTensor",
]  # fmt: skip
MADE = [
    lambda lib, make: make(),
    lambda lib, make: make([1, 2]),
    lambda lib, make: make([[1, 0], [0, 1]]),
    lambda lib, make: make((1, 0)),
    lambda lib, make: make([]),
    lambda lib, make: make([1.7, 0.0]),
    lambda lib, make: make(2.5),
    lambda lib, make: make([1, [2]]),
    lambda lib, make: make(["a"]),
    lambda lib, make: make("ab"),
    lambda lib, make: make(None),
    lambda lib, make: make(np.array([1, 0])),
    lambda lib, make: make(np.array([1.0, 0], np.float32)),
    lambda lib, make: make(lib.tensor([1.0, 2.0])),
    lambda lib, make: make(lib.tensor([1, 2])),
    lambda lib, make: make(2, "a"),
    lambda lib, make: make(2, 3, 1.5),
    lambda lib, make: make(-1),
    lambda lib, make: make([1, 0], device="cpu"),
    lambda lib, make: make([1, 0], device="cuda"),
    lambda lib, make: make(foo=3),
]
SHAPED = [(3,), (2, 3), (0,), (2, 0)]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("form", MADE)
def test_made_of_data(name, form):
    same(lambda lib: form(lib, getattr(lib, name)))


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("shape", SHAPED, ids=str)
def test_made_of_a_shape(name, shape):
    same(lambda lib: getattr(lib, name)(*shape), values=False)
    same(lambda lib: getattr(lib, name)(lib.Size(shape)), values=False)


@pytest.mark.parametrize("name", CLASSES[1:])
def test_classes(name):
    def call(lib):
        kind = getattr(lib, name)
        x = lib.zeros(2).type(kind)
        facts = [kind.dtype, kind.is_cuda, kind.__name__, kind.__module__, repr(kind), isinstance(x, kind)]
        return [*facts, isinstance(lib.zeros(1).cfloat(), kind), x.type(), x, x.type(f"torch.{name}"), lib.typename(x)]

    same(call)


FORMS = [
    lambda lib, x: [x.type(), x.int().type(), x.cfloat().type(), x.bool().type(), x.bfloat16().type()],
    lambda lib, x: x.type(lib.float64),
    lambda lib, x: x.type("torch.LongTensor"),
    lambda lib, x: x.type(lib.LongTensor, non_blocking=True),
    lambda lib, x: x.type(dtype=lib.IntTensor),
    lambda lib, x: x.type(float),
    lambda lib, x: x.type("float"),
    lambda lib, x: x.type(5),
    lambda lib, x: x.type(lib.float32) is x,
    lambda lib, x: x.new([3, 4]),
    lambda lib, x: x.new(),
    lambda lib, x: x.new(x),
    lambda lib, x: x.new(2, 3).shape,
    lambda lib, x: x.long().new([1.7]),
    lambda lib, x: x.new(lib.Size([2, 3])).shape,
    lambda lib, x: [lib.typename(x), lib.typename(3), lib.typename([1])],
    lambda lib, x: lib.Tensor([1, 2]).requires_grad,
    lambda lib, x: lib.Tensor(x) is x,
    lambda lib, x: lib.Tensor(data=[1, 2]),
    lambda lib, x: [isinstance(x, lib.Tensor), isinstance(x, lib.FloatTensor), isinstance(x, lib.DoubleTensor)],
    lambda lib, x: issubclass(lib.nn.Parameter, lib.Tensor),
    lambda lib, x: x.as_subclass(lib.nn.Parameter).__class__.__name__,
    lambda lib, x: lib.FloatTensor(3).fill_(2),
    lambda lib, x: lib.LongTensor([1, 2]) + lib.FloatTensor([0.5, 1]),
]


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    same(lambda lib: form(lib, lib.tensor([1.5, -2.5])))


def test_subclasses_of_tensor():
    class Mine(tt.Tensor):
        """A class of a user."""

    x = Mine([1.0, 2.0])
    assert isinstance(x, Mine)
    assert x.tolist() == torch.Tensor([1.0, 2.0]).tolist()
    assert type(tt.ones(2).as_subclass(Mine)) is Mine
