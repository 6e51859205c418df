"""torch.jit and torch.compile: tinytorch compiles nothing, so what is marked for a compiler runs as the Python it is.

That gives the same results. What needs a compiled program (tracing, saving and loading one) is not here.

Source: https://docs.pytorch.org/docs/2.13/jit.html
"""

from __future__ import annotations

from typing import Any, TypeVar

from tinytorch import missing
from tinytorch.nn.module import Module

T = TypeVar("T")


class ScriptModule(Module):
    """The class of compiled modules. No module is one here: libraries ask with isinstance, and get False."""

    def __init__(self) -> None:
        raise NotImplementedError(
            "tinytorch does not compile modules\n\n"
            "There is no torch.jit.ScriptModule: derive from torch.nn.Module, whose Python code runs as it stands."
        )


def script(obj: T, *args: Any, **kwargs: Any) -> T:
    """The function, class or module itself, not compiled.

    >>> @torch.jit.script
    ... def square(x):
    ...     return x * x
    >>> square(torch.tensor(3.0))
    tensor(9.)
    """
    return obj


def compile(model: Any = None, **options: Any) -> Any:
    """torch.compile: the function or module itself; without one, a decorator that leaves it as it is.

    >>> torch.compile(torch.nn.Identity(), mode="reduce-overhead")
    Identity()
    """
    return unused if model is None else model


def script_if_tracing(fn: T) -> T:
    """The function itself: nothing is ever traced."""
    return fn


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """A decorator, with or without arguments, that leaves a method as it is."""
    return drop if callable(drop) else unused


def unused(fn: T) -> T:
    """The method itself, which PyTorch's compiler would leave out."""
    return fn


def export(fn: T) -> T:
    """The method itself, which PyTorch's compiler would compile too."""
    return fn


def annotate(the_type: Any, the_value: T) -> T:
    """The value itself, whose type PyTorch's compiler would be told."""
    return the_value


def is_scripting() -> bool:
    """Is this code being compiled? False."""
    return False


def is_tracing() -> bool:
    """Is this code being traced? False."""
    return False


__getattr__ = missing.getattr_for(__name__)
