"""torch.testing.assert_close: are two tensors, numbers, or lists and dicts of them, equal within a tolerance?

Source: https://docs.pytorch.org/docs/2.13/testing.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch.dtypes import FLOAT, dtype, float64, int64
from tinytorch.functions.from_data import as_tensor
from tinytorch.functions.promoting import promote_types
from tinytorch.missing import getattr_for
from tinytorch.tensor import Tensor

# dtype: (relative, absolute) tolerance; 0 for all that are not here, integers and bools
TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """AssertionError unless |actual - expected| <= atol + rtol * |expected|, with equal shapes, dtypes and devices.

    Without tolerances those of the dtype are taken. `msg` replaces the error's text, or is a function of it.
    Source: https://docs.pytorch.org/docs/2.13/testing.html#torch.testing.assert_close

    >>> torch.testing.assert_close(torch.tensor([1., 2.]), torch.tensor([1., 2.0000001]))
    >>> torch.testing.assert_close(1.0, 2.0)
    Traceback (most recent call last):
        ...
    AssertionError: Scalars are not close!
    <BLANKLINE>
    Expected 2.0 but got 1.0.
    Absolute difference: 1.0 (up to 1e-07 allowed)
    Relative difference: 0.5 (up to 1e-07 allowed)
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
    compare = _Comparison(rtol, atol, equal_nan, check_device, check_dtype, check_layout, check_stride)
    try:
        compare.pair(actual, expected, "")
    except AssertionError as error:
        text = str(error) if msg is None else msg(str(error)) if callable(msg) else msg
        raise AssertionError(text) from None


class _Comparison:
    """The options of assert_close, and the comparison of whatever kinds of things it is given."""

    def __init__(self, rtol: Any, atol: Any, equal_nan: bool, device: bool, dtype: bool, layout: bool, stride: bool):
        self.rtol, self.atol, self.equal_nan = rtol, atol, equal_nan
        checks = (("device", device), ("dtype", dtype), ("layout", layout))
        self.attributes = ["shape", *[name for name, wanted in checks if wanted]]
        self.stride = stride

    def pair(self, actual: Any, expected: Any, place: str) -> None:
        """Compare two things; `place` says where they are in what the caller gave, as "[0]['a']"."""
        both = (actual, expected)
        if actual is None and expected is None:
            return
        if all(isinstance(each, (bool, np.bool_)) for each in both):
            if actual != expected:
                fail(f"Booleans mismatch: {actual} is not {expected}", place)
        elif all(isinstance(each, (int, float, complex)) for each in both):
            self.numbers(actual, expected, place)
        elif all(isinstance(each, (Tensor, np.ndarray)) for each in both):
            self.tensors(as_tensor(actual), as_tensor(expected), place)
        elif all(isinstance(each, Sequence) and not isinstance(each, str) for each in both):
            if len(actual) != len(expected):
                fail(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", place)
            for i, (one, other) in enumerate(zip(actual, expected)):
                self.pair(one, other, f"{place}[{i}]")
        elif all(isinstance(each, Mapping) for each in both):
            self.mappings(actual, expected, place)
        else:
            raise TypeError(
                f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
            )

    def mappings(self, actual: Mapping, expected: Mapping, place: str) -> None:
        missing, additional = sorted(expected.keys() - actual.keys()), sorted(actual.keys() - expected.keys())
        if missing or additional:
            fail(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {missing}\n"
                f"Additional keys in the actual mapping: {additional}",
                place,
            )
        for key in actual:
            self.pair(actual[key], expected[key], f"{place}[{key!r}]")

    def tolerances(self, *dtypes: dtype) -> tuple[float, float]:
        """rtol and atol: those given, or the larger ones of the dtypes."""
        if self.rtol is not None:
            return self.rtol, self.atol
        found = [TOLERANCES.get(each.name, (0.0, 0.0)) for each in dtypes]
        return max(rtol for rtol, _ in found), max(atol for _, atol in found)

    def numbers(self, actual: Any, expected: Any, place: str) -> None:
        rtol, atol = self.tolerances(float64 if isinstance(actual + expected, (float, complex)) else int64)
        difference = abs(actual - expected)
        both_nan = self.equal_nan and actual != actual and expected != expected
        if both_nan or actual == expected or difference <= atol + rtol * abs(expected):
            return
        relative = difference / abs(expected) if expected else float("inf")
        exact = not rtol and not atol
        fail(
            f"Scalars are not {'equal' if exact else 'close'}!\n\n"
            f"Expected {expected} but got {actual}.\n"
            f"Absolute difference: {difference}{allowed(atol, exact)}\n"
            f"Relative difference: {relative}{allowed(rtol, exact)}",
            place,
        )

    def tensors(self, actual: Tensor, expected: Tensor, place: str) -> None:
        for name in self.attributes:
            one, other = getattr(actual, name), getattr(expected, name)
            if one != other:
                fail(f"The values for attribute '{name}' do not match: {one} != {other}.", place)
        if self.stride and actual.stride() != expected.stride():
            fail(f"The values for attribute 'stride()' do not match: {actual.stride()} != {expected.stride()}.", place)
        rtol, atol = self.tolerances(actual.dtype, expected.dtype)
        common = promote_types(actual.dtype, expected.dtype)
        wide = common if common.category >= FLOAT else int64  # differences of bools and small integers fit
        a, b = [each.detach().to(wide).cpu().numpy() for each in (actual, expected)]
        with np.errstate(all="ignore"):
            difference = np.abs(a - b)
            close = (a == b) | (np.isfinite(b) & (difference <= atol + rtol * np.abs(b)))
            if self.equal_nan:
                close |= np.isnan(a) & np.isnan(b)
            if close.all():
                return None
            relative = difference / np.abs(b)
            if wide is int64:
                relative = relative.astype(np.float32)
        wrong = ~close
        if not a.ndim:
            return self.numbers_of(actual, expected, rtol, atol, place)
        exact = not rtol and not atol
        lines = [
            f"Tensor-likes are not {'equal' if exact else 'close'}!\n",
            f"Mismatched elements: {wrong.sum()} / {wrong.size} ({wrong.mean():.1%})",
        ]
        for name, errors, bound in (("absolute", difference, atol), ("relative", relative, rtol)):
            worst = np.unravel_index(np.argmax(np.where(wrong, errors, -1)), errors.shape)
            at = tuple(int(i) for i in worst)
            lines.append(f"Greatest {name} difference: {errors[worst].item()} at index {at}{allowed(bound, exact)}")
        return fail("\n".join(lines), place)

    def numbers_of(self, actual: Tensor, expected: Tensor, rtol: float, atol: float, place: str) -> None:
        """The comparison of 0-dimensional tensors, told as that of numbers."""
        _Comparison(rtol, atol, self.equal_nan, False, False, False, False).numbers(
            actual.item(), expected.item(), place
        )


def allowed(tolerance: float, exact: bool) -> str:
    return "" if exact else f" (up to {tolerance} allowed)"


def fail(text: str, place: str) -> None:
    """AssertionError, with the place in the caller's lists and dicts."""
    raise AssertionError(text + (f"\n\nThe failure occurred for item {place}" if place else ""))


__getattr__ = getattr_for(__name__)
