"""One call in tinytorch and in the real PyTorch, side by side: results to the bit, errors, warnings.

    same(lambda lib: [lib.arange(5), lib.zeros(2, 3).stride()])

Tensors are compared in dtype, shape, strides, bytes, requires_grad and is_leaf; everything else in type and value, and
what belongs to a library (a dtype, a device, a tensor's class) by its text. Importing this module skips the tests that
do so where PyTorch is not installed.
"""

import warnings

import numpy as np
import pytest

import tinytorch as tt
from tests.places import left_to_the_device
from tinytorch.device import host

torch = pytest.importorskip("torch")


ONCE = " This type of warning will be suppressed for the rest of this program."  # said by PyTorch, of itself


def to_bytes(tensor):
    """The elements in row-major order."""
    if isinstance(tensor, tt.Tensor):
        return np.ascontiguousarray(host(tensor.detach()._array)).tobytes()
    flat = tensor.detach().clone(memory_format=torch.contiguous_format).reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def outcome(call, lib):
    """What `call(lib)` gives: results, class and first line of the error, texts of the warnings."""
    torch.set_warn_always(True)  # else most of its warnings come once in a process
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result, error = call(lib), None
    except Exception as raised:
        result, error = None, (type(raised).__name__, str(raised).split("\n")[0])
    finally:
        torch.set_warn_always(False)
    told = [
        (each.category.__name__, str(each.message).split(" (Triggered")[0])
        for each in caught
        if "__array_" not in str(each.message)  # NumPy's, about PyTorch's __array__ and __array_wrap__
        and "TypedStorage is deprecated" not in str(each.message)  # once in a process
    ]
    # PyTorch looks at data twice and then warns twice
    return result, error, [*dict.fromkeys((kind, text.split("\n")[0].removesuffix(ONCE)) for kind, text in told)]


def same(call, values=True):
    """`call(lib)` does the same in both libraries; `values=False`: tensors may hold other numbers."""
    found, error, warned = outcome(call, tt)
    expected, wanted, wanted_warnings = outcome(call, torch)
    if error is None and left_to_the_device(wanted):
        return
    assert error == wanted, f"{error or found}\n  instead of {wanted or expected}"
    assert warned == wanted_warnings, f"warnings {warned}\n  instead of {wanted_warnings}"
    if wanted is None:
        assert_same(found, expected, values)


def assert_same(found, expected, values=True, where="result"):
    """`found` is what PyTorch has as `expected`."""
    if isinstance(expected, torch.Tensor):
        assert isinstance(found, tt.Tensor), f"{where}: {type(found)} instead of a tensor"
        for (name, one), (_, other) in zip(facts_of(found, values).items(), facts_of(expected, values).items()):
            assert one == other, f"{where}: {name} {one}\n  instead of {other}"
    elif isinstance(expected, (tuple, list)) and not isinstance(expected, torch.Size):
        assert type(found).__name__ == type(expected).__name__, where
        assert len(found) == len(expected), where
        for at, (one, other) in enumerate(zip(found, expected)):
            assert_same(one, other, values, f"{where}[{at}]")
    elif isinstance(expected, dict):
        assert_same([*found.items()], [*expected.items()], values, where)
    elif isinstance(expected, (np.ndarray, np.generic)):
        assert type(found) is type(expected), where
        assert (found.dtype, found.shape, found.strides) == (expected.dtype, expected.shape, expected.strides), where
        assert found.tobytes() == expected.tobytes(), where
    elif type(expected).__module__.partition(".")[0] == "torch" or isinstance(expected, type):
        text = str(found).replace("tinytorch", "torch")
        assert text == str(expected), f"{where}: {text} instead of {expected}"
    else:
        assert type(found) is type(expected), f"{where}: {type(found)} instead of {type(expected)}"
        nans = found != found and expected != expected
        assert found == expected or nans, f"{where}: {found!r} instead of {expected!r}"


def facts_of(tensor, values):
    """What two tensors have in common that are the same."""
    facts = {"dtype": str(tensor.dtype), "shape": tuple(tensor.shape), "stride": tensor.stride()}
    facts |= {"requires_grad": tensor.requires_grad, "is_leaf": tensor.is_leaf}
    return facts | ({"elements": str(tensor.tolist()), "bytes": to_bytes(tensor)} if values else {})
