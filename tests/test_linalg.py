"""torch.linalg is PyTorch's: values, gradients, batches, singular matrices, errors."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import COMPLEXES, DTYPES, same, sample, strided
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch

CLOSE = {"atol": 1e-5, "ulp": 64, "grad_ulp": 2**14}
BATCHES = ((), (2,), (2, 1), (0,))


def regular(shape=(3, 3), dtype="float64", seed=0):
    """Matrices far from singular."""
    return sample(shape, dtype, seed=seed) + 4 * np.eye(*shape[-2:], dtype=sample((), dtype).dtype)


def hermitian(shape=(3, 3), dtype="float64"):
    """Positive-definite matrices."""
    a = regular(shape, dtype)
    return a @ np.conj(a).swapaxes(-1, -2)


# A function of a matrix and the matrices that it is for; its results are unique, or every library takes the same ones.
CALLS = {
    "inv": regular, "det": regular, "slogdet": regular, "svdvals": regular, "pinv": regular, "qr": regular,
    "cholesky": hermitian, "eigvalsh": hermitian, "matrix_rank": regular, "diagonal": regular,
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", ["float32", "float64", *COMPLEXES])
def test_dtypes(name, dtype):
    same(f"linalg.{name}", CALLS[name]((3, 3), dtype), grad=dtype in ("float64", "complex128"), **CLOSE)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("batch", BATCHES)
def test_batches_and_layouts(name, batch):
    matrices = CALLS[name]((*batch, 3, 3))
    same(f"linalg.{name}", matrices, second=batch != (0,), **CLOSE)
    same(f"linalg.{name}", strided(matrices), grad=False, **CLOSE)
    same(f"linalg.{name}", CALLS[name]((*batch, 1, 1)), second=batch != (0,), **CLOSE)


@pytest.mark.parametrize("name", [*(each for each in CALLS if each not in ("matrix_rank", "diagonal")), "eigh"])
def test_wrong_matrices(name):
    wrong = [
        sample((3,)),
        sample(()),
        *[sample((2, 2), dtype) for dtype in DTYPES if dtype in ("bool", "uint8", "int64")],
    ]
    if name not in ("svdvals", "pinv", "qr"):
        wrong.append(sample((2, 3)))
    for x in wrong:
        same(f"linalg.{name}", x, grad=False)


@pytest.mark.parametrize("name", ["inv", "det", "slogdet", "cholesky", "qr", "svdvals"])
def test_no_rows(name):
    same(f"linalg.{name}", sample((0, 0)), grad=False)
    same(f"linalg.{name}", sample((2, 0, 0)), grad=False)


@pytest.mark.parametrize("name", ["det", "inverse", "slogdet", "logdet", "pinverse"])
def test_names_below_torch(name):
    same(name, regular(), **CLOSE)
    same(f"Tensor.{name}", regular(), **CLOSE)


# ---- inverses and systems --------------------------------------------------------------------------------------------

# Powers of two, so that elimination leaves an exact 0, whether a BLAS divides by a pivot or multiplies by its inverse
SINGULAR = np.array([[4.0, 8, 4], [2, 4, 2], [1, 1, 2]])


def test_singular_matrices():
    for x in (SINGULAR, np.zeros((2, 2)), np.stack([np.eye(3), SINGULAR])):
        for name in ("inv", "det", "slogdet"):
            same(f"linalg.{name}", x, grad=False, **CLOSE)
        same("linalg.solve", x, np.ones(x.shape[-1]), grad=False)
        same("linalg.pinv", x, grad=False, **CLOSE)
        same("linalg.matrix_rank", x)
    for x in (-np.eye(3), np.stack([np.eye(3), np.diag([1.0, 2, -1])])):
        same("linalg.cholesky", x, grad=False)
    A = tt.tensor(SINGULAR, requires_grad=True)
    tt.linalg.det(A).backward()
    assert A.grad.tolist() == pytest.approx(np.array([[6.0, -2, -2], [-12, 4, 4], [0, 0, 0]]), abs=1e-12)
    assert issubclass(tt.linalg.LinAlgError, RuntimeError)


@pytest.mark.parametrize(
    ("left", "right"),
    [((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (2, 3)), ((2, 3, 3), (3, 2)), ((2, 3, 3), (2, 3, 4)),
     ((3, 3), (2, 3, 1)), ((2, 1, 3, 3), (5, 3, 2)), ((3, 3), (4,)), ((3, 3), (4, 2)), ((2, 3), (2,)),
     ((2, 3, 3), (4, 3, 1))],
)  # fmt: skip
def test_solve(left, right):
    A = regular(left)
    same("linalg.solve", A, sample(right, seed=1), **CLOSE)
    same("linalg.solve", A.astype("complex128"), sample(right, "complex128", seed=1), **CLOSE)


def test_solve_from_the_right_and_errors():
    same("linalg.solve", regular(), sample((2, 3)), left=False, **CLOSE)
    same("linalg.solve", regular(), sample((3, 2)), left=False)
    same("linalg.solve", regular(), sample((3,), "float32"))
    same("linalg.solve", np.eye(3, dtype="int64"), np.ones(3, "int64"))
    same("linalg.cholesky", hermitian(), upper=True, **CLOSE)
    A = tt.tensor(hermitian())
    assert tt.equal(tt.cholesky(A), tt.linalg.cholesky(A))
    assert tt.equal(tt.qr(A).R, tt.linalg.qr(A).R)


# ---- traces and determinants -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (3, 2), (0, 3)])
def test_trace(dtype, shape):
    same("trace", sample(shape, dtype), node=True)


def test_errors_of_traces_and_negative_determinants():
    for x in (sample((3,)), sample((2, 2, 2)), sample(())):
        same("trace", x)
    same("logdet", np.diag([1.0, -2.0]), grad=False)
    same("logdet", SINGULAR, grad=False)


# ---- decompositions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (2, 4, 2), (3, 0), (0, 3)])
@pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
def test_qr(shape, mode):
    differentiable = mode == "reduced" or (mode == "complete" and shape[-2] < shape[-1])
    same("linalg.qr", sample(shape), mode, grad=differentiable and 0 not in shape, **CLOSE)
    same("linalg.qr", sample(shape), "x")


def test_qr_that_cannot_be_differentiated():
    a = tt.tensor(sample((4, 3)), requires_grad=True)
    for mode, text in (("complete", "is not differentiable when mode='complete'"), ("r", "depends on Q")):
        with pytest.raises(RuntimeError, match=text):
            tt.linalg.qr(a, mode).R.sum().backward()


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (2, 4, 2), (3, 0)])
def test_svd(shape):
    for full in (True, False):
        # The columns of U and V are unique but for their signs.
        same(
            lambda lib, a, full: [abs(x[..., :2]) for x in lib.svd(a, not full)],
            sample(shape),
            full,
            grad=False,
            **CLOSE,
        )
        U, S, Vh = tt.linalg.svd(tt.tensor(sample(shape)), full)
        k = S.shape[-1]
        assert tt.allclose(U[..., :k] @ tt.diag_embed(S) @ Vh[..., :k, :], tt.tensor(sample(shape)))
        for basis in (U.mT @ U, Vh @ Vh.mT):
            assert tt.allclose(basis, tt.eye(basis.shape[-1], dtype=tt.float64).expand_as(basis))
        same(lambda lib, a, full: lib.linalg.svd(a, full).S, sample(shape), full, second=False, **CLOSE)


def test_what_is_unique_of_eigenvectors_and_singular_vectors():
    def projections(lib, a):
        values, vectors = lib.linalg.eigh(a + a.mH)
        return (vectors * (values**3).unsqueeze(-2)) @ vectors.mH

    def rotation(lib, a):
        U, _, Vh = lib.linalg.svd(a, full_matrices=False)
        return U @ Vh

    for dtype in ("float64", "complex128"):
        same(projections, regular(dtype=dtype), **CLOSE)
        for shape in ((3, 3), (4, 3), (3, 4)):
            same(rotation, regular(shape, dtype), second=False, **CLOSE)
    for uplo in ("L", "U", "X"):
        same("linalg.eigvalsh", hermitian(), uplo, **CLOSE)


# ---- pseudo-inverses, ranks, least squares ---------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4), (2, 4, 3), (0, 3), (3, 0)])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_pinv(shape, dtype):
    same("linalg.pinv", sample(shape, dtype), second=False, **CLOSE)


def test_tolerances():
    x = np.diag([1.0, 1e-3, 1e-9])
    for named in ({}, {"atol": 0.1}, {"rtol": 0.1}, {"atol": 1e-5, "rtol": 1e-2}, {"rtol": 0.0}):
        same(lambda lib, x, named=named: lib.linalg.matrix_rank(x, **named), x)
        same(lambda lib, x, named=named: lib.linalg.pinv(x, **named), x, grad=False, ulp=64)
    same("linalg.matrix_rank", x, 0.1)
    same("linalg.pinv", x, 0.1, grad=False)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (2, 4, 3)])
@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
def test_lstsq(shape, driver):
    A, B = sample(shape), sample((*shape[:-1], 2), seed=1)
    same("linalg.lstsq", A, B, driver=driver, grad=False, **CLOSE)
    same(lambda lib, a, b: lib.linalg.lstsq(a, b).solution, A, B, second=False, **CLOSE)


# ---- triangular systems ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"left": False}, {"unitriangular": True}], ids=str)
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_solve_triangular(options, upper, dtype):
    options = {"upper": upper, **options}
    for a, b in (((3, 3), (3, 3)), ((2, 3, 3), (3, 3)), ((2, 1, 3, 3), (4, 3, 3)), ((0, 0), (0, 0))):
        second = dtype == "float64" and a == (3, 3)
        same("linalg.solve_triangular", regular(a, dtype), sample(b, dtype, seed=1), second=second, **options, **CLOSE)
    same(
        "linalg.solve_triangular",
        regular((3, 3), "float32"),
        sample((3, 2), "float32"),
        grad=False,
        upper=upper,
        **CLOSE,
    )


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_systems_with_cholesky_factors(upper, dtype):
    factor = np.linalg.cholesky(hermitian(dtype=dtype))
    factor = factor.conj().T if upper else factor
    same("cholesky_solve", sample((3, 2), dtype), factor, upper, second=False, **CLOSE)
    same("cholesky_solve", sample((2, 3, 2), dtype), factor, upper, second=False, **CLOSE)
    same("cholesky_inverse", factor, upper, second=False, **CLOSE)


def test_wrong_triangular_systems():
    square, tall = sample((3, 3)), sample((3, 2))
    for a, b in ((tall, tall), (square, sample((3,))), (square, tall.T)):
        same("linalg.solve_triangular", a, b, upper=True, grad=False)
        same("cholesky_solve", b, a, grad=False)
    same("cholesky_solve", tall.astype("float32"), square, grad=False)
    same("linalg.solve_triangular", square, square.T, upper=True, left=False, **CLOSE)
    same("linalg.solve_triangular", square.astype("int64"), square.astype("int64"), upper=True, grad=False)
    same("linalg.solve_triangular", np.zeros((2, 2)), np.ones((2, 2)), upper=True, grad=False)
    same("cholesky_inverse", tall, grad=False)
    same("cholesky_inverse", sample((3,)), grad=False)


def test_cholesky_ex():
    good, bad = hermitian(), -hermitian()
    half = np.diag([1.0, 1.0, -1.0])
    same("linalg.cholesky_ex", good, second=False, **CLOSE)
    same("linalg.cholesky_ex", bad, check_errors=True, grad=False)
    for x in (bad, half, np.stack([good, half, bad])):
        same(lambda lib, x: lib.linalg.cholesky_ex(x).info, x, grad=False)
    L, info = tt.linalg.cholesky_ex(tt.tensor(np.stack([good, half])))
    assert info.tolist() == [0, 3]
    assert L[1].isnan().all()
    np.testing.assert_allclose((L[0] @ L[0].mT).numpy(), good)


# ---- functions of matrices -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_eigenvalues_of_any_matrix(dtype):
    def sizes(lib, a):
        return lib.linalg.eigvals(a).abs().sort(-1).values

    def rebuilt(lib, a):
        values, vectors = lib.linalg.eig(a)
        return (vectors * values.unsqueeze(-2).exp()) @ lib.linalg.inv(vectors)  # e^A: no phase of a vector matters

    for shape in ((3, 3), (2, 3, 3), (1, 1)):
        same(sizes, regular(shape, dtype), second=False, **CLOSE)
        same(rebuilt, regular(shape, dtype), second=False, **CLOSE)
    for wrong in (sample((2, 3)), sample((3,)), np.full((2, 2), np.nan), sample((2, 2), "int64")):
        same("linalg.eig", wrong, grad=False)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (1, 1), (0, 0)])
def test_matrix_exp(dtype, shape):
    same("linalg.matrix_exp", sample(shape, dtype), grad=dtype != "float32", second=dtype == "float64", **CLOSE)


def test_matrix_exp_of_what_is_no_square_matrix():
    for wrong in (sample((2, 3)), sample((3,)), sample((2, 2), "int64")):
        same("matrix_exp", wrong, grad=False)


# ---- products --------------------------------------------------------------------------------------------------------


def test_products():
    x, y = sample((2, 3)), sample((2, 3), seed=1)
    same("linalg.vecdot", x, y, **CLOSE)
    same("linalg.vecdot", x, y, dim=0, **CLOSE)
    same("linalg.vecdot", x.astype("complex128") * 1j, y.astype("complex128"), **CLOSE)
    same("linalg.vecdot", x, y.astype("float32"), grad=False)
    same("linalg.cross", x, y, **CLOSE)
    same("linalg.matmul", x, y.T, **CLOSE)
    same("linalg.diagonal", sample((2, 3, 4)), offset=1)
    for p in (None, 2, -2, 1, float("inf"), "fro"):
        same(lambda lib, x, p=p: lib.linalg.cond(x, p), regular(), grad=p in (None, 2, -2), second=False, **CLOSE)


# ---- numeric gradients -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["inv", "det", "slogdet", "svdvals", "pinv", "qr", "cholesky", "eigvalsh"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_numeric_gradients(name, dtype):
    def function(a):
        if name in ("cholesky", "eigvalsh"):
            a = a + a.mH  # a small step leaves it Hermitian
        result = getattr(tt.linalg, name)(a)
        return tuple(result) if isinstance(result, tuple) else result

    a = tt.tensor(regular(dtype=dtype), requires_grad=True)
    assert gradcheck(function, (a,))
    if name != "qr" or dtype == "float64":
        assert gradgradcheck(function, (a,), atol=1e-4)


def test_numeric_gradients_of_solve():
    A, B = tt.tensor(regular(), requires_grad=True), tt.tensor(sample((3, 2)), requires_grad=True)
    assert gradcheck(tt.linalg.solve, (A, B))
    assert gradgradcheck(tt.linalg.solve, (A, B))
