"""`backward` and `grad`: weights, several roots, inputs=, unused inputs, freed graphs, and the texts of errors."""

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, vector, warned


def square(x):
    return (x * x).sum()


# ---- backward --------------------------------------------------------------------------------------------------------


@story
def test_scalars_and_weights(lib):
    x = vector(lib, 1.0, 2.0)
    yield square(x).backward(), x.grad
    (x * x).backward(lib.tensor([1.0, 10.0], dtype=lib.float64))
    yield x.grad
    (x * x).backward(gradient=lib.ones(2))
    yield x.grad
    (x * x).backward(lib.tensor([1, 2]))
    yield x.grad
    one = lib.ones(1, 1, dtype=lib.float64, requires_grad=True)
    (one * 3).backward()
    yield one.grad


@story
def test_what_cannot_be_a_root(lib):
    x = vector(lib, 1.0, 2.0)
    yield failure((x * 2).backward)
    yield failure(lib.ones(()).backward), failure(lib.ones(3).backward), failure(lib.ones((), dtype=lib.int64).backward)
    yield failure((x * 2).sum().detach().backward), failure(x.argmax().backward), failure((x > 1).all().backward)
    with lib.no_grad():
        yield failure((x * 2).sum().backward)
    yield failure(lib.autograd.backward, [square(x), lib.ones(())])
    yield failure(lib.autograd.backward, [lib.ones(()), square(x)]), x.grad
    z = lib.ones(1, dtype=lib.complex64, requires_grad=True)
    yield failure((z * 2).backward), failure((z * 2).sum().backward)
    yield failure(lib.autograd.backward, 3), failure(lib.autograd.backward, [3])


@story
def test_weights_that_do_not_fit(lib):
    x = vector(lib, 1.0, 2.0)
    for shape in ((3,), (1,), (), (2, 1), (1, 2)):
        yield failure((x * 2).backward, lib.ones(shape))
        yield failure(square(x).backward, lib.ones(shape))
        yield failure(lib.autograd.grad, x * 2, x, lib.ones(shape))
    yield failure((x * 2).backward, 3), failure((x * 2).backward, "text"), failure((x * 2).backward, [1.0, 2.0])
    yield failure((x * 2).backward, lib.ones(2, dtype=lib.complex64))
    yield failure(lib.autograd.backward, [square(x), square(x)], [None])
    yield failure(lib.autograd.grad, [square(x)], [x], [None, None])
    yield x.grad


