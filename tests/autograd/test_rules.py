"""Rules that the files of their families compare with PyTorch only: gradcheck and gradgradcheck in float64."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch.autograd import gradcheck, gradgradcheck

F = tt.nn.functional


def numbers(*shape, low=0.51, high=1.49, seed=0):
    """Numbers between low and high, none equal to another, that ask for a gradient."""
    count = int(np.prod(shape))
    evenly = np.linspace(low, high, count, endpoint=False)
    return tt.tensor(np.random.default_rng(seed).permutation(evenly).reshape(shape), requires_grad=True)


def triangular(x):
    return tt.tril(x) + 2 * tt.eye(x.shape[0], dtype=x.dtype)


def in_place(name, *args):
    """The in-place method `name`, on a copy."""
    return lambda x: getattr(x * 1, name)(*args)


ONE = {
    "add alpha": lambda x: tt.add(x, x * x, alpha=3),
    "sub alpha": lambda x: tt.sub(x, x * x, alpha=3),
    "number - x": lambda x: 3 - x,
    "rsub": lambda x: tt.rsub(x, x * x, alpha=2),
    "x / number": lambda x: x / 3,
    "reciprocal": tt.reciprocal,
    "number / x": lambda x: 3 / x,
    "exp2": tt.exp2,
    "expm1": tt.expm1,
    "log": tt.log,
    "log2": tt.log2,
    "log10": tt.log10,
    "log1p": tt.log1p,
    "rsqrt": tt.rsqrt,
    "number ** x": lambda x: 2.5**x,
    "fmod number": lambda x: x.fmod(0.4),
    "remainder number": lambda x: x.remainder(0.4),
    "nan_to_num": tt.nan_to_num,
    "copysign": lambda x: tt.copysign(x, -1.0),
    "lerp": lambda x: tt.lerp(x, x * x, 0.3),
    "clamp_min": lambda x: x.clamp_min(0.77),
    "clamp_max": lambda x: x.clamp_max(0.77),
    "xlogy of a number": lambda x: tt.xlogy(2.0, x),
    "xlogy by a number": lambda x: tt.xlogy(x, 2.0),
    "xlog1py of a number": lambda x: tt.special.xlog1py(2.0, x),
    "xlog1py by a number": lambda x: tt.special.xlog1py(x, 2.0),
    "mean": lambda x: x.mean(),
    "min": lambda x: x.min(),
    "cummin": lambda x: x.cummin(1).values,
    "nanmedian": lambda x: x.nanmedian(),
    "median dim": lambda x: x.median(1).values,
    "pdist": F.pdist,
    "block_diag": lambda x: tt.block_diag(x, x * x),
    "stack": lambda x: tt.stack([x, x * x]),
    "pad": lambda x: F.pad(x, (1, 2), value=3.0),
    "pad reflect": lambda x: F.pad(x, (1, 2), mode="reflect"),
    "glu": lambda x: F.glu(x[:, :2], 1),
    "split": lambda x: x.split(2, 1)[0],
    "split sizes": lambda x: x.split([1, 2], 1)[1],
    "unsafe_split": lambda x: tt.unsafe_split(x, 2, 1)[0],
    "unbind": lambda x: x.unbind(1)[1],
    "squeeze dim": lambda x: x.unsqueeze(1).squeeze(1),
    "squeeze dims": lambda x: x.unsqueeze(1).squeeze((0, 1)),
    "squeeze_": lambda x: (x * 1).unsqueeze_(1).squeeze_(),
    "squeeze_ dims": lambda x: (x * 1).unsqueeze_(1).squeeze_((0, 1)),
    "t_": in_place("t_"),
    "transpose_": in_place("transpose_", 0, 1),
    "as_strided": lambda x: x.as_strided((2, 2), (1, 2), 1),
    "as_strided overlapping": lambda x: x.as_strided((3, 3), (1, 1)),
    "unfold": lambda x: x.unfold(1, 2, 1),
    "diag_embed": tt.diag_embed,
    "diagonal_copy": lambda x: tt.diagonal_copy(x),
    "diagonal_scatter": lambda x: tt.diagonal_scatter(x * x, x[0]),
    "select_scatter": lambda x: tt.select_scatter(x * x, x[0], 0, 1),
    "slice_scatter": lambda x: tt.slice_scatter(x * x, x[:1], 0, 1, 2),
    "as_strided_scatter": lambda x: tt.as_strided_scatter(x * x, x[0], (3,), (2,)),
    "write into a slice": lambda x: written(x),
    "matrix_exp": tt.matrix_exp,
    "solve_triangular": lambda x: tt.linalg.solve_triangular(triangular(x), x, upper=False),
    "cholesky_solve": lambda x: tt.cholesky_solve(x, triangular(x)),
    "view_as_complex": lambda x: tt.view_as_real(tt.view_as_complex(x[:, :2].contiguous()) ** 2),
    "conj_physical": lambda x: tt.view_as_real(tt.complex(x, x * x).conj_physical() ** 2),
    "prelu": lambda x: F.prelu(x - 1, x[0]),
    "normalize": lambda x: x.norm(dim=1),
    "to float64 and back": lambda x: x.to(tt.complex128).real,
    "zero gradients": lambda x: x + x.floor() + x.ceil() + x.round() + x.trunc() + x.sign() + x.frac(),
    "rounded division": lambda x: x + tt.div(x, 0.4, rounding_mode="floor") + tt.div(x, 0.4, rounding_mode="trunc"),
}


def written(x):
    y = x * x
    y[:, 1:] *= x[:, :2]
    y.t()[0] = x[0].exp()
    return y


@pytest.mark.parametrize("name", ONE)
def test_rules_of_one_tensor(name):
    x = numbers(3, 3)
    assert gradcheck(ONE[name], (x,))
    assert gradgradcheck(ONE[name], (x,))


TWO = {
    "pow": tt.pow,
    "logaddexp": tt.logaddexp,
    "logaddexp2": tt.logaddexp2,
    "fmod": tt.fmod,
    "remainder": tt.remainder,
    "clamp_min": tt.clamp_min,
    "clamp_max": tt.clamp_max,
    "copysign": lambda x, y: tt.copysign(x, y),
}


@pytest.mark.parametrize("name", TWO)
def test_rules_of_two_tensors(name):
    pair = numbers(3, 2), numbers(3, 2, low=0.6, high=1.7, seed=1)
    assert gradcheck(TWO[name], pair)
    assert gradgradcheck(TWO[name], pair)


SLOPES = {
    "tanh": tt.tanh,
    "sigmoid": tt.sigmoid,
    "softmax": lambda x: x.softmax(1),
    "log_softmax": lambda x: x.log_softmax(1),
    "gelu": F.gelu,
    "relu": lambda x: F.relu(x - 0.77),
    "mse": lambda x: F.mse_loss(x, x * x, reduction="none"),
    "bce with logits": lambda x: F.binary_cross_entropy_with_logits(x, x * 0.5),
    "nll": lambda x: F.nll_loss(x, tt.tensor([0, 2, 1])),
    "embedding": lambda x: F.embedding(tt.tensor([0, 2, 0]), x),
    "index": lambda x: x[tt.tensor([0, 2, 0])],
    "median": lambda x: x.median(1).values,
    "norm": lambda x: x.norm(dim=1),
}


@pytest.mark.parametrize("name", SLOPES)
def test_the_gradient_as_a_function_of_its_own(name):
    """The rules that backward itself uses, checked as forward ones: gradcheck of the gradient."""
    function = SLOPES[name]

    def gradient(x, weight):
        return tt.autograd.grad(function(x), x, weight, create_graph=True)[0]

    x = numbers(3, 3)
    weight = numbers(*function(x).shape, seed=2) if function(x).ndim else tt.tensor(1.3).double().requires_grad_()
    assert gradcheck(gradient, (x, weight))
    assert gradgradcheck(gradient, (x, weight))
