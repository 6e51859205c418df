"""Leaves and their .grad: what is a leaf, requires_grad, how gradients accumulate, what may be assigned; Variable."""

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, vector, warned

# ---- what is a leaf --------------------------------------------------------------------------------------------------


@story
def test_is_leaf(lib):
    x, c = vector(lib, 1.0), vector(lib, 1.0, grad=False)
    for tensor in (x, c, x * 2, c * 2, x.detach(), (x * 2).detach(), x.data, x > 0, x.argmax(), x.double(), x.float()):
        yield tensor.is_leaf, tensor.requires_grad, tensor.output_nr
    with lib.no_grad():
        yield (x * 2).is_leaf, x.view(1, 1).is_leaf, x.view(1, 1).requires_grad


@story
def test_requires_grad(lib):
    x = lib.ones(2)
    x.requires_grad = True
    yield x, x.requires_grad_(False), x.requires_grad_() is x, x.requires_grad_(True)
    h = x * 2
    yield failure(h.requires_grad_, False), h.requires_grad_() is h
    yield failure(setattr, h, "requires_grad", False)
    for dtype in ("int64", "bool", "uint8"):
        yield failure(lib.ones(2, dtype=getattr(lib, dtype)).requires_grad_)
        yield failure(lib.ones, 2, dtype=getattr(lib, dtype), requires_grad=True)
        yield failure(lib.tensor, [1], dtype=getattr(lib, dtype), requires_grad=True)
        yield lib.ones(2, dtype=getattr(lib, dtype)).requires_grad_(False)
    yield lib.ones(2, dtype=lib.complex64).requires_grad_(), lib.ones(2, dtype=lib.float16, requires_grad=True)
    yield failure(x.requires_grad_, 1), failure(x.requires_grad_, None)


@story
def test_operations_on_constants_are_not_recorded(lib):
    x = vector(lib, 1.0, grad=False)
    y = x * 2
    x.requires_grad_()
    yield y.requires_grad, (x + y).requires_grad, (x + y).grad_fn.next_functions[1]


# ---- accumulation ----------------------------------------------------------------------------------------------------


@story
def test_gradients_add_up(lib):
    x = vector(lib, 1.0, 2.0)
    yield x.grad
    for _ in range(3):
        (x * x).sum().backward()
        yield x.grad
    x.grad.zero_()
    (x * 5).sum().backward()
    yield x.grad
    x.grad = None
    yield x.grad
    del x.grad
    yield x.grad
    (x * 5).sum().backward()
    yield x.grad


@story
def test_grad_stays_the_same_object(lib):
    x = vector(lib, 1.0, 2.0)
    (x * x).sum().backward()
    grad, version, place = x.grad, x.grad._version, x.grad.data_ptr()
    (x * x).sum().backward()
    yield x.grad is grad, grad.data_ptr() == place, grad._version - version, grad


@pytest.mark.filterwarnings("ignore:Using backward")
@story
def test_with_create_graph_grad_is_a_new_object(lib):
    x = vector(lib, 1.0, 2.0)
    (x * x).sum().backward()
    grad = x.grad
    (x * x).sum().backward(create_graph=True)
    yield x.grad is grad, grad, x.grad
    x.grad = None


@story
def test_memory_of_the_gradient(lib):
    weight = lib.ones(2, dtype=lib.float64)
    x = vector(lib, 1.0, 2.0)
    (x + 0).backward(weight)
    yield x.grad.data_ptr() == weight.data_ptr()
    x.grad = None
    x.backward(weight)
    yield x.grad.data_ptr() == weight.data_ptr()
    y, z = vector(lib, 1.0, 2.0), vector(lib, 1.0, 2.0)
    (y + z).sum().backward()
    yield y.grad.data_ptr() == z.grad.data_ptr(), y.grad, z.grad


@story
def test_strides_of_the_gradient(lib):
    leaves = [
        lib.ones(2, 3), lib.ones(3, 2).t(), lib.ones(2, 3, 4).permute(2, 0, 1), lib.ones(4, 6)[::2, ::3],
        lib.ones(1, 3).expand(2, 3), lib.ones(2, 1, 3).transpose(0, 2), lib.ones(()), lib.ones(0, 3),
    ]  # fmt: skip
    for leaf in leaves:
        x = leaf.detach().requires_grad_()
        for function in (lambda x: x * 2, lambda x: x * x, lambda x: x.transpose(0, -1) * 2 if x.dim() else x * 2):
            x.grad = None
            function(x).sum().backward()
            yield x.grad
            x.grad = None
            y = function(x)
            y.backward(lib.ones(y.shape))
            yield x.grad


@story
def test_dtype_of_the_gradient(lib):
    for dtype in ("float16", "float32", "float64", "bfloat16", "complex64"):
        x = lib.ones(2, dtype=getattr(lib, dtype), requires_grad=True)
        (x * 3).abs().sum().backward()
        yield x.grad
        (x.to(lib.complex128) * 3).abs().sum().backward()
        yield x.grad


