"""The other two styles of Function: forward with setup_context, and the instances of PyTorch 0.3."""

import gc
import weakref

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, vector

# ---- setup_context ---------------------------------------------------------------------------------------------------


def power(lib):
    """y = x^n, n a number"""

    class Power(lib.autograd.Function):
        @staticmethod
        def forward(x, n):
            return x**n

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, n = inputs
            ctx.save_for_backward(x, output)
            ctx.n = n

        @staticmethod
        def backward(ctx, grad):
            x, y = ctx.saved_tensors
            return grad * ctx.n * y / x, None

    return Power


@story
def test_setup_context(lib):
    x = vector(lib, 1.0, 2.0, 3.0)
    y = power(lib).apply(x, 3)
    yield y, repr(y.grad_fn).split(" at ")[0]
    (first,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = lib.autograd.grad(first.sum(), x)
    yield first.detach(), second


@story
def test_what_setup_context_sees(lib):
    seen = []

    class Double(lib.autograd.Function):
        @staticmethod
        def forward(x, factor=2):
            seen.append((lib.is_grad_enabled(), factor))
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            seen.append((type(inputs), len(inputs), inputs[0] is x, output.requires_grad, ctx.needs_input_grad))
            seen.append(lib.is_grad_enabled())

        @staticmethod
        def backward(ctx, grad):
            return grad * 2, None

    x = vector(lib, 1.0)
    Double.apply(x, 2).sum().backward()
    yield x.grad, seen


@story
def test_setup_context_of_several_outputs(lib):
    seen = []

    class Both(lib.autograd.Function):
        @staticmethod
        def forward(x):
            return x * 2, x.argsort()

        @staticmethod
        def setup_context(ctx, inputs, output):
            seen.append(type(output))
            ctx.mark_non_differentiable(output[1])
            ctx.set_materialize_grads(False)

        @staticmethod
        def backward(ctx, grad, order):
            seen.append(order)
            return grad * 2

    x = vector(lib, 3.0, 1.0)
    y, order = Both.apply(x)
    y.sum().backward()
    yield x.grad, order, seen


@story
def test_mark_dirty_in_setup_context(lib):
    class Triple(lib.autograd.Function):
        @staticmethod
        def forward(x):
            return x.mul_(3)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.mark_dirty(inputs[0])

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    x = vector(lib, 1.0, 2.0)
    h = x * 1
    y = Triple.apply(h)
    yield y is h, h
    (h * h).sum().backward()
    yield x.grad


@story
def test_inheritance(lib):
    class Negative(power(lib)):
        @staticmethod
        def backward(ctx, grad):
            return -power(lib).backward(ctx, grad)[0], None

    x = vector(lib, 1.0, 2.0)
    y = Negative.apply(x, 2)
    y.sum().backward()
    yield x.grad, y.grad_fn.name()


# ---- instances: this is what PyTorch 0.3 did, PyTorch 2.13 refuses it ------------------------------------------------


class Relu(tt.autograd.Function):
    """y = max(x, 0)"""

    def forward(self, x):
        self.save_for_backward(x)
        return x.clamp(min=0)

    def backward(self, grad):
        (x,) = self.saved_tensors
        return grad * (x > 0).to(grad.dtype)


def test_an_instance_is_called():
    x = tt.tensor([1.0, -2.0, 3.0], requires_grad=True)
    y = Relu()(x)
    assert y.tolist() == [1.0, 0.0, 3.0] and y.grad_fn.name() == "ReluBackward"
    (y * y).sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 6.0]


def test_each_call_has_an_instance_of_its_own():
    x = tt.tensor([1.0, -2.0], requires_grad=True)
    (Relu()(x) + Relu()(-x)).sum().backward()
    assert x.grad.tolist() == [1.0, -1.0]


def test_the_instance_keeps_attributes():
    class Scale(tt.autograd.Function):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def forward(self, x):
            return x * self.factor

        def backward(self, grad):
            return grad * self.factor

    x = tt.tensor([1.0, 2.0], requires_grad=True)
    Scale(5.0)(x).sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]


def test_apply_makes_the_instance():
    x = tt.tensor([1.0, -2.0], requires_grad=True)
    Relu.apply(x).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_what_an_instance_can_say():
    class Argmax(tt.autograd.Function):
        def forward(self, x, y):
            assert self.needs_input_grad == (True, False)
            order = x.argsort()
            self.mark_non_differentiable(order)
            return x * y, order

        def backward(self, grad, order):
            assert self.needs_input_grad == (True, False) and order.tolist() == [0, 0]
            return grad * 2, None

    x, y = tt.tensor([3.0, 1.0], requires_grad=True), tt.tensor([2.0, 2.0])
    product, order = Argmax()(x, y)
    assert not order.requires_grad and order.tolist() == [1, 0]
    product.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_second_backward_of_an_instance():
    y = Relu()(tt.ones(2, requires_grad=True)).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


def test_a_second_derivative_of_an_instance():
    class Square(tt.autograd.Function):
        def forward(self, x):
            self.save_for_backward(x)
            return x * x

        def backward(self, grad):
            (x,) = self.saved_tensors
            return grad * 2 * x

    x = tt.tensor([3.0], requires_grad=True)
    (first,) = tt.autograd.grad(Square()(x).sum(), x, create_graph=True)
    (second,) = tt.autograd.grad(first.sum(), x)
    assert first.tolist() == [6.0] and second.tolist() == [2.0]


def test_a_write_into_what_an_instance_saved():
    h = tt.ones(2, requires_grad=True) * 1
    y = Relu()(h)
    h.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("keep", ["input", "output"])
def test_instances_are_no_garbage(keep):
    class Keep(tt.autograd.Function):
        def forward(self, x):
            y = x * 2
            self.save_for_backward(x if keep == "input" else y)
            return y

        def backward(self, grad):
            return grad * 2 + 0 * self.saved_tensors[0]

    gc.disable()
    try:
        function = Keep()
        y = function(tt.ones(2, requires_grad=True))
        gone = weakref.ref(function), weakref.ref(y.grad_fn)
        y.sum().backward()
        del function, y
        assert [each() for each in gone] == [None, None]
    finally:
        gc.enable()


@story
def test_an_instance_with_static_methods_is_not_called(lib):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch says that an instance is of no use
        instance = power(lib)()
    yield failure(instance, vector(lib, 1.0), 2)
