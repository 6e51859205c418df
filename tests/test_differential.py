"""The comparison with PyTorch notices what it is there to notice."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import check, same, same_inplace, same_out, sample, strided  # noqa: E402
from tinytorch.autograd.rule import Elementwise  # noqa: E402


class WrongDerivative(Elementwise):
    """y = e^x with a derivative that is 0.1 % off"""

    @staticmethod
    def forward(ctx, x):
        y = np.exp(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * y * 1.001


class ForgottenHistory(Elementwise):
    """y = x^2 with a derivative that saved 2 x, so that there is no second one"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(2 * x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (twice,) = ctx.saved_tensors
        return grad * twice


def test_equal_functions_pass():
    same("exp", sample((2, 3)), node=True)
    same("mul", sample((2, 3)), strided(sample((2, 3), "float32")), node=True)
    same_inplace("exp", sample((2, 3)))
    same_out("exp", sample((2, 3)), dtypes=("float32", "int64"))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (lambda x: tt.exp(x) * (1 + 1e-14), "result: 6 of 6 elements differ"),
        (lambda x: WrongDerivative.apply(x), "gradient"),
        (lambda x: tt.exp(x).detach(), "0 results require grad, 1 in PyTorch"),
        (lambda x: tt.exp(x).sum(), "shape|Size"),
        (lambda x: x._array, "instead of a tensor"),
    ],
)
def test_a_wrong_exp_is_noticed(wrong, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check(torch.exp, wrong, sample((2, 3)))


def test_a_wrong_second_derivative_is_noticed():
    with pytest.raises(AssertionError, match=r"second gradient|differentiated again"):
        check(torch.square, ForgottenHistory.apply, sample((2, 3)))


def test_a_wrong_dtype_is_noticed():
    with pytest.raises(AssertionError, match=r"torch\.float64 instead of torch\.float32"):
        check(torch.exp, lambda x: tt.exp(x.to(tt.float64)), sample((2, 3), "float32"))


def test_another_error_is_noticed():
    with pytest.raises(AssertionError, match="no error; PyTorch has"):
        check(torch.mm, tt.mul, sample((3,)), sample((3,)))
    with pytest.raises(AssertionError, match="instead of RuntimeError: self must be a matrix"):
        check(torch.mm, lambda x, y: tt.mm(x.t(), "y"), sample((3,)), sample((3,)))


def test_a_changed_argument_is_noticed():
    with pytest.raises(AssertionError, match="argument afterwards"):
        check(lambda x: x * 2, lambda x: x.mul_(2), sample((3,)), grad=False)
