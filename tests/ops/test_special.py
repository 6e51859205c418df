"""The special functions are PyTorch's: values, dtypes, special numbers, gradients, in-place forms, out=, errors."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import (
    BROADCASTS,
    DTYPES,
    FLOATS,
    SHAPES,
    SPECIAL,
    same,
    same_inplace,
    same_out,
    sample,
    strided,
)

# name -> the interval that numbers are drawn from, inside of which the function is smooth
UNARY = {
    "sigmoid": (-3, 3), "logit": (0.1, 0.9), "special.entr": (0.1, 3), "erf": (-2, 2), "erfc": (-2, 2),
    "erfinv": (-0.9, 0.9), "special.erfcx": (-2, 3), "special.ndtr": (-2, 2), "special.ndtri": (0.1, 0.9),
    "special.log_ndtr": (-3, 2), "lgamma": (0.2, 4), "digamma": (2, 4), "i0": (-3, 3), "special.i0e": (0.2, 3),
    "special.i1": (0.2, 3), "special.i1e": (0.2, 3),
}  # fmt: skip
BINARY = {
    "xlogy": (0.2, 3), "special.xlog1py": (0.2, 3), "igamma": (0.5, 3), "igammac": (0.5, 3), "special.zeta": (1.5, 3),
}  # fmt: skip
# without derivatives
CONSTANT = (
    "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "modified_bessel_i0", "modified_bessel_i1",
    "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1",
    "spherical_bessel_j0", "airy_ai",
)  # fmt: skip
POLYNOMIALS = (
    "chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
    "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
)  # fmt: skip
# PyTorch's trigamma, the derivative of digamma, is only good to 1e-9; its float32 Bessel functions lose digits.
SLOPPY = {"lgamma": {"atol": 1e-7}, "digamma": {"atol": 1e-7}}
IN_PLACE = [name for name in UNARY if "." not in name] + ["xlogy", "igamma", "igammac"]
COMPOSED = {"special.ndtr"}  # of other functions: which one comes last, and gets the gradient, is no matter


def precision(name, dtype="float64"):
    """How far numbers may be apart."""
    if dtype in ("float32", "float16", "bfloat16"):
        return {"ulp": 32, "grad_ulp": 256, **({"atol": 1e-5} if name in SLOPPY else {})}
    return {"ulp": 32, "grad_ulp": 256, **SLOPPY.get(name, {})}


@pytest.mark.torch
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    x = sample((2, 3), dtype, *UNARY[name])
    # PyTorch has no backward of i1 and i1e in half precision.
    grad = not (name in ("special.i1", "special.i1e") and dtype in ("float16", "bfloat16"))
    same(name, x, node=name not in COMPOSED, grad=grad, **precision(name, dtype))
    same(name, strided(x), grad=grad, **precision(name, dtype))
    if name in IN_PLACE:
        same_inplace(name, x, node=True, **precision(name, dtype))


@pytest.mark.torch
@pytest.mark.parametrize("name", UNARY)
def test_shapes_and_out(name):
    for shape in SHAPES:
        x = sample(shape, "float64", *UNARY[name])
        same(name, x, **precision(name))
        if name not in COMPOSED:
            same_out(name, x, dtypes=("float32", "int64"), **precision(name))


@pytest.mark.torch
@pytest.mark.parametrize("name", UNARY)
def test_special_numbers(name):
    numbers = np.concatenate([SPECIAL, [0.25, 0.75, -3, -20, 20, 200]])
    if name in SLOPPY:
        # At negative whole numbers PyTorch's trigamma is 1e32 instead of infinite, and nan at -inf.
        numbers = numbers[(np.floor(numbers) != numbers) | (numbers > 0)]
    if name == "special.log_ndtr":
        numbers = numbers[numbers > -np.inf]  # PyTorch's gradient is nan there, ours inf
    # ln ndtr is as small as -1e-89 here.
    same(name, numbers, second=False, **{**precision(name), "ulp": 128 if name == "special.log_ndtr" else 32})


@pytest.mark.torch
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("left", DTYPES)
def test_pairs_of_dtypes(name, left):
    for right in DTYPES:
        x, y = sample((2, 3), left, *BINARY[name]), sample((2, 3), right, *BINARY[name], seed=1)
        if left in ("uint8", "bool", "int64"):  # whole numbers from the interval
            x = x + x.dtype.type(1) if left != "bool" else x | True
        # Derivatives only for `other`; PyTorch subtracts from unsigned numbers and bools themselves, and takes ln gamma
        # of integers in float32.
        differentiable = left not in (*FLOATS, "uint8", "bool") or name in ("xlogy", "special.xlog1py")
        half = {"float16", "bfloat16"} & {left, right}
        same(name, x, y, node=True, grad=differentiable, second=not half, atol=1e-7, **precision(name, "float32"))


@pytest.mark.torch
@pytest.mark.parametrize("name", BINARY)
def test_broadcasting_out_and_special_numbers(name):
    first_too = name in ("xlogy", "special.xlog1py")
    for left, right in BROADCASTS:
        same(name, sample(left, "float64", *BINARY[name]), sample(right, "float64", *BINARY[name], seed=1),
             grad=first_too, **precision(name))  # fmt: skip
    x, y = sample((2, 3), "float64", *BINARY[name]), sample((3,), "float64", *BINARY[name], seed=1)
    if first_too:
        same_out(name, x, y, dtypes=("float32", "int64"), **precision(name))
    if name in IN_PLACE:
        same_inplace(name, x, y, grad=first_too, **precision(name))
        same_inplace(name, np.ones(3, np.int64), y, grad=False)
    if first_too:
        same(name, *np.meshgrid(SPECIAL, SPECIAL), second=False)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["xlogy", "special.xlog1py", "special.zeta"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_numbers_on_either_side(name, dtype):
    x = sample((2, 3), dtype, 2, 4)
    for number in (2, 2.5):
        same(name, x, number, node=True, grad="zeta" not in name, **precision(name, dtype))
        same(name, number, x, node=True, **precision(name, dtype))
    same(name, 2, 3)
    same(name, x, 2j)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["igamma", "igammac", "special.zeta"])
def test_what_has_no_derivative_says_so(name):
    def backward(lib, a, x):
        (name_in(lib, name) if "." in name else getattr(lib, name))(a, x).sum().backward()
        return x.grad

    both = sample((3,), "float64", 1.5, 3), sample((3,), "float64", 1.5, 3, seed=1)
    same(lambda lib, a, x: backward(lib, a.requires_grad_(), x.requires_grad_()), *both)
    same(lambda lib, a, x: backward(lib, a, x.requires_grad_()), *both, grad=False, ulp=32)


@pytest.mark.torch
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_polygamma(n):
    sloppy = {"atol": 1e-6, "grad_ulp": 256} if n < 2 else {"ulp": 32, "grad_ulp": 256}
    for dtype in ("float64", "float32", "int64"):
        x = sample((2, 3), dtype, 1, 4)
        precise = sloppy if dtype == "float64" else {**sloppy, "atol": 1e-4}
        same("polygamma", n, x, node=True, **precise)
        same(lambda lib, x: x.polygamma(n), x, **precise)
        same(lambda lib, x: x.clone().polygamma_(n), x, **precise)
    same_out("polygamma", n, sample((2, 3), "float64", 1, 4), **sloppy)
    same("special.polygamma", n, sample((2, 3), "float64", 1, 4), **sloppy)


@pytest.mark.torch
def test_wrong_polygamma():
    x = sample((3,), "float64", 1, 4)
    for n in (-1, 1.5, None, "x"):
        same("polygamma", n, x)
    same("polygamma", 1, 2.0)
    for n in (0, 1, 2):
        same("polygamma", n, x.astype("complex64"))


@pytest.mark.torch
@pytest.mark.parametrize("p", [1, 2, 3, 4])
def test_mvlgamma(p):
    for dtype in ("float64", "float32", "int64"):
        x = sample((2, 3), dtype, 3, 6)
        precise = {"ulp": 16, "grad_ulp": 256, "atol": 1e-7 if dtype == "float64" else 1e-4}
        same("mvlgamma", x, p, node=True, **precise)
        same("special.multigammaln", x, p, **precise)
        if dtype != "int64":
            same_inplace("mvlgamma", x, p, **precise)


@pytest.mark.torch
def test_wrong_mvlgamma():
    x = sample((3,), "float64", 3, 4)
    for p in (0, -1, 1.5, None):
        same("mvlgamma", x, p)
    same("mvlgamma", x.astype("complex64"), 2)


@pytest.mark.torch
@pytest.mark.parametrize("eps", [None, 0.0, 0.1, 0.3, 0.6, -1.0])
def test_logit_with_limits(eps):
    x = np.array([-0.5, 0, 0.05, 0.25, 0.5, 0.8, 0.97, 1, 1.5, np.nan])
    for dtype in FLOATS:
        same("logit", sample((3, 4), dtype, 0.01, 0.99), eps, **precision("logit", dtype))
    same("logit", x, eps=eps, second=False)
    same_inplace("logit", x, eps, second=False)
    same("special.logit", x, eps, second=False)


def name_in(lib, name):
    return getattr(lib.special, name.removeprefix("special."))


@pytest.mark.torch
@pytest.mark.parametrize("name", CONSTANT)
def test_functions_without_gradient(name):
    name = f"special.{name}"
    # PyTorch's own Bessel functions of float64 are only good to 1e-6, Airy's to 1e-5.
    sloppy = {"atol": 1e-5 if "airy" in name else 1e-6 if "special.bessel" in name else 0}
    x = sample((4, 5), "float64", 0.1, 6)
    same(name, x, ulp=16, **sloppy)
    same(name, x.astype("float32"), ulp=16, atol=1e-5)
    same(name, sample((2, 3), "int64", 1, 4), ulp=16, atol=1e-5)
    same(lambda lib, x: name_in(lib, name)(x, out=lib.zeros(4, 5)), x.astype("float32"), grad=False, atol=1e-5)
    for dtype in ("float16", "complex64"):
        same(name, x.astype(dtype))
    if "airy" not in name:
        same(name, SPECIAL, ulp=16, **sloppy)
    same(name, 1.5)
    same(name)


@pytest.mark.torch
@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    name = f"special.{name}"
    for n in (-1, 0, 1, 2, 3, 6, 7, 8, 20):
        x = sample((40,), "float64", -3, 3)
        same(name, x, n, ulp=1e5)
        same(name, x, float(n), ulp=1e5)
    same(name, sample((4, 1), "float64"), np.array([0, 3, 5, 2]), ulp=1e4)
    same(name, sample((4, 1), "float32"), np.array([0.0, 1.9, 2.2]), ulp=1e3)
    same(name, 0.5, np.array([0, 3, 5, 2]), ulp=64)
    same(name, np.array([0, 3, 5, 2]), 3)
    same(lambda lib, x: name_in(lib, name)(x, 3, out=lib.zeros(2, 3)), sample((2, 3), "float32"), grad=False, ulp=64)
    for wrong in ((1, 2), ("x", 2), (x.astype("float16"), 2), (x.astype("complex64"), 2)):
        same(name, *wrong)


ELSEWHERE = {
    "digamma": (2, 4), "psi": (2, 4), "erf": (-2, 2), "erfc": (-2, 2), "erfinv": (-0.9, 0.9), "exp2": (-2, 2),
    "expit": (-2, 2), "expm1": (-2, 2), "gammaln": (1, 4), "i0": (-2, 2), "log1p": (0, 2), "logit": (0.1, 0.9),
    "round": (-2, 2), "sinc": (0.5, 2),
}  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize("name", ELSEWHERE)
def test_functions_that_live_below_torch_too(name):
    x = sample((2, 3), "float64", *ELSEWHERE[name])
    same(f"special.{name}", x, grad_ulp=256, atol=1e-7, node=name != "round")
    same_out(f"special.{name}", x, atol=1e-7, message=False)  # PyTorch's message names the function below torch
    same(f"special.{name}", 0.5)
    same(f"special.{name}")


@pytest.mark.torch
def test_softmax_and_others_with_more_arguments():
    x, y = sample((2, 3)), sample((2, 3), low=0.1)
    for name in ("softmax", "log_softmax"):
        same(f"special.{name}", x, 1)
        same(f"special.{name}", x, dim=0, dtype=np.dtype("float32"))
        same(f"special.{name}", x)
    same("special.logsumexp", x, 1)
    same("special.logsumexp", x, 1, True)
    same("special.round", x, decimals=1)
    same("special.xlogy", x, y)
    for name in ("gammainc", "gammaincc"):
        same(f"special.{name}", y, y, grad=False, ulp=32)
        same(f"special.{name}", y, 2.0)


@pytest.mark.torch
def test_torch_special_has_all_names():
    import torch

    internal = {"Tensor", "torch", "common_args", "multi_dim_common"}
    names = {name for name in dir(torch.special) if not name.startswith("_")} - internal
    assert names <= set(dir(tt.special))
    assert sorted(tt.special.__all__) == sorted(torch.special.__all__)


@pytest.mark.torch
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_wrong_arguments(name):
    for wrong in (0.5, [0.5], None, "x"):
        if name not in BINARY:
            same(name, wrong)
        elif wrong != 0.5:
            same(name, wrong, sample((3,)))
            same(name, sample((3,)), wrong)
    if name not in BINARY:
        same(name)
    else:
        same(name, sample((2,), low=0.5), sample((3,), low=0.5))


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_derivatives(name):
    function = name_in(tt, name) if "." in name else getattr(tt, name)
    low, high = {**UNARY, **BINARY}[name]
    points = [low + share * (high - low) for share in (0.2, 0.45, 0.8)]
    x = tt.tensor(points, dtype=tt.float64, requires_grad=True)
    if name not in BINARY:
        inputs = [x]
    elif name in ("xlogy", "special.xlog1py"):
        inputs = [x, tt.tensor(points[::-1], dtype=tt.float64, requires_grad=True)]
    else:  # the first argument has no derivative
        inputs = [x.detach(), tt.tensor(points[::-1], dtype=tt.float64, requires_grad=True)]
    assert tt.autograd.gradcheck(function, inputs)
    assert tt.autograd.gradgradcheck(function, inputs)


def test_derivatives_of_polygamma_and_mvlgamma():
    x = tt.tensor([2.2, 3.4, 5.1], dtype=tt.float64, requires_grad=True)
    for function in (*(lambda x, n=n: tt.polygamma(n, x) for n in range(4)), lambda x: tt.mvlgamma(x, 3)):
        assert tt.autograd.gradcheck(function, (x,))
        assert tt.autograd.gradgradcheck(function, (x,))


def test_derivatives_of_complex_sigmoid():
    x = tt.tensor([0.3 - 0.5j, -0.7 + 0.2j], dtype=tt.complex128, requires_grad=True)
    assert tt.autograd.gradcheck(tt.sigmoid, (x,))
    assert tt.autograd.gradgradcheck(tt.sigmoid, (x,))


def test_no_power_of_sigmoid_overflows():
    x = tt.tensor([-1e4, 1e4], requires_grad=True)
    y = tt.sigmoid(x)
    y.sum().backward()
    assert y.tolist() == [0, 1]
    assert x.grad.tolist() == [0, 0]


@pytest.mark.parametrize("name", ["i1", "i1e"])
def test_bessel_derivatives_at_0(name):
    x = tt.zeros(1, dtype=tt.float64, requires_grad=True)
    (slope,) = tt.autograd.grad(getattr(tt.special, name)(x).sum(), x, create_graph=True)
    slope.sum().backward()
    assert slope.item() == 0.5
    assert x.grad.item() == 0


def test_scipy_is_not_imported_before_it_is_needed():
    import subprocess
    import sys

    code = "import sys, tinytorch.special as s, tinytorch as t; t.sigmoid(t.ones(2)); print('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
