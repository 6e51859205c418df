"""summary: a table of a model's layers with their output shapes, parameters and memory.

`tinytorch.summary` is this module, and the function in it: the module can be called.
"""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tinytorch.autograd import no_grad
from tinytorch.creation import zeros
from tinytorch.nn.module import Module
from tinytorch.tensor import Tensor


def summary(model: Module, input_size: Any, dtypes: Any = None) -> Summary:
    """Print a table of the layers that an input of this size passes, in the order in which it does; return the table.

    input_size  the shape of the input with its batch dimension, (64, 1, 28, 28); a list of shapes for several inputs;
                tensors instead of shapes, where zeros will not do
    dtypes      of the input, or a list of those of all inputs: torch.long for indices; without it the default dtype

    The model runs once, in eval mode and without gradients, and is then as it was; no random number is drawn. A
    parameter that belongs to several layers counts once. Raises TypeError for what is no module or no shape, and
    RuntimeError, with the layer's name, when the model fails on that input.

    >>> net = torch.nn.Sequential(torch.nn.Linear(20, 7), torch.nn.ReLU(), torch.nn.Linear(7, 3))
    >>> table = torch.summary(net, (64, 20))
    Layer (type)     Output shape  Parameters
    -----------------------------------------
    Sequential            (64, 3)
      0 (Linear)          (64, 7)         147
      1 (ReLU)            (64, 7)
      2 (Linear)          (64, 3)          24
    -----------------------------------------
    Parameters                            171
      trainable                           171
      not trainable                         0
    Memory, about                     15.2 kB
      input                            5.1 kB
      layer outputs                    4.4 kB
      parameters                        684 B
      gradients                        5.0 kB
    >>> table.total_parameters
    171
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary() needs a torch.nn.Module, got {type(model).__name__}")
    inputs = make_inputs(input_size, dtypes)
    run = Run(model)
    with no_grad(), in_eval_mode(model), run.watched():
        try:
            model(*inputs)
        except Exception as error:
            raise RuntimeError(run.story(inputs, error)) from error
    table = Summary(run.rows + run.rows_of_unused_layers(), model, sum(map(size_in_bytes, inputs)))
    print(table)
    return table


def make_inputs(input_size: Any, dtypes: Any) -> list[Tensor]:
    """Tensors of zeros of the given shape or shapes; tensors as they are."""
    try:
        alone = isinstance(input_size, Tensor) or all(isinstance(side, int) for side in input_size)
        sizes = [input_size] if alone else list(input_size)
        kinds = list(dtypes) if isinstance(dtypes, (list, tuple)) else [dtypes] * len(sizes)
        if len(kinds) == len(sizes):
            return [
                size if isinstance(size, Tensor) else zeros(tuple(size), dtype=kind) for size, kind in zip(sizes, kinds)
            ]
    except TypeError:
        raise TypeError(
            "summary() needs the shape of the input with its batch dimension, such as (1, 28), or a list of such "
            f"shapes, got {input_size!r}"
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


# ---- watching a forward pass -----------------------------------------------------------------------------------------


@dataclass
class Row:
    """One call of a layer."""

    name: str  # as the layer above calls it; empty for the model itself
    type: str
    depth: int
    parameters: int | None  # its own, not those of layers inside it; None: there are none, or they counted before
    shape: str = "?"
    output_bytes: int = 0
    has_layers: bool = False  # did it call other layers?

    @property
    def label(self) -> str:
        return "  " * self.depth + (f"{self.name} ({self.type})" if self.name else self.type)


class Run:
    """The calls of a model's layers, as forward hooks see them."""

    def __init__(self, model: Module):
        self.names = {module: name for name, module in model.named_modules()}
        self.rows: list[Row] = []
        self.open: list[tuple[Module, Row]] = []  # the calls that have not returned
        self.called: set[Module] = set()
        self.counted: set[int] = set()  # ids of parameters

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
        name = self.names[module]
        if self.open:
            above, row = self.open[-1]
            row.has_layers = True
            name = name.removeprefix(self.names[above] + ".")
        row = self.row(module, name, len(self.open))
        self.rows.append(row)
        self.open.append((module, row))

    def leave(self, module: Module, args: tuple, output: Any) -> None:
        _, row = self.open.pop()
        row.shape = shape_text(output)
        given = {id_of_memory(tensor) for tensor in tensors_in(args)}
        new = [tensor for tensor in tensors_in(output) if id_of_memory(tensor) not in given]
        row.output_bytes = sum(map(size_in_bytes, new))
        self.called.add(module)

    def row(self, module: Module, name: str, depth: int) -> Row:
        own = [parameter for parameter in module.parameters(recurse=False) if id(parameter) not in self.counted]
        self.counted.update(map(id, own))
        return Row(name, type(module).__name__, depth, sum(p.numel() for p in own) if own else None)

    def rows_of_unused_layers(self) -> list[Row]:
        """Layers with parameters that the input did not pass: forgotten in forward, perhaps."""
        rows = [self.row(module, name, 1) for module, name in self.names.items() if module not in self.called]
        unused = [row for row in rows if row.parameters is not None]
        for row in unused:
            row.shape = "not called"
        return unused

    def story(self, inputs: list[Tensor], error: Exception) -> str:
        """Where the model failed, and why."""
        label = self.open[-1][1].label.strip() if self.open else "the model"
        passed = ", ".join(row.label.strip() for row in self.rows if row.shape != "?") or "none"
        reason = str(error).partition("\n")[0] or type(error).__name__
        return (
            f"summary: {label} failed: {reason}\n\n"
            f"The model's input had the shape {shape_text(inputs)}. Layers that it had passed: {passed}."
        )


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in a structure of tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from tensors_in(item)


