"""`backward` and `grad`: what the user calls to run the engine."""

from __future__ import annotations

import math
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinytorch.autograd import engine, messages
from tinytorch.autograd.fitting import fit
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.graph import GradientEdge
from tinytorch.autograd.hooks import RemovableHandle
from tinytorch.autograd.node import Node
from tinytorch.device import CPU, filled
from tinytorch.dtypes import from_numpy
from tinytorch.errors import warn
from tinytorch.tensor import Size, Tensor, wrap


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` into the .grad of the leaves that they depend on (only of `inputs`, if given).

    `grad_tensors` weights the elements of non-scalar tensors: the vector v of the product v^T J. The graph's saved
    values are freed on the way unless `retain_graph`; with `create_graph` the gradients can be differentiated again.
    Raises RuntimeError when no tensor requires grad, or a non-scalar one comes without weights.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.backward.html

    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> torch.autograd.backward(x * x, torch.tensor([1., 10.]))
    >>> x.grad
    tensor([ 2., 40.])
    """
    if grad_variables is not None:
        warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only "
                "use `grad_tensors`."
            )
        grad_tensors = grad_variables
    outputs = _tuple(tensors)
    if inputs is not None:
        inputs = _tuple(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    if state.watcher is not None:
        state.watcher.called(outputs)
    roots = _roots(outputs, grad_tensors, create_graph)
    if create_graph:
        messages.warn_cycle()
    wanted = None
    if inputs is not None:
        for tensor in inputs:
            retain_grad(tensor)
        wanted = _edges_of(inputs)
    engine.run(
        roots,
        keep_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        wanted=wanted,
    )


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` for `inputs`, as a tuple; nothing is added into any .grad.

    An input that the outputs do not depend on is an error, None (allow_unused) or zeros (materialize_grads).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.autograd.grad.html

    >>> x = torch.tensor(3., requires_grad=True)
    >>> (first,) = torch.autograd.grad(x ** 3, x, create_graph=True)
    >>> torch.autograd.grad(first, x)
    (tensor(18.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if allow_unused is None:
        allow_unused = materialize_grads
    if not only_inputs:
        warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for "
            "other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
        )
    outputs, wanted_tensors = _tuple(outputs), _tuple(inputs)
    if not wanted_tensors:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    keep_graph = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        return _batched(outputs, wanted_tensors, grad_outputs, create_graph, allow_unused, materialize_grads)
    if state.watcher is not None:
        state.watcher.called(outputs)
    roots = _roots(outputs, grad_outputs, create_graph)
    edges = _edges_of(wanted_tensors)
    found = engine.run(
        roots,
        keep_graph=keep_graph,
        create_graph=create_graph,
        wanted=edges,
        accumulate=False,
    )
    results: list[Any] = []
    for i, (tensor, gradient) in enumerate(zip(wanted_tensors, found)):
        if gradient is None:
            if not allow_unused:
                raise RuntimeError(
                    f"The differentiated Tensor at index {i} appears to not have been used in the graph. Set "
                    "allow_unused=True if this is the desired behavior."
                )
            if materialize_grads and isinstance(tensor, GradientEdge):
                raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
            gradient = wrap(np.zeros_like(tensor._array)) if materialize_grads else None
        elif not isinstance(gradient, Tensor):
            gradient = wrap(gradient)  # it may share memory with other gradients and with grad_outputs, as PyTorch's
        results.append(gradient)
    return tuple(results)


def _batched(outputs: tuple, inputs: tuple, grad_outputs: Any, create_graph: bool, allow: bool, zeros: bool) -> tuple:
    """`grad` for every row of `grad_outputs`, stacked."""
    from tinytorch.public import NAMES

    stack = NAMES["stack"]
    rows = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    results = [
        grad(outputs, inputs, [row[i] for row in rows], True, create_graph, True, allow, False, zeros)
        for i in range(len(rows[0]))
    ]
    return tuple(None if any(g is None for g in column) else stack(column) for column in zip(*results))


def _tuple(values: Any) -> tuple:
    """One tensor (or gradient edge), or several, as a tuple."""
    return (values,) if isinstance(values, (Tensor, GradientEdge)) else tuple(values)


def _edges_of(tensors: tuple) -> list[tuple[Node, int]]:
    edges = []
    for tensor in tensors:
        if not isinstance(tensor, GradientEdge):
            if not isinstance(tensor, Tensor):
                given = type(tensor).__name__
                raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {given}")
            if not tensor.requires_grad:
                raise RuntimeError("One of the differentiated Tensors does not require grad")
        edges.append(_edge_of(tensor))
    return edges


def _edge_of(tensor: Any) -> tuple:
    """Where the tensor's gradient goes today: a view's history may have changed with its base's."""
    if isinstance(tensor, GradientEdge):
        return tensor.node, tensor.output_nr
    if tensor._view is not None:
        tensor._view.refresh(tensor)
    return tensor._edge()


def _roots(outputs: tuple, grads: Any, create_graph: bool) -> list[tuple]:
    """The edges where backward starts, each with its gradient (an array, or a Tensor if it is to be recorded)."""
    given = (None,) * len(outputs) if grads is None else _tuple(grads)
    weights = [_weight(i, output, weight) for i, (output, weight) in enumerate(zip(outputs, given))]
    if len(given) < len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(given)} gradients")
    roots = []
    for i, (output, weight) in enumerate(zip(outputs, weights)):
        if not isinstance(output, GradientEdge) and not output.requires_grad:
            raise messages.nothing_recorded(i)
        roots.append((_edge_of(output), weight if create_graph else weight._array))
    return roots


