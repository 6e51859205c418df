"""tinytorch beside PyTorch over PyTorch's own database of operations and samples of their arguments.

Every operation of the database that tinytorch has does the same with the samples: values, dtypes, shapes, views,
gradients twice, method, in-place form, out=, errors. What tinytorch lacks is listed in `absent.py`, with the reason.
Each check takes a few samples of an operation; `-m slow` takes all.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import EPS, assert_equal, lookup, to_numpy, to_torch, torch, weight_for
from tests.opdb.absent import ABSENT, CANCELLING, DIFFERENT, IMPRECISE, NAMED_OTHERWISE, TIES, TOLERANCES, UNORDERED
from tests.opdb.translation import (
    PLACES,
    Call,
    NotForUs,
    as_tinytorch,
    counterpart,
    flat,
    seed,
    some_samples,
)
from tests.places import left_to_the_device

pytestmark = pytest.mark.torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db

# dtype: how many samples
DTYPES = {"float32": 6, "float64": 3, "int64": 4, "bool": 3, "complex64": 4, "float16": 2, "bfloat16": 2, "uint8": 2}
GRADIENTS = {"float64": 4, "complex128": 2}


def name_of(op: Any) -> str:
    return op.name + (f":{op.variant_test_name}" if op.variant_test_name else "")


def exists(op: Any) -> bool:
    """Has tinytorch this operation?"""
    if op.name in NAMED_OTHERWISE:
        lookup(tt, NAMED_OTHERWISE[op.name])
        return True
    for place in PLACES:
        try:
            lookup(tt, f"{place}.{op.name}".strip("."))
            return True
        except AttributeError:
            pass
    return False


OPS = {name_of(op): op for op in op_db}
PRESENT = [name for name, op in OPS.items() if exists(op) and op.name not in ABSENT]
RANDOM_CONTENTS = ("empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided")


def cases(names: list[str], *checks: str) -> list:
    """The operations, those that are known to differ in one of these checks as expected failures."""
    made = []
    for name in names:
        reasons = [DIFFERENT[key] for key in (f"{check} {name}" for check in checks) if key in DIFFERENT]
        marks = [pytest.mark.xfail(reason=reason, strict=True) for reason in reasons]
        made.append(pytest.param(name, id=name, marks=marks))
    return made


def test_what_is_absent():
    """The list of what is missing is complete, and nothing that exists is on it."""
    names = {op.name for op in op_db}
    there = {op.name for op in op_db if exists(op)}
    assert sorted(there & set(ABSENT)) == []
    assert sorted(names - there - set(ABSENT)) == []
    assert sorted(set(ABSENT) - names) == []


# ---- comparisons -----------------------------------------------------------------------------------------------------


def compare_errors(ours: Call, theirs: Call) -> bool:
    """Both calls succeeded (True), or failed in the same way (False)."""
    if theirs.error is None:
        if ours.error is not None:
            raise AssertionError(f"fails, PyTorch's call does not: {ours.error!r}") from ours.error
        return True
    if ours.error is None and left_to_the_device(theirs.error):
        return False
    assert ours.error is not None, f"no error; PyTorch has {theirs.error!r}"
    found, wanted = (f"{type(each.error).__name__}: {str(each.error).splitlines()[:1]}" for each in (ours, theirs))
    if found != wanted:
        raise AssertionError(f"{found}\n  instead of {wanted}") from ours.error
    return False


def compare_results(op: Any, ours: Call, theirs: Call, eps: float, views: bool = True) -> None:
    """Values, dtypes, shapes; of views also where they lie in memory."""
    found, expected = ours.shown, theirs.shown
    if op.name in RANDOM_CONTENTS:
        assert str(found.dtype) == str(expected.dtype)
        assert tuple(found.shape) == tuple(expected.shape)
        assert found.stride() == expected.stride() or not expected.numel()
        return
    if op.name in TIES and theirs.args[0].dtype not in (torch.float32, torch.float64):
        found, expected = [[flat(each)[0]] if op.name != "argsort" else [] for each in (found, expected)]
    if op.name in UNORDERED and not theirs.leaves:
        found, expected = (in_order(to_numpy(flat(each)[0])) for each in (found, expected))
        np.testing.assert_allclose(found, expected, rtol=1e4 * eps, atol=1e4 * eps)
        return
    assert_equal(found, expected, ulp=units(8, op.name, eps), atol=64 * eps * (op.name in CANCELLING), eps=eps)
    storages = {storage_of(each) for each in theirs.tensors if views and each.layout is torch.strided}
    for where, (mine, other) in enumerate(zip(flat(found), flat(expected))):
        if isinstance(other, torch.Tensor) and other.numel() and storage_of(other) in storages and not other.is_conj():
            wanted = other.stride(), other.storage_offset()
            assert (mine.stride(), mine.storage_offset()) == wanted, f"{where}: strides and offset of the view"
            assert any(np.may_share_memory(mine._array, memory) for memory in ours.memories), f"{where} is no view"


def units(usual: float, name: str, eps: float) -> float:
    """How many units of `eps` results may be apart."""
    return max(usual * TOLERANCES.get(name, 1), IMPRECISE.get(name, 0) / eps)


def kind_of(op: Any, call: Call) -> str:
    """The operation's name; with what sets a sample apart, where TOLERANCES has a line for such samples."""
    of_one = op.name.endswith("layer_norm") and math.prod(call.args[1]) == 1
    return f"{op.name} of rows of one number" if of_one else op.name


