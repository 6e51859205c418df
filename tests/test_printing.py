"""Printing: the text of a tensor is PyTorch's to the letter, for any array and any options."""

import itertools
import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from tinytorch import printing
from tinytorch.printing import (
    format_tensor,
    get_printoptions,
    parameter_repr,
    printoptions,
    return_type_repr,
    set_printoptions,
    size_repr,
    tensor_repr,
)

ml_dtypes = pytest.importorskip("ml_dtypes")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
REALS = [np.dtype(name) for name in ("float16", "float32", "float64")] + [BFLOAT16]
COMPLEX = [np.dtype("complex64"), np.dtype("complex128")]
INTEGERS = [np.dtype(f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)] + [np.dtype(bool)]


def to_torch(array):
    """The same tensor in PyTorch, strides included where the dtype allows it."""
    if array.dtype == BFLOAT16:
        return torch.from_numpy(array.view(np.uint16)).view(torch.bfloat16)
    return torch.from_numpy(array)


@pytest.fixture(autouse=True)
def default_options():
    """Every test starts and ends with the options of both libraries at their defaults."""
    yield
    for module in (printing, torch):
        module.set_printoptions(profile="default")


def both_options(**options):
    for module in (printing, torch):
        module.set_printoptions(**options)


def assert_same_text(array, **facts):
    __tracebackhide__ = True
    tensor = to_torch(array)
    assert tensor_repr(array, **facts) == repr(tensor)


# ----------------------------------------------------------------------------------------------------------------------
# Values, one row a case
# ----------------------------------------------------------------------------------------------------------------------

inf, nan = math.inf, math.nan

VALUES = {
    "whole": [1.0, -2.0, 30.0],
    "fractions": [1.5, -2.25, 30.125],
    "zero": [0.0],
    "negative zero": [-0.0, 0.0],
    "zero and nan": [0.0, nan, inf],
    "nan alone": [nan],
    "infinities alone": [inf, -inf],
    "whole with nan and inf": [1.0, nan, -inf, 100.0],
    "fractions with nan and inf": [0.5, nan, -inf, inf],
    "ratio of exactly 1000": [1.0, 1000.0],
    "ratio above 1000": [1.0, 1001.0],
    "ratio above 1000, with a fraction": [0.5, 1001.0],
    "scientific with zero, nan and inf": [0.0, nan, inf, -inf, 1e-3, 5e3],
    "at 1e4": [1e4, 9999.0],
    "tiny alone": [9e-5],
    "smallest that is not scientific": [1e-4],
    "negative tiny": [-1e-7, 1e-7],
    "rounding to four digits": [0.00005, 0.12345, 2.99995],
    "documents": [102.4, 1024.0, 0.1024],
}


@pytest.mark.parametrize("dtype", REALS, ids=str)
@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES.keys())
def test_values_in_each_floating_dtype(values, dtype):
    array = np.array(values).astype(dtype)
    assert_same_text(array)
    for number in array:
        assert_same_text(np.array(number, dtype))


@pytest.mark.parametrize(
    "values", [[1e8, 1e7], [1.00000001e8, 1e8], [1e30], [1e38, 1e-38], [1e-45, 1.0], [3.4e38], [0.1, 99999999.5]]
)
@pytest.mark.parametrize("sci_mode", [None, True, False])
def test_huge_and_tiny_values(values, sci_mode):
    both_options(sci_mode=sci_mode)
    for dtype in (np.float32, np.float64):
        assert_same_text(np.array(values, dtype))


def test_denormals_whose_ratio_overflows():
    assert_same_text(np.array([5e-324, 1.7e308]))


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers_and_booleans(dtype):
    limits = [False, True] if dtype.kind == "b" else [np.iinfo(dtype).min, np.iinfo(dtype).max]
    assert_same_text(np.array([*limits, 0, 1], dtype))
    assert_same_text(np.array(limits[1], dtype))
    assert_same_text(np.arange(60).astype(dtype).reshape(3, 20))


@pytest.mark.parametrize("dtype", COMPLEX, ids=str)
def test_complex_pairs(dtype):
    parts = [0.0, -0.0, 1.0, -2.0, 0.5, -1e-9, 12345.678, nan, inf, -inf]
    for real, imag in itertools.product(parts, parts):
        number = np.array(complex(real, imag), dtype)
        assert_same_text(number)
        assert_same_text(np.array([number, 1 + 1j], dtype))