def shape_text(value: Any) -> str:
    """The shapes of all tensors in a structure: "(64, 3)", or "(64, 3), (2, 64, 5)"."""
    return ", ".join(str(tuple(tensor.shape)) for tensor in tensors_in(value)) or type(value).__name__


def size_in_bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def id_of_memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


# ---- the table -------------------------------------------------------------------------------------------------------


class Summary:
    """What `summary` found: `str` is the table. Its numbers are attributes, memory in bytes."""

    def __init__(self, rows: list[Row], model: Module, input_bytes: int):
        parameters = list(model.parameters())
        trainable = [parameter for parameter in parameters if parameter.requires_grad]
        self.rows = rows
        self.model_type = type(model).__name__
        self.total_parameters = sum(p.numel() for p in parameters)
        self.trainable_parameters = sum(p.numel() for p in trainable)
        self.input_bytes = input_bytes
        # what a layer with layers inside returns is the output of one of those
        self.output_bytes = sum(row.output_bytes for row in rows if not row.has_layers)
        self.parameter_bytes = sum(map(size_in_bytes, [*parameters, *model.buffers()]))
        # training keeps a gradient for each layer's output and each trainable parameter
        self.gradient_bytes = (self.output_bytes + sum(map(size_in_bytes, trainable))) if trainable else 0
        self.total_bytes = self.input_bytes + self.output_bytes + self.parameter_bytes + self.gradient_bytes

    def __repr__(self) -> str:
        return f"<Summary of {self.model_type}: {self.total_parameters:,} parameters>"

    def __str__(self) -> str:
        layers = [(row.label, row.shape, "" if row.parameters is None else f"{row.parameters:,}") for row in self.rows]
        totals = [
            ("Parameters", "", f"{self.total_parameters:,}"),
            ("  trainable", "", f"{self.trainable_parameters:,}"),
            ("  not trainable", "", f"{self.total_parameters - self.trainable_parameters:,}"),
            ("Memory, about", "", bytes_text(self.total_bytes)),
            ("  input", "", bytes_text(self.input_bytes)),
            ("  layer outputs", "", bytes_text(self.output_bytes)),
            ("  parameters", "", bytes_text(self.parameter_bytes)),
            ("  gradients", "", bytes_text(self.gradient_bytes)),
        ]
        head = [("Layer (type)", "Output shape", "Parameters")]
        first, second, third = (max(len(line[i]) for line in head + layers + totals) for i in range(3))
        rule = "-" * (first + second + third + 4)

        def lines(cells: list[tuple[str, str, str]]) -> list[str]:
            return [f"{a:<{first}}  {b:>{second}}  {c:>{third}}".rstrip() for a, b, c in cells]

        return "\n".join([*lines(head), rule, *lines(layers), rule, *lines(totals)])


def bytes_text(count: float) -> str:
    """A number of bytes, for people.

    >>> [bytes_text(count) for count in (0, 999, 1000, 123456, 5e9)]
    ['0 B', '999 B', '1.0 kB', '123.5 kB', '5.0 GB']
    """
    if count < 1000:
        return f"{count} B"
    units = iter(("kB", "MB", "GB", "TB"))
    while count >= 999.95:  # which would be written as 1000.0
        count, unit = count / 1000, next(units)
    return f"{count:.1f} {unit}"


class _CallableModule(types.ModuleType):
    """An import of tinytorch.summary makes the name `tinytorch.summary` mean the module: let it be called too."""

    def __call__(self, *args: Any, **kwargs: Any) -> Summary:
        return summary(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule
