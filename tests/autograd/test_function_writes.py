"""Functions that write into their inputs, return them, or return views."""

from tests.autograd.stories import failure, made, story, vector


def scale_in_place(lib):
    """x *= 3"""

    def forward(ctx, x):
        x.mul_(3)
        ctx.mark_dirty(x)
        return x

    return made(lib, forward, lambda ctx, g: g * 3)


@story
def test_mark_dirty(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 1
    version = h._version
    y = scale_in_place(lib).apply(h)
    yield y is h, h, h._version - version
    (y * y).sum().backward()
    yield x.grad


@story
def test_mark_dirty_of_a_leaf(lib):
    yield failure(scale_in_place(lib).apply, vector(lib, 1.0))


@story
def test_mark_dirty_of_a_view(lib):
    x = vector(lib, 1.0, 2.0, 3.0)
    h = x * 1
    part = h[:2]
    y = scale_in_place(lib).apply(part)
    yield y is part, h
    (h * h).sum().backward()
    yield x.grad


@story
def test_mark_dirty_of_what_is_not_returned(lib):
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x * 2

    yield failure(made(lib, forward, lambda ctx, g: g).apply, vector(lib, 1.0) * 1)


@story
def test_mark_dirty_without_gradients(lib):
    x = vector(lib, 1.0, grad=False)
    y = scale_in_place(lib).apply(x)
    yield y is x, x, y.requires_grad


@story
def test_a_dirty_input_that_needs_no_gradient(lib):
    def forward(ctx, x, y):
        x.add_(y)
        ctx.mark_dirty(x)
        return x

    total, y = vector(lib, 1.0, grad=False), vector(lib, 5.0)
    out = made(lib, forward, lambda ctx, g: (g, g)).apply(total, y)
    yield out is total, total
    (total * 2).sum().backward()
    yield y.grad


@story
def test_an_input_is_returned_as_it_is(lib):
    same = made(lib, lambda ctx, x: x, lambda ctx, g: g * 10)
    x = vector(lib, 1.0, 2.0)
    y = same.apply(x)
    yield y is x, y, y.data_ptr() == x.data_ptr(), y._is_view()
    y.sum().backward()
    yield x.grad
    h = x * 1
    yield failure(same.apply(h).mul_, 2)
    plain = vector(lib, 1.0, grad=False)
    yield same.apply(plain) is plain


@story
def test_a_view_is_returned(lib):
    rows = made(lib, lambda ctx, x: x.view(2, 2), lambda ctx, g: g.reshape(4) * 10)
    x = vector(lib, 1.0, 2.0, 3.0, 4.0)
    y = rows.apply(x)
    yield y, y._is_view()
    (y * y).sum().backward()
    yield x.grad
    h = x * 1
    yield failure(rows.apply(h).mul_, 2)
    pair = made(lib, lambda ctx, x: (x[:2], x[2:]), lambda ctx, a, b: lib.cat([a, b]))
    first, second = pair.apply(h)
    yield first, second, failure(first.mul_, 2)


@story
def test_a_write_into_the_input_afterwards(lib):
    same = made(lib, lambda ctx, x: x, lambda ctx, g: g * 10)
    h = vector(lib, 1.0, 2.0) * 1
    y = same.apply(h)
    h.mul_(2)
    yield failure(lambda: y * 1)


@story
def test_a_view_of_something_inside(lib):
    def forward(ctx, x):
        return (x * 2).view(2, 2)

    x = vector(lib, 1.0, 2.0, 3.0, 4.0)
    y = made(lib, forward, lambda ctx, g: g.reshape(4) * 2).apply(x)
    yield y, y._is_view(), failure(y.mul_, 3)
    y.sum().backward()
    yield x.grad


@story
def test_a_constant_from_outside_is_returned(lib):
    outside = vector(lib, 7.0, grad=False)
    y = made(lib, lambda ctx, x: outside, lambda ctx, g: g).apply(vector(lib, 1.0))
    yield y, y is outside