@story
def test_a_gradient_set_by_hand(lib):
    x = vector(lib, 1.0, 2.0)
    given = lib.full((2,), 5.0, dtype=lib.float64)
    x.grad = given
    yield x.grad is given
    (x * x).sum().backward()
    yield x.grad is given, given


@story
def test_what_cannot_be_a_gradient(lib):
    x = lib.ones(2, requires_grad=True)
    for wrong in (
        lib.ones(3),
        lib.ones(()),
        lib.ones(1, 2),
        lib.ones(2, dtype=lib.float64),
        lib.ones(2).long(),
        3.0,
        "a",
        [1.0],
    ):
        yield failure(setattr, x, "grad", wrong), x.grad
    yield failure(setattr, x, "grad", x)


@story
def test_a_constant_can_hold_a_gradient(lib):
    x = lib.ones(2)
    x.grad = lib.ones(2)
    yield x.grad, x.requires_grad


@story
def test_gradients_reach_leaves_only(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 2
    h.sum().backward()
    value, caught = warned(lambda: h.grad)
    yield value, caught, warned(lambda: x.detach().grad), warned(lambda: (x > 1).grad)
    h.retain_grad()
    yield warned(lambda: h.grad)


@story
def test_a_leaf_used_in_several_graphs(lib):
    x = vector(lib, 1.0, 2.0)
    first, second = (x * x).sum(), (x * 3).sum()
    yield (
        first.grad_fn.next_functions[0][0].next_functions[0][0]
        is second.grad_fn.next_functions[0][0].next_functions[0][0]
    )
    second.backward()
    first.backward()
    yield x.grad


@story
def test_training_by_hand(lib):
    w, b = vector(lib, 0.5, -0.5), vector(lib, 0.1)
    x = lib.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=lib.float64)
    for step in range(5):
        loss = ((x * w).sum(1) + b - 1).pow(2).mean()
        loss.backward()
        with lib.no_grad():
            for parameter in (w, b):
                parameter -= 0.01 * parameter.grad
                parameter.grad = None if step % 2 else parameter.grad.zero_()
        yield loss.detach(), w, b, w.grad


# ---- writes into leaves ----------------------------------------------------------------------------------------------


@story
def test_writes_into_leaves(lib):
    x = vector(lib, 1.0, 2.0)
    yield failure(x.add_, 1), failure(x.__setitem__, 0, 5.0), failure(x.zero_), failure(x[:1].mul_, 2)
    x.data.add_(1)
    yield x, x._version
    with lib.no_grad():
        x.add_(1)
    yield x, x.is_leaf, x._version, x.grad_fn


# ---- Variable --------------------------------------------------------------------------------------------------------


@story
def test_variable(lib):
    from_data = lib.ones(2, 2)
    x = lib.autograd.Variable(from_data, requires_grad=True)
    yield x, type(x) is lib.Tensor, x.data_ptr() == from_data.data_ptr(), from_data.requires_grad
    y = x + 2
    (y * y * 3).mean().backward()
    yield x.grad, y.grad_fn.name(), x.data
    yield isinstance(x, lib.autograd.Variable), isinstance(from_data, lib.autograd.Variable)
    yield isinstance(3, lib.autograd.Variable), lib.autograd.variable.Variable is lib.autograd.Variable
    plain = lib.autograd.Variable(lib.ones(2))
    yield plain, plain.is_leaf, lib.autograd.Variable(x).requires_grad
    yield failure(lib.autograd.Variable, lib.ones(2).long(), requires_grad=True), lib.autograd.Variable()


@story
def test_what_is_no_variable(lib):
    for wrong in (3.0, [1.0], "text"):
        yield failure(lib.autograd.Variable, wrong)


@story
def test_volatile_has_no_effect(lib):
    y, caught = warned(lib.autograd.Variable, lib.ones(2), volatile=True)
    yield y.requires_grad, caught


def test_variables_share_memory_and_names():
    data = tt.ones(2)
    x = tt.autograd.Variable(data)
    data[0] = 5
    assert x.tolist() == [5.0, 1.0]


@pytest.mark.parametrize("shown", ["itself", "transposed", "part"])
def test_a_gradient_that_somebody_holds_is_copied(shown):
    views = {"itself": lambda t: t, "transposed": lambda t: t.t(), "part": lambda t: t[:2, :2]}
    held = tt.ones(3, 3) if shown == "part" else tt.ones(2, 2)

    class Held(tt.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return views[shown](held)

    x = tt.zeros(2, 2, requires_grad=True)
    Held.apply(x).sum().backward()
    x.grad.fill_(7.0)
    assert held.eq(1).all()


def test_a_weight_s_gradient_is_not_copied_though_it_comes_transposed(monkeypatch):
    copied = []
    monkeypatch.setattr("tinytorch.autograd.node._laid_out_like", lambda array, grad: copied.append(1) or grad.copy())
    layer = tt.nn.Linear(3, 2)
    layer(tt.ones(4, 3)).sum().backward()
    assert layer.weight.grad.is_contiguous()
    assert copied == []
