"""Parameter and Buffer are PyTorch's: what they are made of, what comes out of arithmetic, copies, printing."""

import copy
import pickle

import tinytorch as tt
from tests.autograd.stories import failure, story


@story
def test_construction(lib):
    Parameter = lib.nn.Parameter
    data = lib.tensor([1.0, 2.0])
    p = Parameter(data)
    yield p, p.is_leaf, type(p).__name__, isinstance(p, lib.Tensor), isinstance(data, Parameter)
    yield p.data_ptr() == data.data_ptr(), data.requires_grad
    yield Parameter(data, False), Parameter(data=data, requires_grad=False), Parameter(), Parameter(requires_grad=False)
    yield Parameter(p) is p, Parameter(p), Parameter(data * p), Parameter((data * p), False).is_leaf
    yield failure(Parameter, lib.tensor([1])), Parameter(lib.tensor([1]), requires_grad=False)
    yield failure(Parameter, lib.tensor(1, dtype=lib.bool)), Parameter(lib.tensor([1.0 + 2j]))
    yield Parameter(data.double()), Parameter(lib.zeros(2, 0)), Parameter(lib.tensor(3.0))


@story
def test_what_arithmetic_gives(lib):
    p = lib.nn.Parameter(lib.tensor([1.0, 2.0]))
    for result in (
        p + 1,
        2 * p,
        p.sum(),
        p[0],
        p.detach(),
        p.data,
        p.clone(),
        p.view(2, 1),
        p.double(),
        p.t(),
        +p,
        p > 1,
    ):
        yield type(result).__name__, result
    yield type(p.to(lib.float32)).__name__, p.to(lib.float32) is p, type(p.requires_grad_(False)).__name__
    q = p.add_(1)
    yield type(q).__name__, q is p


@story
def test_writing_counts_for_both(lib):
    data = lib.tensor([1.0, 2.0])
    p = lib.nn.Parameter(data)
    data.add_(1)
    yield p, p._version == data._version
    p.data = lib.tensor([5.0, 6.0, 7.0])
    yield p, data
    p.data[0] = 9
    yield p
    yield failure(setattr, p, "data", [1.0])


@story
def test_gradient(lib):
    p = lib.nn.Parameter(lib.tensor([1.0, 2.0]))
    (p * p).sum().backward()
    yield p.grad, type(p.grad).__name__
    yield failure(p.mul_, 2)
    with lib.no_grad():
        p -= p.grad
    yield p, type(p).__name__


@story
def test_printing(lib):
    for value in (lib.ones(2), lib.zeros(2, 2, dtype=lib.float64), lib.tensor(3.0), lib.zeros(0)):
        for grad in (True, False):
            yield repr(lib.nn.Parameter(value, grad)), str(lib.nn.Parameter(value, grad))
    yield f"{lib.nn.Parameter(lib.ones(2))}", f"{lib.nn.Parameter(lib.tensor(2.5)).item():.3f}"
    yield repr(lib.nn.Buffer(lib.ones(2)))


@story
def test_copies(lib):
    p = lib.nn.Parameter(lib.tensor([1.0, 2.0]))
    p.grad = lib.ones(2)
    p.note = ["text"]
    for made in (copy.deepcopy(p), copy.copy(p)):
        yield type(made).__name__, made, made.grad, made is p, made.data_ptr() == p.data_ptr(), hasattr(made, "note")
    both = copy.deepcopy([p, p])
    yield both[0] is both[1]
    yield copy.deepcopy(lib.nn.Parameter(lib.ones(2, 3).t())), copy.deepcopy(lib.nn.Parameter(lib.ones(1), False))
    buffer = copy.deepcopy(lib.nn.Buffer(lib.ones(2), persistent=False))
    yield isinstance(buffer, lib.nn.Buffer), buffer.persistent


def test_pickled():
    p = tt.nn.Parameter(tt.tensor([1.0, 2.0]), requires_grad=False)
    p.note = "text"
    made = pickle.loads(pickle.dumps(p))
    assert type(made) is tt.nn.Parameter and made.tolist() == [1.0, 2.0] and made.requires_grad is False
    assert made.note == "text"
    one, other = pickle.loads(pickle.dumps((p, p)))
    assert one is other


@story
def test_a_class_of_ones_own(lib):
    class Named(lib.nn.Parameter):
        def __new__(cls, data, name="x"):
            made = super().__new__(cls, data)
            made.label = name
            return made

        def __init__(self, data, name="x"):
            pass

    p = Named(lib.ones(2), "weight")
    module = lib.nn.Module()
    module.p = p
    yield p.label, isinstance(p, lib.nn.Parameter), [n for n, _ in module.named_parameters()], p.requires_grad


@story
def test_buffer(lib):
    nn = lib.nn
    data = lib.ones(2)
    buffer = nn.Buffer(data)
    yield buffer, isinstance(buffer, nn.Buffer), isinstance(data, nn.Buffer), type(buffer).__name__, buffer.persistent
    yield nn.Buffer(), nn.Buffer(persistent=False).persistent, isinstance(buffer + 1, nn.Buffer)
    module = nn.Module()
    module.a = nn.Buffer(lib.ones(1))
    module.b = nn.Buffer(lib.zeros(1), persistent=False)
    yield list(module.state_dict()), [n for n, _ in module.named_buffers()]
    module.a = nn.Buffer(lib.ones(1), persistent=False)
    module.b = nn.Buffer(lib.ones(1))
    yield list(module.state_dict()), module.b