def _weight(i: int, output: Any, weight: Any) -> Tensor:
    """The gradient that output number `i` starts with: `weight` in its dtype, or 1 where there is only one element."""
    if isinstance(output, GradientEdge):
        shape, dtype = output.node.outputs[output.output_nr]
        place = output.node._place or CPU
        asks = True
    elif isinstance(output, Tensor):
        shape, dtype = output._array.shape, output._array.dtype
        place = output.device
        asks = output.requires_grad
    else:
        raise AssertionError("Expected output to be a torch.Tensor")
    if weight is None:
        if asks and math.prod(shape) != 1:
            raise messages.not_scalar(shape)
        if asks and dtype.kind == "c":
            raise RuntimeError(
                f"grad can be implicitly created only for real scalar outputs but got {from_numpy(dtype)}"
            )
        return wrap(filled(shape, 1, dtype, place))
    if not isinstance(weight, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(weight).__name__}")
    if weight._array.shape != shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {weight.shape} and output[{i}] has a shape of "
            f"{Size(shape)}."
        )
    if weight._array.dtype != dtype and "c" in (weight._array.dtype.kind, dtype.kind):
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{i}] has a dtype of {weight.dtype} and output[{i}] has a dtype of {from_numpy(dtype)}."
        )
    return fit(weight, shape, dtype)


def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this non-leaf in .grad when backward passes it; on a leaf this changes nothing.

    >>> x = torch.tensor(2., requires_grad=True)
    >>> y = x * x
    >>> y.retain_grad()
    >>> (3 * y).backward()
    >>> y.grad
    tensor(3.)
    """
    if not self.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    node = self.grad_fn
    if node is None or self._retains_grad:
        return
    self._retains_grad = True
    if node._retaining is None:
        node._retaining = {}
    node.has_hooks = True
    node._retaining[self._output_nr] = weakref.ref(self)


def register_hook(self: Tensor, hook: Callable) -> RemovableHandle:
    """Call hook(grad) when the gradient of this tensor is computed; a Tensor it returns replaces the gradient.

    >>> x = torch.tensor(2., requires_grad=True)
    >>> handle = x.register_hook(lambda grad: grad * 100)
    >>> (x * 3).backward()
    >>> x.grad
    tensor(300.)
    """
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self.grad_fn is not None:
        hooks = self.grad_fn.hooks_of_output(self._output_nr)
    else:
        if self._hooks is None:
            self._hooks = OrderedDict()
        accumulator = None if self._accumulator is None else self._accumulator()
        if accumulator is not None:
            accumulator.has_hooks = True
        hooks = self._hooks
    return RemovableHandle(hooks, hook)


def register_post_accumulate_grad_hook(self: Tensor, hook: Callable) -> RemovableHandle:
    """Call hook(self) after backward has added to this leaf's .grad."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self.grad_fn is not None:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    if self._post_accumulate_hooks is None:
        self._post_accumulate_hooks = OrderedDict()
    return RemovableHandle(self._post_accumulate_hooks, hook)


def _backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool | None = False,
    inputs: Any = None,
    retain_variables: bool | None = None,
) -> None:
    """Add the gradient of this tensor into the .grad of the leaves it depends on; see `torch.autograd.backward`.

    `retain_variables` is PyTorch 0.3's name of `retain_graph`.

    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """
    if retain_variables is not None:
        warn("backward(retain_variables=...) is now called retain_graph", DeprecationWarning)
        retain_graph = retain_variables if retain_graph is None else retain_graph
    backward(self, gradient, retain_graph, bool(create_graph), inputs=inputs)


for _method in (retain_grad, register_hook, register_post_accumulate_grad_hook):
    setattr(Tensor, _method.__name__, _method)
Tensor.backward = _backward  # type: ignore[attr-defined]
Tensor.retains_grad = property(  # type: ignore[attr-defined]
    lambda self: self._retains_grad, doc="Was `retain_grad` called on this non-leaf?"
)
