"""summary: a table of a model's layers with their output shapes, parameters and memory.

`tinytorch.summary` is this module, and the function in it: the module can be called.
"""

from __future__ import annotations

import contextlib
import math
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from tinytorch.autograd import no_grad
from tinytorch.creation import zeros
from tinytorch.nn import Module, ModuleList, Parameter, ParameterDict, ParameterList, Sequential
from tinytorch.tensor import Tensor

BYTES = 4  # of a number, whatever its dtype
MEGABYTE = 1024**2


def summary(model: Module, input_size: Any, batch_size: int = -1, device: Any = None, dtypes: Any = None) -> None:
    """Print a table of the layers that an input of this size passes, as the package torchsummary does.

    input_size  the shape of one sample, without the batch dimension: (1, 28, 28); a list of shapes for several inputs
    batch_size  the first dimension in the table and a factor of the sizes in MB; the model itself runs on a batch of 2
    device      where the inputs are made; by default, where the model's first parameter is
    dtypes      of the input, or a list of those of all inputs: [torch.long] for indices; else the default dtype

    A row is one call of a module, in the order in which the calls return; Sequential, ModuleList and the model have no
    row. The totals are about the parameters of the modules called and the model's own, each counted once. The sizes
    take each number as 4 bytes, and each layer's output twice, for its gradient.

    The model runs in eval mode on zeros and is afterwards as it was; no random number is drawn. Raises TypeError for
    what is no module or no shape, and RuntimeError, with the layer's name, when the model fails on that input.
    Source: the table of the package torchsummary 1.5.1

    >>> torch.summary(torch.nn.Sequential(torch.nn.Linear(20, 7), torch.nn.ReLU()), (20,))
    ----------------------------------------------------------------
            Layer (type)               Output Shape         Param #
    ================================================================
                Linear-1                    [-1, 7]             147
                  ReLU-2                    [-1, 7]               0
    ================================================================
    Total params: 147
    Trainable params: 147
    Non-trainable params: 0
    ----------------------------------------------------------------
    Input size (MB): 0.00
    Forward/backward pass size (MB): 0.00
    Params size (MB): 0.00
    Estimated Total Size (MB): 0.00
    ----------------------------------------------------------------
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary() needs a torch.nn.Module, got {type(model).__name__}")
    inputs = make_inputs(input_size, device or next((p.device for p in model.parameters()), "cpu"), dtypes)
    run = Run(model, batch_size)
    with no_grad(), in_eval_mode(model), run.watched():
        try:
            model(*inputs)
        except Exception as error:
            raise RuntimeError(run.story(inputs, error)) from error
    parameters = {id(parameter): parameter for parameter in [*run.parameters, *own_parameters(model)]}.values()
    total = sum(parameter.numel() for parameter in parameters)
    trainable = sum(parameter.numel() for parameter in parameters if parameter.requires_grad)
    batch = abs(batch_size)
    input_mb = sum(math.prod(tensor.shape[1:]) for tensor in inputs) * batch * BYTES / MEGABYTE
    outputs_mb = 2 * run.outputs * batch * BYTES / MEGABYTE
    parameters_mb = total * BYTES / MEGABYTE
    rule, double_rule = "-" * 64, "=" * 64
    print(rule, table_line("Layer (type)", "Output Shape", "Param #"), double_rule, sep="\n")
    print(*run.lines, double_rule, sep="\n")
    print(f"Total params: {total:,}\nTrainable params: {trainable:,}\nNon-trainable params: {total - trainable:,}")
    print(f"{rule}\nInput size (MB): {input_mb:.2f}\nForward/backward pass size (MB): {outputs_mb:.2f}")
    print(f"Params size (MB): {parameters_mb:.2f}")
    print(f"Estimated Total Size (MB): {input_mb + outputs_mb + parameters_mb:.2f}\n{rule}")


def make_inputs(input_size: Any, device: Any, dtypes: Any) -> list[Tensor]:
    """A batch of two samples of zeros for each shape."""
    try:
        sizes = [input_size] if all(isinstance(side, int) for side in input_size) else list(input_size)
        kinds = list(dtypes) if isinstance(dtypes, (list, tuple)) else [dtypes] * len(sizes)
        if len(kinds) == len(sizes):
            return [zeros((2, *size), dtype=kind, device=device) for size, kind in zip(sizes, kinds)]
    except TypeError:
        raise TypeError(
            "summary() needs the shape of the input without its batch dimension, such as (1, 28, 28), or a list of "
            f"such shapes, got {input_size!r}"
        ) from None
    raise TypeError(f"summary() got {len(kinds)} dtypes for {len(sizes)} inputs")


@contextlib.contextmanager
def in_eval_mode(model: Module) -> Iterator[None]:
    """Evaluate inside: dropout draws nothing. Afterwards each module is in its own mode again."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


class Run:
    """The calls of a model's modules, as forward hooks see them."""

    def __init__(self, model: Module, batch_size: int):
        self.names = {module: name for name, module in model.named_modules()}
        self.without_row = {model} if any(model.children()) else set()
        self.batch_size = batch_size
        self.open: list[Module] = []  # the calls that have not returned
        self.lines: list[str] = []  # of the table
        self.parameters: list[Parameter] = []  # of the modules called
        self.outputs = 0  # how many numbers the layers return for one sample

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        handles = []
        for module in self.names:
            handles += [module.register_forward_pre_hook(self.enter), module.register_forward_hook(self.leave)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def enter(self, module: Module, args: tuple) -> None:
        self.open.append(module)

    def leave(self, module: Module, args: tuple, output: Any) -> None:
        self.open.pop()
        own = own_parameters(module)
        self.parameters += own
        if module in self.without_row or isinstance(module, (Sequential, ModuleList)):
            return
        shapes = [list(tensor.shape) for tensor in tensors_in(output)]
        self.outputs += sum(math.prod(shape[1:]) for shape in shapes)
        shapes = [[self.batch_size, *shape[1:]] if shape else [] for shape in shapes]
        label = f"{type(module).__name__}-{len(self.lines) + 1}"
        shown = shapes[0] if isinstance(output, Tensor) else shapes
        self.lines.append(table_line(label, str(shown), f"{sum(parameter.numel() for parameter in own):,}"))

    def story(self, inputs: list[Tensor], error: Exception) -> str:
        """Where the model failed, and why."""
        name = self.names[self.open[-1]] if self.open else ""
        label = f"{name} ({type(self.open[-1]).__name__})" if name else "the model"
        passed = ", ".join(line.split()[0] for line in self.lines) or "none"
        reason = str(error).partition("\n")[0] or type(error).__name__
        return (
            f"summary: {label} failed: {reason}\n\n"
            f"The model's input, a batch of 2, had the shape {', '.join(str(tuple(x.shape)) for x in inputs)}. "
            f"Layers that it had passed: {passed}."
        )


def own_parameters(module: Module) -> list[Parameter]:
    """A module's parameters without those of layers inside it, which have rows of their own if they are called."""
    lists = [child for child in module.children() if isinstance(child, (ParameterList, ParameterDict))]
    return [parameter for owner in (module, *lists) for parameter in owner.parameters(recurse=False)]


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in a structure of tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from tensors_in(item)


def table_line(layer: str, shape: str, parameters: str) -> str:
    return f"{layer:>20}  {shape:>25} {parameters:>15}"


class _CallableModule(types.ModuleType):
    """An import of tinytorch.summary makes the name `tinytorch.summary` mean the module: let it be called too."""

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        summary(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule
