"""A second try with copies: strided arrays give what their copies give, to the bit, and what is written is written."""

from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tests.ext.kernel_tools import draw
from tinytorch import kernels
from tinytorch.kernels import ordered

X = draw((6, 8), np.float32)
INDEX = np.array([[0, 5, 2, 2, 1, 0, 3, 4]] * 6)
EXPANDED = np.broadcast_to(np.float32(0.5), X.shape)
SLICED = draw((6, 16), np.float32)[:, ::2]
ROW = draw((8,), np.float32, seed=1)

# family, function, arguments of which some do not lie in C order
CALLS = [
    ("elementwise", "gelu", (SLICED,)),
    ("elementwise", "silu", (draw((6, 16), np.float32)[:, 8:],)),
    ("elementwise", "sigmoid_backward", (SLICED, EXPANDED)),
    ("elementwise", "clamp", (SLICED, -0.5, 0.5)),
    ("gather", "gather", (X.T.copy().T, 0, INDEX)),
    ("gather", "index_select", (X.T.copy().T, 0, INDEX[0])),
    ("loss", "mse", (SLICED, X)),
    ("loss", "mse_backward", (EXPANDED, SLICED, X)),
    ("nll", "nll", (X.T, INDEX[0])),
    ("normalization", "layer_norm", (X.T.copy().T, 1, ROW, ROW)),
    ("normalization", "layer_norm_backward", (EXPANDED, X, 1, draw((6, 1), np.float32), draw((6, 1), np.float32), ROW)),
    ("triangles", "triangle", (SLICED,)),
]


def picked(family):
    found = getattr(kernels, family)
    if kernels.picked[family] != "compiled":
        pytest.skip("there is no compiled kernel that could be tried again")
    return found


def copied(arguments):
    return [x.copy() if isinstance(x, np.ndarray) else x for x in arguments]


@pytest.mark.parametrize(("family", "function", "arguments"), CALLS, ids=lambda x: x if isinstance(x, str) else "")
def test_as_their_copies(family, function, arguments):
    kernel = getattr(picked(family), function)
    found, expected = kernel(*arguments), kernel(*copied(arguments))
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (found, expected))):
        np.testing.assert_array_equal(a, b, strict=True)
        assert a is None or a.strides == b.strides


@pytest.mark.parametrize(("family", "of_columns"), [("elementwise", "twin"), ("gather", "compiled"), ("where", "twin")])
def test_who_is_asked(family, of_columns):
    compiled = ModuleType("compiled")
    compiled.negative = lambda x: "compiled" if x.flags.c_contiguous else compiled.twin.negative(x)
    compiled.twin = ordered.second_try(compiled, family, SimpleNamespace(negative=lambda x: "twin"))
    assert compiled.negative(X) == "compiled"
    assert compiled.negative(SLICED) == compiled.negative(EXPANDED) == ("twin" if family == "where" else "compiled")
    assert compiled.negative(X.T) == of_columns


@pytest.mark.parametrize("function", ["scatter_add", "scatter"])
def test_what_is_written(function):
    out, plain = np.zeros((16, 6), np.float32).T[:, ::2], np.zeros((6, 8), np.float32)
    getattr(picked("scatter"), function)(out, 0, INDEX, SLICED)
    getattr(picked("scatter"), function)(plain, 0, INDEX, SLICED.copy())
    assert plain.any()
    np.testing.assert_array_equal(out, plain)


def test_the_order_of_columns_is_kept():
    columns = draw((8, 6), np.float32).T
    assert picked("elementwise").gelu(columns).strides == columns.strides
