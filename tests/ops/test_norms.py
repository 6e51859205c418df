"""Norms of vectors and matrices: PyTorch's values, errors and gradients, at zero and infinity too."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import COMPLEXES, FLOATS, check, same, same_inplace, same_out, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402
from tinytorch.ops.norms import linalg_norm, matrix_norm, vector_norm  # noqa: E402
from tinytorch.ops.svd import Svd  # noqa: E402

INF, NAN = float("inf"), float("nan")
ORDERS = [0, 0.5, 1, 1.5, 2, 2.5, 3, INF, -INF, -1, -2.5]
SHAPES = [(), (1,), (4,), (2, 3), (2, 3, 4)]
DIMS = [
    ((2, 3), 0),
    ((2, 3), -1),
    ((2, 3, 4), (0, -1)),
    ((2, 3), ()),
    ((2, 3), [1]),
    ((), 0),
    ((2, 3), (0, 1)),
    ((2, 3), None),
]
POINTS = [[0.0, 0.0], [0.0, 2.0], [3.0, -3.0, 1.0], [INF, 1.0], [-INF, INF], [NAN, 1.0]]


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_of_everything(p, shape):
    same("norm", sample(shape), p, node=True, atol=1e-15)
    same("Tensor.norm", strided(sample(shape)), p=p, atol=1e-15)


@pytest.mark.parametrize("p", [0, 1, 2, 3, -1, INF])
@pytest.mark.parametrize(("shape", "dim"), DIMS)
def test_over_dims(p, shape, dim):
    same("norm", sample(shape), p, dim, node=True)
    same("Tensor.norm", strided(sample(shape)), p, dim=dim, keepdim=True)
    check(torch.linalg.vector_norm, vector_norm, sample(shape), p, dim, True)


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("x", POINTS, ids=str)
def test_at_zero_infinity_and_nan(p, x):
    same("norm", np.array(x), p, atol=1e-15)  # second gradients cancel out


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_of_nothing(p, shape):
    same("norm", sample(shape), p)
    for dim in range(len(shape)):
        same("norm", sample(shape), p, dim)


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("dtype", [*FLOATS, *COMPLEXES])
def test_dtypes(p, dtype):
    x = sample((3, 4), dtype, 0.5, 2)
    same("norm", x, p, 0, ulp=8, grad_ulp=256, second=dtype not in ("float16", "bfloat16"))
    same("norm", x, p, ulp=8, grad=False)


def test_the_default_is_frobenius():
    same("norm", sample(), node=True)
    same("norm", sample(), None)
    same("norm", sample(), "fro", 1)
    same("norm", sample((2, 3, 4)), dim=(0, 2), keepdim=True)
    same("norm", input=sample(), p="fro", dim=[0, 1])


@pytest.mark.parametrize(("source", "dtype"), [("float32", "float64"), ("float16", "float32"), ("bfloat16", "float64"),
    ("complex64", "complex128"), ("float64", "float32"), ("float32", "int64"), ("float32", "complex64"),
    ("complex64", "float32"), ("int64", "float32")])  # fmt: skip
def test_dtype_argument(source, dtype):
    for p in (2, 3, INF):
        same("norm", sample((2, 3), source), p, 1, dtype=np.dtype(dtype), second=False, grad_ulp=256)


@pytest.mark.parametrize("args", [(2, 5), (2, (0, 0)), (2, (0, -2)), ("abc",), ("fro", (0, 1, 2)), ("nuc", 0), (1j,),
                                  (2, 0, 1), (2, "a"), ("nuc", (0, 0)), ("nuc", (0, 1, 0))], ids=str)  # fmt: skip
def test_wrong_arguments(args):
    same("norm", sample(), *args)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
def test_integers_have_no_norm(dtype):
    same("norm", sample((2, 3), dtype))
    check(torch.linalg.matrix_norm, matrix_norm, sample((2, 3), dtype))


def test_vector_norm_takes_numbers_only():
    check(torch.linalg.vector_norm, vector_norm, sample(), "fro")


def test_out():
    same_out("norm", sample(), 3, 1)
    x = tt.tensor(sample())
    out = tt.empty(0, dtype=tt.float64)
    assert tt.norm(x, "nuc", out=out) is out and out.item() == x.norm("nuc").item()


@pytest.mark.parametrize("p", ["fro", "nuc", 1, -1, 2, -2, INF, -INF])
@pytest.mark.parametrize(
    ("shape", "dim"),
    [
        ((3, 4), (-2, -1)),
        ((4, 3), (1, 0)),
        ((3, 3), (0, 1)),
        ((2, 3, 4), (0, -1)),
        ((2, 4, 3), (-1, 0)),
        ((0, 3), (0, 1)),
        ((2, 0, 3), (1, 2)),
        ((1, 1), (0, 1)),
    ],
)
def test_matrix_norm(p, shape, dim):
    for keepdim in (False, True):
        grad = 0 not in shape  # PyTorch has none for the norms of nothing, or fails
        check(
            torch.linalg.matrix_norm,
            matrix_norm,
            sample(shape),
            p,
            dim,
            keepdim,
            ulp=16,
            grad_ulp=1024,
            node=True,
            grad=grad,
        )


@pytest.mark.parametrize("p", ["fro", "nuc", 1, -2])
@pytest.mark.parametrize("dtype", ["float32", "float16", "complex128"])
def test_matrix_norm_dtypes(p, dtype):
    check(
        torch.linalg.matrix_norm,
        matrix_norm,
        sample((3, 4), dtype),
        p,
        ulp=16,
        grad_ulp=1024,
        second=dtype != "float16",
    )


@pytest.mark.parametrize(
    ("shape", "args"),
    [((3,), ()), ((3, 4), (3,)), ((3, 4), ("foo",)), ((3, 4), (2, (0, 0))), ((3, 4), (2, (0,))), ((3, 4), (2, (0, 5)))],
    ids=str,
)
def test_matrix_norm_refuses(shape, args):
    check(torch.linalg.matrix_norm, matrix_norm, sample(shape), *args)


def test_matrix_norm_of_what_is_not_finite():
    with pytest.raises(RuntimeError, match="non-finite values"):
        matrix_norm(tt.tensor([[NAN, 1.0], [1.0, 2.0]]), 2)


@pytest.mark.parametrize(
    ("shape", "args"),
    [
        ((3, 4), ()),
        ((3,), ()),
        ((2, 3, 4), ()),
        ((3,), (3,)),
        ((3, 4), (1,)),
        ((3, 4), (INF, 1)),
        ((2, 3, 4), (1, (0, 2))),
        ((2, 3, 4), (2,)),
        ((), (2,)),
        ((3, 4), ("nuc",)),
        ((3,), ("fro",)),
        ((2, 3, 4), (2, (0, 1, 2))),
        ((3, 4), (None, 1)),
        ((3, 4), (None, (0, 1), True)),
    ],
    ids=str,
)
def test_linalg_norm(shape, args):
    check(torch.linalg.norm, linalg_norm, sample(shape), *args, ulp=16, grad_ulp=1024, node=True)


def test_norms_under_older_names():
    x = tt.tensor(sample((3, 4)))
    assert tt.nuclear_norm(x).item() == x.norm("nuc").item()
    assert tt.frobenius_norm(x, 1).tolist() == x.norm(dim=1).tolist()


@pytest.mark.parametrize("p", [0.5, 1, 2, 3, INF])
@pytest.mark.parametrize(("shape", "dim"), [((3, 4), 0), ((3, 4), -1), ((2, 3, 4), 1), ((0, 3), 0)])
@pytest.mark.parametrize("maxnorm", [0, 1.5, 100])
def test_renorm(p, shape, dim, maxnorm):
    same("renorm", sample(shape), p, dim, maxnorm, node=True)
    same("Tensor.renorm", strided(sample(shape)), p=p, dim=dim, maxnorm=maxnorm)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "complex128", "int64"])
def test_renorm_dtypes(dtype):
    same("renorm", sample((3, 4), dtype), 2, 0, 1.5, second=dtype not in ("float16", "bfloat16"))


@pytest.mark.parametrize(
    ("shape", "args"),
    [
        ((3, 4), (-1, 0, 1)),
        ((3,), (2, 0, 1)),
        ((3, 4), (2, 5, 1)),
        ((3, 4), (2, 0, -1)),
        ((3, 4), (0, 0, 1)),
        ((3, 4), (1j, 0, 1)),
    ],
    ids=str,
)
def test_renorm_refuses(shape, args):
    same("renorm", sample(shape), *args)


def test_renorm_in_place():
    same_inplace("renorm", sample((3, 4)), 2, 0, 1.5)
    same_out("renorm", sample((3, 4)), 2, 0, 1.5)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("p", [0.5, 1.5, 2, 3, INF, -2, "nuc", "spectral", "renorm", "renorm3"])
def test_gradients(p, dtype):
    x = tt.tensor(sample((3, 4), dtype, 0.5, 2), requires_grad=True)
    function = {
        "spectral": lambda x: matrix_norm(x, 2),
        "renorm": lambda x: x.renorm(2, 0, 1.5),
        "renorm3": lambda x: x.renorm(3, 1, 1.5),
        "nuc": lambda x: x.norm("nuc"),
    }.get(p, lambda x: x.norm(p, 0))
    assert gradcheck(function, (x,))
    assert gradgradcheck(function, (x,))


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2)])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_gradients_of_the_svd(shape, dtype):
    x = tt.tensor(sample(shape, dtype), requires_grad=True)

    def invariant(x):  # the phases of the singular vectors are arbitrary, this does not depend on them
        u, s, vh = Svd.apply(x)
        return u.abs(), s, vh.abs(), (u * s.unsqueeze(-2).exp()) @ vh

    assert gradcheck(invariant, (x,))
    assert gradgradcheck(invariant, (x,))
    u, s, vh = Svd.apply(x)
    np.testing.assert_allclose(((u * s.unsqueeze(-2)) @ vh).detach().numpy(), x.detach().numpy(), atol=1e-14)


@pytest.mark.parametrize("dim", [0, 1, -1, 2])
def test_norm_except_dim(dim):
    same("norm_except_dim", sample((2, 3, 4)), 2, dim)
    same("norm_except_dim", sample((3, 4)), 1, dim)
    same("norm_except_dim", sample((3,)))
