"""Parameters as one vector and back, beside PyTorch's."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
import tinytorch.nn.utils  # noqa: E402
from tests.utils.data.both import same  # noqa: E402


def net(lib):
    lib.manual_seed(3)
    return lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.ReLU(), lib.nn.Linear(3, 1))


def test_there_and_back():
    def program(lib):
        model = net(lib)
        vector = lib.nn.utils.parameters_to_vector(model.parameters())
        lib.nn.utils.vector_to_parameters(vector.detach() * 2, model.parameters())
        return vector, vector.requires_grad, [*model.parameters()], [p.requires_grad for p in model.parameters()]

    same(program)


def test_the_vector_has_a_history():
    def program(lib):
        model = net(lib)
        (lib.nn.utils.parameters_to_vector(model.parameters()) ** 2).sum().backward()
        return [p.grad for p in model.parameters()]

    same(program)


def test_the_parameters_share_the_vectors_memory():
    def program(lib):
        model, vector = net(lib), lib.zeros(13)
        lib.nn.utils.vector_to_parameters(vector, model.parameters())
        vector += 1
        return [*model.parameters()]

    same(program)


CASES = {
    "too short": lambda lib: lib.nn.utils.vector_to_parameters(lib.zeros(12), net(lib).parameters()),
    "too long": lambda lib: lib.nn.utils.vector_to_parameters(lib.zeros(99), net(lib).parameters()),
    "no tensor": lambda lib: lib.nn.utils.vector_to_parameters([1.0], net(lib).parameters()),
    "transposed": lambda lib: lib.nn.utils.parameters_to_vector([lib.zeros(2, 3).t()]),
    "none": lambda lib: lib.nn.utils.parameters_to_vector([]),
}


@pytest.mark.parametrize("case", CASES)
def test_errors(case):
    same(CASES[case])


def test_parameters_print_their_class():
    assert repr(tt.nn.Parameter(tt.ones(2))) == repr(torch.nn.Parameter(torch.ones(2)))
