"""jacobian, hessian, vjp, jvp, hvp, vhp: derivatives of functions of tensors, as tensors.

Source: https://docs.pytorch.org/docs/2.13/autograd.html#functional-higher-level-api
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.autograd.backward import grad
from tinytorch.autograd.grad_mode import enable_grad
from tinytorch.tensor import Tensor, wrap


def _tuple(value: Any, name: str, function: str) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether a tuple was given, and the tensors as a tuple."""
    given = isinstance(value, tuple)
    values = value if given else (value,)
    for i, element in enumerate(values):
        if not isinstance(element, Tensor):
            where = f"{name}[{i}]" if given else name
            raise TypeError(
                f"The {name} given to {function} must be either a Tensor or a tuple of Tensors but the value at index {i} "
                f"has type {type(element)}." if given else
                f"The {where} given to {function} must be either a Tensor or a tuple of Tensors but the given {name} has "
                f"type {type(element)}."
            )  # fmt: skip
    return given, values


def _fresh(tensors: tuple, create_graph: bool) -> tuple[Tensor, ...]:
    """Inputs to differentiate for: cut off from their history, unless the result is to be differentiated for them too."""
    if create_graph:
        return tuple(t.view_as(t) if t.requires_grad else t.detach().requires_grad_() for t in tensors)
    return tuple(t.detach().requires_grad_() for t in tensors)


def _or_zeros(found: tuple, inputs: tuple, strict: bool, what: str) -> tuple[Tensor, ...]:
    """Gradients with zeros for inputs that have none; an error if `strict`."""
    for i, gradient in enumerate(found):
        if gradient is None and strict:
            raise RuntimeError(
                f"The output of the user-provided function is independent of input {i}. This is not allowed in strict mode."
                if what == "output"
                else f"The {what} is independent of input {i}. This is not allowed in strict mode."
            )
    return tuple(wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(found, inputs))


def _packed(given: bool, values: tuple) -> Any:
    return values if given else values[0]


def vjp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), v^T J): the vector v times the Jacobian.

    >>> torch.autograd.functional.vjp(torch.exp, torch.zeros(2), torch.tensor([1., 3.]))
    (tensor([1., 1.]), tensor([1., 3.]))
    """
    with enable_grad():
        many_inputs, values = _tuple(inputs, "inputs", "vjp")
        values = _fresh(values, create_graph)
        many_outputs, outputs = _tuple(func(*values), "outputs of the user-provided function", "vjp")
        if v is None:
            if len(outputs) != 1 or outputs[0]._array.size != 1:
                raise RuntimeError(
                    "The vector v can only be None if the user-provided function returns a single Tensor with a single "
                    "element."
                )
            vectors: tuple | None = None
        else:
            _, vectors = _tuple(v, "v", "vjp")
            _check_vectors(vectors, outputs)
        found = _gradients(outputs, values, vectors, create_graph, strict)
    return _packed(many_outputs, _cut(outputs, create_graph)), _packed(many_inputs, _cut(found, create_graph))


def _gradients(outputs: tuple, inputs: tuple, vectors: Any, create_graph: bool, strict: bool) -> tuple[Tensor, ...]:
    """The gradients for `inputs`, zeros where the outputs do not depend on them."""
    pairs = [(o, None if vectors is None else vectors[i]) for i, o in enumerate(outputs) if o.requires_grad]
    if not pairs:
        return _or_zeros((None,) * len(inputs), inputs, strict, "output")
    weights = None if vectors is None else [w for _, w in pairs]
    found = grad([o for o, _ in pairs], inputs, weights, create_graph=create_graph, allow_unused=True)
    return _or_zeros(found, inputs, strict, "output")


def _check_vectors(vectors: tuple, like: tuple) -> None:
    if len(vectors) != len(like):
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vectors)}.")
    for i, (vector, tensor) in enumerate(zip(vectors, like)):
        if vector.shape != tensor.shape:
            prefix = f"Entry {i} in " if len(vectors) > 1 else ""
            raise RuntimeError(f"{prefix}v has invalid size: should be {tensor.shape} but got {vector.shape}.")


def _cut(tensors: tuple, keep: bool) -> tuple:
    return tensors if keep else tuple(t.detach() for t in tensors)


def jvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), J v): the Jacobian times the vector v.

    Backward gives u^T J for any u; that is linear in u, and its derivative for u in the direction v is J v.

    >>> torch.autograd.functional.jvp(torch.exp, torch.zeros(2), torch.tensor([1., 3.]))
    (tensor([1., 1.]), tensor([1., 3.]))
    """
    with enable_grad():
        _, values = _tuple(inputs, "inputs", "jvp")
        values = _fresh(values, create_graph)
        if v is None:
            if len(values) != 1 or values[0]._array.size != 1:
                raise RuntimeError(
                    "The vector v can only be None if the input to the user-provided function is a single Tensor with a "
                    "single element."
                )
            vectors: tuple = tuple(wrap(np.ones_like(x._array)) for x in values)
        else:
            _, vectors = _tuple(v, "v", "jvp")
            _check_vectors(vectors, values)
        many_outputs, outputs = _tuple(func(*values), "outputs of the user-provided function", "jvp")
        u = tuple(wrap(np.zeros_like(o._array), requires_grad=True) for o in outputs)
        transposed = []
        depends = [o.requires_grad for o in outputs]
        if any(depends):
            chosen = [(o, w) for o, w in zip(outputs, u) if o.requires_grad]
            transposed = list(grad([o for o, _ in chosen], values, [w for _, w in chosen], create_graph=True, allow_unused=True))
        pairs = [(g, w) for g, w in zip(transposed, vectors) if g is not None and g.requires_grad]
        if pairs:
            found = grad([g for g, _ in pairs], u, [w for _, w in pairs], create_graph=create_graph, allow_unused=True)
        else:
            found = (None,) * len(u)
        result = _or_zeros(found, u, strict, "output")
    return _packed(many_outputs, _cut(outputs, create_graph)), _packed(many_outputs, _cut(result, create_graph))


def jacobian(
    func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Jacobian of `func`: for every output and input a tensor of the output's shape followed by the input's.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.functional.jacobian.html

    >>> torch.autograd.functional.jacobian(lambda x: x ** 2, torch.tensor([1., 3.]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    with enable_grad():
        many_inputs, values = _tuple(inputs, "inputs", "jacobian")
        values = _fresh(values, create_graph)
        many_outputs, outputs = _tuple(func(*values), "outputs of the user-provided function", "jacobian")
        table = []
        for output in outputs:
            rows = [
                _gradients((output,), values, (_unit(output, index),), True, strict)
                if create_graph
                else _row(output, values, index, strict)
                for index in np.ndindex(output._array.shape)
            ]
            table.append(tuple(_stacked([row[j] for row in rows], output, x) for j, x in enumerate(values)))
        table = [_cut(row, create_graph) for row in table]
    return _packed(many_outputs, tuple(_packed(many_inputs, row) for row in table))


def _unit(output: Tensor, index: tuple) -> Tensor:
    unit = np.zeros_like(output._array)
    unit[index] = 1
    return wrap(unit)


def _row(output: Tensor, inputs: tuple, index: tuple, strict: bool) -> tuple:
    if not output.requires_grad:
        return _or_zeros((None,) * len(inputs), inputs, strict, "output")
    found = grad(output, inputs, _unit(output, index), retain_graph=True, allow_unused=True)
    return _or_zeros(found, inputs, strict, "output")


def _stacked(rows: list[Tensor], output: Tensor, x: Tensor) -> Tensor:
    from tinytorch.public import NAMES

    shape = (*output.shape, *x.shape)
    if not rows:
        return wrap(np.zeros(shape, x._array.dtype))
    return NAMES["stack"](rows).reshape(shape)


def hessian(
    func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The second derivatives of a function with one number as its result.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.functional.hessian.html

    >>> torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    many, values = _tuple(inputs, "inputs", "hessian")

    def first(*args: Tensor) -> tuple:
        result = func(*args)
        _check_scalar(result, "hessian")
        found = grad(result, args, create_graph=True, allow_unused=True) if result.requires_grad else (None,) * len(args)
        return _or_zeros(found, args, strict, "output")

    result = jacobian(first, values, create_graph, strict)
    return result if many else result[0][0]


def _check_scalar(result: Any, name: str) -> None:
    if not isinstance(result, Tensor):
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if result._array.size != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")


def vhp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), v^T H): the vector v times the Hessian."""
    with enable_grad():
        many, values = _tuple(inputs, "inputs", "vhp")
        values = _fresh(values, create_graph)
        vectors = None if v is None else _tuple(v, "v", "vhp")[1]
        if vectors is not None:
            _check_vectors(vectors, values)
        elif len(values) != 1 or values[0]._array.size != 1:
            raise RuntimeError(
                "The vector v can only be None if the input to the user-provided function is a single Tensor with a "
                "single element."
            )
        result = func(*values)
        _check_scalar(result, "vhp")
        found = grad(result, values, create_graph=True, allow_unused=True) if result.requires_grad else (None,) * len(values)
        first = _or_zeros(found, values, strict, "output")
        second = _gradients(first, values, vectors, create_graph, strict)
    return _cut((result,), create_graph)[0], _packed(many, _cut(second, create_graph))


def hvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), H v): the Hessian times the vector v; it equals v^T H, the Hessian being symmetric.

    >>> torch.autograd.functional.hvp(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return vhp(func, inputs, v, create_graph, strict)
