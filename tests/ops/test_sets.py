"""unique, isin, searchsorted and their relatives: PyTorch's results for every option."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, REALS, same, same_out, sample, strided  # noqa: E402

NAN = float("nan")
WORDS = np.array([[3, 1, 2], [3, 1, 2], [1, 1, 3], [3, 0, 2], [3, 1, 2]])
SWITCHES = list(itertools.product((False, True), repeat=2))


@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
@pytest.mark.parametrize("dim", [None, 0, 1, -1, 2])
@pytest.mark.parametrize(("inverse", "counts"), SWITCHES)
def test_options(name, dim, inverse, counts):
    for x in (WORDS, WORDS.astype(float), strided(WORDS)):
        same(name, x, return_inverse=inverse, return_counts=counts, dim=dim, grad=False)
        same(f"Tensor.{name}", x, return_inverse=inverse, return_counts=counts, dim=dim, grad=False)


def test_unique_by_position():
    same("unique", WORDS, True, True, True, 0)
    same("unique", WORDS, sorted=True)


@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (2, 3, 2)])
def test_shapes(name, shape):
    same(name, sample(shape, "int64"), return_inverse=True, return_counts=True)
    for dim in (0, 1):
        same(name, sample(shape, "int64", 0, 1), return_inverse=True, return_counts=True, dim=dim)


@pytest.mark.parametrize("dtype", DTYPES)
def test_unique_dtypes(dtype):
    same("unique", sample((3, 4), dtype), return_inverse=True, grad=False)
    if not dtype.startswith("complex"):
        same("unique", sample((3, 4), dtype), dim=0, return_counts=True, grad=False)


def test_every_nan_is_different():
    same("unique", np.array([NAN, 1, NAN]), return_inverse=True, return_counts=True, grad=False)
    same("unique_consecutive", np.array([NAN, NAN, 1]), return_inverse=True, return_counts=True, grad=False)


def test_unique_has_no_derivative():
    for name, call in (("Unique2", tt.unique), ("UniqueDim", lambda x: tt.unique(x, dim=0)),
                       ("UniqueConsecutive", tt.unique_consecutive)):  # fmt: skip
        y = call(tt.ones(3, requires_grad=True))
        assert y.grad_fn.name() == f"{name}Backward0"
        with pytest.raises(NotImplementedError, match=r"the derivative for '.*' is not implemented"):
            y.sum().backward()


# ---- membership ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("invert", [False, True])
def test_isin(invert):
    x, test = sample((3, 4), "int64"), np.array([1, -2])
    same("isin", x, test, invert=invert)
    same("isin", strided(x), test, assume_unique=True, invert=invert)
    same("isin", x.astype(float), test, invert=invert, grad=False)
    same("isin", x, 1, invert=invert)
    same("isin", 1, x, invert=invert)
    same("isin", x, np.zeros((0, 2), int), invert=invert)
    same("isin", elements=x, test_elements=test)
    same("isin", np.array([NAN, 1]), np.array([NAN]), invert=invert, grad=False)


def test_isin_refuses():
    same("isin", 1, 1, message=False)
    for dtype in ("bool", "complex64"):
        same("isin", sample((2,), dtype), sample((2,), dtype), grad=False)


def test_isin_out():
    same_out("isin", sample((2, 3), "int64"), np.array([1]))


# ---- places in a sorted list -----------------------------------------------------------------------------------------

EDGES = np.array([1.0, 3, 3, 5])
VALUES = np.array([[0.0, 1, 2], [3, 6, NAN]])


@pytest.mark.parametrize("options", [{}, {"right": True}, {"side": "right"}, {"side": "left"}, {"out_int32": True},
                                     {"side": "left", "right": True}, {"side": "up"}], ids=str)  # fmt: skip
def test_searchsorted(options):
    same("searchsorted", EDGES, VALUES, grad=False, **options)
    same("searchsorted", np.array([EDGES, EDGES + 1]), VALUES, grad=False, **options)
    same("searchsorted", EDGES, 3, **options)


@pytest.mark.parametrize("options", [{}, {"right": True}, {"out_int32": True}], ids=str)
def test_bucketize(options):
    same("bucketize", VALUES, EDGES, grad=False, **options)
    same("bucketize", 3.5, EDGES, grad=False, **options)


@pytest.mark.parametrize("dtype", REALS)
def test_searchsorted_dtypes(dtype):
    if dtype == "bool":
        return
    same("searchsorted", np.array([0, 1, 2]).astype(sample((1,), dtype).dtype), sample((4,), dtype, 0, 2), grad=False)
    same("searchsorted", np.array([0, 1, 2]), sample((4,), dtype, 0, 2), grad=False)


def test_searchsorted_of_strided_tensors():
    edges, values = tt.tensor(EDGES), tt.tensor(VALUES)
    found = tt.searchsorted(tt.from_numpy(strided(EDGES)), tt.from_numpy(strided(VALUES)))
    assert found.tolist() == tt.searchsorted(edges, values).tolist()


def test_searchsorted_with_a_sorter():
    same("searchsorted", EDGES[::-1].copy(), VALUES, sorter=np.array([3, 2, 1, 0]), grad=False)
    for sorter in (np.array([2, 1]), np.array([2, 1, 0, 4]), np.array([3.0, 2, 1, 0])):
        same("searchsorted", EDGES, VALUES, sorter=sorter, grad=False)


@pytest.mark.parametrize(
    ("edges", "values"), [((), (3,)), ((2, 3), (1, 2)), ((2, 3), (3,)), ((2, 3), ()), ((0,), (2,)), ((3,), (0,))]
)
def test_searchsorted_shapes(edges, values):
    same("searchsorted", sample(edges), sample(values), grad=False)


def test_bucketize_wants_one_dimension():
    same("bucketize", VALUES, np.array([EDGES]), grad=False)


def test_searchsorted_out():
    same(lambda lib, e, v, out: lib.searchsorted(e, v, out=out), EDGES, VALUES, np.zeros((2, 3), np.int64), grad=False)
    same(lambda lib, e, v, out: lib.searchsorted(e, v, out=out), EDGES, VALUES, np.zeros((2, 3), np.int32), grad=False)
    same(lambda lib, e, v, out: lib.bucketize(v, e, out=out), EDGES, VALUES, np.zeros((2, 3), np.int64), grad=False)
