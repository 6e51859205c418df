"""gradcheck and gradgradcheck: compare what backward computes with differences of function values.

The derivative for the input element x_j is measured as (f(x + eps e_j) - f(x - eps e_j)) / (2 eps). Of complex outputs
the imaginary and the real part are looked at one after the other. A complex input is moved along both axes: where a
real function changes by a along the real and by b along the imaginary axis, its gradient is a + i b, as in PyTorch.

Source: https://docs.pytorch.org/docs/2.13/autograd.html#module-torch.autograd.gradcheck
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinytorch.autograd import engine
from tinytorch.autograd.backward import grad
from tinytorch.autograd.grad_mode import enable_grad
from tinytorch.device import as_array, host, put
from tinytorch.errors import warn
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
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Is the gradient of `func` at `inputs` what small differences say? Use float64 (or complex128) inputs.

    Raises GradcheckError, or returns False with raise_exception=False. `fast_mode` compares one random direction
    instead of every element. A gradient has to come out the same twice within `nondet_tol`, be zero for a zero gradient
    of the outputs, and (check_undefined_grad) for none. There is no forward mode to check; `masked` concerns sparse
    tensors.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.gradcheck.gradcheck.html

    >>> x = torch.tensor([0.5, 2.], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.exp, (x,))
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_forward_ad or check_batched_grad or check_batched_forward_grad:
        raise NotImplementedError("gradcheck: tinytorch has neither forward-mode derivatives nor vmap to check")
    try:
        check = _Check(func, inputs, eps, atol, rtol, nondet_tol, check_grad_dtypes, fast_mode)
        if check.outputs():
            check.derivatives()
            check.zero_gradients()
            if check_undefined_grad:
                check.undefined_gradients()
        else:
            check.constant()
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
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """gradcheck of the gradient of `func`: are its second derivatives right, for the inputs and for `grad_outputs`?

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.gradcheck.gradgradcheck.html

    >>> x = torch.tensor([0.5, 2.], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(torch.exp, (x,))
    True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    values = _as_tuple(inputs)
    if grad_outputs is None:
        weights = _random_weights(_differentiable(func(*values)), gen_non_contig_grad_outputs)
    else:
        weights = _as_tuple(grad_outputs)
    count = len(weights)

    def first_derivative(*args: Any) -> tuple:
        given, weighted = args[: len(args) - count], args[len(args) - count :]
        found = grad(_differentiable(func(*given)), _asking(given), weighted, create_graph=True, allow_unused=True)
        return tuple([f for f in found if f is not None])

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
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


def _as_tuple(value: Any) -> tuple:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _differentiable(outputs: Any) -> tuple[Tensor, ...]:
    return tuple([output for output in _as_tuple(outputs) if output.requires_grad])


def _asking(inputs: tuple) -> list[Tensor]:
    """The tensors among `inputs` that ask for gradients."""
    return [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]


def _random_weights(outputs: tuple, non_contiguous: bool) -> tuple[Tensor, ...]:
    """A random gradient for every output, which asks for one itself."""
    numbers = np.random.default_rng(0)
    weights = []
    for output in outputs:
        weight = numbers.standard_normal(output._array.shape)
        if output._array.dtype.kind == "c":
            weight = weight + 1j * numbers.standard_normal(output._array.shape)
        array = np.asarray(weight, output._array.dtype)
        if non_contiguous and array.ndim:
            array = np.repeat(array, 2, axis=-1)[..., ::2]
        weights.append(wrap(put(array, output.device), requires_grad=True))
    return tuple(weights)


class _Check:
    """The checks of one function at one point."""

    def __init__(self, func: Callable, inputs: Any, eps: float, atol: float, rtol: float, nondet_tol: float,
                 check_dtypes: bool, fast: bool):  # fmt: skip
        self.func, self.inputs = func, _as_tuple(inputs)
        self.eps, self.atol, self.rtol, self.nondet_tol = eps, atol, rtol, nondet_tol
        self.check_dtypes, self.fast = check_dtypes, fast
        self.asking = _asking(self.inputs)
        if not self.asking:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of them have "
                "requires_grad=True."
            )
        for i, x in enumerate(self.inputs):
            if isinstance(x, Tensor) and x.requires_grad:
                _check_input(i, x._array)

    def outputs(self) -> tuple[Tensor, ...]:
        """The function's outputs that have a history, computed anew."""
        with enable_grad():
            return _differentiable(self.func(*self.inputs))

    def values(self) -> list[np.ndarray]:
        """The function's values now, of the outputs with a history; of all floating point ones if none has."""
        with enable_grad():
            outputs = _as_tuple(self.func(*self.inputs))
        chosen = _differentiable(outputs) or [o for o in outputs if o._array.dtype.kind in "fcV"]
        return [np.array(host(output._array)) for output in chosen]

    def constant(self) -> None:
        """No output has a history: is the function really constant?"""
        for x in self.asking:
            for column in self.measured(x):
                if column.any():
                    raise GradcheckError("Numerical gradient for function expected to be zero")

    def derivatives(self) -> None:
        """Do the gradients agree with differences?"""
        jacobians = [self.measured(x) for x in self.asking] if not self.fast else []
        for i, output in enumerate(self.outputs()):
            for part, name in ((1j, "imaginary"), (1, "real")) if output._array.dtype.kind == "c" else ((1, ""),):
                where = f"While considering the {name} part of complex outputs only, " if name else ""
                for j, x in enumerate(self.asking):
                    title = f"{where}Jacobian mismatch for output {i} with respect to input {j},"
                    if self.fast:
                        self.compare_one_direction(title, i, x, part)
                    else:
                        self.compare(title, jacobians[j][i], self.computed(i, x, part), part)

    def compare(self, title: str, measured: np.ndarray, computed: np.ndarray, part: complex) -> None:
        """Two Jacobians, a row for every element of the input and a column for every element of the output."""
        measured = _part(measured, part)
        if not np.allclose(computed, measured, rtol=self.rtol, atol=self.atol, equal_nan=True):
            raise GradcheckError(f"{title}\nnumerical:{wrap(measured)}\nanalytical:{wrap(computed)}\n")

    # ---- every element ----

    def measured(self, x: Tensor) -> list[np.ndarray]:
        """For every output: (elements of x, elements of the output), and a last axis for the moves of a complex x."""
        moves = (self.eps, 1j * self.eps) if x._array.dtype.kind == "c" else (self.eps,)
        changes = [self.difference(x, index, move) for index in np.ndindex(x._array.shape) for move in moves]
        return [
            np.array([change[i] for change in changes]).reshape(x._array.size, len(moves), value.size)
            for i, value in enumerate(self.values())
        ]

    def difference(self, x: Tensor, index: Any, move: Any) -> list[np.ndarray]:
        """How fast the outputs change when x[index] moves."""
        array, before = x._array, x._array[index].copy()
        array[index] = before + move
        above = self.values()
        array[index] = before - move
        below = self.values()
        array[index] = before
        return [(a - b) / (2 * self.eps) for a, b in zip(above, below)]

    def computed(self, i: int, x: Tensor, part: complex) -> np.ndarray:
        """The Jacobian by backward, an element of the output at a time; twice, to see that it comes out the same."""
        twice = []
        for _ in range(2):
            output = self.outputs()[i]
            columns = []
            for index in np.ndindex(output._array.shape):
                weight = np.zeros_like(output._array)
                weight[index] = part
                columns.append(self.gradient(output, x, weight).reshape(-1))
            twice.append(np.array(columns, x._array.dtype).reshape(output._array.size, x._array.size).T)
        self.check_same(*twice)
        return twice[0]

    def gradient(self, output: Tensor, x: Tensor, weight: Any) -> np.ndarray:
        (found,) = grad(output, x, wrap(weight), retain_graph=True, allow_unused=True)
        if found is None:
            return np.zeros(x.shape, x._array.dtype)
        if self.check_dtypes and found.dtype is not x.dtype:
            raise GradcheckError("Gradient has dtype mismatch")
        if found.shape != x.shape:
            raise GradcheckError("Analytical gradient has incorrect size")
        return host(found._array)

    def check_same(self, first: np.ndarray, second: np.ndarray) -> None:
        if not np.allclose(first, second, rtol=0, atol=self.nondet_tol, equal_nan=True):
            raise GradcheckError(
                "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times "
                "gives different values, although analytical gradient matches numerical gradient."
                f"The tolerance for nondeterminism was {self.nondet_tol}."
            )

    # ---- one random direction ----

    def compare_one_direction(self, title: str, i: int, x: Tensor, part: complex) -> None:
        """v^T J u for one u in the input and one v in the output, where the whole Jacobian would take too long."""
        numbers = np.random.default_rng(0)
        output = self.outputs()[i]
        v = numbers.standard_normal(output._array.shape)
        u = numbers.standard_normal(x._array.shape)
        weight = put(np.asarray(v * part, output._array.dtype), output.device)
        computed: Any = np.sum(u * self.gradient(output, x, weight))
        moves = (self.eps, 1j * self.eps) if x._array.dtype.kind == "c" else (self.eps,)
        measured: Any = 0
        for axis, move in zip((1, 1j), moves):
            change = self.difference(x, ..., put(as_array(u * move), x.device))[i]
            measured = measured + axis * np.sum(v * (change.imag if part == 1j else change.real))
        self.check_same(computed, np.sum(u * self.gradient(output, x, weight)))
        if not np.allclose(computed, measured, rtol=self.rtol, atol=self.atol, equal_nan=True):
            whole, by_backward = _part(self.measured(x)[i], part), self.computed(i, x, part)
            raise GradcheckError(
                f"{title}\nnumerical:{measured}\nanalytical:{computed}\n\n"
                "These are the Jacobians' products with one random direction (fast mode). The Jacobians:\n\n"
                f"Numerical:\n {wrap(whole)}\nAnalytical:\n{wrap(by_backward)}\n\n"
                f"The max per-element difference (slow mode) is: {np.abs(whole - by_backward).max()}.\n"
            )

    # ---- gradients that are zero or missing ----

    def zero_gradients(self) -> None:
        """Where the outputs' gradients are 0, so are the inputs': backward is linear."""
        outputs = self.outputs()
        weights = [wrap(np.zeros_like(output._array)) for output in outputs]
        for found in grad(outputs, self.asking, weights, retain_graph=True, allow_unused=True):
            if found is not None and (found._array != 0).any():
                raise GradcheckError("backward not multiplied by grad_output")

    def undefined_gradients(self) -> None:
        """Backward copes with outputs that no gradient came for: all of them, and each with the others left alone."""
        count = len(self.outputs())
        for chosen in [range(count), *([i] for i in range(count) if count > 1)]:
            outputs = self.outputs()
            roots: Any = [(outputs[i]._edge(), None) for i in chosen]
            edges: Any = [x._edge() for x in self.asking]
            try:
                results = engine.run(
                    roots,
                    keep_graph=True,
                    create_graph=False,
                    wanted=edges,
                    accumulate=False,
                )
            except RuntimeError as error:
                raise GradcheckError(
                    "Expected backward function to handle undefined output grads. "
                    'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
                ) from error
            for found in results:
                if found is not None and (found != 0).any():
                    raise GradcheckError(
                        "Expected all input grads to be undefined or zero when all output grads are undefined or zero. "
                        'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
                    )


def _check_input(i: int, array: np.ndarray) -> None:
    if array.dtype.name not in ("float64", "complex128"):
        warn(
            f"Input #{i} requires gradient and is not a double precision floating point or complex. This check will "
            "likely fail if all the inputs are not of double precision floating point or complex. "
        )
    if any(stride == 0 and side > 1 for stride, side in zip(array.strides, array.shape)):
        raise RuntimeError(
            f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping "
            "to be able to compute the numerical gradients correctly. You should call .contiguous on the input before "
            "passing it to gradcheck."
        )


def _part(measured: np.ndarray, part: complex) -> np.ndarray:
    """The Jacobian of the real or imaginary part of an output, given (elements, moves, outputs)."""
    changes = measured.imag if part == 1j else measured.real
    return changes[:, 0] + 1j * changes[:, 1] if changes.shape[1] == 2 else changes[:, 0]
