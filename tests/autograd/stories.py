"""Stories: the same few lines told with PyTorch and with tinytorch have to come out the same.

    @story
    def test_cube(lib):
        x = lib.tensor([1.0, 2.0], requires_grad=True)
        y = x**3
        yield y                             # a tensor: values, dtype, shape, strides, requires_grad, name of grad_fn
        yield failure(y.backward)           # the class of the error and its first line
        y.sum().backward()
        yield x.grad

A story is a generator that takes the library; what it yields is compared, step by step. Further parameters are
pytest's. Importing this module skips the tests that do so where PyTorch is not installed.
"""

from __future__ import annotations

import functools
import inspect
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import EPS, to_numpy
from tests.places import DEVICE, PLACE, left_to_the_device

torch = pytest.importorskip("torch")


def story(function: Callable) -> Callable:
    """The test that tells `function` twice and compares what it yields."""

    @functools.wraps(function)
    def test(*args: Any, **kwargs: Any) -> None:
        expected = _told(function, torch, args, kwargs)
        found = _told(function, tt, args, kwargs)
        for step, (mine, theirs) in enumerate(zip(found, expected)):
            _same(mine, theirs, f"step {step} (from 0)")
        assert len(found) == len(expected), f"{len(found)} steps instead of {len(expected)}"
        assert expected, "a story that yields nothing compares nothing"

    signature = inspect.signature(function)
    test.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])
    return pytest.mark.torch(test)


def _told(function: Callable, lib: Any, args: tuple, kwargs: dict) -> list:
    """What the story yields, as it was at that moment; an error that it lets through is its last step."""
    seen = []
    try:
        with tt.device(DEVICE):
            seen.extend(_seen(value) for value in function(lib, *args, **kwargs))
    except Exception as error:
        if lib is torch:
            raise
        raise AssertionError(f"fails after {len(seen)} steps, PyTorch does not") from error
    return seen


def _seen(value: Any) -> Any:
    """`value` in a form that does not change and can be compared: tensors as a description and their numbers."""
    if isinstance(value, (torch.Tensor, tt.Tensor)):
        about = {
            "dtype": str(value.dtype),
            "shape": tuple(value.shape),
            "strides": tuple(s for s, side in zip(value.stride(), value.shape) if side > 1) if value.numel() else (),
            "requires_grad": value.requires_grad,
            "grad_fn": None if value.grad_fn is None else value.grad_fn.name(),
        }
        return _Seen(about, to_numpy(value.detach()).copy())
    if isinstance(value, dict):
        return {key: _seen(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(_seen(each) for each in value)
    if isinstance(value, str):
        return value.replace("tinytorch", "torch").replace(f", device='{PLACE}'", "").replace("torch.cuda.", "torch.")
    return str(value) if isinstance(value, (torch.dtype, tt.dtype)) else value


class _Seen:
    """What a tensor was like."""

    def __init__(self, about: dict, array: np.ndarray):
        self.about, self.array = about, array

    def __repr__(self) -> str:
        return f"{self.array} {self.about}"


def _same(found: Any, expected: Any, where: str) -> None:
    if isinstance(expected, _Seen):
        assert isinstance(found, _Seen), f"{where}: {found!r} instead of {expected!r}"
        assert found.about == expected.about, f"{where}: {found.about} instead of {expected.about}"
        eps = EPS.get(expected.about["dtype"].removeprefix("torch."), 0)
        np.testing.assert_allclose(found.array, expected.array, rtol=8 * eps, atol=eps, err_msg=where)
    elif isinstance(expected, tuple):
        if found == "no error" and left_to_the_device(expected[-1]):
            return
        assert isinstance(found, tuple) and len(found) == len(expected), f"{where}: {found!r} instead of {expected!r}"
        for i, (mine, theirs) in enumerate(zip(found, expected)):
            _same(mine, theirs, f"{where}, item {i}")
    elif isinstance(expected, dict):
        assert isinstance(found, dict) and found.keys() == expected.keys(), (
            f"{where}: {found!r} instead of {expected!r}"
        )
        for key in expected:
            _same(found[key], expected[key], f"{where}, {key!r}")
    else:
        assert type(found) is type(expected) and found == expected, f"{where}: {found!r} instead of {expected!r}"


def failure(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """The class of the error that the call raises and the first line of its text; "no error" if there is none."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        return type(error).__name__, _first_line(error)
    return "no error"


def warned(function: Callable, *args: Any, **kwargs: Any) -> tuple:
    """What the call returns, and the classes and first lines of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*args, **kwargs)
    return result, [(each.category.__name__, _first_line(each.message)) for each in caught]


def _first_line(error: Any) -> str:
    line = str(error).strip().split("\n")[0]
    line = re.sub(r" \(Triggered internally at .*\)", "", line)  # where in its C++ source PyTorch is
    return re.sub(r"0x[0-9a-f]+", "0x", line).strip()


def vector(lib: Any, *values: float, dtype: str = "float64", grad: bool = True) -> Any:
    """A leaf with these values."""
    return lib.tensor(values, dtype=getattr(lib, dtype), requires_grad=grad)


def made(lib: Any, forward: Callable, backward: Callable) -> Any:
    """A Function of these two."""
    return type(
        "Made", (lib.autograd.Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    )
