"""no_grad, enable_grad, set_grad_enabled, inference_mode: as blocks, decorators, in generators, nested, by thread."""

import threading

import pytest

from tests.autograd.stories import failure, story, vector, warned

MODES = ("no_grad", "enable_grad", "inference_mode")


@pytest.mark.parametrize("name", MODES)
@story
def test_blocks(lib, name):
    x = vector(lib, 1.0)
    mode = getattr(lib, name)
    for outer in (True, False):
        with lib.set_grad_enabled(outer):
            with mode() as inside:
                yield inside, lib.is_grad_enabled(), lib.is_inference_mode_enabled(), (x * 2).requires_grad
            yield lib.is_grad_enabled(), lib.is_inference_mode_enabled()
    yield lib.is_grad_enabled()


@pytest.mark.parametrize("name", MODES)
@story
def test_an_error_ends_the_block(lib, name):
    def raises():
        with getattr(lib, name)():
            raise KeyError("mine")

    yield failure(raises), lib.is_grad_enabled(), lib.is_inference_mode_enabled()


@story
def test_set_grad_enabled(lib):
    x = vector(lib, 1.0)
    with lib.set_grad_enabled(False):
        yield lib.is_grad_enabled()
        with lib.set_grad_enabled(True):
            yield lib.is_grad_enabled(), (x * 2).requires_grad
        yield lib.is_grad_enabled()
    yield lib.is_grad_enabled()
    lib.set_grad_enabled(False)
    yield lib.is_grad_enabled(), (x * 2).requires_grad
    lib.set_grad_enabled(True)
    yield lib.is_grad_enabled()
    held = lib.set_grad_enabled(False)
    with held:
        yield lib.is_grad_enabled()
    yield lib.is_grad_enabled()


@story
def test_a_block_entered_twice(lib):
    mode = lib.no_grad()
    with mode:
        with lib.enable_grad(), mode:
            yield lib.is_grad_enabled()
        yield lib.is_grad_enabled()
    yield lib.is_grad_enabled()


@pytest.mark.parametrize("name", MODES)
@story
def test_decorators(lib, name):
    mode = getattr(lib, name)

    @mode()
    def called(factor, *, more=0):
        """Its text."""
        return lib.is_grad_enabled(), lib.is_inference_mode_enabled(), factor + more

    @mode
    def bare():
        return lib.is_grad_enabled()

    yield called(2, more=3), called.__name__, called.__doc__, lib.is_grad_enabled()
    yield bare(), bare.__name__, lib.is_grad_enabled()
    with lib.no_grad():
        yield called(1), bare(), lib.is_grad_enabled()

    class Model:
        @mode()
        def method(self):
            return lib.is_grad_enabled(), isinstance(self, Model)

    yield Model().method()


@story
def test_set_grad_enabled_as_a_decorator(lib):
    @lib.set_grad_enabled(False)
    def off():
        return lib.is_grad_enabled()

    yield lib.is_grad_enabled(), off(), lib.is_grad_enabled()


@story
def test_inference_mode_off(lib):
    @lib.inference_mode(False)
    def off():
        return lib.is_grad_enabled(), lib.is_inference_mode_enabled()

    yield off()
    with lib.inference_mode():
        yield off()
        with lib.inference_mode(mode=False):
            yield lib.is_grad_enabled(), lib.is_inference_mode_enabled()
        with lib.enable_grad():
            yield lib.is_grad_enabled(), (vector(lib, 1.0) * 2).requires_grad
        yield lib.is_grad_enabled()


@pytest.mark.parametrize("name", MODES)
@story
def test_generators(lib, name):
    mode = getattr(lib, name)

    @mode()
    def numbers():
        try:
            for i in range(3):
                try:
                    got = yield i, lib.is_grad_enabled()
                    if got is not None:
                        yield "got", got, lib.is_grad_enabled()
                except KeyError:
                    yield "caught", lib.is_grad_enabled()
        finally:
            seen.append(lib.is_grad_enabled())
        return "end", lib.is_grad_enabled()

    seen = []
    for outer in (True, False):
        with lib.set_grad_enabled(outer):
            for value in numbers():
                yield value, lib.is_grad_enabled()
            generator = numbers()
            yield next(generator), generator.send("a text"), lib.is_grad_enabled()
            yield generator.throw(KeyError()), lib.is_grad_enabled()
            generator.close()
            yield lib.is_grad_enabled(), seen

            def delegate():
                yield (yield from numbers())

            yield list(delegate())


@pytest.mark.parametrize("name", ["no_grad", "inference_mode"])
@story
def test_what_is_made_inside(lib, name):
    x = vector(lib, 1.0, 2.0)
    with getattr(lib, name)():
        made = lib.ones(2, requires_grad=True)
        double = x * 2
        view = x[:1]
        yield made.requires_grad, made.is_leaf, double.requires_grad, view.requires_grad, double.is_inference()
        yield view.is_inference(), x.is_inference(), made.is_inference()
        x.add_(1)
        double.add_(1)
        view.add_(1)
    yield x, double


@story
def test_gradients_of_a_leaf_made_inside_no_grad(lib):
    with lib.no_grad():
        made = lib.ones(2, requires_grad=True)
    (made * 3).sum().backward()
    yield made.grad


@story
def test_inference_tensors_outside(lib):
    x = vector(lib, 1.0, 2.0)
    with lib.inference_mode():
        y = lib.ones(2, dtype=lib.float64)
    yield y.is_inference(), (y * 2).requires_grad, (y * 2).is_inference(), y.clone().is_inference()
    yield (x + y).requires_grad, failure(lambda: x * y)
    yield failure(y.add_, 1), failure(y.requires_grad_), failure(lambda: y._version)
    with lib.inference_mode():
        y.fill_(1)
    with lib.no_grad():
        yield x * y, failure(y.add_, 1)
    with lib.inference_mode():
        y.fill_(3)
    copy = y.clone()
    (x * copy).sum().backward()
    yield x.grad
    yield failure(y.view, 2), y.detach().is_inference(), y[0].is_inference()


@story
def test_gradients_are_computed_inside_no_grad(lib):
    x = vector(lib, 1.0, 2.0)
    y = (x * x).sum()
    with lib.no_grad():
        y.backward()
    yield x.grad
    y = (x * x).sum()
    with lib.no_grad():
        (first,) = lib.autograd.grad(y, x, create_graph=True)
    yield first.requires_grad


@story
def test_a_new_thread_records(lib):
    seen = []

    def look():
        seen.append((lib.is_grad_enabled(), lib.is_inference_mode_enabled()))
        lib.set_grad_enabled(False)
        seen.append(lib.is_grad_enabled())

    with lib.no_grad():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        yield seen, lib.is_grad_enabled()
    with lib.inference_mode():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    yield seen, lib.is_grad_enabled()


@story
def test_names(lib):
    yield lib.autograd.no_grad is lib.no_grad, lib.autograd.enable_grad is lib.enable_grad
    yield lib.autograd.grad_mode.set_grad_enabled is lib.set_grad_enabled
    yield lib.autograd.grad_mode.no_grad is lib.no_grad, lib.autograd.inference_mode is lib.inference_mode
    yield type(lib.no_grad()).__name__, callable(lib.no_grad())


@story
def test_classes_are_decorated_with_a_warning(lib):
    class Model:
        def __init__(self):
            self.recording = lib.is_grad_enabled()

    for name in MODES:
        made, caught = warned(getattr(lib, name)(), Model)
        yield caught, made().recording
