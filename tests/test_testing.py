"""torch.testing.assert_close agrees with PyTorch's: what is close, and every word of what is said when it is not."""

import numpy as np
import pytest

import tinytorch as tt

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

NAN = float("nan")
CASES = [
    lambda lib: ((lib.tensor([1.0, 2, 3]), lib.tensor([1.0, 2, 4])), {}),
    lambda lib: ((lib.tensor(1.0), lib.tensor(2.0)), {}),
    lambda lib: ((1.0, 2.0), {}),
    lambda lib: ((1.0, 1.0 + 1e-9), {}),
    lambda lib: ((1, 2), {}),
    lambda lib: ((1, 0), {}),
    lambda lib: ((lib.tensor([1, 2]), lib.tensor([1, 3])), {}),
    lambda lib: ((lib.tensor([1.0]), lib.tensor([1.0], dtype=lib.float64)), {}),
    lambda lib: ((lib.tensor([1.0]), lib.tensor([1.0], dtype=lib.float64)), {"check_dtype": False}),
    lambda lib: ((lib.tensor([1.0]), lib.tensor([1.0, 2.0])), {}),
    lambda lib: (([lib.tensor([1.0]), lib.tensor([2.0])], [lib.tensor([1.0]), lib.tensor([3.0])]), {}),
    lambda lib: (({"a": lib.tensor(1.0)}, {"a": lib.tensor(2.0)}), {}),
    lambda lib: (({"a": [1.0, (2.0,)]}, {"a": [1.0, (3.0,)]}), {}),
    lambda lib: (([1], [1, 2]), {}),
    lambda lib: (({"a": 1}, {"b": 1}), {}),
    lambda lib: ((lib.tensor([NAN]), lib.tensor([NAN])), {"equal_nan": True}),
    lambda lib: ((lib.tensor([1.0, 2]), lib.tensor([1.0, 2.1])), {"rtol": 0, "atol": 0.2}),
    lambda lib: ((lib.tensor([1.0, 2]), lib.tensor([1.0, 5])), {"rtol": 0, "atol": 0}),
    lambda lib: ((lib.tensor([1.0]), lib.tensor([2.0])), {"rtol": 0.1}),
    lambda lib: (("a", "b"), {}),
    lambda lib: ((lib.tensor([True]), lib.tensor([False])), {}),
    lambda lib: ((lib.tensor([1.0]), lib.tensor([3.0])), {"msg": "other"}),
    lambda lib: ((lib.tensor([1.0]), lib.tensor([3.0])), {"msg": lambda text: "before: " + text}),
    lambda lib: ((np.ones(2), np.ones(2)), {}),
    lambda lib: ((np.ones(2), np.zeros(2)), {}),
    lambda lib: ((True, False), {}),
    lambda lib: ((None, None), {}),
    lambda lib: ((lib.tensor([[1.0, 2], [3, 4]]), lib.tensor([[1.0, 2], [3, 9]])), {}),
    lambda lib: ((lib.tensor([1 + 1j]), lib.tensor([1 + 2j])), {}),
    lambda lib: ((lib.ones(2, 3), lib.ones(3, 2).t()), {"check_stride": True}),
    lambda lib: ((lib.ones(3, dtype=lib.float16), lib.ones(3, dtype=lib.float16) * 1.0005), {}),
    lambda lib: ((lib.tensor([float("inf")]), lib.tensor([float("inf")])), {}),
]


def outcome(lib, case):
    args, options = case(lib)
    try:
        lib.testing.assert_close(*args, **options)
    except (AssertionError, TypeError, ValueError) as error:
        return type(error).__name__, str(error)
    return None


@pytest.mark.parametrize("case", CASES)
def test_the_same_verdict_in_the_same_words(case):
    assert outcome(tt, case) == outcome(torch, case)


def test_gradients_are_no_hindrance():
    tt.testing.assert_close(tt.ones(2, requires_grad=True) * 2, tt.full((2,), 2.0))
