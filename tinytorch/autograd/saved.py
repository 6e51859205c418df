"""What a rule saves for backward: kept with its version, handed out as arrays or as Tensors with a history."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.autograd.grad_mode import no_grad, state, usage
from tinytorch.autograd.messages import freed_error, inference_error, modified_error
from tinytorch.autograd.node import Node
from tinytorch.device import is_array
from tinytorch.tensor import Tensor, TensorBase, _new, wrap

ndarray = np.ndarray
PYTORCH_NAMES = {"x": "self", "y": "other"}  # our formulas' letters, PyTorch's parameter names


def pack(node: Node, args: tuple, arrays: list, outputs: tuple) -> None:
    """Replace the arrays that a rule saved by the tensors they belong to, with the versions they had.

    An array that is neither an input nor an output (a mask, indices) stays as it is: it has no history. So does what an
    input of integers was converted to.
    """
    kept: list[Any] = []
    versions = None
    for array in node._saved:
        value = array
        if type(array) is ndarray or isinstance(array, np.generic) or is_array(array):
            value = owner(array, args, arrays, outputs)
        if isinstance(value, TensorBase):
            tensor = value
            counter = tensor._counter
            if counter is not None and counter.value:
                if versions is None:
                    versions = [0] * len(node._saved)
                versions[len(kept)] = counter.value
        kept.append(value)
    node._saved, node._versions = kept, versions
    if usage.saved_hooks and state.saved_hooks:
        pack_through_hooks(node)


def owner(array: Any, args: tuple, arrays: list, outputs: tuple) -> Any:
    """The tensor among a rule's inputs and outputs that `array` belongs to; `array` itself if it is none of theirs."""
    for i in range(len(arrays)):
        if arrays[i] is array:
            if isinstance(args[i], TensorBase):
                tensor = args[i]
                if tensor._array is array or tensor._array.dtype.kind in "fcV":
                    if tensor._inference:
                        raise inference_error()
                    return tensor
            return array
    for output in outputs:
        tensor = output
        if tensor._array is array:
            return twin(tensor)
    return array


def names(node: Any, parameters: list[str]) -> list[str]:
    """For everything saved: the attribute of forward's parameter that it was, or of the result.

    A saved input is recognised by where its gradient goes; the first parameter with that edge and not named yet is it.
    None stands where an input was not needed.
    """
    found: list[str] = []
    by_position = len(node._saved or ()) == node.rule.inputs
    for i, value in enumerate(node._saved or ()):
        name = parameters[i] if value is None and by_position else "_saved_result"
        if isinstance(value, Tensor) and type(value) is not Output:
            edge = value._edge()
            matching = [p for p, other in zip(parameters, node.next_functions) if other == edge and p not in found]
            name = matching[0] if matching else parameters[0]
        found.append(name)
    return found


class Output(Tensor):
    """A saved output: the same memory and version, but no reference to the node (that would be a cycle)."""

    maker: str | None = None  # the name of the node that made it, if that is not the one that saved it


def twin(output: Tensor) -> Tensor:
    """A stand-in for `output` that does not hold its node."""
    copy = TensorBase.__new__(Output)
    copy._array = output._array
    copy._counter = output._version_counter()
    copy._output_nr = output._output_nr
    copy._requires_grad = output._requires_grad
    return copy


def unpack(node: Node, as_tensors: bool) -> list:
    """The saved values: arrays, or Tensors when the gradient is being recorded (or the caller asks for them)."""
    if node._freed:
        raise freed_error(node)
    values: list = []
    versions = node._versions
    for value in node._saved or ():
        if isinstance(value, _Packed):
            value = value.unpack(node)
            values.append(value if as_tensors else value._array)
        elif isinstance(value, TensorBase):
            tensor = value
            counter = tensor._counter
            version = 0 if versions is None else versions[len(values)]
            if (0 if counter is None else counter.value) != version:
                raise _first_modified(node)
            if not as_tensors:
                values.append(tensor._array)
            else:
                values.append(_with_history(tensor, node) if type(value) is Output else value)
        else:
            values.append(wrap(value) if as_tensors and value is not None else value)
    return values