def in_order(numbers: np.ndarray) -> np.ndarray:
    """Complex numbers along the last dimension by their real parts, roughly, and then by their imaginary ones."""
    return np.take_along_axis(numbers, np.lexsort((numbers.imag, numbers.real.round(3))), -1)


def storage_of(tensor: Any) -> int:
    return tensor.untyped_storage().data_ptr()


def compare(op: Any, dtype: str, count: int | None) -> int:
    function, eps = counterpart(op.op, op.name), EPS.get(dtype, EPS["float32"])
    done = 0
    for number, sample in enumerate(some_samples(op, getattr(torch, dtype), count)):
        try:
            ours, theirs = Call(function, sample, tt), Call(op.op, sample)
        except NotForUs:
            continue
        try:
            if compare_errors(ours, theirs):
                compare_results(op, ours, theirs, eps)
        except AssertionError as error:
            raise AssertionError(f"sample {number}: {described(sample)}\n{error}") from error
        done += 1
    return done


def compare_gradients(op: Any, dtype: str, count: int | None) -> int:
    function, eps = counterpart(op.op, op.name), EPS[dtype]
    done = 0
    for number, sample in enumerate(some_samples(op, getattr(torch, dtype), count, requires_grad=True)):
        try:
            ours, theirs = Call(function, sample, tt), Call(op.op, sample)
        except NotForUs:
            continue
        try:
            if not compare_errors(ours, theirs):
                continue
            compare_results(op, ours, theirs, eps)
            compare_backward(op, ours, theirs, op.supports_gradgrad and number < 2)
        except AssertionError as error:
            raise AssertionError(f"sample {number}: {described(sample)}\n{error}") from error
        done += 1
    return done


def compare_backward(op: Any, ours: Call, theirs: Call, second: bool) -> None:
    """Gradients for random weights, and theirs if `second`."""
    needs = [
        [each.requires_grad for each in flat(call.shown) if hasattr(each, "requires_grad")] for call in (ours, theirs)
    ]
    assert needs[0] == needs[1], "other results require grad"
    if not theirs.outputs or not theirs.leaves:
        return
    # A gradient is as precise as the least precise tensor on its way, and what cancels out is not quite zero.
    eps = max(EPS[str(each.dtype).removeprefix("torch.")] for each in (*theirs.leaves, *theirs.outputs))
    ulp = max(units(64, op.name, eps), units(64, f"gradients {kind_of(op, theirs)}", eps))
    weights = [torch_weight(each, i) for i, each in enumerate(theirs.outputs)]
    expected = torch.autograd.grad(theirs.outputs, theirs.leaves, weights, create_graph=second, allow_unused=True)
    sides = [as_tinytorch(weight) for weight in weights]
    found = tt.autograd.grad(ours.outputs, ours.leaves, sides, create_graph=second, allow_unused=True)
    assert_equal(found, expected, ulp=ulp, atol=ulp * eps / 8, eps=eps, where="gradient")
    picks = [i for i, each in enumerate(expected) if each is not None and each.requires_grad]
    if not second or not picks:
        return
    weights = [torch_weight(expected[i], 50 + i) for i in picks]
    try:
        twice = torch.autograd.grad([expected[i] for i in picks], theirs.leaves, weights, allow_unused=True)
    except RuntimeError:
        return  # PyTorch has no second derivative here
    recorded = [(found[i], as_tinytorch(weight)) for i, weight in zip(picks, weights) if found[i].requires_grad]
    own: tuple = (None,) * len(twice)  # a gradient that depends on nothing: its own are zeros
    if recorded:
        own = tt.autograd.grad(
            [each for each, _ in recorded], ours.leaves, [each for _, each in recorded], allow_unused=True
        )
    for i, (mine, other) in enumerate(zip(own, twice)):
        mine = tt.zeros_like(ours.leaves[i]) if mine is None else mine
        other = torch.zeros_like(theirs.leaves[i]) if other is None else other
        where = f"second gradient[{i}]"
        assert_equal(mine.detach(), other.detach(), ulp=4 * ulp, atol=ulp * eps / 2, eps=eps, where=where)


