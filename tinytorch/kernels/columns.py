"""Beside each function of a NumPy twin the one for GPUs: whose arrays go to which, asked once a GPU is in use."""

from __future__ import annotations

import functools
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

from tinytorch.device import accelerator, on_gpu
from tinytorch.kernels.quiet import silenced


def columns(twin: ModuleType, quietly: bool = True) -> SimpleNamespace:
    """The functions of a twin, which pass a GPU's arrays on; `quietly`: with NumPy's warnings off, as compiled ones."""
    own = {
        name: value
        for name, value in vars(twin).items()
        if callable(value) and getattr(value, "__module__", "") == twin.__name__
    }
    return SimpleNamespace(**{name: _placed(silenced(f) if quietly else f, f, twin) for name, f in own.items()})


def _placed(on_host: Any, function: Any, twin: ModuleType) -> Any:
    """`on_host`, or for a GPU's arrays the function of the same name in kernels/gpu, or else the twin's own."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if accelerator.library is not None and (any(map(on_gpu, args)) or _lists_arrays_of_gpu(args[0])):
            return _on_gpu(function, twin.__name__)(*args, **kwargs)
        return on_host(*args, **kwargs)

    return call


def _lists_arrays_of_gpu(arg: Any) -> bool:
    """Is it a list of an optimizer's steps, the first of whose parameters is in the memory of a GPU?"""
    return type(arg) is list and bool(arg) and on_gpu(arg[0][0])


@functools.cache
def _on_gpu(function: Any, twin: str) -> Any:
    """What a GPU's arrays go to: the function of kernels/gpu that is called like the twin's, if there is one."""
    family = twin.rpartition(".")[2]
    name = f"tinytorch.kernels.gpu.{family}"
    return getattr(import_module(name), function.__name__, function) if find_spec(name) else function
