"""How tensors and their companions look as text, to PyTorch's letter: `tensor([1., 2.], grad_fn=<MulBackward0>)`.

Nothing here knows the Tensor class. `tensor_repr` takes an array and the few facts that are printed beside the numbers,
and works in three steps:

1. `_shown_part` keeps the elements that will be printed: all of them, or only the edges of a large tensor;
2. `_write_reals` turns these into texts of one common width, choosing one notation for all;
3. `_bracket` lays the texts out in nested brackets and breaks the lines.

`_append_facts` then adds what stands behind the numbers (dtype, device, grad_fn, ...).

Source: https://docs.pytorch.org/docs/2.13/generated/torch.set_printoptions.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

# ---------------------------------------------------------------------------------------------------------------------
# Options
# ---------------------------------------------------------------------------------------------------------------------


class PrintOptions:
    """The settings that `set_printoptions` changes: one plain object for the whole program, all threads alike."""

    def __init__(self) -> None:
        self.precision = 4  # digits after the decimal point
        self.threshold: float = 1000  # a tensor with more elements than this is shown by its edges
        self.edgeitems = 3  # how many rows (or elements) an edge has
        self.linewidth = 80  # characters in a line
        self.sci_mode: bool | None = None  # 1.0000e+03 always, never, or (None) when the numbers ask for it


OPTIONS = PrintOptions()

_PROFILES: dict[str, dict[str, float]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Choose how tensors are printed; what is not given stays, except `sci_mode`, which goes back to automatic.

    `profile` is `"default"`, `"short"` or `"full"` and is applied before the other arguments.

    >>> set_printoptions(precision=2)
    >>> print(tensor_repr(np.array([1.12345], np.float32)))
    tensor([1.12])
    >>> set_printoptions(profile="default")
    >>> print(tensor_repr(np.array([1.12345], np.float32)))
    tensor([1.1235])
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    chosen = dict(_PROFILES.get(profile, {})) if profile is not None else {}
    chosen.update({name: value for name, value in given.items() if value is not None})
    for name, value in chosen.items():
        setattr(OPTIONS, name, value)
    OPTIONS.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options in force, as keyword arguments for `set_printoptions`.

    >>> get_printoptions()
    {'precision': 4, 'threshold': 1000, 'edgeitems': 3, 'linewidth': 80, 'sci_mode': None}
    """
    return dict(vars(OPTIONS))


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """`set_printoptions(**options)` for the length of a `with` block.

    >>> with printoptions(precision=1):
    ...     print(tensor_repr(np.array([0.25, 0.5], np.float32)))
    tensor([0.2, 0.5])
    """
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


# ---------------------------------------------------------------------------------------------------------------------
# Step 1: which elements are shown
# ---------------------------------------------------------------------------------------------------------------------


def _shown_part(array: np.ndarray) -> tuple[np.ndarray, tuple[bool, ...]]:
    """The elements to print, and for every axis whether its middle was left out."""
    if array.size <= OPTIONS.threshold:
        return array, (False,) * array.ndim
    edge = OPTIONS.edgeitems
    cut = tuple(length > 2 * edge for length in array.shape)
    edges = [np.r_[:edge, n - edge : n] if is_cut else np.arange(n) for n, is_cut in zip(array.shape, cut)]
    return array[np.ix_(*edges)], cut


# ---------------------------------------------------------------------------------------------------------------------
# Step 2: numbers become texts
# ---------------------------------------------------------------------------------------------------------------------


def _write_exact(values: Sequence[bool | int]) -> tuple[list[str], int]:
    """Booleans and integers: as Python writes them, right-aligned."""
    texts = [str(value) for value in values]
    width = max(map(len, texts), default=1)
    return [text.rjust(width) for text in texts], width


