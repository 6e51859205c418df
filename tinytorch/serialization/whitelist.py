"""What a file may name, and how the user lets it name more: add_safe_globals and its kin."""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import Any

from tinytorch import dtypes
from tinytorch.device import device
from tinytorch.serialization.rebuild import REBUILD_FUNCTIONS
from tinytorch.serialization.storage import STORAGE_TYPES, UntypedStorage
from tinytorch.serialization.unpickler import Whitelist
from tinytorch.tensor import Size, Tensor

_user_globals: set[Any] = set()


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let files name these classes and functions: `[Net, (function, "its.full.name.in.the.file")]`.

    Only for files that you trust: what is listed here is called when a file asks for it.

    >>> torch.serialization.add_safe_globals([complex])
    >>> torch.serialization.get_safe_globals()
    [<class 'complex'>]
    >>> torch.serialization.clear_safe_globals()
    """
    _user_globals.update(safe_globals)


def get_safe_globals() -> list[Any]:
    """What `add_safe_globals` was given so far."""
    return list(_user_globals)


def clear_safe_globals() -> None:
    """Forget what `add_safe_globals` was given."""
    _user_globals.clear()


@contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """`add_safe_globals` for the length of a `with` block.

    >>> with torch.serialization.safe_globals([complex]):
    ...     torch.serialization.get_safe_globals()
    [<class 'complex'>]
    """
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _user_globals.difference_update(safe_globals)


# ---- the list --------------------------------------------------------------------------------------------------------


def torch_names() -> Whitelist:
    """What files call by a name below `torch.`, those that we write as well as those that we read."""
    from tinytorch.nn.parameter import Parameter

    return Whitelist(
        values={
            **{f"torch.{each.name}": each for each in dtypes.ALL},
            **STORAGE_TYPES,
            "torch.storage.UntypedStorage": UntypedStorage,
            "torch.Tensor": Tensor,
            "torch.nn.parameter.Parameter": Parameter,
        },
        functions={**REBUILD_FUNCTIONS, "torch.Size": Size, "torch.device": device},
    )


def whitelist(weights_only: bool) -> Whitelist:
    """Data, what the user declared safe, and without `weights_only` also tinytorch's own classes."""
    allowed = torch_names()
    allowed.classes.update({"collections.OrderedDict": OrderedDict, "collections.Counter": Counter})
    allowed.functions.update(
        {
            "_codecs.encode": _encode,
            "builtins.bytes": _bytes,
            "builtins.bytearray": _bytearray,
            "builtins.set": set,
            "builtins.complex": complex,
        }
    )
    if not weights_only:
        allowed.functions["collections.defaultdict"] = _defaultdict
        allowed.values.update({f"builtins.{each.__name__}": each for each in (dict, list, int, float)})
    for thing, name in map(_named, _user_globals):
        (allowed.classes if isinstance(thing, type) else allowed.functions)[name] = thing
    allowed.find = lambda full_name: _find_own(full_name, weights_only)
    return allowed


def _named(entry: Any) -> tuple[Any, str]:
    """An entry of the user's list as the thing and its full name."""
    if not isinstance(entry, tuple):
        return entry, f"{entry.__module__}.{entry.__qualname__}"
    if len(entry) != 2:
        raise ValueError(
            f"Expected tuple of length 2 (global, str of callable full path), but got tuple of length: {len(entry)}"
        )
    if type(entry[1]) is not str:
        raise TypeError(f"Expected second item in tuple to be str of callable full path, but got: {type(entry[1])}")
    return entry


def _find_own(full_name: str, weights_only: bool) -> Any:
    """tinytorch's own class, or function of nn.functional, under our path or PyTorch's; None if it may not be named."""
    path, _, name = full_name.rpartition(".")
    package, _, inner = path.partition(".")
    if package not in ("torch", "tinytorch"):
        return None
    for module in (f"tinytorch.{inner}", f"tinytorch.{inner.partition('.')[0]}"):  # nn.modules.linear, then nn
        found = getattr(sys.modules.get(module), name, None)
        if not str(getattr(found, "__module__", "")).startswith("tinytorch."):
            continue
        if isinstance(found, type) and (not weights_only or found in _user_globals):
            return found
        if callable(found) and inner == "nn.functional" and not weights_only:
            return found
    return None


# ---- guarded forms of Python's own -----------------------------------------------------------------------------------


def _encode(text: str, encoding: str) -> bytes:
    """How protocol 2 writes bytes: as a text of the characters 0 to 255."""
    if encoding not in ("latin1", "latin-1"):
        raise UnpicklingError(f"bytes in the encoding {encoding}")
    return text.encode("latin1")


def _bytes() -> bytes:
    """How protocol 2 writes empty bytes."""
    return b""


def _bytearray(data: Any = b"", encoding: str = "latin1") -> bytearray:
    """`bytearray`, but never of a length: a mere number must not fill the memory."""
    if isinstance(data, str):
        data = _encode(data, encoding)
    if not isinstance(data, bytes):
        raise UnpicklingError(f"a bytearray made of {type(data)}")
    return bytearray(data)


def _defaultdict(factory: Callable | None = None) -> defaultdict:
    """`defaultdict`, whose factory makes an empty container or a zero."""
    if factory not in (None, dict, list, set, int, float):
        raise UnpicklingError(f"a defaultdict that calls {factory}")
    return defaultdict(factory)