def torch_weight(tensor: Any, number: int) -> Any:
    return to_torch(weight_for(tensor, number))


def described(sample: Any) -> str:
    """The sample in a line."""

    def text(value: Any) -> str:
        if isinstance(value, torch.Tensor):
            values = f" {to_numpy(value).tolist()}" if value.numel() < 7 else ""
            steps = "" if value.is_contiguous() else f" strides {value.stride()}"
            return f"<{str(value.dtype)[6:]} {list(value.shape)}{steps}{values}>"
        if type(value) in (list, tuple):
            return f"[{', '.join(map(text, value))}]"
        return repr(value)

    args = [text(sample.input), *map(text, sample.args), *(f"{k}={text(v)}" for k, v in sample.kwargs.items())]
    return f"({', '.join(args)})"


# ---- the checks ------------------------------------------------------------------------------------------------------


def with_dtypes(dtypes: dict) -> list[str]:
    return [f"{name}-{dtype}" for name in PRESENT for dtype in dtypes if getattr(torch, dtype) in OPS[name].dtypes]


def differentiable(dtypes: dict) -> list[str]:
    return [
        f"{name}-{dtype}"
        for name in PRESENT
        for dtype in dtypes
        if OPS[name].supports_autograd and getattr(torch, dtype) in OPS[name].supported_backward_dtypes("cpu")
    ]


@pytest.mark.parametrize("case", cases(with_dtypes(DTYPES), "values"))
def test_values(case):
    name, dtype = case.rsplit("-", 1)
    compare(OPS[name], dtype, DTYPES[dtype])


@pytest.mark.parametrize("case", cases(differentiable(GRADIENTS), "gradients"))
def test_gradients(case):
    name, dtype = case.rsplit("-", 1)
    compare_gradients(OPS[name], dtype, GRADIENTS[dtype])


@pytest.mark.slow
@pytest.mark.parametrize("case", cases(with_dtypes(DTYPES), "values", "all values"))
def test_values_of_all_samples(case):
    name, dtype = case.rsplit("-", 1)
    compare(OPS[name], dtype, None)


@pytest.mark.slow
@pytest.mark.parametrize("case", cases(differentiable(GRADIENTS), "gradients", "all gradients"))
def test_gradients_of_all_samples(case):
    name, dtype = case.rsplit("-", 1)
    compare_gradients(OPS[name], dtype, 30)


@pytest.mark.parametrize("name", cases([name for name in PRESENT if OPS[name].method_variant], "method"))
def test_method(name):
    """x.op(...) is op(x, ...)."""
    op = OPS[name]
    function = counterpart(op.method_variant)
    assert function is not None, f"no method: {op.method_variant}"
    for dtype in ("float32", "int64", "bool"):
        if getattr(torch, dtype) not in op.dtypes:
            continue
        for sample in some_samples(op, getattr(torch, dtype), 2):
            try:
                ours, theirs = Call(function, sample, tt), Call(op.method_variant, sample)
            except NotForUs:
                continue
            if compare_errors(ours, theirs):
                compare_results(op, ours, theirs, EPS["float32"])