def _write_reals(values: Sequence[float]) -> tuple[list[str], int]:
    """Floats, all in one notation: `1.` if each is whole, `1.0000e+00` if they span too much, `1.0000` otherwise.

    Notation and width are decided by the numbers that are finite and not zero. So a tensor of zeros, infinities and
    nans has width 1, whatever is printed: this shows in where its lines break, and PyTorch's break there too.
    """
    deciding = [value for value in values if value != 0 and math.isfinite(value)]
    whole = all(value.is_integer() for value in deciding)
    digits = OPTIONS.precision
    if deciding and _is_scientific(deciding):
        texts = [f"{value:.{digits}e}" for value in values]
    elif whole:
        texts = [f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}" for value in values]
    else:
        texts = [f"{value:.{digits}f}" for value in values]
    width = 1
    for value, text in zip(values, texts):
        if len(text) > width and value != 0 and math.isfinite(value):
            width = len(text)
    return [text.rjust(width) for text in texts], width


def _is_scientific(deciding: Sequence[float]) -> bool:
    """Largest and smallest magnitude decide, unless the option `sci_mode` does."""
    if OPTIONS.sci_mode is not None:
        return OPTIONS.sci_mode
    magnitudes = [abs(value) for value in deciding]
    smallest, largest = min(magnitudes), max(magnitudes)
    return largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4


def _write_complex(values: Sequence[complex]) -> tuple[list[str], int]:
    """`1.5000-2.0000j`: the real parts are aligned among themselves, the imaginary parts follow without padding."""
    reals, real_width = _write_reals([value.real for value in values])
    imags, imag_width = _write_reals([value.imag for value in values])
    texts = []
    for real, imag in zip(reals, imags):
        imag = imag.lstrip()
        texts.append(f"{real}{imag}j" if imag.startswith("-") else f"{real}+{imag}j")
    return texts, real_width + imag_width + 1


def _write(array: np.ndarray) -> tuple[list[str], int]:
    """The texts of all elements in reading order, and the width that line breaking reckons with."""
    kind = array.dtype.kind
    if kind in "biu":
        return _write_exact(array.ravel().tolist())
    if kind == "c":
        return _write_complex(array.ravel().tolist())
    if kind != "f":  # bfloat16, whose kind is "V" in NumPy's eyes; float32 holds each of its values exactly
        array = array.astype(np.float32)
    return _write_reals(array.ravel().tolist())


# ---------------------------------------------------------------------------------------------------------------------
# Step 3: texts become nested brackets
# ---------------------------------------------------------------------------------------------------------------------


def _bracket(texts: list[str], shape: Sequence[int], cut: Sequence[bool], indent: int, width: int) -> str:
    """Nested brackets around `texts`, the first bracket standing in column `indent`."""
    if not shape:
        return texts[0]
    edge = OPTIONS.edgeitems
    if len(shape) == 1:
        if cut[0]:
            texts = [*texts[:edge], " ...", *texts[edge:]]
        per_line = max(1, math.floor((OPTIONS.linewidth - indent) / (width + len(", "))))
        parts = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
    else:
        step = len(texts) // shape[0]
        parts = [
            _bracket(texts[i * step : (i + 1) * step], shape[1:], cut[1:], indent + 1, width) for i in range(shape[0])
        ]
        if cut[0]:
            parts.insert(edge, "...")
    newlines = "\n" * max(1, len(shape) - 1)  # matrices of a stack are separated by an empty line, and so on upwards
    return "[" + f",{newlines}{' ' * (indent + 1)}".join(parts) + "]"


def _contents(array: np.ndarray, indent: int) -> str:
    """The numbers in their brackets."""
    if array.size == 0:
        return "[]"
    if array.ndim > 0 and array.size > OPTIONS.threshold and OPTIONS.edgeitems == 0:
        return "[...]"
    shown, cut = _shown_part(array)
    texts, width = _write(shown)
    return _bracket(texts, shown.shape, cut, indent, width)


def _append_facts(text: str, facts: Sequence[str], indent: int) -> str:
    """`text, fact, fact)`, each fact on a new line when the present one would grow beyond the line width."""
    # Two characters more than the line is long: so PyTorch counts, and its lines break accordingly.
    length = len(text) - (text.rfind("\n") + 1) + 2
    for fact in facts:
        if length + len(fact) + 2 > OPTIONS.linewidth:
            text += ",\n" + " " * indent + fact
            length = indent + len(fact)
        else:
            text += ", " + fact
            length += len(fact) + 2
    return text + ")"


