"""Warnings name the line of the program, not one of ours."""

import warnings

import numpy as np
import pytest

import tinytorch as tt

READ_ONLY = np.ones(2)
READ_ONLY.setflags(write=False)

CALLS = {
    "not writable": lambda: tt.from_numpy(READ_ONLY),
    "not writable too": lambda: tt.as_tensor(READ_ONLY),
    "copy construct": lambda: tt.tensor(tt.ones(2)),
    "list of arrays": lambda: tt.tensor([np.ones(2), np.ones(2)]),
    "meshgrid": lambda: tt.meshgrid(tt.ones(2), tt.ones(2)),
    "range": lambda: tt.range(0, 3),
    "softmax": lambda: tt.nn.functional.softmax(tt.ones(2, 2)),
    "softmax module": lambda: tt.nn.Softmax()(tt.ones(2, 2)),
    "sizes": lambda: tt.nn.functional.mse_loss(tt.ones(3), tt.ones(3, 1)),
    "sizes in a module": lambda: tt.nn.MSELoss()(tt.ones(3), tt.ones(3, 1)),
    "size_average": lambda: tt.nn.MSELoss(size_average=False),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_warnings_name_the_callers_line(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    (warning,) = caught
    assert (warning.filename, warning.lineno) == (__file__, call.__code__.co_firstlineno)


@pytest.mark.parametrize("call", ["mul", "index_select", "transpose", "index_add", "softmax"])
def test_all_missing_arguments_are_named(call):
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError) as mine:
        getattr(tt, call)(tt.ones(2, 2))
    with pytest.raises(TypeError) as theirs:
        getattr(torch, call)(torch.ones(2, 2))
    assert str(mine.value) == str(theirs.value)