@pytest.mark.parametrize("dtype", REALS + COMPLEX + INTEGERS, ids=str)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 5)], ids=str)
def test_empty_tensors(dtype, shape):
    assert_same_text(np.zeros(shape, dtype))


@pytest.mark.parametrize("dtype", REALS + COMPLEX + INTEGERS, ids=str)
@pytest.mark.parametrize("default", ["float32", "float64", "float16", "bfloat16"])
def test_dtype_is_named_when_it_is_not_the_default(dtype, default):
    torch.set_default_dtype(getattr(torch, default))
    try:
        assert_same_text(np.ones((2,), dtype), default_dtype=default)
        assert_same_text(np.ones((0,), dtype), default_dtype=default)
    finally:
        torch.set_default_dtype(torch.float32)


# ----------------------------------------------------------------------------------------------------------------------
# Layout
# ----------------------------------------------------------------------------------------------------------------------

SMALL = [(1,), (30,), (1, 1), (2, 3), (3, 30), (1, 1, 1), (2, 1, 4), (2, 3, 4), (2, 2, 2, 2), (1, 2, 1, 2, 3)]
LARGE = [(1000,), (1001,), (5000,), (1001, 1), (1, 1001), (7, 200), (6, 200), (200, 6), (2, 3, 400), (20, 30, 40),
         (2, 2, 2, 2, 100), (1500, 1, 1), (3, 334), (10, 10, 10, 10)]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", BFLOAT16, "int32", "complex64", "bool"], ids=str)
@pytest.mark.parametrize("shape", SMALL + LARGE, ids=str)
def test_brackets_lines_and_summaries(shape, dtype):
    numbers = np.random.default_rng(0).normal(size=shape) * 10
    assert_same_text(numbers.astype(dtype))


def test_width_of_a_summary_comes_from_what_is_shown():
    array = np.zeros((2000,), np.float32)
    array[1000] = 123456.5  # in the part that is left out
    assert_same_text(array)
    array[0] = 0.5
    assert_same_text(array)


def test_views_print_like_copies():
    array = np.arange(40, dtype=np.float32).reshape(5, 8)[:, ::2].T
    assert tensor_repr(array) == tensor_repr(array.copy()) == repr(torch.from_numpy(array.copy()))


@pytest.mark.parametrize("options", [
    {"precision": 0}, {"precision": 1}, {"precision": 10}, {"linewidth": 20}, {"linewidth": 1}, {"linewidth": 200},
    {"threshold": 5}, {"threshold": 0}, {"threshold": inf}, {"threshold": 5, "edgeitems": 1},
    {"threshold": 5, "edgeitems": 2}, {"threshold": 5, "edgeitems": 0}, {"threshold": 2, "edgeitems": 100},
    {"sci_mode": True}, {"sci_mode": False}, {"profile": "short"}, {"profile": "full"},
    {"profile": "short", "precision": 7}, {"profile": "no such profile"}, {"threshold": 0, "edgeitems": 0},
    {"edgeitems": 0},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.dtype("float32"), np.dtype("int64"), np.dtype("complex64"), BFLOAT16], ids=str)
def test_options(options, dtype):
    both_options(**options)
    assert get_printoptions() == torch._tensor_str.get_printoptions()
    numbers = np.random.default_rng(1).normal(size=(7, 8, 9)) * 10
    for part in (np.s_[0, 0, 0], np.s_[0, 0], np.s_[0], np.s_[:], np.s_[:, :1, :1], np.s_[:0]):
        assert_same_text(np.asarray(numbers[part]).astype(dtype))
    assert_same_text(np.round(numbers).astype(dtype))


def test_options_stay_until_changed_and_sci_mode_does_not():
    both_options(precision=2, sci_mode=True)
    both_options(linewidth=40)
    assert get_printoptions() == torch._tensor_str.get_printoptions()
    assert get_printoptions()["precision"] == 2 and get_printoptions()["sci_mode"] is None


def test_context_manager_restores_also_after_an_error():
    set_printoptions(precision=3, sci_mode=False)
    before = get_printoptions()
    with pytest.raises(KeyError), printoptions(precision=9, threshold=3):
        assert get_printoptions()["precision"] == 9 and get_printoptions()["sci_mode"] is None
        raise KeyError
    assert get_printoptions() == before


def test_options_are_one_object_for_all_threads():
    thread = threading.Thread(target=set_printoptions, kwargs={"precision": 8})
    thread.start()
    thread.join()
    assert get_printoptions()["precision"] == 8


