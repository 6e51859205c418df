"""Laws of reductions over drawn shapes and dimensions; NumPy's and PyTorch's results."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import tinytorch as tt

NUMBERS = st.integers(-8, 8).map(lambda n: n / 4)  # sums of quarters are exact, so the order of adding does not matter
PAIRS = (("sum", np.sum), ("mean", np.mean), ("amax", np.max), ("amin", np.min), ("any", np.any), ("all", np.all))


@st.composite
def reductions(draw, min_side=1):
    """(array, dims, keepdim): several different dimensions, some counted from the back; none means all."""
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=4, min_side=min_side, max_side=4))
    array = draw(arrays.arrays(np.float64, shape, elements=NUMBERS))
    if array.ndim > 1 and draw(st.booleans()):
        array = array.transpose(draw(st.permutations(range(array.ndim))))
    dims = draw(st.lists(st.sampled_from(range(array.ndim)), unique=True)) if array.ndim else []
    return array, tuple(d - array.ndim if draw(st.booleans()) else d for d in dims), draw(st.booleans())


@pytest.mark.parametrize(("name", "of_numpy"), PAIRS, ids=[name for name, _ in PAIRS])
@given(case=reductions())
def test_as_in_numpy(name, of_numpy, case):
    array, dims, keepdim = case
    found = getattr(tt.from_numpy(array), name)(dim=dims or None, keepdim=keepdim)
    expected = of_numpy(array, axis=dims or None, keepdims=keepdim)
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found.numpy(), expected)


@given(case=reductions(min_side=0))
def test_sums_of_nothing_are_zero(case):
    array, dims, keepdim = case
    found = tt.from_numpy(array).sum(dims, keepdim)
    np.testing.assert_array_equal(found.numpy(), array.sum(axis=dims or None, keepdims=keepdim))


@given(case=reductions())
def test_one_dimension_after_the_other(case):
    array, dims, _ = case
    x = tt.from_numpy(array)
    order = dims or tuple(range(array.ndim))
    for name in ("sum", "amax"):
        step = x
        for dim in order:
            step = getattr(step, name)(dim, True)
        np.testing.assert_array_equal(step.numpy(), getattr(x, name)(dims, True).numpy())


@given(case=reductions())
def test_the_gradient_of_the_mean_adds_up_to_one_for_each_result(case):
    array, dims, keepdim = case
    x = tt.from_numpy(array).requires_grad_()
    y = x.mean(dims, keepdim)
    y.sum().backward()
    assert x.grad.shape == x.shape
    np.testing.assert_allclose(x.grad.sum().item(), y.numel(), rtol=1e-12)


@given(case=reductions(), data=st.data())
def test_the_maximum_and_its_place(case, data):
    array, _, keepdim = case
    x = tt.from_numpy(array)
    dim = data.draw(st.sampled_from(range(-array.ndim, array.ndim))) if array.ndim else 0
    values, places = x.max(dim, keepdim)
    np.testing.assert_array_equal(values.numpy(), x.amax(dim, keepdim).numpy())
    if array.ndim:
        kept = places if keepdim else places.unsqueeze(dim)
        picked = np.take_along_axis(array, kept.numpy(), dim)
        np.testing.assert_array_equal(picked.reshape(values.shape), values.numpy())
        np.testing.assert_array_equal(places.numpy(), x.argmax(dim, keepdim).numpy())


@pytest.mark.torch
@given(case=reductions(min_side=0))
def test_as_in_pytorch(case):
    torch = pytest.importorskip("torch")
    array, dims, keepdim = case
    ours, theirs = tt.from_numpy(array), torch.from_numpy(array)
    # logsumexp without a dimension fails in PyTorch for some shapes
    for name in ("sum", "mean", "amax", *(["logsumexp"] if dims else [])):
        results = []
        for x in (ours, theirs):
            try:
                results.append(getattr(x, name)(dims, keepdim))
            except (RuntimeError, IndexError) as error:
                results.append(error)
        found, expected = results
        if isinstance(expected, Exception):
            assert type(found) is type(expected) and str(found).split("\n")[0] == str(expected).split("\n")[0]
        else:
            assert found.shape == tuple(expected.shape)
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-14, atol=1e-14)
