"""Flatten and Unflatten are PyTorch's."""

from tests.autograd.stories import failure, story


@story
def test_flatten(lib):
    x = lib.arange(24.0).view(2, 3, 4).requires_grad_()
    for args in ((), (0,), (1, 1), (0, 1), (-2,), (0, -1), (2, 1), (5,)):
        module = lib.nn.Flatten(*args)
        yield args, repr(module), failure(module, x) if args in ((2, 1), (5,)) else module(x)
    yield (
        lib.nn.Flatten()(lib.ones(2, 0, 3)),
        lib.nn.Flatten(0)(lib.tensor(1.0)),
        failure(lib.nn.Flatten(), lib.ones(2)),
    )
    y = lib.nn.Flatten()(x)
    y.sum().backward()
    yield x.grad, y._base is x


@story
def test_unflatten(lib):
    x = lib.arange(24.0).view(2, 12)
    for size in ((3, 4), (3, -1), [2, 2, 3], (12,), lib.Size([4, 3])):
        module = lib.nn.Unflatten(1, size)
        yield repr(module), module(x)
    yield lib.nn.Unflatten(0, (1, 2))(x), lib.nn.Unflatten(-1, (2, 6))(x)
    yield (
        failure(lib.nn.Unflatten(1, (5, 2)), x),
        failure(lib.nn.Unflatten(5, (5, 2)), x),
        failure(lib.nn.Unflatten(1, (-1, -1)), x),
    )
    for size in (3, "ab", (3, "4"), (2.0, 6), None, ("a", 3)):
        yield failure(lib.nn.Unflatten, 1, size)