# ---------------------------------------------------------------------------------------------------------------------
# The public texts
# ---------------------------------------------------------------------------------------------------------------------


def tensor_repr(
    array: np.ndarray,
    *,
    dtype_name: str | None = None,
    default_dtype: str = "float32",
    device: str = "cpu",
    requires_grad: bool = False,
    grad_fn_name: str | None = None,
    class_name: str = "tensor",
    contents: str | None = None,
) -> str:
    """The `repr` of a tensor whose elements are `array`, a NumPy array of any dtype that tensors have, on the host.

    - `dtype_name`: PyTorch's name without `torch.`, by default the array's own; it is printed when nobody could guess
      it from the numbers and `default_dtype`, always so for an empty tensor that is not of the default dtype;
    - `device`: printed unless it is the CPU;
    - `grad_fn_name`: the class of the backward node; without one, `requires_grad` is printed where it is true;
    - `class_name`: `tensor`, or the name of a subclass;
    - `contents`: a text to print in place of the numbers.

    >>> print(tensor_repr(np.array([[1, -2], [3, 4]], np.int32)))
    tensor([[ 1, -2],
            [ 3,  4]], dtype=torch.int32)
    >>> print(tensor_repr(np.array([0.5, 2000.0], np.float32), grad_fn_name="MulBackward0"))
    tensor([5.0000e-01, 2.0000e+03], grad_fn=<MulBackward0>)
    >>> print(tensor_repr(np.zeros((0, 3), np.float32), requires_grad=True))
    tensor([], size=(0, 3), requires_grad=True)
    """
    name = dtype_name or array.dtype.name
    prefix = class_name + "("
    facts = []
    if not device.startswith("cpu"):
        facts.append(f"device='{device}'")
    size = f"size={tuple(array.shape)}"
    if array.size == 0:
        if array.ndim != 1:
            facts.append(size)
        if name != default_dtype:
            facts.append(f"dtype=torch.{name}")
    else:
        if OPTIONS.edgeitems == 0:
            facts.append(size)
        default_complex = "complex128" if default_dtype == "float64" else "complex64"
        if name not in (default_dtype, default_complex, "int64", "bool"):
            facts.append(f"dtype=torch.{name}")
    if grad_fn_name is not None:
        facts.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        facts.append("requires_grad=True")
    if contents is None:
        contents = _contents(array, len(prefix))
    return _append_facts(prefix + contents, facts, len(prefix))


def parameter_repr(tensor_text: str) -> str:
    r"""The `repr` of an `nn.Parameter` whose tensor looks like `tensor_text`.

    >>> print(parameter_repr("tensor([1.], requires_grad=True)"))
    Parameter containing:
    tensor([1.], requires_grad=True)
    """
    return "Parameter containing:\n" + tensor_text


def format_tensor(tensor: Any, spec: str, plain_class: type[Any]) -> str:
    """`format(tensor, spec)`: a 0-dim tensor is formatted as its number, every other one only takes the empty spec.

    `plain_class` is Tensor itself: its subclasses, Parameter for one, are never formatted as numbers. An array, which
    is as good as a tensor here, shows it:

    >>> format_tensor(np.array(3.14159), ".2f", np.ndarray)
    '3.14'
    """
    if type(tensor) is plain_class and tensor.ndim == 0:
        return format(tensor.item(), spec)
    return object.__format__(tensor, spec)


def size_repr(sizes: Sequence[int]) -> str:
    """The `repr` of a `torch.Size`.

    >>> size_repr((2, 3))
    'torch.Size([2, 3])'
    """
    return f"torch.Size([{', '.join(map(str, sizes))}])"


def return_type_repr(name: str, fields: Sequence[tuple[str, object]]) -> str:
    """The `repr` of the named tuple that `torch.max` and its like return, one line for each field.

    >>> print(return_type_repr("max", [("values", 3.0), ("indices", 1)]))
    torch.return_types.max(
    values=3.0,
    indices=1)
    """
    lines = ",\n".join(f"{field}={value!r}" for field, value in fields)
    return f"torch.return_types.{name}(\n{lines})"
