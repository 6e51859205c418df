"""jacobian, hessian, vjp, jvp, hvp, vhp: derivatives of functions of tensors, as tensors.

With `strict`, a function that does not depend on an input is an error; without, its derivative is zero.

Source: https://docs.pytorch.org/docs/2.13/autograd.html#functional-higher-level-api
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinytorch.autograd.backward import grad
from tinytorch.autograd.grad_mode import enable_grad
from tinytorch.tensor import Tensor, wrap

_NOT_ALLOWED = "This is not allowed in strict mode"
_CONSTANT = {  # what is wrong in strict mode with a tensor that does not depend on the inputs
    "outputs": "Output {i} of the user-provided function does not require gradients. The outputs must be computed in a "
    "differentiable manner from the input when running in strict mode.",
    "gradient": "The gradient with respect to input {i} is independent of the inputs of the user-provided function. "
    f"{_NOT_ALLOWED}.",
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided function with respect to "
    f"input {{i}} is independent of the input. {_NOT_ALLOWED}. You should ensure that your function is twice "
    "differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for "
    "example).",
}
_MISSING = {  # what is wrong in strict mode with a derivative that there is not
    "vjp": f"The output of the user-provided function is independent of input {{i}}. {_NOT_ALLOWED}.",
    "jvp": "The gradient with respect to the input is independent of entry {i} in the grad_outputs when using the "
    f"double backward trick to compute forward mode gradients. {_NOT_ALLOWED}.",
    "vhp": f"The jacobian of the user-provided function is independent of input {{i}}. {_NOT_ALLOWED}.",
    "hvp": "The hessian of the user-provided function is independent of entry {i} in the grad_jacobian. "
    f"{_NOT_ALLOWED} as it prevents from using the double backward trick to replace forward mode AD.",
}


# ---- arguments -------------------------------------------------------------------------------------------------------


def _tuple(value: Any, name: str, function: str) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether a tuple was given, and the tensors as a tuple."""
    given = isinstance(value, tuple)
    values = value if given else (value,)
    for i, element in enumerate(values):
        if not isinstance(element, Tensor):
            what = f"value at index {i}" if given else f"given {name}"
            raise TypeError(
                f"The {name} given to {function} must be either a Tensor or a tuple of Tensors but the {what} has type "
                f"{type(element)}."
            )
    return given, values


def _fresh(tensors: tuple, create_graph: bool) -> tuple[Tensor, ...]:
    """Inputs to differentiate for: cut off from their history, unless results are to be differentiated for them too."""
    if create_graph:
        return tuple([t.view_as(t) if t.requires_grad else t.detach().requires_grad_() for t in tensors])
    return tuple([t.detach().requires_grad_() for t in tensors])


