"""Reading the arguments of public functions: sizes given in several ways, and PyTorch's texts for wrong ones.

Nothing here is on the path of a call that succeeds, except `sizes`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.device import is_array
from tinytorch.dtypes import _FROM_PYTHON
from tinytorch.dtypes import dtype as Dtype


def type_name(value: Any) -> str:
    """The name of a value's class as PyTorch's messages have it: int, Tensor, numpy.ndarray, torch.dtype."""
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    if package in ("numpy", "decimal", "collections"):  # classes written in C are shown with their module
        return f"{package}.{kind.__name__}"
    return f"torch.{kind.__name__}" if kind.__name__ in ("dtype", "device", "Size", "layout") else kind.__name__


def wrong_type(
    function: str, argument: str, position: int | None, expected: str, value: Any, at: int | None = None
) -> TypeError:
    """The error for an argument of the wrong type, or its element `at`; `position` counts from 1, None for keywords."""
    where = "" if position is None else f" (position {position})"
    found = f"not {type_name(value)}" if at is None else f"but found element of type {type_name(value)} at pos {at}"
    return TypeError(f"{function}(): argument '{argument}'{where} must be {expected}, {found}")


def no_such_form(function: str, args: tuple, named: dict[str, Any], forms: tuple[str, ...] = ()) -> TypeError:
    """The error for a call that fits none of a function's forms."""
    given = [type_name(value) for value in args]
    given += [f"{name}={type_name(value)}" for name, value in named.items()]
    listed = ", ".join(given) + (", " if named and not args else "")
    lines = "".join(f"\n * {form}" for form in forms)
    return TypeError(
        f"{function}() received an invalid combination of arguments - got ({listed}), but expected one of:{lines}"
    )


def sizes(function: str, args: tuple, size: Any = None) -> tuple[int, ...]:
    """The shape in f(2, 3), f((2, 3)), f(torch.Size([2, 3])) or f(size=(2, 3)); TypeError for what is no shape.

    >>> from tinytorch.arguments import sizes
    >>> sizes("zeros", (2, 3)), sizes("zeros", ([2, 3],)), sizes("zeros", (), size=(2,))
    ((2, 3), (2, 3), (2,))
    """
    if size is None and len(args) == 1 and type(args[0]) in (tuple, list):
        if _whole(args[0]):
            return tuple(args[0])
    elif size is None and args and _whole(args):
        return args
    position: int | None = 1
    listed = size is not None
    if size is not None:
        if args:
            raise TypeError(f"{function}() got multiple values for argument 'size'")
        args, position = (size,), None
        if as_int(size) is not None:
            raise wrong_type(function, "size", None, "tuple of ints", size)
    elif not args:
        raise TypeError(f'{function}() missing 1 required positional arguments: "size"')
    first = args[0]
    if type(first) is not int and as_int(first) is None:
        if len(args) > 1:
            raise TypeError(f"{function}() takes 1 positional argument but {len(args)} were given")
        if not isinstance(first, (tuple, list)):
            raise wrong_type(function, "size", position, "tuple of ints", first)
        args, listed = tuple(first), True
    shape = []
    for i, side in enumerate(args):
        whole = side if type(side) is int else as_int(side, bools=i > 0)
        if whole is None:
            if listed and not i:
                where = "" if position is None else f" (position {position})"
                raise TypeError(
                    f"{function}(): argument 'size'{where} must be tuple of ints, but found element of type "
                    f"{type_name(side)} at pos 0"
                )
            raise TypeError(
                f"{function}(): argument 'size' failed to unpack the object at pos {i + 1} with error "
                f'"type must be tuple of ints,but got {type_name(side)}"'
            )
        shape.append(whole)
    return tuple(shape)


def _whole(sides: Any) -> bool:
    """Are all of them plain ints?"""
    for side in sides:  # noqa: SIM110 - a third of the time of all(...)
        if type(side) is not int:
            return False
    return True


def as_int(value: Any, bools: bool = False) -> int | None:
    """`value` as an int where it is one: Python's, NumPy's, or a tensor or 0-dim array of one integer; else None."""
    if isinstance(value, (bool, np.bool_)):
        return int(value) if bools else None
    if isinstance(value, (int, np.integer)):
        return int(value)
    array = getattr(value, "_array", value)
    if is_array(array) and array.dtype.kind in "iu" and array.size == 1 and (array is not value or not array.ndim):
        return int(array.item())
    return None


def as_dtype(function: str, value: Any) -> Dtype:
    """A dtype= argument: a dtype, or one of Python's bool, int, float, complex."""
    if isinstance(value, Dtype):
        return value
    found = _FROM_PYTHON.get(value) if isinstance(value, type) else None
    if found is None:
        raise wrong_type(function, "dtype", None, "torch.dtype", value)
    return found


def as_flag(function: str, name: str, value: Any) -> bool:
    """An argument that has to be a bool; None counts as False."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise wrong_type(function, name, None, "bool", value)
    return value


def as_whole(function: str, name: str, position: int, value: Any) -> int:
    """An argument that has to be an int."""
    found = as_int(value)
    if found is None:
        raise wrong_type(function, name, position, "int", value)
    return found


def as_real(function: str, name: str, position: int | None, value: Any) -> float:
    """An argument that has to be a real number: Python's, NumPy's, or a 0-dim tensor of one that needs no gradient."""
    if isinstance(value, (int, float)):  # bools are ints
        return value
    if isinstance(value, (np.integer, np.floating)):
        return value.item()
    array = getattr(value, "_array", None)
    if array is not None and not array.ndim and array.dtype.kind != "c" and not value.requires_grad:
        return array.item()
    raise wrong_type(function, name, position, "float", value)
