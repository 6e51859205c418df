"""The same program on tinytorch and on the real PyTorch: what it gives, as plain Python, has to be the same.

A program is a function of the library. `outcome` turns what it returns (or the exception that it raises) into
something that can be compared: tensors into their dtype, shape and numbers, everything else by its type and value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import tinytorch as tt
import tinytorch.utils.data  # the name tt.utils.data

torch = pytest.importorskip("torch")


def plain(value: Any) -> Any:
    """`value` without a trace of the library that it came from."""
    if isinstance(value, (tt.Tensor, torch.Tensor)):
        return ("tensor", str(value.dtype).rpartition(".")[2], tuple(value.shape), value.tolist())
    if isinstance(value, np.ndarray):
        return ("array", value.dtype.str, value.shape, value.tolist())
    if isinstance(value, Mapping):
        return (type(value).__name__, {key: plain(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [plain(item) for item in value])
    return value if value is None or isinstance(value, (bool, int, float, str, bytes)) else type(value).__name__


def outcome(program: Callable, lib: Any) -> Any:
    """What the program returns; of an exception the class and the first paragraph of the text."""
    try:
        return plain(program(lib))
    except Exception as error:
        return type(error).__name__, str(error).partition("\n\n")[0]


def same(program: Callable) -> Any:
    """Assert that the program does the same with both libraries, and return what it gives."""
    ours, theirs = outcome(program, tt), outcome(program, torch)
    assert ours == theirs, f"tinytorch gives\n{ours}\n\nPyTorch gives\n{theirs}"
    return ours