@story
def test_several_roots(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    h = x * y
    lib.autograd.backward([square(h), h, x], [None, lib.ones(2), lib.ones(2)])
    yield x.grad, y.grad
    lib.autograd.backward((square(x), square(x)))
    lib.autograd.backward(square(x), lib.tensor(2.0))
    lib.autograd.backward([square(x), y * 2], [lib.tensor(5.0), lib.ones(2)])
    yield x.grad, y.grad
    yield lib.autograd.backward([]), lib.autograd.backward(())


@story
def test_the_same_root_twice(lib):
    x = vector(lib, 1.0, 2.0)
    y = square(x)
    lib.autograd.backward([y, y])
    yield x.grad
    h = x * 3
    lib.autograd.backward([h, square(h)], [lib.ones(2), None])
    yield x.grad


@story
def test_a_root_below_another(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 3
    lib.autograd.backward([square(h), h], [None, lib.ones(2)])
    yield x.grad
    x.backward(lib.ones(2))
    yield x.grad


@story
def test_old_names_of_arguments(lib):
    x = vector(lib, 1.0, 2.0)
    yield warned(lib.autograd.backward, x * 2, grad_variables=lib.ones(2)), x.grad
    yield warned(failure, lib.autograd.backward, x * 2, lib.ones(2), grad_variables=lib.ones(2))
    yield warned(lib.autograd.grad, square(x), x, only_inputs=False)


def test_retain_variables_is_pytorch_03_s_retain_graph():
    x = tt.ones(2, requires_grad=True)
    y = square(x)
    with pytest.warns(DeprecationWarning, match="retain_graph"):
        y.backward(retain_variables=True)
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()
    with pytest.warns(DeprecationWarning):
        square(x).backward(gradient=None, retain_graph=None, create_graph=None, retain_variables=False)
    assert x.grad.tolist() == [6.0, 6.0]


# ---- inputs= ---------------------------------------------------------------------------------------------------------


@story
def test_inputs(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    h = x * y
    square(h).backward(inputs=[x], retain_graph=True)
    yield x.grad, y.grad
    square(h).backward(inputs=y, retain_graph=True)
    yield x.grad, y.grad
    square(h).backward(inputs=(h,), retain_graph=True)
    yield x.grad, y.grad, h.grad
    lib.autograd.backward(square(h), inputs=[x, h])
    yield x.grad, y.grad, h.grad


@story
def test_inputs_that_cannot_be(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    yield failure(square(x).backward, inputs=[])
    yield failure(square(x).backward, inputs=[x.detach()])
    square(x).backward(inputs=[y])
    yield x.grad, y.grad


# ---- grad ------------------------------------------------------------------------------------------------------------


@story
def test_grad(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    h = x * y
    yield lib.autograd.grad(square(h), x)
    yield lib.autograd.grad(square(x * y), (x, y)), lib.autograd.grad(square(x * y), [y, x])
    yield lib.autograd.grad([square(x * y), x * 1], [x], [None, lib.ones(2)])
    yield lib.autograd.grad(square(x), x, grad_outputs=lib.tensor(3.0))
    yield x.grad, y.grad


@story
def test_grad_of_non_leaves_and_roots(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 3
    y = square(h)
    yield lib.autograd.grad(y, (h, x, y), retain_graph=True)
    yield lib.autograd.grad(y, y, retain_graph=True), lib.autograd.grad(x, x, lib.ones(2))
    yield lib.autograd.grad(y, (x, x, h, x))


@story
def test_grad_of_one_output_of_several(lib):
    x = vector(lib, 1.0, 2.0, 3.0, 4.0)
    first, second = (x * 2).split(2)
    y = (first * second).sum()
    yield lib.autograd.grad(y, (second, first), retain_graph=True)
    yield lib.autograd.grad((first * 2).sum(), (first, second), allow_unused=True)


@story
def test_gradients_belong_to_the_leaves(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    weight = lib.ones(2, dtype=lib.float64)
    (x + y).backward(weight)
    x.grad.add_(5)
    yield x.grad, y.grad, weight


@story
def test_gradients_share_memory(lib):
    """What `grad` returns for a sum is the weight itself: nothing is copied."""
    x, y, weight = vector(lib, 1.0, 1.0), vector(lib, 1.0, 1.0), vector(lib, 1.0, 1.0, grad=False)
    first, second = lib.autograd.grad(x + y, (x, y), weight)
    first.add_(5)
    yield first.tolist(), second.tolist(), weight.tolist()
    yield lib.autograd.grad((x * y).sum(), x)[0].tolist()


@story
def test_unused_inputs(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    z = vector(lib, 1.0, grad=False)
    yield failure(lib.autograd.grad, square(x), y), failure(lib.autograd.grad, square(x), (x, y))
    yield lib.autograd.grad(square(x), (x, y), allow_unused=True)
    yield lib.autograd.grad(square(x), (x, y), materialize_grads=True)
    yield lib.autograd.grad(square(x), (x, y), allow_unused=True, materialize_grads=True)
    yield failure(lib.autograd.grad, square(x), (x, y), allow_unused=False, materialize_grads=True)
    yield failure(lib.autograd.grad, square(x), z), failure(lib.autograd.grad, square(x), z, allow_unused=True)
    yield failure(lib.autograd.grad, square(x), []), failure(lib.autograd.grad, square(x), 3)
    yield failure(lib.autograd.grad, lib.ones(()), x), failure(lib.autograd.grad, x * 2, x)


@story
def test_a_zero_gradient_is_not_an_unused_input(lib):
    x = vector(lib, 1.0, 2.0)
    yield lib.autograd.grad((x * 0).sum(), x), lib.autograd.grad(x.round().sum(), x)


@story
def test_create_graph(lib):
    x = vector(lib, 1.0, 2.0)
    (first,) = lib.autograd.grad((x**3).sum(), x, create_graph=True)
    yield first
    (second,) = lib.autograd.grad(first.sum(), x, create_graph=True)
    yield second.detach(), second.requires_grad
    (third,) = lib.autograd.grad(second.sum(), x, create_graph=True)
    yield third.detach()
    (linear,) = lib.autograd.grad((x * 3).sum(), x, create_graph=True)
    yield linear.detach(), linear.requires_grad


@story
def test_create_graph_with_weights(lib):
    x, weight = vector(lib, 1.0, 2.0), vector(lib, 1.0, 1.0)
    (first,) = lib.autograd.grad(x * x, x, weight, create_graph=True)
    yield lib.autograd.grad(first.sum(), (x, weight))


@pytest.mark.filterwarnings("ignore:Using backward")
@story
def test_backward_with_create_graph(lib):
    x = vector(lib, 1.0, 2.0)
    (x**3).sum().backward(create_graph=True)
    first = x.grad
    yield first.detach(), first.requires_grad
    x.grad = None
    first.sum().backward()
    yield x.grad
    x.grad = None


def test_create_graph_of_backward_warns():
    x = tt.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match=r"Using backward\(\) with create_graph=True will create a reference cycle"):
        square(x).backward(create_graph=True)
    x.grad = None


@story
def test_is_grads_batched(lib):
    x = vector(lib, 1.0, 2.0, 3.0)
    weights = lib.eye(3, dtype=lib.float64)
    yield lib.autograd.grad(x * x, x, weights, is_grads_batched=True)
    yield lib.autograd.grad([x * x, x * 2], x, [weights, weights], is_grads_batched=True)


@story
def test_gradient_edges(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 3
    edge = lib.autograd.graph.get_gradient_edge(h)
    yield edge.output_nr, edge.node is h.grad_fn, tuple(edge)[1]
    y = square(h)
    yield lib.autograd.grad(y, (edge, x), retain_graph=True)
    yield lib.autograd.grad(edge, x, lib.ones(2, dtype=lib.float64), retain_graph=True)
    lib.autograd.backward(edge, lib.ones(2, dtype=lib.float64))
    yield x.grad
    leaf = lib.autograd.graph.get_gradient_edge(x)
    yield leaf.node.name(), leaf.output_nr, leaf.node.variable is x
    yield failure(lib.autograd.graph.get_gradient_edge, lib.ones(2))


# ---- freed graphs ----------------------------------------------------------------------------------------------------


@story
def test_a_second_time(lib):
    x = vector(lib, 1.0, 2.0)
    y = square(x)
    y.backward()
    yield failure(y.backward), failure(lib.autograd.grad, y, x), x.grad
    z = (x + 1).sum()
    z.backward()
    z.backward()
    yield x.grad


@story
def test_retain_graph(lib):
    x = vector(lib, 1.0, 2.0)
    y = square(x)
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    yield x.grad, failure(y.backward)
    y = square(x)
    lib.autograd.grad(y, x, create_graph=True)
    y.backward(retain_graph=False)
    yield failure(y.backward)
    y = square(x)
    lib.autograd.grad(y, x, create_graph=True, retain_graph=False)
    yield failure(y.backward)


@story
def test_only_the_part_that_was_walked_is_freed(lib):
    x, w = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    h = x * x
    y, z = (h * w).sum(), (h * 2).sum()
    z.backward()
    yield failure(y.backward), w.grad
    h = x * x
    y = (h * w).sum()
    lib.autograd.grad(y, h)
    yield lib.autograd.grad(h.sum(), x), failure(y.backward)


@story
def test_two_losses_share_a_part(lib):
    x = vector(lib, 1.0, 2.0)
    h = x.exp()
    first, second = h.sum(), (h * 2).sum()
    first.backward()
    yield failure(second.backward)


@story
def test_a_saved_tensor_was_written_to(lib):
    x = vector(lib, 1.0, 2.0)
    y = x.exp()
    y.add_(1)
    yield failure(y.sum().backward)
    h = x * 1
    z = h * h
    h.zero_()
    yield failure(z.sum().backward)
    z = (h * h).sum()
    h.detach().add_(1)
    yield failure(z.backward)


# ---- shapes and dtypes on the way ------------------------------------------------------------------------------------


@story
def test_broadcasting_is_undone(lib):
    for shape, other in (((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((1,), (4, 1, 2)), ((2, 0), (1, 1)), ((0,), ())):
        x = lib.full(shape, 2.0, requires_grad=True)
        y = lib.full(other, 3.0, requires_grad=True)
        (x * y).sum().backward()
        yield x.grad, y.grad


@story
def test_dtypes_are_those_of_the_inputs(lib):
    x = lib.ones(2, dtype=lib.float32, requires_grad=True)
    y = lib.ones(2, dtype=lib.float64, requires_grad=True)
    z = lib.ones(2, dtype=lib.float16, requires_grad=True)
    c = lib.ones(2, dtype=lib.complex64, requires_grad=True)
    (x * y * z).sum().backward()
    yield x.grad, y.grad, z.grad
    (x * c).sum().real.backward()
    yield x.grad, c.grad


@story
def test_a_diamond(lib):
    x = vector(lib, 1.0, 2.0)
    a, b = x * 2, x * 3
    c = a * b
    d = c + a
    (d * c).sum().backward()
    yield x.grad


@story
def test_a_backward_inside_a_backward(lib):
    x, w = vector(lib, 2.0), vector(lib, 3.0)

    def hook(grad):
        with lib.enable_grad():
            (w * w).sum().backward()
        return grad * 2

    h = x * 5
    h.register_hook(hook)
    h.sum().backward()
    yield x.grad, w.grad, lib.is_grad_enabled()
