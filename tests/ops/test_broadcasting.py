"""Shapes that broadcast, drawn at random: values as NumPy's, gradients as PyTorch's, refusals in PyTorch's words."""

import operator

import hypothesis.extra.numpy as shapes_of
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from tests.differential import same, sample
from tinytorch.tensor import wrap

pytestmark = pytest.mark.torch

OPERATORS = (operator.add, operator.sub, operator.mul, operator.truediv, np.maximum, np.minimum)
NAMES = ("add", "sub", "mul", "div", "maximum", "minimum")

broadcastable = shapes_of.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=4)
any_shapes = st.tuples(*[shapes_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)] * 2)


@given(broadcastable, st.sampled_from(list(zip(OPERATORS, NAMES))))
def test_values_are_numpy_s(drawn, operation):
    function, name = operation
    left, right = drawn.input_shapes
    x, y = sample(left, low=1), sample(right, low=1, seed=1)
    found = getattr(wrap(x), name)(wrap(y))
    assert found.shape == drawn.result_shape
    np.testing.assert_array_equal(found._array, function(x, y))


@given(broadcastable, st.sampled_from(NAMES))
def test_gradients_are_pytorch_s(drawn, name):
    left, right = drawn.input_shapes
    same(name, sample(left, low=1), sample(right, low=1, seed=1))


@given(any_shapes, st.sampled_from(NAMES))
def test_shapes_that_may_not_fit(drawn, name):
    left, right = drawn
    same(name, sample(left, low=1), sample(right, low=1, seed=1), second=False)


@given(broadcastable)
def test_where_and_clamp_of_three(drawn):
    left, right = drawn.input_shapes
    x, y = sample(left), sample(right, seed=1)
    same(lambda lib, x, y: lib.where(x > 0, x, y), x, y)
    same(lambda lib, x, y: lib.clamp(x, min=y, max=y + 1), x, y)