# ----------------------------------------------------------------------------------------------------------------------
# What stands behind the numbers
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.complex128])
def test_facts_and_where_they_go_on_a_new_line(length, dtype):
    """Lines of any length, so that each break happens, one character earlier or later."""
    for linewidth in (70, 78, 79, 80, 81):
        both_options(linewidth=linewidth)
        leaf = torch.full((2, length), 1.5, dtype=dtype, requires_grad=True)
        array = leaf.detach().numpy()
        assert tensor_repr(array, requires_grad=True) == repr(leaf)
        product = leaf * 1
        assert tensor_repr(array, requires_grad=True, grad_fn_name="MulBackward0") == repr(product)
        empty = leaf[:, :0]
        assert tensor_repr(array[:, :0], grad_fn_name="SliceBackward0") == repr(empty)


def test_device_comes_first():
    text = tensor_repr(np.ones(1, np.float16), device="cuda:0", requires_grad=True)
    assert text == "tensor([1.], device='cuda:0', dtype=torch.float16, requires_grad=True)"


def test_subclasses_and_custom_contents():
    class Special(torch.Tensor):
        pass

    array = np.ones((2, 2), np.float32)
    special = torch.ones(2, 2).as_subclass(Special)
    assert tensor_repr(array, class_name="Special") == repr(special)
    assert tensor_repr(array, contents="hidden") == torch.ones(2, 2).__repr__(tensor_contents="hidden")


def test_parameter():
    parameter = torch.nn.Parameter(torch.ones(2, 2))
    assert parameter_repr(tensor_repr(parameter.detach().numpy(), requires_grad=True)) == repr(parameter)


@pytest.mark.parametrize("spec", ["", ".2f", ">10.3e", "5", "%"])
def test_format(spec):
    class Like(torch.Tensor):
        pass

    number = torch.tensor(3.14159)
    assert format_tensor(number, spec, torch.Tensor) == format(number, spec)
    for tensor in (torch.ones(2), torch.ones(1), torch.nn.Parameter(number)):
        if spec:
            with pytest.raises(TypeError) as theirs:
                format(tensor, spec)
            with pytest.raises(TypeError) as ours:
                format_tensor(tensor, spec, torch.Tensor)
            assert str(ours.value) == str(theirs.value)
        else:
            assert format_tensor(tensor, spec, torch.Tensor) == format(tensor, spec)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (10, 20, 30)])
def test_size(shape):
    assert size_repr(shape) == repr(torch.Size(shape))


def test_return_types():
    tensor = torch.arange(6.0).reshape(2, 3)
    for name, result in {"max": tensor.max(1), "sort": tensor.sort(), "topk": tensor.topk(1)}.items():
        assert return_type_repr(name, [("values", result.values), ("indices", result.indices)]) == repr(result)


# ----------------------------------------------------------------------------------------------------------------------
# Any array at all
# ----------------------------------------------------------------------------------------------------------------------

shapes = st_numpy.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)
pleasant = st.floats(-1e4, 1e4).map(lambda x: round(x, 3)) | st.integers(-2000, 2000).map(float)
numbers = pleasant | st.floats(width=32) | st.sampled_from([0.0, -0.0, inf, -inf, nan, 1e-5, 1e9])


@st.composite
def arrays(draw):
    dtype = draw(st.sampled_from(REALS + COMPLEX + INTEGERS))
    shape = draw(shapes)
    if dtype in INTEGERS:
        return draw(st_numpy.arrays(dtype, shape))
    source = draw(st_numpy.arrays(np.float64, shape, elements=draw(st.sampled_from([numbers, pleasant]))))
    with np.errstate(over="ignore"):
        if dtype in COMPLEX:
            return np.asarray(source + 1j * (source[..., ::-1] if shape else source)).astype(dtype)
        return source.astype(dtype)


@st.composite
def any_options(draw):
    return {
        "precision": draw(st.integers(0, 8)),
        "threshold": draw(st.sampled_from([0, 3, 20, 1000])),
        "edgeitems": draw(st.integers(0, 4)),
        "linewidth": draw(st.integers(10, 120)),
        "sci_mode": draw(st.sampled_from([None, None, True, False])),
    }


@settings(max_examples=300, deadline=None)
@given(arrays(), any_options())
@pytest.mark.filterwarnings("ignore:invalid value encountered")  # inf - inf while the complex input is made
def test_any_array_under_any_options(array, options):
    both_options(**options)
    assert_same_text(array)