@pytest.mark.parametrize("name", cases([name for name in PRESENT if OPS[name].inplace_variant], "inplace"))
def test_in_place(name):
    """x.op_(...): values, errors, gradients."""
    op = OPS[name]
    function = counterpart(op.inplace_variant)
    assert function is not None, f"no in-place form: {op.inplace_variant}"
    for dtype, grad in (("float32", False), ("int64", False), ("bool", False), ("float64", True)):
        if getattr(torch, dtype) not in op.dtypes:
            continue
        for sample in some_samples(op, getattr(torch, dtype), 3, grad and op.supports_autograd):
            try:
                ours = Call(function, sample, tt, prepare=with_clone)
                theirs = Call(op.inplace_variant, sample, prepare=with_clone)
            except NotForUs:
                continue
            try:
                if compare_errors(ours, theirs):
                    assert ours.result is ours.args[0] or theirs.result is not theirs.args[0]
                    compare_results(op, ours, theirs, EPS[dtype if grad else "float32"])
                    if grad and op.supports_inplace_autograd:
                        compare_backward(op, ours, theirs, False)
            except AssertionError as error:
                raise AssertionError(f"{described(sample)}\n{error}") from error


def with_clone(args: tuple) -> tuple:
    """What is written to is no leaf."""
    return args[0].clone(), *args[1:]


@pytest.mark.parametrize("name", cases([name for name in PRESENT if OPS[name].supports_out], "out"))
def test_out(name):
    """op(x, ..., out=y): y of the right shape and dtype, an empty one, one of another dtype, one with other strides."""
    op = OPS[name]
    function = counterpart(op.op, op.name)
    dtype = next(dtype for dtype in ("float32", "int64", "bool", "complex64") if getattr(torch, dtype) in op.dtypes)
    for sample in some_samples(op, getattr(torch, dtype), 2):
        plain = Call(op.op, sample)
        results = plain.result if isinstance(plain.result, tuple) else (plain.result,)
        if plain.error is not None or not all(isinstance(result, torch.Tensor) for result in results):
            continue
        for make in (zeros_like, empty, of_other_dtype, turned):
            if make is turned and op.name in ("tril", "triu"):
                continue  # PyTorch's write beyond the memory of such a tensor
            made = tuple(make(result) for result in results)
            out = made if isinstance(plain.result, tuple) else made[0]
            try:
                ours, theirs = Call(function, sample, tt, out=out), Call(op.op, sample, out=out)
            except NotForUs:
                continue
            try:
                if compare_errors(ours, theirs):
                    compare_results(op, ours, theirs, EPS["float32"], views=False)
                    if make is not empty:  # else the memory is new, and laid out as the function pleases
                        strides = [
                            [each.stride() for each in flat(call.result) if each.numel()] for call in (ours, theirs)
                        ]
                        assert strides[0] == strides[1], f"strides of out: {strides[0]} instead of {strides[1]}"
                    assert same_memory(ours)
            except AssertionError as error:
                raise AssertionError(f"{make.__name__}: {described(sample)}\n{error}") from error


def same_memory(call: Call) -> bool:
    return all(one is other for one, other in zip(flat(call.result), flat(call.kwargs["out"])))


def zeros_like(result: Any) -> Any:
    return torch.zeros_like(result)


def empty(result: Any) -> Any:
    return torch.empty(0, dtype=result.dtype)


def of_other_dtype(result: Any) -> Any:
    return torch.zeros_like(result, dtype=torch.float64 if result.dtype is not torch.float64 else torch.float32)


def turned(result: Any) -> Any:
    """With the strides of a transposed tensor."""
    return torch.zeros(result.shape[::-1], dtype=result.dtype).permute(tuple(range(result.ndim))[::-1])


@pytest.mark.parametrize("name", cases([name for name in PRESENT if OPS[name].error_inputs_func], "errors"))
def test_errors(name):
    """Wrong arguments: the class of the exception and its first line."""
    op = OPS[name]
    function = counterpart(op.op, op.name)
    wrong = []
    seed()
    for error_input in op.error_inputs_func(op, "cpu"):
        if name.startswith("__") and not isinstance(error_input.sample_input.input, torch.Tensor):
            continue  # a special method called on something else, as Python never does
        sample = error_input.sample_input
        try:
            ours, theirs = Call(function, sample, tt), Call(op.op, sample)
            compare_errors(ours, theirs)
        except NotForUs:
            continue
        except AssertionError as error:
            wrong.append(f"{described(sample)}\n{error}")
    assert not wrong, "\n".join(wrong)
