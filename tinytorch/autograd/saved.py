"""What a rule saves for backward: kept with its version, handed out as arrays or as Tensors with a history."""

from __future__ import annotations

from typing import Any

from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.messages import freed_error, inference_error, modified_error
from tinytorch.tensor import Tensor, _new, wrap

_hooks: list[tuple] = []  # (pack, unpack) of saved_tensors_hooks, the innermost last


def pack(node: Any, args: tuple, arrays: list, outputs: Any) -> None:
    """Replace the arrays that a rule saved by the tensors they belong to, with the versions they had.

    An array that is neither an input nor an output (a mask, indices) stays as it is: it has no history. So does what an
    input of integers was converted to.
    """
    kept: list[Any] = []
    versions = []
    for array in node._saved:
        value, version = array, 0
        if array is not None:
            for arg, given in zip(args, arrays):
                if given is array:
                    if isinstance(arg, Tensor) and (arg._array is array or arg._array.dtype.kind in "fcV"):
                        value = arg
                        if arg._counter is not None:
                            version = arg._counter.value
                        if arg._inference:
                            raise inference_error()
                    break
            else:
                for output in outputs:
                    if output._array is array:
                        value = twin(output)
                        version = value._counter.value  # type: ignore[union-attr]
                        break
        kept.append(value)
        versions.append(version)
    node._saved, node._versions = kept, versions
    if _hooks:
        pack_through_hooks(node)


def names(node: Any, parameters: list[str]) -> list[str]:
    """For everything saved: the name of forward's parameter that it was, or "result".

    A saved input is recognised by where its gradient goes; the first parameter with that edge and not named yet is it.
    """
    found: list[str] = []
    for value in node._saved or ():
        name = "result"
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
    copy = _new(Output)
    copy._array = output._array
    copy._counter = output._version_counter()
    copy._output_nr = output._output_nr
    copy._requires_grad = output._requires_grad
    return copy


def unpack(node: Any, as_tensors: bool | None = None) -> Any:
    """The saved values: arrays, or Tensors when the gradient is being recorded (or the caller asks for them)."""
    if node._saved is None:
        raise freed_error(node)
    if as_tensors is None:
        as_tensors = state.recording
    values = []
    for value, version in zip(node._saved, node._versions):
        if type(value) is _Packed:
            value = value.unpack(node)
        elif isinstance(value, Tensor) and (0 if value._counter is None else value._counter.value) != version:
            raise modified_error(node, value, version)
        if isinstance(value, Tensor):
            if not as_tensors:
                value = value._array
            elif type(value) is Output:
                value = _with_history(value, node)
        elif as_tensors and value is not None:
            value = wrap(value)
        values.append(value)
    return values


def _with_history(twin: Tensor, node: Any) -> Tensor:
    """A saved output as the Tensor it was, made by `node`."""
    tensor = _new(Tensor)
    tensor._array, tensor._counter, tensor._output_nr = twin._array, twin._counter, twin._output_nr
    if twin._requires_grad:
        tensor._node, tensor._requires_grad = node, True
    return tensor


class _Packed:
    """A saved tensor in the form that a pack hook gave it."""

    def __init__(self, value: Tensor, hooks: tuple):
        pack_hook, self.unpack_hook = hooks
        self.is_output = type(value) is Output
        self.output_nr, self.edge = value._output_nr, (value._node, value._output_nr)
        self.leaf = value if value._requires_grad and value._node is None and not self.is_output else None
        bare = wrap(value._array)
        self.packed = pack_hook(bare)

    def unpack(self, node: Any) -> Tensor:
        value = self.unpack_hook(self.packed)
        if not isinstance(value, Tensor):
            raise TypeError(f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(value)}")
        tensor = wrap(value._array)
        source, output_nr = (node, self.output_nr) if self.is_output else self.edge
        if source is not None:
            tensor._node, tensor._output_nr, tensor._requires_grad = source, output_nr, True
        elif self.leaf is not None:
            tensor._requires_grad = True
            tensor._accumulator = lambda leaf=self.leaf: leaf._edge()[0]  # type: ignore[misc]
        return tensor


def pack_through_hooks(node: Any) -> None:
    """Give what `node` saved to the innermost pack hook."""
    hooks = _hooks[-1]
    node._saved = tuple([_Packed(v, hooks) if isinstance(v, Tensor) else v for v in node._saved])


class saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """Inside, tensors saved for backward pass through `pack_hook`; `unpack_hook` gives them back.

    Source: https://docs.pytorch.org/docs/2.13/autograd.html#torch.autograd.graph.saved_tensors_hooks
    """

    def __init__(self, pack_hook: Any, unpack_hook: Any):
        self.hooks = (pack_hook, unpack_hook)

    def __enter__(self) -> None:
        _hooks.append(self.hooks)

    def __exit__(self, *exception: Any) -> None:
        _hooks.pop()
