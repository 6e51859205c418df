"""State dicts between the two libraries, and modules that were saved whole."""

import io
import pickle

import numpy as np
import pytest

import tinytorch as tt
from tests.serialization.saved_objects import saved
from tinytorch.serialization import load, safe_globals

torch = pytest.importorskip("torch")
pytest.importorskip("tinytorch.nn.functional", exc_type=ImportError)
from tinytorch import nn  # noqa: E402

pytestmark = pytest.mark.torch


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, x):
        return self.linear(x)


def test_a_state_dict_goes_from_pytorch_to_tinytorch_and_back():
    torch.manual_seed(0)
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    ours = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    ours.load_state_dict(load(io.BytesIO(saved(torch, theirs.state_dict()))))
    x = [[0.1, -2.0, 3.0]]
    np.testing.assert_allclose(ours(tt.tensor(x)).tolist(), theirs(torch.tensor(x)).tolist(), rtol=1e-6)
    with torch.no_grad():
        theirs[0].weight.zero_()
    theirs.load_state_dict(torch.load(io.BytesIO(saved(tt, ours.state_dict()))))
    np.testing.assert_allclose(ours(tt.tensor(x)).tolist(), theirs(torch.tensor(x)).tolist(), rtol=1e-6)


def test_whole_modules():
    model = Net()
    data = saved(tt, model)
    with pytest.raises(pickle.UnpicklingError, match="Net was not an allowed global by default"):
        load(io.BytesIO(data))
    with pytest.raises(pickle.UnpicklingError, match=r"torch.serialization.safe_globals\(\[Net\]\)"):
        load(io.BytesIO(data), weights_only=False)
    with safe_globals([Net]):
        loaded = load(io.BytesIO(data), weights_only=False)
        with pytest.raises(pickle.UnpicklingError, match="weights_only=False"):
            load(io.BytesIO(data))
    with safe_globals([Net, nn.Linear]):
        assert type(load(io.BytesIO(data))) is Net
    x = tt.ones(3, 2)
    assert loaded(x).tolist() == model(x).tolist()
    assert all(isinstance(parameter, nn.Parameter) for parameter in loaded.parameters())
    assert type(load(io.BytesIO(saved(tt, model.linear)), weights_only=False)) is nn.Linear


def test_modules_that_pytorch_saved():
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    loaded = load(io.BytesIO(saved(torch, model)), weights_only=False)
    assert type(loaded) is nn.Sequential
    x = [[0.5, -1.0]]
    np.testing.assert_allclose(loaded(tt.tensor(x)).tolist(), model(torch.tensor(x)).tolist(), rtol=1e-6)
