"""gradcheck and gradgradcheck: compare what backward computes with differences of function values.

The derivative of the j-th input element is measured as (f(x + eps e_j) - f(x - eps e_j)) / (2 eps). A complex input is
moved along both axes; the measured columns a (real move) and b (imaginary move) belong to the gradient that PyTorch's
convention gives, conj(dL/dx) for real L, as a + i b for a real-weighted output.

Source: https://docs.pytorch.org/docs/2.13/autograd.html#module-torch.autograd.gradcheck
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinytorch.autograd.backward import grad
from tinytorch.autograd.grad_mode import enable_grad
from tinytorch.tensor import Tensor, wrap


class GradcheckError(RuntimeError):
    """What gradcheck found wrong."""


def gradcheck(
    func: Callable,
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    fast_mode: bool = False,
    **ignored: Any,
) -> bool:
    """Is the gradient of `func` at `inputs` what small differences say? Use float64 (or complex128) inputs.

    Raises GradcheckError, or returns False with raise_exception=False. `fast_mode` compares one random direction
    instead of every element.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.gradcheck.gradcheck.html

    >>> x = torch.tensor([0.5, 2.], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.exp, (x,))
    True
    """
    try:
        _check(func, _as_tuple(inputs), eps, atol, rtol, nondet_tol, check_undefined_grad, check_grad_dtypes, fast_mode)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable,
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    fast_mode: bool = False,
    **ignored: Any,
) -> bool:
    """gradcheck of the gradient of `func`: are its second derivatives right, for the inputs and for `grad_outputs`?

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.gradcheck.gradgradcheck.html

    >>> x = torch.tensor([0.5, 2.], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(torch.exp, (x,))
    True
    """
    values = _as_tuple(inputs)
    if grad_outputs is None:
        numbers = np.random.default_rng(0)
        weights = []
        for output in _differentiable(func(*values)):
            weight = numbers.standard_normal(output._array.shape)
            if output._array.dtype.kind == "c":
                weight = weight + 1j * numbers.standard_normal(output._array.shape)
            weight = np.asarray(weight, output._array.dtype)
            weights.append(wrap(weight.T.copy().T if gen_non_contig_grad_outputs else weight, requires_grad=True))
    else:
        weights = list(_as_tuple(grad_outputs))
    count = len(weights)

    def first_derivative(*args: Any) -> tuple:
        given, weighted = args[: len(args) - count], args[len(args) - count :]
        outputs = _differentiable(func(*given))
        wanted = [a for a in given if isinstance(a, Tensor) and a.requires_grad]
        found = grad(outputs, wanted, weighted, create_graph=True, allow_unused=True)
        return tuple(f for f in found if f is not None)

    return gradcheck(
        first_derivative,
        (*values, *weights),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        fast_mode=fast_mode,
    )


def _as_tuple(value: Any) -> tuple:
    return (value,) if isinstance(value, Tensor) else tuple(value)


def _differentiable(outputs: Any) -> tuple:
    found = tuple(o for o in _as_tuple(outputs) if isinstance(o, Tensor) and o.requires_grad)
    return found


def _check(func: Any, inputs: tuple, eps: float, atol: float, rtol: float, nondet_tol: float,
           undefined: bool, grad_dtypes: bool, fast: bool) -> None:  # fmt: skip
    wanted = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True."
        )
    with enable_grad():
        outputs = _differentiable(func(*inputs))
    if not outputs:
        everything = [o for o in _as_tuple(func(*inputs)) if isinstance(o, Tensor)]
        if any(np.any(column) for x in wanted for column in _numerical(func, inputs, x, everything, eps)):
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    for x in wanted:
        measured = list(_numerical(func, inputs, x, list(outputs), eps))
        for i, output in enumerate(outputs):
            _compare(func, inputs, wanted, x, i, output, measured[i], atol, rtol, nondet_tol, grad_dtypes, fast)
    if undefined:
        _check_undefined(func, inputs, wanted, len(outputs))


def _compare(func: Any, inputs: tuple, wanted: list, x: Tensor, i: int, output: Tensor, numerical: np.ndarray,
             atol: float, rtol: float, nondet_tol: float, grad_dtypes: bool, fast: bool) -> None:  # fmt: skip
    where = f"output {i} with respect to input {_index(inputs, x)}"
    analytical = _analytical(func, inputs, x, i, output, grad_dtypes)
    again = _analytical(func, inputs, x, i, output, False)
    if not np.allclose(analytical, again, rtol=0, atol=nondet_tol, equal_nan=True):
        raise GradcheckError(
            f"Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives "
            f"different values, although analytical gradient matches numerical gradient. The tolerance for nondeterminism "
            f"was {nondet_tol}."
        )
    if fast:
        direction = np.random.default_rng(0).standard_normal(numerical.shape[0])
        numerical, analytical = direction @ numerical, direction @ analytical
    if not np.allclose(analytical, numerical, rtol=rtol, atol=atol, equal_nan=True):
        raise GradcheckError(f"Jacobian mismatch for {where},\nnumerical:{numerical}\nanalytical:{analytical}\n")


def _index(inputs: tuple, x: Tensor) -> int:
    return next(i for i, candidate in enumerate(inputs) if candidate is x)


def _numerical(func: Any, inputs: tuple, x: Tensor, outputs: list, eps: float) -> Iterator[np.ndarray]:
    """For every output: rows are elements of x (moved along the imaginary axis too if complex), columns of the output."""
    moves = (eps, 1j * eps) if x._array.dtype.kind == "c" else (eps,)
    rows: list[list[np.ndarray]] = [[] for _ in outputs]
    array = x._array
    for move in moves:
        for index in np.ndindex(array.shape):
            before = array[index].copy()
            array[index] = before + move
            above = _values(func, inputs, len(outputs))
            array[index] = before - move
            below = _values(func, inputs, len(outputs))
            array[index] = before
            for row, a, b in zip(rows, above, below):
                row.append((a - b) / (2 * eps))
    for row, output in zip(rows, outputs):
        yield np.array(row).reshape(len(moves) * array.size, output._array.size)


def _values(func: Any, inputs: tuple, count: int) -> list[np.ndarray]:
    with enable_grad():
        outputs = _as_tuple(func(*inputs))
    chosen = _differentiable(outputs) or tuple(o for o in outputs if isinstance(o, Tensor))
    return [o._array.reshape(-1).copy() for o in chosen[:count]]


def _analytical(func: Any, inputs: tuple, x: Tensor, i: int, output: Tensor, check_dtype: bool) -> np.ndarray:
    """The same table by backward, one output element at a time, as derivatives along x's axes.

    For a weight w of one output element, backward gives g = sum conj(d out/d x) w (by parts). The move along the real
    axis changes Re(out) by Re(g) when w = 1; Im(out) by Re(g) when w = i; along the imaginary axis by Im(g).
    """
    with enable_grad():
        output = _differentiable(func(*inputs))[i]
    is_complex = output._array.dtype.kind == "c"
    columns = []
    for index in np.ndindex(output._array.shape):
        parts = []
        for unit in (1, 1j) if is_complex else (1,):
            weight = np.zeros_like(output._array)
            weight[index] = unit
            (found,) = grad(output, x, wrap(weight), retain_graph=True, allow_unused=True)
            if found is None:
                parts.append(np.zeros(x._array.size * (2 if x._array.dtype.kind == "c" else 1)))
                continue
            if check_dtype and found.dtype is not x.dtype:
                raise GradcheckError(f"Gradient has dtype {found.dtype}, the input {x.dtype}")
            if found.shape != x.shape:
                raise GradcheckError("Analytical gradient has incorrect size")
            g = found._array.reshape(-1)
            parts.append(np.concatenate([g.real, g.imag]) if x._array.dtype.kind == "c" else g.real)
        columns.append(parts[0] + 1j * parts[1] if is_complex else parts[0])
    rows = x._array.size * (2 if x._array.dtype.kind == "c" else 1)
    return np.array(columns).T.reshape(rows, output._array.size)


def _check_undefined(func: Any, inputs: tuple, wanted: list, count: int) -> None:
    """With several outputs, backward has to cope with a gradient that comes for one of them only."""
    if count < 2:
        return
    for i in range(count):
        with enable_grad():
            output = _differentiable(func(*inputs))[i]
        weight = wrap(np.zeros_like(output._array))
        for found in grad(output, wanted, weight, allow_unused=True):
            if found is not None and np.any(found._array != 0):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are undefined or zero. Please "
                    "look at 'Notes about undefined output gradients' in 'tools/autograd/derivatives.yaml'"
                )
