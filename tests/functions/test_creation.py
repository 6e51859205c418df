"""Tensors made from a shape or a range, compared with PyTorch's: zeros to logspace, *_like, new_*, tril_indices."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import DTYPES, assert_equal
from tests.functions.beside import same, torch

inf, nan = float("inf"), float("nan")

# ---- from a shape ----------------------------------------------------------------------------------------------------

FILLED = ["zeros", "ones"]
SHAPES = [
    lambda lib: [],
    lambda lib: [()],
    lambda lib: [0],
    lambda lib: [2, 3],
    lambda lib: [(2, 3)],
    lambda lib: [[2, 0, 3]],
    lambda lib: [lib.Size([2, 3])],
    lambda lib: [lib.tensor(2), np.int64(3)],
    lambda lib: [np.array(3)],
    lambda lib: [lib.zeros(2, 3).shape],
    lambda lib: [2.0],
    lambda lib: [(2, 3.0)],
    lambda lib: [("a",)],
    lambda lib: [None],
    lambda lib: ["a"],
    lambda lib: [(2, 3), 4],
    lambda lib: [True],
    lambda lib: [-1],
    lambda lib: [(2, -3)],
    lambda lib: [2**62, 2**62],
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [*FILLED, "empty"])
def test_shapes(name, shape):
    same(lambda lib: getattr(lib, name)(*shape(lib)), values=name != "empty")


OPTIONS = [
    lambda lib: {"size": (2, 3)},
    lambda lib: {"size": [2, 3], "dtype": lib.int64},
    lambda lib: {"size": 3},
    lambda lib: {"size": (2,), "dtype": float},
    lambda lib: {"size": (2,), "dtype": bool},
    lambda lib: {"size": (2,), "dtype": int},
    lambda lib: {"size": (2,), "dtype": complex},
    lambda lib: {"size": (2,), "dtype": "float32"},
    lambda lib: {"size": (2,), "dtype": np.float32},
    lambda lib: {"size": (2,), "requires_grad": True},
    lambda lib: {"size": (2,), "requires_grad": 1},
    lambda lib: {"size": (2,), "requires_grad": True, "dtype": lib.int64},
    lambda lib: {"size": (2,), "device": "cpu", "layout": lib.strided, "pin_memory": False},
    lambda lib: {"size": (2,), "device": lib.device("cpu")},
    lambda lib: {"size": (2,), "device": "cpu:0"},
    lambda lib: {"size": (2,), "device": 1.5},
    lambda lib: {"size": (2,), "layout": 5},
    lambda lib: {"size": (2,), "pin_memory": True},
    lambda lib: {"size": (2,), "out": lib.empty(2, dtype=lib.int32)},
    lambda lib: {"size": (2,), "out": lib.empty(0)},
    lambda lib: {"size": (2,), "out": lib.empty(4)[::2]},
    lambda lib: {"size": (2,), "out": lib.empty(2), "dtype": lib.float64},
    lambda lib: {"size": (2,), "out": 5},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", [*FILLED, "empty"])
def test_options(name, options):
    same(lambda lib: getattr(lib, name)(**options(lib)), values=name != "empty")


@pytest.mark.parametrize("dtype", [*DTYPES, "uint16", "uint32", "uint64"])
def test_dtypes(dtype):
    def call(lib):
        kind = getattr(lib, dtype)
        made = [lib.zeros(2, dtype=kind), lib.ones(2, 3, dtype=kind), lib.full((2,), 1, dtype=kind)]
        made += [lib.zeros_like(made[0]), lib.ones_like(made[0]), lib.full_like(made[1], 1)]
        return made + [made[0].new_zeros(2), made[0].new_ones((2, 1)), made[0].new_full((2,), 1)]

    same(call)
    same(lambda lib: lib.eye(3, 2, dtype=getattr(lib, dtype)))


FULL = [
    lambda lib: lib.full((2, 3), 7),
    lambda lib: lib.full([2], 7.5),
    lambda lib: lib.full((2,), True),
    lambda lib: lib.full((2,), 1j),
    lambda lib: lib.full((), 3),
    lambda lib: lib.full(size=(2,), fill_value=3),
    lambda lib: lib.full((2,), lib.tensor(7)),
    lambda lib: lib.full((2,), lib.tensor(7.5), dtype=lib.int64),
    lambda lib: lib.full((2,), np.float64(7.5)),
    lambda lib: lib.full((2,), np.int32(7)),
    lambda lib: lib.full((2,), 7.9, dtype=lib.int64),
    lambda lib: lib.full((2,), -1, dtype=lib.uint8),
    lambda lib: lib.full((2,), 300, dtype=lib.uint8),
    lambda lib: lib.full((2,), 1e300),
    lambda lib: lib.full((2,), inf, dtype=lib.int64),
    lambda lib: lib.full((2,), 1 + 1j, dtype=lib.float32),
    lambda lib: lib.full((2,), 2**63),
    lambda lib: lib.full((2,), 2**64),
    lambda lib: lib.full(2, 7),
    lambda lib: lib.full((2,), "a"),
    lambda lib: lib.full((2,), [1]),
    lambda lib: lib.full((2,), None),
    lambda lib: lib.full((2,), lib.tensor([7])),
    lambda lib: lib.full((-2,), 7),
    lambda lib: lib.full((2,), 7, out=lib.empty(2)),
    lambda lib: lib.full((2,), 7, requires_grad=True),
    lambda lib: lib.full((2,), 7.0, requires_grad=True),
    lambda lib: lib.full_like(lib.zeros(2, 3).t(), 7.5),
    lambda lib: lib.full_like(lib.tensor([1, 2]), 7.5),
    lambda lib: lib.full_like(lib.zeros(2), lib.tensor(3)),
    lambda lib: lib.full_like(lib.zeros(2), 3, dtype=lib.bool),
    lambda lib: lib.full_like(lib.zeros(2), "a"),
    lambda lib: lib.full_like(5, 3),
    lambda lib: lib.zeros(2).new_full((2, 3), 7),
    lambda lib: lib.zeros(2).new_full(2, 7),
    lambda lib: lib.zeros(2).new_full((2,), 7, dtype=lib.int8, requires_grad=False),
    lambda lib: lib.scalar_tensor(3),
    lambda lib: lib.scalar_tensor(3.5, dtype=lib.int64),
    lambda lib: lib.scalar_tensor(3, requires_grad=True),
    lambda lib: lib.scalar_tensor("a"),
]


@pytest.mark.parametrize("call", FULL)
def test_full(call):
    same(call)


STRIDED = [
    lambda lib: lib.empty_strided((2, 3), (1, 2)),
    lambda lib: lib.empty_strided((2, 3), (0, 5), dtype=lib.float64),
    lambda lib: lib.empty_strided((), ()),
    lambda lib: lib.empty_strided((2, 0), (1, 1)),
    lambda lib: lib.empty_strided(size=[2], stride=[3], requires_grad=True),
    lambda lib: lib.empty_strided((2, 3), (1,)),
    lambda lib: lib.empty_strided((2, 3), (-1, 2)),
    lambda lib: lib.empty_strided((-2, 3), (1, 2)),
    lambda lib: lib.empty_strided(2, 1),
    lambda lib: lib.zeros(2).new_empty_strided((2, 3), (1, 2)),
    lambda lib: lib.empty(2, 3, 4, 5, memory_format=lib.channels_last),
    lambda lib: lib.empty(2, 3, 4, 5, 6, memory_format=lib.channels_last_3d),
    lambda lib: lib.empty(2, 3, memory_format=lib.contiguous_format),
    lambda lib: lib.empty(2, 3, memory_format=lib.preserve_format),
    lambda lib: lib.empty(2, 3, memory_format=lib.channels_last),
    lambda lib: lib.empty_permuted((2, 3, 4), (2, 0, 1)),
    lambda lib: lib.empty_permuted((), ()),
    lambda lib: lib.empty_permuted((2, 3), (0, 0)),
    lambda lib: lib.empty_permuted((2, 3), (0, -1)),
    lambda lib: lib.empty_permuted((2, 3), (0,)),
    lambda lib: lib.zeros(2, dtype=lib.int8).new_empty((2, 3)),
    lambda lib: lib.zeros(2, dtype=lib.int8).new_empty(2, 3, dtype=lib.float64, requires_grad=True),
]


@pytest.mark.parametrize("call", STRIDED)
def test_strides(call):
    same(call, values=False)


SOURCES = [
    lambda lib: lib.arange(24).reshape(2, 3, 4),
    lambda lib: lib.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
    lambda lib: lib.arange(24.0).reshape(4, 6)[::2, ::3],
    lambda lib: lib.zeros(3).expand(4, 3),
    lambda lib: lib.zeros(3, 1).expand(2, 3, 4),
    lambda lib: lib.zeros(2, 0, 3),
    lambda lib: lib.tensor(5.0, requires_grad=True),
    lambda lib: lib.zeros(2, 3, 2, 4).to(memory_format=lib.channels_last),
]
LIKE_OPTIONS = [
    lambda lib: {},
    lambda lib: {"dtype": lib.float64, "requires_grad": True},
    lambda lib: {"memory_format": lib.contiguous_format, "device": "cpu"},
    lambda lib: {"memory_format": lib.preserve_format, "dtype": bool},
    lambda lib: {"memory_format": lib.channels_last},
    lambda lib: {"memory_format": 5},
    lambda lib: {"foo": 5},
    lambda lib: {"requires_grad": True},
]


@pytest.mark.parametrize("options", LIKE_OPTIONS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like"])
def test_like(name, source, options):
    same(lambda lib: getattr(lib, name)(source(lib), **options(lib)), values=name != "empty_like")


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like"])
def test_like_what_is_no_tensor(name):
    same(lambda lib: getattr(lib, name)([1, 2]))
    same(lambda lib: getattr(lib, name)(input=lib.ones(2)), values=name != "empty_like")


@pytest.mark.parametrize("name", ["new_zeros", "new_ones"])
def test_new(name):
    for x in (lambda lib: lib.zeros(2, dtype=lib.int16), lambda lib: lib.zeros(2, 2, requires_grad=True) * 2):
        for shape in SHAPES[:13]:
            same(lambda lib, x=x, shape=shape: getattr(x(lib), name)(*shape(lib)))
        same(lambda lib, x=x: getattr(x(lib), name)(size=(2, 3), dtype=lib.float64, device="cpu", requires_grad=True))
        same(lambda lib, x=x: getattr(x(lib), name)((2, 3), requires_grad=True))


# ---- ranges ----------------------------------------------------------------------------------------------------------

ARANGES = [
    (5,), (5.0,), (0,), (-3,), (2, 5), (5, 2), (2, 5, 2), (5, 2, -1), (0, 1, 0.1), (0, 1, 0), (1, 1, 0), (0, -1),
    (0, 5, -1), (2.5,), (1, 2.5, 0.5), (True,), (nan,), (0, inf), (1j,), ("a",), (None,),
    (0, 1, 1e-3), (2**53, 2**53 + 3), (2**62, 2**62 + 2), (-1, 1, 0.3), (1e10, 1e10 + 3), (0.0, 1), (), (1, 2, 3, 4),
]  # fmt: skip


@pytest.mark.parametrize("args", ARANGES, ids=str)
def test_arange(args):
    same(lambda lib: lib.arange(*args))
    for dtype in ("float32", "float64", "int64", "int32", "uint8", "float16", "bfloat16", "bool", "complex64"):
        numbers = 1 <= len(args) <= 3 and all(isinstance(arg, (int, float)) for arg in args)
        if numbers and not any(isinstance(arg, float) and (arg != arg or arg > 1e9) for arg in args):
            same(lambda lib, dtype=dtype: lib.arange(*args, dtype=getattr(lib, dtype)))


ARANGE_FORMS = [
    lambda lib: lib.arange(end=5),
    lambda lib: lib.arange(start=2, end=5),
    lambda lib: lib.arange(2, end=5, step=2),
    lambda lib: lib.arange(lib.tensor(5)),
    lambda lib: lib.arange(lib.tensor(5.0)),
    lambda lib: lib.arange(np.int64(5)),
    lambda lib: lib.arange(np.float32(2.5)),
    lambda lib: lib.arange(5, requires_grad=True),
    lambda lib: lib.arange(5.0, requires_grad=True),
    lambda lib: lib.arange(5, out=lib.empty(0, dtype=lib.int64)),
    lambda lib: lib.arange(5, out=lib.empty(5)),
    lambda lib: lib.arange(5, device="cpu", dtype=int),
    lambda lib: lib.range(0, 5),
    lambda lib: lib.range(1, 2, 0.5),
    lambda lib: lib.range(5, 1, -2),
    lambda lib: lib.range(1, 4, dtype=lib.int64),
]


@pytest.mark.parametrize("call", ARANGE_FORMS)
def test_forms_of_arange(call):
    same(call)


SPANS = [(0, 1), (-1, 1), (3, -2), (0.1, 0.7), (2, 2), (0, 10)]


@pytest.mark.parametrize("start, end", SPANS)
@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 7, 50, 101])
def test_spaces(start, end, steps):
    for dtype in ("float32", "float64", "float16", "bfloat16", "int64", "uint8", "complex64", None):
        same(lambda lib, dtype=dtype: lib.linspace(start, end, steps, dtype=dtype and getattr(lib, dtype)))
    for dtype in ("float32", "float16", "bfloat16", "int64", None):
        same(lambda lib, dtype=dtype: lib.logspace(start, end, steps, dtype=dtype and getattr(lib, dtype)))
    found, expected = (lib.logspace(start, end, steps, dtype=lib.float64) for lib in (tt, torch))
    assert_equal(found, expected, ulp=2)  # NumPy's powers are not the C library's in the last place


SPACE_FORMS = [
    lambda lib: lib.linspace(0, 1, steps=3),
    lambda lib: lib.linspace(start=0, end=1, steps=3),
    lambda lib: lib.linspace(lib.tensor(0.0), lib.tensor(1.0), 3),
    lambda lib: lib.linspace(0, lib.tensor(1.0), 3),
    lambda lib: lib.linspace(0, 1),
    lambda lib: lib.linspace(0, 1, -1),
    lambda lib: lib.linspace(0, 1, 2.5),
    lambda lib: lib.linspace(0, 1j, 3),
    lambda lib: lib.linspace(0, 1, 3, out=lib.empty(3)),
    lambda lib: lib.linspace(0, 1, 3, requires_grad=True),
    lambda lib: lib.linspace(lib.tensor([0.0, 1]), 1, 3),
    lambda lib: lib.logspace(0, 2, 3),
    lambda lib: lib.logspace(0, 3, 4, 2),
    lambda lib: lib.logspace(0, 3, 4, base=2),
    lambda lib: lib.logspace(0, 1, -1),
]


@pytest.mark.parametrize("call", SPACE_FORMS)
def test_forms_of_spaces(call):
    same(call)


# ---- grids -----------------------------------------------------------------------------------------------------------

GRIDS = [
    lambda lib: [lib.eye(3), lib.eye(2, 3), lib.eye(3, 0), lib.eye(0), lib.eye(n=2, m=3), lib.eye(2, dtype=lib.int64)],
    lambda lib: lib.eye(-1),
    lambda lib: lib.eye(2, -1),
    lambda lib: lib.eye(2.0),
    lambda lib: lib.eye(2, requires_grad=True),
    lambda lib: lib.eye(2, out=lib.empty(0)),
    lambda lib: [lib.tril_indices(3, 4), lib.tril_indices(3, 4, 1), lib.tril_indices(4, 3, -2), lib.tril_indices(0, 3)],
    lambda lib: [lib.triu_indices(3, 4), lib.triu_indices(3, 4, 1), lib.triu_indices(4, 3, -2), lib.triu_indices(3, 0)],
    lambda lib: [lib.triu_indices(3, 3, offset=1, dtype=lib.int32), lib.tril_indices(row=2, col=2, offset=-1)],
    lambda lib: lib.tril_indices(-1, 3),
    lambda lib: lib.triu_indices(3, -1),
    lambda lib: lib.triu_indices(3, 3, dtype=lib.float32),
    lambda lib: [lib.complex(lib.tensor([1.0, 2]), lib.tensor([3.0, 4])), lib.polar(lib.ones(2), lib.zeros(2))],
    lambda lib: lib.complex(lib.ones(2, dtype=lib.float64), lib.ones(1, dtype=lib.float64)),
    lambda lib: lib.complex(lib.ones(2), lib.ones(2, dtype=lib.float64)),
    lambda lib: lib.complex(lib.tensor([1]), lib.tensor([1])),
    lambda lib: lib.meshgrid(lib.arange(2), lib.arange(3), indexing="ij"),
    lambda lib: lib.meshgrid([lib.arange(2), lib.arange(3)], indexing="xy"),
    lambda lib: lib.meshgrid(lib.arange(2), lib.arange(3)),
    lambda lib: lib.meshgrid(lib.arange(2), lib.zeros(2, 2), indexing="ij"),
    lambda lib: lib.meshgrid(lib.arange(2), lib.zeros(3), indexing="ij"),
    lambda lib: lib.meshgrid(lib.arange(2), indexing="ab"),
    lambda lib: lib.cartesian_prod(lib.arange(2), lib.arange(3)),
    lambda lib: lib.combinations(lib.arange(4), 2),
    lambda lib: lib.vander(lib.tensor([1, 2, 3])),
    lambda lib: lib.block_diag(lib.ones(2, 1), lib.ones(3), lib.tensor(5)),
]


@pytest.mark.parametrize("call", GRIDS)
def test_grids(call):
    same(call)
