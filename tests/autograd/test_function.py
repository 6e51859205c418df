"""Functions with static methods: what ctx keeps and is told, which gradients may come back, what is refused."""

import gc
import weakref

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, made, story, vector, warned


def cube(lib):
    """y = x^3"""

    class Cube(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * 3 * x * x

    return Cube


# ---- values, names and history ---------------------------------------------------------------------------------------


@story
def test_gradients(lib):
    x = vector(lib, 1.0, 2.0, -3.0)
    y = cube(lib).apply(x)
    yield y
    y.backward(lib.ones_like(y))
    yield x.grad


@story
def test_second_and_third_derivative(lib):
    x = vector(lib, 1.0, 2.0, -3.0)
    (first,) = lib.autograd.grad(cube(lib).apply(x).sum(), x, create_graph=True)
    yield first.detach(), first.requires_grad
    (second,) = lib.autograd.grad(first.sum(), x, create_graph=True)
    yield second.detach(), second.requires_grad
    (third,) = lib.autograd.grad(second.sum(), x)
    yield third


@story
def test_the_gradient_is_recorded_only_on_request(lib):
    seen = []

    def backward(ctx, grad):
        seen.append((lib.is_grad_enabled(), grad.requires_grad))
        return grad * 2

    x = vector(lib, 1.0)
    y = made(lib, lambda ctx, x: x * 2, backward).apply(x)
    y.backward(lib.ones_like(y), retain_graph=True)
    lib.autograd.grad(y, x, lib.ones_like(y).requires_grad_(), create_graph=True)
    yield seen


@story
def test_forward_is_not_recorded(lib):
    seen = []

    def forward(ctx, x):
        y = x * 2
        seen.append((lib.is_grad_enabled(), y.requires_grad, x.requires_grad, x.is_leaf))
        return y

    x = vector(lib, 1.0)
    made(lib, forward, lambda ctx, g: g * 2).apply(x)
    made(lib, forward, lambda ctx, g: g * 2).apply(x * 1)
    yield seen


@story
def test_names(lib):
    x = vector(lib, 1.0)
    y = cube(lib).apply(x)
    yield y.grad_fn.name(), type(y.grad_fn).__name__, repr(y.grad_fn).split(" at ")[0]
    yield repr(y), str(type(y.grad_fn))
    yield isinstance(y.grad_fn, lib.autograd.graph.Node), issubclass(type(y.grad_fn), lib.autograd.function.FunctionCtx)
    yield [node.name() for node, _ in y.grad_fn.next_functions], y.grad_fn.next_functions[0][0].variable is x
    yield y.grad_fn.metadata, y.is_leaf, y.output_nr


@story
def test_without_gradients(lib):
    plain = vector(lib, 2.0, grad=False)
    yield cube(lib).apply(plain)
    with lib.no_grad():
        yield cube(lib).apply(vector(lib, 2.0))
    x = vector(lib, 2.0)
    yield cube(lib).apply(x.detach()).requires_grad


@story
def test_integers_have_no_gradient(lib):
    counts = lib.tensor([1, 2])
    yield cube(lib).apply(counts)
    pair = made(lib, lambda ctx, x: (x * 2, (x * 2).long()), lambda ctx, g, h: g * 2 + h)
    y, whole = pair.apply(vector(lib, 1.0, 2.0))
    yield y.requires_grad, whole.requires_grad, whole


# ---- ctx -------------------------------------------------------------------------------------------------------------


@story
def test_needs_input_grad(lib):
    seen = []

    def forward(ctx, x, y, factor):
        seen.append(ctx.needs_input_grad)
        return x * y * factor

    def backward(ctx, grad):
        seen.append(ctx.needs_input_grad)
        return grad, grad, None

    product = made(lib, forward, backward)
    a, b = vector(lib, 1.0), vector(lib, 2.0, grad=False)
    product.apply(a, b, 3).sum().backward()
    product.apply(b, a, 3).sum().backward()
    product.apply(b, b, 3)
    yield seen
    yield a.grad, b.grad
    with lib.no_grad():
        product.apply(a, b, 3)
    yield seen[-1]


@story
def test_attributes_of_ctx(lib):
    def forward(ctx, x, factor, text=None):
        ctx.factor, ctx.shape, ctx.text = factor, x.shape, text
        return x * factor

    def backward(ctx, grad):
        return grad * ctx.factor, None, None

    x = vector(lib, 1.0, 2.0)
    y = made(lib, forward, backward).apply(x, 3.0, "three")
    yield y.grad_fn.factor, tuple(y.grad_fn.shape), y.grad_fn.text
    y.sum().backward()
    yield x.grad, y.grad_fn.factor


@story
def test_saved_tensors(lib):
    x = vector(lib, 1.0, 2.0)
    y = cube(lib).apply(x)
    yield y.grad_fn.saved_tensors[0] is x, len(y.grad_fn.saved_tensors), isinstance(y.grad_fn.saved_tensors, tuple)
    y.sum().backward()
    yield failure(lambda: y.grad_fn.saved_tensors)
    yield failure(y.sum().backward)


@story
def test_a_second_backward_where_nothing_was_saved(lib):
    x = vector(lib, 1.0, 2.0)
    y = made(lib, lambda ctx, x: x * 2, lambda ctx, g: g * 2).apply(x)
    y.sum().backward()
    y.sum().backward()
    yield x.grad, failure(lambda: y.grad_fn.saved_tensors)


@story
def test_none_among_what_is_saved(lib):
    def forward(ctx, x, y):
        ctx.save_for_backward(x, None, y)
        return x * y

    def backward(ctx, grad):
        x, nothing, y = ctx.saved_tensors
        assert nothing is None
        return grad * y, grad * x

    a, b = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    made(lib, forward, backward).apply(a, b).sum().backward()
    yield a.grad, b.grad


@story
def test_only_tensors_are_saved(lib):
    def forward(ctx, x):
        ctx.save_for_backward(x, 3)
        return x * 2

    yield failure(made(lib, forward, lambda ctx, g: g).apply, vector(lib, 1.0))


@story
def test_saving_the_output_makes_no_cycle_and_keeps_its_history(lib):
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * y

    exponential = made(lib, forward, backward)
    x = vector(lib, 0.5, 1.0)
    y = exponential.apply(x)
    yield y.grad_fn.saved_tensors[0].grad_fn is y.grad_fn
    (first,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = lib.autograd.grad(first.sum(), x)
    yield first.detach(), second


@story
def test_a_saved_intermediate_is_a_constant(lib):
    def forward(ctx, x):
        square = x * x
        ctx.save_for_backward(square)
        return square * x

    def backward(ctx, grad):
        (square,) = ctx.saved_tensors
        return grad * 3 * square

    x = vector(lib, 2.0)
    (first,) = lib.autograd.grad(made(lib, forward, backward).apply(x).sum(), x, create_graph=True)
    yield first.detach(), first.requires_grad


@story
def test_a_saved_tensor_written_to(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 1
    y = cube(lib).apply(h)
    h.mul_(2)
    yield failure(y.sum().backward)
    yield failure(lambda: y.grad_fn.saved_tensors)


@story
def test_saved_variables_is_the_old_name(lib):
    y = cube(lib).apply(vector(lib, 1.0, 2.0))
    yield warned(lambda: y.grad_fn.saved_variables)


@story
def test_several_outputs_and_a_missing_gradient(lib):
    seen = []

    def forward(ctx, x):
        return x * 2, x * 3

    def backward(ctx, first, second):
        seen.append((first, second))
        return first * 2 + second * 3

    x = vector(lib, 1.0, 2.0)
    y, z = made(lib, forward, backward).apply(x)
    yield y.output_nr, z.output_nr, y.grad_fn is z.grad_fn
    z.sum().backward(retain_graph=True)
    (y.sum() + z.sum()).backward()
    yield x.grad, seen


@story
def test_set_materialize_grads(lib):
    seen = []

    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    def backward(ctx, first, second):
        seen.append((first is None, second is None))
        return (0 if first is None else first * 2) + (0 if second is None else second * 3)

    x = vector(lib, 1.0, 2.0)
    y, z = made(lib, forward, backward).apply(x)
    z.sum().backward(retain_graph=True)
    y.sum().backward()
    yield x.grad, seen


@story
def test_mark_non_differentiable(lib):
    seen = []

    def forward(ctx, x):
        order = x.argsort()
        half = x / 2
        ctx.mark_non_differentiable(order, half)
        return x * 2, half, order

    def backward(ctx, grad, half, order):
        seen.append((half, order))
        return grad * 2

    x = vector(lib, 3.0, 1.0)
    y, half, order = made(lib, forward, backward).apply(x)
    yield y.requires_grad, half.requires_grad, half.grad_fn, order, half.is_leaf
    y.sum().backward()
    yield x.grad, seen


@story
def test_mark_non_differentiable_leaves_inputs_alone(lib):
    def forward(ctx, x):
        ctx.mark_non_differentiable(x)
        return x

    x = vector(lib, 3.0, 1.0)
    y = made(lib, forward, lambda ctx, g: g).apply(x)
    yield y, y is x, x.requires_grad


# ---- arguments and results -------------------------------------------------------------------------------------------


@story
def test_arguments_that_are_no_tensors(lib):
    def forward(ctx, x, numbers, nothing, y, table):
        return x * numbers[0] + y * table["b"]

    def backward(ctx, grad):
        return grad * 2, None, None, grad * 5, None

    a, b = vector(lib, 1.0), vector(lib, 1.0)
    out = made(lib, forward, backward).apply(a, (2.0, 3.0), None, b, {"b": 5.0})
    yield out, len(out.grad_fn.next_functions)
    out.sum().backward()
    yield a.grad, b.grad


@story
def test_an_argument_that_needs_no_gradient(lib):
    x, y = vector(lib, 1.0), vector(lib, 2.0, grad=False)
    product = made(lib, lambda ctx, x, y: x * y, lambda ctx, g: (g, g))
    out = product.apply(x, y)
    yield [node and node.name() for node, _ in out.grad_fn.next_functions]
    out.sum().backward()
    yield x.grad, y.grad


@story
def test_results_that_are_no_tensors(lib):
    split = made(lib, lambda ctx, x: (x * 2, 3, None, "text"), lambda ctx, g, *rest: g * 2)
    x = vector(lib, 1.0, 2.0)
    y, number, nothing, text = split.apply(x)
    yield y, number, nothing, text
    y.sum().backward()
    yield x.grad
    yield made(lib, lambda ctx, x: None, lambda ctx, g: g).apply(x)
    yield made(lib, lambda ctx, x: (x * 2,), lambda ctx, g: g * 2).apply(x)


@story
def test_a_list_of_results(lib):
    listed = made(lib, lambda ctx, x: [x * 2, x * 3], lambda ctx, *g: g[0])
    yield failure(lambda: listed.apply(vector(lib, 1.0)))


@story
def test_a_tensor_inside_a_list_is_a_constant(lib):
    def forward(ctx, x, others):
        return x * others[0]

    a, b = vector(lib, 2.0), vector(lib, 5.0)
    made(lib, forward, lambda ctx, g: (g * 5, None)).apply(a, [b]).sum().backward()
    yield a.grad, b.grad


@story
def test_the_same_tensor_twice(lib):
    x = vector(lib, 3.0)
    product = made(lib, lambda ctx, x, y: x * y, lambda ctx, g: (g * 2, g * 5))
    product.apply(x, x).sum().backward()
    yield x.grad


@story
def test_no_gradient_comes_back(lib):
    x = vector(lib, 3.0)
    y = made(lib, lambda ctx, x: x * 2, lambda ctx, g: None).apply(x)
    y.sum().backward()
    yield x.grad
    yield lib.autograd.grad(made(lib, lambda ctx, x: x * 2, lambda ctx, g: None).apply(x * 1), x, allow_unused=True)


# ---- gradients that cannot be --------------------------------------------------------------------------------------


@story
def test_too_many_or_too_few_gradients(lib):
    x = vector(lib, 1.0)
    for returned in ((1, 1), (1, 1, 1), (), (1, None), (1, None, None)):

        def backward(ctx, grad, returned=returned):
            return tuple(None if each is None else grad for each in returned)

        y = made(lib, lambda ctx, x: x * 2, backward).apply(x)
        yield failure(y.sum().backward)
    two = made(lib, lambda ctx, x, y: x * y, lambda ctx, g: g)
    yield failure(two.apply(x, x).sum().backward)


@story
def test_a_gradient_for_what_is_no_tensor(lib):
    scaled = made(lib, lambda ctx, x, n: x * n, lambda ctx, g: (g, g))
    yield failure(scaled.apply(vector(lib, 1.0), 2).sum().backward)


@story
def test_a_gradient_that_is_no_tensor(lib):
    for wrong in (1.0, "text", [1.0]):
        y = made(lib, lambda ctx, x: x * 2, lambda ctx, g, wrong=wrong: wrong).apply(vector(lib, 1.0))
        yield failure(y.sum().backward)


@story
def test_shapes_of_gradients(lib):
    for shape in ((), (1,), (3,), (2, 3), (1, 3), (2,), (4,), (3, 1), (0,)):
        x = vector(lib, 1.0, 2.0, 3.0)
        y = made(lib, lambda ctx, x: x * 2, lambda ctx, g, s=shape: lib.ones(s, dtype=g.dtype)).apply(x)
        yield shape, failure(y.sum().backward)
        yield x.grad


@story
def test_dtypes_of_gradients(lib):
    for dtype in ("float32", "float64", "float16", "int64", "complex64"):
        x = vector(lib, 1.0, 2.0, 3.0, dtype="float32")
        to = getattr(lib, dtype)
        y = made(lib, lambda ctx, x: x * 2, lambda ctx, g, to=to: lib.ones(3, dtype=to)).apply(x)
        yield failure(y.sum().backward)
        yield x.grad


@story
def test_a_backward_that_is_not_there(lib):
    class Forward(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    y = Forward.apply(vector(lib, 1.0))
    yield y
    yield failure(y.sum().backward)


@story
def test_backward_under_its_name_vjp(lib):
    class Double(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def vjp(ctx, grad):
            return grad * 2

    class Both(Double):
        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = vector(lib, 1.0)
    Double.apply(x).sum().backward()
    yield x.grad
    yield failure(Both.apply(x).sum().backward)


@story
def test_a_forward_that_is_not_there(lib):
    class Nothing(lib.autograd.Function):
        pass

    yield failure(Nothing.apply, vector(lib, 1.0))


@story
def test_errors_in_the_users_code_pass_through(lib):
    def forward(ctx, x):
        raise ValueError("forward is wrong")

    def backward(ctx, grad):
        raise KeyError("backward is wrong")

    x = vector(lib, 1.0)
    yield failure(made(lib, forward, backward).apply, x)
    yield failure(made(lib, lambda ctx, x: x * 2, backward).apply(x).sum().backward)
    yield lib.is_grad_enabled()


# ---- differentiate once, checkers, memory ----------------------------------------------------------------------------


@story
def test_once_differentiable(lib):
    seen = []

    @lib.autograd.function.once_differentiable
    def backward(ctx, grad):
        seen.append((lib.is_grad_enabled(), grad.requires_grad))
        (x,) = ctx.saved_tensors
        return grad * 2 * x

    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    x = vector(lib, 1.0, 2.0)
    square = made(lib, forward, backward)
    square.apply(x).sum().backward()
    yield x.grad, seen
    (first,) = lib.autograd.grad(square.apply(x).sum(), x, create_graph=True)
    yield first.detach(), first.requires_grad
    (mixed,) = lib.autograd.grad((square.apply(x) * x).sum(), x, create_graph=True)
    yield mixed.requires_grad, failure(mixed.sum().backward)


@story
def test_inside_other_operations_and_hooks(lib):
    x = vector(lib, 1.0, 2.0)
    y = cube(lib).apply(x * 2)
    order = []
    y.register_hook(lambda g: order.append("tensor"))
    y.grad_fn.register_prehook(lambda g: order.append("before"))
    y.grad_fn.register_hook(lambda i, o: order.append("after"))
    (y * 2).sum().backward()
    yield x.grad, order


@story
def test_gradcheck_of_functions(lib):
    x = vector(lib, 1.0, 2.0)
    yield lib.autograd.gradcheck(cube(lib).apply, (x,)), lib.autograd.gradgradcheck(cube(lib).apply, (x,))
    wrong = made(lib, lambda ctx, x: x * x, lambda ctx, g: g)
    yield lib.autograd.gradcheck(wrong.apply, (x,), raise_exception=False)


@story
def test_a_module_s_worth_of_functions_in_a_chain(lib):
    x = vector(lib, 0.5)
    y = x
    for _ in range(5):
        y = cube(lib).apply(y)
    (first,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = lib.autograd.grad(first.sum(), x)
    yield first.detach(), second


@pytest.mark.parametrize("save", ["input", "output"])
def test_a_graph_of_functions_is_no_garbage(save):
    class Square(tt.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * x
            ctx.save_for_backward(x if save == "input" else y)
            return y

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0]

    gc.disable()
    try:
        x = tt.ones(2, requires_grad=True)
        y = Square.apply(x)
        node, leaf = weakref.ref(y.grad_fn), weakref.ref(x)
        y.sum().backward()
        del x, y
        assert node() is None and leaf() is None
    finally:
        gc.enable()
