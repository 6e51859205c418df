"""The same call on tinytorch and on the real PyTorch: values, dtypes, shapes, gradients and errors have to agree.

    same("exp", sample((2, 3)))                                       # torch.exp(x) against tinytorch.exp(x)
    same("Tensor.add", sample((2, 3)), 2.5, alpha=3)                  # a method
    same(lambda lib, x: lib.where(x > 0, x, -x), sample((2, 3)))      # whatever takes the library first
    check(torch.exp, tt.exp, sample((2, 3)))                          # two functions
    same_inplace("exp", sample((2, 3)))                               # x.exp_(), recorded and not
    same_out("exp", sample((2, 3)))                                   # torch.exp(x, out=...), shapes and dtypes

NumPy arrays become tensors of both libraries, with the same strides; arrays in lists and tuples too; a NumPy dtype
becomes a dtype of each. Everything else is passed on as it is. With `grad=True` (the default) every floating point
tensor asks for a gradient, and what PyTorch can differentiate is compared with random weights, twice.

Numbers may differ by `ulp` units in the last place of their dtype (`grad_ulp` for gradients, relative also to the mean
size of the gradient's elements, since sums cancel). `atol` allows an absolute difference, for results that are sums.
Importing this module skips the tests that do so where PyTorch is not installed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import NoneType
from typing import Any

import numpy as np
import pytest

import tinytorch as tt
from tests.places import DEVICE, left_to_the_device, tensor_of
from tinytorch.device import host
from tinytorch.tensor import wrap

torch = pytest.importorskip("torch")

EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
EPS |= {"complex64": EPS["float32"], "complex128": EPS["float64"]}


# ---- inputs ----------------------------------------------------------------------------------------------------------

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
COMPLEXES = ("complex64", "complex128")
REALS = (*FLOATS, *INTEGERS, "bool")
DTYPES = (*REALS, *COMPLEXES)

SHAPES = ((), (1,), (0,), (3,), (2, 3), (2, 0, 3), (2, 1, 5))
BROADCASTS = (((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((), (3,)), ((2, 3), ()), ((), ()),
              ((0,), (1,)), ((2, 1, 3), (5, 1)))  # fmt: skip
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -2.5, 3.0, 1e-30, 1e30, np.inf, -np.inf, np.nan])


def numpy_dtype(name: Any) -> np.dtype:
    """The NumPy dtype of that name, bfloat16 included."""
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def sample(
    shape: tuple = (2, 3), dtype: Any = "float64", low: float = -2, high: float = 2, seed: int = 0
) -> np.ndarray:
    """Numbers drawn evenly from [low, high); integers and bools too (unsigned ones from [0, high])."""
    rng, dtype = np.random.default_rng((seed, len(shape), *shape)), numpy_dtype(dtype)
    if dtype.kind == "b":
        drawn = rng.random(shape) < 0.5
    elif dtype.kind in "iu":
        drawn = rng.integers(0 if dtype.kind == "u" else int(low), int(high), shape, endpoint=True)
    else:
        drawn = rng.uniform(low, high, shape)
    if dtype.kind == "c":
        drawn = drawn + 1j * rng.uniform(low, high, shape)
    return np.asarray(drawn).astype(dtype)


def strided(array: np.ndarray) -> np.ndarray:
    """The same elements, lying apart and in another order in memory (a 0-dimensional array as it is)."""
    if not array.ndim:
        return array
    apart = np.empty(tuple(2 * side for side in array.shape[::-1]), array.dtype).T
    view = apart[tuple([slice(None, None, 2)] * array.ndim)]
    view[...] = array
    return view


# ---- from one library to the other -----------------------------------------------------------------------------------


def to_torch(array: np.ndarray) -> Any:
    """A PyTorch tensor with the array's elements and strides, in memory of its own."""
    array = _copy(array)
    bits = array.view(np.int16) if array.dtype.name == "bfloat16" else array
    tensor = torch.from_numpy(bits)
    if tensor.is_contiguous():
        tensor = tensor.clone()  # into PyTorch's own memory, which can be resized
    return tensor if bits is array else tensor.view(torch.bfloat16)