def _called(func: Callable, inputs: tuple, name: str, strict: bool) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether func(*inputs) is a tuple, and its tensors."""
    several, outputs = _tuple(func(*inputs), "outputs of the user-provided function", name)
    _check_depends(outputs, "outputs", strict)
    return several, outputs


def _scalar(func: Callable, inputs: tuple, name: str, strict: bool) -> Tensor:
    """func(*inputs), which has to be one number."""
    several, outputs = _called(func, inputs, name, strict)
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs[0]._array.size != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return outputs[0]


def _vectors(v: Any, like: tuple, several: bool, name: str, of: str) -> tuple[Tensor, ...]:
    """The vector v as a tuple of tensors of the shapes of `like`; 1 if it is None and `like` one number."""
    if v is None:
        if len(like) != 1 or like[0]._array.size != 1:
            raise RuntimeError(f"The vector v can only be None if {of} a single Tensor with a single element.")
        return (wrap(np.ones_like(like[0]._array)),)
    _, vectors = _tuple(v, "v", name)
    if len(vectors) != len(like):
        if not several:
            raise RuntimeError("The given v should contain a single Tensor.")
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vectors)}.")
    for i, (vector, tensor) in enumerate(zip(vectors, like)):
        if vector.shape != tensor.shape:
            where = f"Entry {i} in " if several else ""
            raise RuntimeError(f"{where}v has invalid size: should be {tensor.shape} but got {vector.shape}.")
    return vectors


_OF_OUTPUT = "the user-provided function returns"
_OF_INPUT = "the input to the user-provided function is"


# ---- results ---------------------------------------------------------------------------------------------------------


def _check_depends(tensors: Sequence[Tensor | None], what: str, strict: bool) -> None:
    """RuntimeError if `strict` and one of `tensors` does not depend on the inputs."""
    for i, tensor in enumerate(tensors if strict else ()):
        if tensor is None:
            raise RuntimeError(_MISSING["vjp"].format(i=i))
        if not tensor.requires_grad:
            raise RuntimeError(_CONSTANT[what].format(i=i))


def _gradients(outputs: Sequence, inputs: Sequence, weights: Any, create_graph: bool) -> tuple[Tensor | None, ...]:
    """`grad` that leaves out outputs without a history; None for inputs that no output depends on."""
    pairs = [(o, w) for o, w in zip(outputs, weights) if o is not None and o.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    return grad(
        [o for o, _ in pairs],
        inputs,
        [w for _, w in pairs],
        retain_graph=True,
        create_graph=create_graph,
        allow_unused=True,
    )


def _or_zeros(found: Sequence, like: Sequence, name: str, create_graph: bool, strict: bool) -> tuple[Tensor, ...]:
    """Derivatives, zeros where there are none; an error instead if `strict`."""
    for i, derivative in enumerate(found if strict else ()):
        if derivative is None:
            raise RuntimeError(_MISSING[name].format(i=i))
        if create_graph and not derivative.requires_grad:
            _raise_constant("jacobian" if name in ("vjp", "jvp") else "hessian", i)
    return tuple([_zeros(x) if derivative is None else derivative for derivative, x in zip(found, like)])


def _raise_constant(what: str, i: int) -> None:
    raise RuntimeError(
        f"The {what} of the user-provided function is independent of input {i}. {_NOT_ALLOWED} when create_graph=True."
    )


def _zeros(like: Tensor) -> Tensor:
    return wrap(np.zeros_like(like._array))


def _packed(several: bool, tensors: Sequence[Tensor], create_graph: bool) -> Any:
    """The tensors as the caller is given them: a tuple if he gave one, without a history unless he asked for it."""
    cut = tuple(tensors) if create_graph else tuple([tensor.detach() for tensor in tensors])
    return cut if several else cut[0]


# ---- products with the Jacobian --------------------------------------------------------------------------------------


def vjp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), v^T J): the vector v times the Jacobian.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.functional.vjp.html

    >>> torch.autograd.functional.vjp(torch.exp, torch.zeros(2), torch.tensor([1., 3.]))
    (tensor([1., 1.]), tensor([1., 3.]))
    """
    with enable_grad():
        many_inputs, values = _tuple(inputs, "inputs", "vjp")
        values = _fresh(values, create_graph)
        many_outputs, outputs = _called(func, values, "vjp", strict)
        vectors = _vectors(v, outputs, many_outputs, "vjp", _OF_OUTPUT)
        found = _gradients(outputs, values, vectors, create_graph)
        result = _or_zeros(found, values, "vjp", create_graph, strict)
    return _packed(many_outputs, outputs, create_graph), _packed(many_inputs, result, create_graph)


def jvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), J v): the Jacobian times the vector v.

    Backward gives u^T J for any u; that is linear in u, and its derivative for u in the direction v is J v.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.functional.jvp.html

    >>> torch.autograd.functional.jvp(torch.exp, torch.zeros(2), torch.tensor([1., 3.]))
    (tensor([1., 1.]), tensor([1., 3.]))
    """
    with enable_grad():
        many_inputs, values = _tuple(inputs, "inputs", "jvp")
        values = _fresh(values, create_graph)
        vectors = _vectors(v, values, many_inputs, "jvp", _OF_INPUT)
        many_outputs, outputs = _called(func, values, "jvp", strict)
        u = [_zeros(output).requires_grad_() for output in outputs]
        transposed = _gradients(outputs, values, u, True)
        _check_depends(transposed, "gradient", strict)
        found = _gradients(transposed, u, vectors, create_graph)
        result = _or_zeros(found, outputs, "jvp", create_graph, strict)
    return _packed(many_outputs, outputs, create_graph), _packed(many_outputs, result, create_graph)


def jacobian(
    func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Jacobian of `func`: for every output and input a tensor of the output's shape followed by the input's.

    One backward for each element of the outputs; `vectorize` and `strategy` are accepted and change nothing.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.functional.jacobian.html

    >>> torch.autograd.functional.jacobian(lambda x: x ** 2, torch.tensor([1., 3.]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    with enable_grad():
        many_inputs, values = _tuple(inputs, "inputs", "jacobian")
        values = _fresh(values, create_graph)
        many_outputs, outputs = _called(func, values, "jacobian", strict)
        table = [
            _packed(many_inputs, _rows(i, output, values, create_graph, strict), create_graph)
            for i, output in enumerate(outputs)
        ]
    return tuple(table) if many_outputs else table[0]


def _rows(i: int, output: Tensor, inputs: tuple, create_graph: bool, strict: bool) -> list[Tensor]:
    """The derivatives of output number `i` for every input."""
    from tinytorch.public import NAMES

    columns: list[list[Tensor]] = [[] for _ in inputs]
    for index in np.ndindex(output._array.shape):
        unit = np.zeros_like(output._array)
        unit[index] = 1
        for j, found in enumerate(_gradients((output,), inputs, (wrap(unit),), create_graph)):
            if strict and found is None:
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {j}. {_NOT_ALLOWED}."
                )
            if strict and create_graph and not found.requires_grad:  # type: ignore[union-attr]
                _raise_constant("jacobian", j)
            columns[j].append(_zeros(inputs[j]) if found is None else found)
    return [
        NAMES["stack"](column).reshape((*output.shape, *x.shape))
        if column
        else wrap(np.zeros((*output.shape, *x.shape), like=x._array))
        for column, x in zip(columns, inputs)
    ]


# ---- the Hessian -----------------------------------------------------------------------------------------------------


def hessian(
    func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The second derivatives of a function with one number as its result: the Jacobian of its gradient.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.functional.hessian.html

    >>> torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    several, values = _tuple(inputs, "inputs", "hessian")

    def gradient(*given: Tensor) -> tuple[Tensor, ...]:
        output = _scalar(func, given, "hessian", strict)
        found = _or_zeros(_gradients((output,), given, (None,), True), given, "vjp", False, False)
        _check_depends(found, "jacobian", strict)
        return found

    result = jacobian(gradient, values, create_graph, strict)
    return result if several else result[0][0]


def vhp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), v^T H): the vector v times the Hessian.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.functional.vhp.html

    >>> torch.autograd.functional.vhp(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product("vhp", func, inputs, v, create_graph, strict)


def hvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), H v): the Hessian times the vector v; it equals v^T H, the Hessian being symmetric.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.functional.hvp.html

    >>> torch.autograd.functional.hvp(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product("hvp", func, inputs, v, create_graph, strict)


def _hessian_product(name: str, func: Callable, inputs: Any, v: Any, create_graph: bool, strict: bool) -> tuple:
    """The derivative of the gradient's product with v."""
    with enable_grad():
        several, values = _tuple(inputs, "inputs", name)
        values = _fresh(values, create_graph)
        vectors = _vectors(v, values, several, name, _OF_INPUT)
        output = _scalar(func, values, name, strict)
        gradient = _gradients((output,), values, (None,), True)
        _check_depends(gradient, "jacobian", strict)
        found = _gradients(gradient, values, vectors, create_graph)
        result = _or_zeros(found, values, name, create_graph, strict)
    return _packed(False, (output,), create_graph), _packed(several, result, create_graph)
