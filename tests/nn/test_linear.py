"""Linear, Bilinear, Identity are PyTorch's: first values bit for bit, results, gradients, printing, errors."""

import tracemalloc

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, warned


def bits(module):
    """Every parameter as numbers that are compared exactly."""
    return [(name, p.tolist(), str(p.dtype), p.requires_grad) for name, p in module.named_parameters()]


@pytest.mark.parametrize("sizes", [(1, 1), (3, 5), (300, 40), (7, 0), (16, 1)])
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"dtype": "float64"}, {"device": "cpu"}])
@story
def test_linear_starts_with_the_same_numbers(lib, sizes, options):
    options = {key: getattr(lib, value) if key == "dtype" else value for key, value in options.items()}
    lib.manual_seed(7)
    layer, unwanted = warned(lib.nn.Linear, *sizes, **options)
    yield bits(layer), repr(layer), unwanted, lib.rand(1).item()
    yield layer.reset_parameters() if 0 not in sizes else None, bits(layer)


@story
def test_linear_of_nothing(lib):
    layer, warnings = warned(lib.nn.Linear, 0, 3)
    yield warnings, repr(layer), layer(lib.ones(2, 0)).shape == (2, 3)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3), (0, 3), (2, 0, 3), (2, 1, 2, 3)])
@story
def test_linear(lib, shape, bias):
    lib.manual_seed(1)
    layer = lib.nn.Linear(3, 2, bias)
    x = lib.randn(shape, requires_grad=True)
    y = layer(x)
    yield y
    (y * y).sum().backward()
    yield (
        x.grad,
        layer.weight.grad,
        None if layer.bias is None else layer.bias.grad,
        layer.in_features,
        layer.out_features,
    )


@story
def test_linear_refuses(lib):
    layer = lib.nn.Linear(3, 2)
    for x in (
        lib.ones(4, 2),
        lib.ones(2),
        lib.ones(4, 3).double(),
        lib.ones(4, 3).long(),
        lib.ones(2, 2, 2),
        lib.tensor(1.0),
    ):
        yield failure(layer, x)
        yield failure(lib.nn.functional.linear, x, layer.weight)
    yield failure(lib.nn.Linear, -1, 2)[0], failure(lib.nn.Linear, 2)[0], failure(lib.nn.Linear, 2.5, 1)[0]


@story
def test_linear_in_other_dtypes(lib):
    for dtype in (lib.float64, lib.complex64):
        lib.manual_seed(1)
        layer = lib.nn.Linear(3, 2, dtype=dtype) if dtype is lib.float64 else lib.nn.Linear(3, 2).type(dtype)
        x = lib.randn(4, 3).to(dtype).requires_grad_()
        y = layer(x)
        yield y
        (y * y).abs().sum().backward()
        yield x.grad, layer.weight.grad, layer.bias.grad


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"dtype": "float64"}])
@story
def test_bilinear(lib, options):
    options = {key: getattr(lib, value) if key == "dtype" else value for key, value in options.items()}
    lib.manual_seed(2)
    layer = lib.nn.Bilinear(3, 4, 2, **options)
    yield bits(layer), repr(layer)
    layer.double()  # the sums cancel
    x, y = (lib.randn(5, n, requires_grad=True, dtype=lib.float64) for n in (3, 4))
    z = layer(x, y)
    yield z
    (z * z).sum().backward()
    yield x.grad, y.grad, [p.grad for p in layer.parameters()]
    yield layer.reset_parameters(), bits(layer)


@story
def test_bilinear_refuses(lib):
    layer = lib.nn.Bilinear(3, 4, 2)
    yield failure(lib.nn.Bilinear, 0, 1, 1), failure(lib.nn.Bilinear, -3, 1, 1)
    yield failure(layer, lib.ones(5, 3), lib.ones(4, 4)), failure(layer, lib.ones(5, 2), lib.ones(5, 4))
    yield failure(layer, lib.ones(5, 3), lib.ones(5, 3))
    yield layer(lib.ones(3), lib.ones(4)).shape == (2,), layer(lib.ones(2, 5, 3), lib.ones(2, 5, 4)).shape == (2, 5, 2)


@story
def test_identity(lib):
    x = lib.ones(2, requires_grad=True)
    yield lib.nn.Identity()(x) is x, repr(lib.nn.Identity(54, unused=True)), lib.nn.Identity()("text")


@pytest.mark.parametrize("rows", [8, 96])
@story
def test_linear_of_many_numbers(lib, rows):
    """Above a size and with more columns than rows the product is computed the other way round."""
    lib.manual_seed(1)
    layer = lib.nn.Linear(300, 90, dtype=lib.float64)
    x = lib.randn(rows, 300, dtype=lib.float64, requires_grad=True)
    y = layer(x)
    yield y.float(), y.stride()
    (y * y).sum().backward()
    yield x.grad.float(), layer.weight.grad.float(), layer.weight.grad.stride(), layer.bias.grad.float()


@pytest.fixture
def one_thread():
    before = tt.get_num_threads()
    tt.set_num_threads(1)
    yield
    tt.set_num_threads(before)


def test_linear_and_its_gradients_copy_no_operand(one_thread):
    """Beside the results of forward and backward there are blocks of at most 768 KB at any time"""
    x = tt.randn(1000, 400).requires_grad_()
    layer = tt.nn.Linear(400, 900)
    for _ in range(2):  # the first call finds libraries and fills caches
        layer.zero_grad(set_to_none=True)
        x.grad = None
        tracemalloc.start()
        y = layer(x)
        grad = tt.ones_like(y)
        y.backward(grad)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    results = [y, grad, x.grad, layer.weight.grad, layer.bias.grad]
    assert peak < sum(result.numpy(force=True).nbytes for result in results) * 17 / 16 + 3 * 2**18