def to_tinytorch(array: np.ndarray) -> tt.Tensor:
    """A tinytorch tensor with the array's elements and strides, in memory of its own, on the tests' device."""
    copy = _copy(array)
    return tensor_of(copy if copy.base is None else copy.base, copy)


def _copy(array: np.ndarray) -> np.ndarray:
    """A copy with the same strides (also 0)."""
    low = sum(min(0, stride * (side - 1)) for side, stride in zip(array.shape, array.strides) if side)
    high = sum(max(0, stride * (side - 1)) for side, stride in zip(array.shape, array.strides) if side)
    if low < 0 or not array.size:
        return array.copy()
    memory = np.zeros(high // array.itemsize + 1, array.dtype)
    copy = np.ndarray(array.shape, array.dtype, memory, 0, array.strides)
    copy[...] = array
    return copy


def to_numpy(tensor: Any) -> np.ndarray:
    """The elements of a tensor of either library."""
    if isinstance(tensor, tt.Tensor):
        return host(tensor._array)
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor._is_zerotensor():  # zeros without memory, as some gradients are
        tensor = tensor.clone()
    if tensor.dtype is torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(numpy_dtype("bfloat16"))
    return tensor.numpy()


def translate(value: Any, lib: Any, made: list, grad: bool) -> Any:
    """`value` for the library `lib`; the tensors made for it are added to `made`."""
    if isinstance(value, np.ndarray):
        tensor = (to_torch if lib is torch else to_tinytorch)(value)
        if grad and (tensor.dtype.is_floating_point or tensor.dtype.is_complex):
            tensor.requires_grad_()
        made.append(tensor)
        return tensor
    if isinstance(value, np.dtype):
        return getattr(lib, value.name)
    if type(value) in (list, tuple):
        return type(value)([translate(each, lib, made, grad) for each in value])
    return value


def is_tensor(value: Any) -> bool:
    return isinstance(value, (torch.Tensor, tt.Tensor))


def lookup(lib: Any, name: str) -> Callable:
    """The function called `name` in the library: "exp", "Tensor.exp", "special.erf"."""
    found = lib
    for part in name.split("."):
        found = getattr(found, part)
    return found


# ---- comparisons -----------------------------------------------------------------------------------------------------


def assert_equal(found: Any, expected: Any, *, ulp: float = 4, atol: float = 0.0, eps: float | None = None,
                 strides: bool = False, where: str = "result") -> None:  # fmt: skip
    """`found` (tinytorch's) is `expected` (PyTorch's): tensors, tuples of them, or anything that compares with ==."""
    if isinstance(expected, (tuple, list)) and not isinstance(expected, torch.Size):
        assert isinstance(found, (tuple, list)), f"{where}: {type(found)} instead of {type(expected)}"
        assert len(found) == len(expected), f"{where}: {len(found)} results instead of {len(expected)}"
        for i, (one, other) in enumerate(zip(found, expected)):
            assert_equal(one, other, ulp=ulp, atol=atol, eps=eps, strides=strides, where=f"{where}[{i}]")
            name = getattr(type(expected), "n_fields", 0) and _field(expected, i)
            assert not name or getattr(found, name) is one, f"{where} has no field {name}"
    elif isinstance(expected, torch.Tensor):
        assert isinstance(found, tt.Tensor), f"{where}: {type(found)} instead of a tensor"
        assert str(found.dtype) == str(expected.dtype), f"{where}: {found.dtype} instead of {expected.dtype}"
        assert tuple(found.shape) == tuple(expected.shape), f"{where}: {found.shape} instead of {expected.shape}"
        if strides:
            mine = tuple(stride // found._array.itemsize for stride in found._array.strides)
            assert mine == expected.stride(), f"{where}: strides {mine} instead of {expected.stride()}"
        assert_close(to_numpy(found), to_numpy(expected), ulp=ulp, atol=atol, eps=eps, where=where)
    elif isinstance(expected, (torch.dtype, torch.device, torch.Size)):
        assert str(found) == str(expected), f"{where}: {found} instead of {expected}"
    else:
        assert type(found) is type(expected), f"{where}: {type(found)} instead of {type(expected)}"
        assert found == expected or (found != found and expected != expected), f"{where}: {found} instead of {expected}"


def _field(named: Any, index: int) -> str:
    """The name of a field of PyTorch's named tuples."""
    return next(name for name in dir(named) if not name.startswith("_") and getattr(named, name) is named[index])


def assert_close(
    found: np.ndarray, expected: np.ndarray, *, ulp: float, atol: float, eps: float | None, where: str
) -> None:
    """Equal numbers, infinities and NaNs in the same places, and no more than `ulp` units in the last place apart.

    With `eps` the unit is that, relative to the size of the element and of the mean element.
    """
    name = expected.dtype.name
    if name not in EPS:
        wrong = found != expected
    else:
        wide = np.complex128 if expected.dtype.kind == "c" else np.float64
        with np.errstate(all="ignore"):
            a, b = found.astype(wide), expected.astype(wide)
            size = np.abs(b)
            if eps is not None and np.isfinite(size).any():
                size = size + size[np.isfinite(size)].mean()
            allowed = np.maximum(ulp * (eps or EPS[name]) * size, atol)
            wrong = ~_close(a.real, b.real, allowed)
            if wide is np.complex128:
                wrong = wrong | ~_close(a.imag, b.imag, allowed)
    if np.any(wrong):
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"{where}: {int(np.sum(wrong))} of {wrong.size} elements differ, first at {at}: "
            f"{found[at]!r} instead of {expected[at]!r}"
        )


def _close(a: np.ndarray, b: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    return (a == b) | (np.isnan(a) & np.isnan(b)) | (np.isfinite(b) & (np.abs(a - b) <= allowed))


class Outcome:
    """What a call gave: its result, or the exception (a warning is one, as everywhere in this suite)."""

    def __init__(self, function: Callable, lib: Any, args: tuple, kwargs: dict, grad: bool):
        self.tensors: list = []
        self.result = self.error = None
        args = tuple(translate(arg, lib, self.tensors, grad) for arg in args)
        kwargs = {key: translate(value, lib, self.tensors, grad) for key, value in kwargs.items()}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                with tt.device(DEVICE):
                    self.result = function(*args, **kwargs)
        except Exception as error:
            self.error = error

    @property
    def outputs(self) -> list:
        """The tensors among the results that gradients flow back from."""
        results = self.result if isinstance(self.result, (tuple, list)) else (self.result,)
        return [result for result in results if is_tensor(result) and result.requires_grad]


def assert_same_error(found: Outcome, expected: Outcome, message: bool, where: str) -> None:
    """Both calls succeeded, or both failed with the same class and first line."""
    if expected.error is None:
        if found.error is not None:
            raise AssertionError(f"{where}: fails, PyTorch's call does not") from found.error
        return
    if left_to_the_device(expected.error) and isinstance(found.error, (NoneType, IndexError, np.linalg.LinAlgError)):
        return  # or the few that compute on the CPU, or wait, say it in NumPy's words
    assert found.error is not None, f"{where}: no error; PyTorch has {expected.error!r}"
    mine, theirs = type(found.error).__name__, type(expected.error).__name__
    first, wanted = (str(each.error).split("\n")[0] for each in (found, expected))
    wanted = wanted.split(" (Triggered internally at ")[0]  # in warnings: a line of PyTorch's source
    if mine != theirs or (message and first != wanted):
        raise AssertionError(f"{where}: {mine}: {first}\n  instead of {theirs}: {wanted}") from found.error


# ---- the checks ------------------------------------------------------------------------------------------------------


def same(what: str | Callable, *args: Any, **kwargs: Any) -> None:
    """`what` (a name, or a function of the library and the arguments) does the same in both libraries; see `check`."""
    if isinstance(what, str):
        check(lookup(torch, what), lookup(tt, what), *args, **kwargs)
    else:
        check(lambda *a, **k: what(torch, *a, **k), lambda *a, **k: what(tt, *a, **k), *args, **kwargs)


def check(torch_fn: Callable, tt_fn: Callable, *args: Any, ulp: float = 4, grad_ulp: float = 64, atol: float = 0.0,
          grad: bool = True, second: bool = True, strides: bool = False, message: bool = True, node: bool = False,
          unchanged: bool = True, **kwargs: Any) -> None:  # fmt: skip
    """torch_fn(*args, **kwargs) and tt_fn(*args, **kwargs) agree.

    ulp, grad_ulp, atol  how far numbers may be apart
    grad, second         compare gradients, and those of the gradients
    strides              compare the strides of the results
    message              compare the first line of the error, not only its class
    node                 compare the name of the result's grad_fn
    unchanged            the arguments have their old values afterwards
    """
    expected = Outcome(torch_fn, torch, args, kwargs, grad=False)
    found = Outcome(tt_fn, tt, args, kwargs, grad=False)
    assert_same_error(found, expected, message, "without gradients")
    if expected.error is None:
        assert_equal(found.result, expected.result, ulp=ulp, atol=atol, strides=strides)
    if unchanged:
        for mine, theirs in zip(found.tensors, expected.tensors):
            assert_equal(mine, theirs, ulp=0, where="argument afterwards")
    if not grad or not any(tensor.dtype.is_floating_point or tensor.dtype.is_complex for tensor in expected.tensors):
        return

    expected = Outcome(torch_fn, torch, args, kwargs, grad=True)
    found = Outcome(tt_fn, tt, args, kwargs, grad=True)
    assert_same_error(found, expected, message, "with gradients")
    if expected.error is not None:
        return
    assert_equal(found.result, expected.result, ulp=ulp, atol=atol, strides=strides, where="result with gradients")
    assert len(found.outputs) == len(expected.outputs), (
        f"{len(found.outputs)} results require grad, {len(expected.outputs)} in PyTorch"
    )
    if node:
        for mine, theirs in zip(found.outputs, expected.outputs):
            names = [each.grad_fn and each.grad_fn.name() for each in (mine, theirs)]
            assert names[0] == names[1], f"grad_fn is {names[0]} instead of {names[1]}"
    if expected.outputs:
        _check_gradients(found, expected, grad_ulp, atol, second)


def _check_gradients(found: Outcome, expected: Outcome, ulp: float, atol: float, second: bool) -> None:
    """First and second gradients of the outputs for random weights."""
    leaves = [[t for t in each.tensors if t.requires_grad and t.is_leaf] for each in (found, expected)]
    # A gradient is as precise as the least precise tensor on its way.
    eps = max(EPS[str(t.dtype).removeprefix("torch.")] for t in (*leaves[1], *expected.outputs))
    weights = [weight_for(output, seed) for seed, output in enumerate(expected.outputs)]
    grads = []
    for each, lib, tensors in ((found, tt, leaves[0]), (expected, torch, leaves[1])):
        sides: list = []
        sided = [translate(weight, lib, sides, grad=True) for weight in weights]
        try:
            computed = lib.autograd.grad(each.outputs, tensors, sided, create_graph=second, allow_unused=True)
            grads.append((computed, sides, None))
        except RuntimeError as error:
            if lib is tt:
                raise
            grads.append((None, sides, error))
    (mine, my_weights, _), (theirs, their_weights, error) = grads
    if error is not None:
        raise AssertionError("PyTorch's backward fails") from error
    assert_equal(mine, theirs, ulp=ulp, atol=atol, eps=eps, where="gradient")
    if not second:
        return
    picks = [i for i, gradient in enumerate(theirs) if gradient is not None and gradient.requires_grad]
    assert picks == [i for i, gradient in enumerate(mine) if gradient is not None and gradient.requires_grad], (
        "other gradients than PyTorch's can be differentiated again"
    )
    if not picks:
        return
    seconds = []
    weights = [weight_for(theirs[i], 100 + i) for i in picks]
    for lib, computed, tensors, sides in ((tt, mine, leaves[0], my_weights), (torch, theirs, leaves[1], their_weights)):
        sided = [translate(weight, lib, [], grad=False) for weight in weights]
        try:
            seconds.append(
                lib.autograd.grad([computed[i] for i in picks], [*tensors, *sides], sided, allow_unused=True)
            )
        except (RuntimeError, NotImplementedError):
            if lib is tt:
                raise
            return  # PyTorch has no second derivative
    zeros = [[_or_zeros(g, t) for g, t in zip(given, tensors)] for given, tensors in
             zip(seconds, ([*leaves[0], *my_weights], [*leaves[1], *their_weights]))]  # fmt: skip
    assert_equal(*zeros, ulp=2 * ulp, atol=atol, eps=eps, where="second gradient")


def _or_zeros(gradient: Any, tensor: Any) -> Any:
    """No second gradient means the same as zeros: which of the two it is depends on how a formula is written."""
    if gradient is not None:
        return gradient
    return wrap(np.zeros_like(tensor._array)) if isinstance(tensor, tt.Tensor) else torch.zeros_like(tensor)


def weight_for(tensor: Any, seed: int) -> np.ndarray:
    """Random weights for the elements of `tensor`."""
    return sample(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."), -1.0, 1.0, seed=7 + seed)


def same_inplace(name: str, x: np.ndarray, *args: Any, node: bool = False, **kwargs: Any) -> None:
    """x.<name>_(*args) does the same in both libraries, recorded and not, returns x and counts as one write."""

    def changed(lib: Any, recorded: bool) -> Callable:
        def call(x: Any, *rest: Any, **options: Any) -> Any:
            with lib.set_grad_enabled(recorded):
                target = x.clone() if recorded else x.detach()
                version = target._version
                result = getattr(target, name + "_")(*rest, **options)
                after = target._version
                assert result is target
                return target, after - version

        return call

    for recorded in (True, False):
        check(changed(torch, recorded), changed(tt, recorded), x, *args, unchanged=False, node=node, **kwargs)


def same_out(name: str, *args: Any, dtypes: tuple = (), **kwargs: Any) -> None:
    """<name>(*args, out=...) does the same in both libraries: an out of the right shape, an empty one, other dtypes.

    An argument that requires grad is refused in the same words.
    """

    def into(lib: Any) -> Callable:
        def call(*args: Any, out: Any, **options: Any) -> Any:
            result = lookup(lib, name)(*args, out=out, **options)
            assert result is out or all(one is other for one, other in zip(result, out))
            return out

        return call

    plain = Outcome(lookup(torch, name), torch, args, {k: v for k, v in kwargs.items() if k not in _OPTIONS}, False)
    assert plain.error is None, f"PyTorch fails: {plain.error!r}"
    results = plain.result if isinstance(plain.result, (tuple, list)) else (plain.result,)
    arrays = [to_numpy(result) for result in results]

    def shaped(make: Callable) -> Any:
        outs = tuple(make(array) for array in arrays)
        return outs if isinstance(plain.result, (tuple, list)) else outs[0]

    check(into(torch), into(tt), *args, out=shaped(np.zeros_like), unchanged=False, **kwargs)
    if arrays[0].ndim > 1:
        check(into(torch), into(tt), *args, out=shaped(lambda a: strided(np.zeros_like(a))), grad=False,
              unchanged=False, strides=True, **kwargs)  # fmt: skip
    empty = shaped(lambda array: np.empty(0, array.dtype))
    check(into(torch), into(tt), *args, out=empty, grad=False, unchanged=False, **kwargs)
    for dtype in dtypes:
        other = shaped(lambda array, dtype=dtype: np.zeros(array.shape, numpy_dtype(dtype)))
        check(into(torch), into(tt), *args, out=other, grad=False, unchanged=False, **kwargs)


_OPTIONS = ("ulp", "grad_ulp", "atol", "message", "second")