def _first_modified(node: Any) -> RuntimeError:
    """The error for the first of the saved tensors that were written to since: PyTorch looks in alphabetical order."""
    wrong = []
    rule = getattr(node, "rule", None)  # the nodes of users' Functions have none
    parameters = [] if rule is None else list(inspect.signature(rule.forward).parameters)[1:]
    by_position = rule is not None and len(node._saved) == rule.inputs  # each input was saved, or None in its place
    for i, (value, version) in enumerate(zip(node._saved, node._versions or [0] * len(node._saved))):
        if isinstance(value, Tensor) and value._counter is not None and value._counter.value != version:
            name = parameters[i] if by_position else ""
            wrong.append((PYTORCH_NAMES.get(name, name), i, value, version))
    _, _, value, version = min(wrong, key=lambda each: each[:2])
    return modified_error(node, value, version)


def _with_history(twin: TensorBase, node: Any) -> Tensor:
    """A saved output as the Tensor it was, made by `node`."""
    tensor = _new(Tensor)
    tensor._array, tensor._counter, tensor._output_nr = twin._array, twin._counter, twin._output_nr
    if twin._requires_grad:
        tensor._node, tensor._requires_grad = node, True
    return tensor


class _Packed:
    """A saved tensor in the form that a pack hook gave it."""

    def __init__(self, value: Any, node: Any, hooks: tuple):
        pack_hook, self.unpack_hook = hooks
        if not isinstance(value, Tensor):  # a mask, indices
            value = wrap(value)
        self.is_output = type(value) is Output
        if self.is_output:
            value = _with_history(value, node)
        self.output_nr, self.source = value._output_nr, None if self.is_output else value._node
        self.leaf = value if value._requires_grad and value._node is None else None
        version = 0 if value._counter is None else value._counter.value
        with no_grad():
            self.packed = pack_hook(value)
        if value._counter is not None and value._counter.value != version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook "
                "cannot be modified by in-place operations as this can lead to unexpected side-effects. Please open an "
                "issue if you need to perform in-place operations on the input to a pack hook."
            )

    def unpack(self, node: Any) -> Tensor:
        value = self.unpack_hook(self.packed)
        if not isinstance(value, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(value).__name__}"
            )
        tensor = wrap(value._array)
        source = node if self.is_output else self.source
        if source is not None:
            tensor._node, tensor._output_nr, tensor._requires_grad = source, self.output_nr, True
        elif self.leaf is not None:
            tensor._requires_grad = True
            tensor._accumulator = lambda leaf=self.leaf: leaf._edge()[0]
        return tensor


def pack_through_hooks(node: Any) -> None:
    """Give what `node` saved to the innermost pack hook."""
    innermost = state.saved_hooks[-1]
    node._saved = tuple(
        [_Packed(v, node, innermost) if isinstance(v, Tensor) or is_array(v) else v for v in node._saved]
    )


class saved_tensors_hooks:
    """Inside, tensors saved for backward pass through `pack_hook`; `unpack_hook` gives them back.

    Source: https://docs.pytorch.org/docs/2.13/autograd.html#torch.autograd.graph.saved_tensors_hooks

    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach().numpy().copy(), torch.from_numpy):
    ...     y = torch.exp(x)
    """

    def __init__(self, pack_hook: Callable, unpack_hook: Callable):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if state.saved_hooks_refused is not None:
            raise RuntimeError(state.saved_hooks_refused)
        for hook in (self.pack_hook, self.unpack_hook):
            if not callable(hook):
                raise TypeError(
                    "_push_saved_tensors_default_hooks(): incompatible function arguments. The following argument "
                    f"types are supported:\n\nTwo functions; {hook!r} is none."
                )
        usage.saved_hooks = True
        state.saved_hooks = (*state.saved_hooks, (self.pack_hook, self.unpack_hook))

    def __exit__(self, *exception: Any) -> None:
        state.saved_hooks = state.saved_hooks[:-1]


class disable_saved_tensors_hooks:
    """Inside, `saved_tensors_hooks` raises a RuntimeError that says `error_message`.

    >>> with torch.autograd.graph.disable_saved_tensors_hooks("not here"):
    ...     y = torch.exp(torch.ones(2, requires_grad=True))
    """

    def __init__(self, error_message: str):
        self.error_message = error_message

    def __enter__(self) -> None:
        if state.saved_hooks:
            raise RuntimeError(self.error_message)
        self._before, state.saved_hooks_refused = state.saved_hooks_refused, self.error_message

    def __exit__(self, *exception: Any) -> None:
        state.saved_hooks_refused = self._before
