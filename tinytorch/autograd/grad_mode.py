"""Whether operations are recorded: no_grad, enable_grad, set_grad_enabled, inference_mode (thread by thread)."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any

from tinytorch.errors import warn


class _State(threading.local):
    """Every thread starts with recording on. The class attributes are the starting values."""

    recording = True
    inference = False
    asked = False  # inside inference mode, where nothing is recorded: what enable_grad and the others set
    task: Any = None  # the walk through a graph that this thread is on, see autograd/engine.py
    saved_hooks: tuple = ()  # (pack, unpack) of saved_tensors_hooks, the innermost last
    saved_hooks_refused: str | None = None  # by disable_saved_tensors_hooks, with this text
    watcher: Any = None  # what is told of all operations, see tinytorch.viz.record; look at usage.watched first


state = _State()


class Usage:
    """What any thread has ever used: until then, nobody needs to ask the `state` of its own."""

    def __init__(self) -> None:
        self.inference = False
        self.saved_hooks = False
        self.watched = False  # does any thread have a watcher now?
        self.accelerated = False  # has anybody asked for a GPU?


usage = Usage()


def is_grad_enabled() -> bool:
    """Are operations recorded in this thread?

    >>> torch.is_grad_enabled()
    True
    """
    return state.asked if state.inference else state.recording


def _set(recording: bool) -> None:
    """What enable_grad and the others do."""
    if state.inference:
        state.asked = recording
    else:
        state.recording = recording


def is_inference_mode_enabled() -> bool:
    """Is this thread inside `inference_mode`?"""
    return state.inference


class _ModeSwitch:
    """A context manager that is a decorator too, for functions and (step by step) for generators."""

    def clone(self) -> _ModeSwitch:
        return type(self)()

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(self, *exception: Any) -> None:
        raise NotImplementedError

    def __call__(self, function: Callable) -> Callable:
        if inspect.isclass(function):
            warn(
                "Decorating classes is deprecated and will be disabled in future versions. You should only decorate "
                "functions or methods. To preserve the current behavior of class decoration, you can directly decorate "
                "the `__init__` method and nothing else.",
                FutureWarning,
            )
        if inspect.isgeneratorfunction(function):
            return self._wrap_generator(function)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return wrapped

    def _wrap_generator(self, function: Callable) -> Callable:
        """The mode holds while the generator's body runs, not while its caller uses what was yielded."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            advance: Callable = functools.partial(next, generator)
            try:
                while True:
                    try:
                        with self.clone():
                            value = advance()
                    except StopIteration as stop:
                        return stop.value
                    try:
                        sent = yield value
                        advance = functools.partial(generator.send, sent)
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        advance = functools.partial(generator.throw, error)
            finally:
                with self.clone():
                    generator.close()

        return wrapped


class no_grad(_ModeSwitch):
    """Operations inside are not recorded; what they make has requires_grad=False.

    >>> w = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad():
    ...     print((w * 2).requires_grad)
    False
    """

    _target = False

    def __new__(cls, function: Callable | None = None) -> Any:
        # `@torch.no_grad` without parentheses decorates at once.
        self = super().__new__(cls)
        return self if function is None else self(function)

    def __init__(self, function: Callable | None = None):
        self._before: list[bool] = []  # a list: one object may be entered again while it is active

    def __enter__(self) -> None:
        self._before.append(is_grad_enabled())
        _set(self._target)

    def __exit__(self, *exception: Any) -> None:
        _set(self._before.pop())


class enable_grad(no_grad):
    """Operations inside are recorded, also within `no_grad`.

    >>> with torch.no_grad(), torch.enable_grad():
    ...     print((torch.ones(2, requires_grad=True) * 2).requires_grad)
    True
    """

    _target = True


class set_grad_enabled(_ModeSwitch):
    """Turns recording on or off at once; as a context manager, for its block.

    >>> with torch.set_grad_enabled(False):
    ...     print(torch.is_grad_enabled())
    False
    """

    def __init__(self, mode: bool):
        self.mode = bool(mode)
        self._before = is_grad_enabled()
        _set(self.mode)

    def clone(self) -> set_grad_enabled:
        return set_grad_enabled(self.mode)

    def __enter__(self) -> None:
        _set(self.mode)

    def __exit__(self, *exception: Any) -> None:
        _set(self._before)

    def __call__(self, function: Callable) -> Callable:
        _set(self._before)  # as a decorator it acts in the function only
        return super().__call__(function)

    def __repr__(self) -> str:
        return f"set_grad_enabled(mode={self.mode})"


class inference_mode(_ModeSwitch):
    """`no_grad` whose results can never again take part in autograd ("inference tensors").

    >>> with torch.inference_mode():
    ...     y = torch.ones(2) * 2
    >>> y.is_inference()
    True
    """

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if isinstance(mode, bool):
            return self
        self.__init__()  # type: ignore[misc]
        return self(mode)

    def __init__(self, mode: bool = True):
        self.mode = mode
        self._before: list[tuple[bool, bool, bool]] = []

    def clone(self) -> inference_mode:
        return inference_mode(self.mode)

    def __enter__(self) -> None:
        usage.inference = True
        self._before.append((state.recording, state.inference, state.asked))
        state.recording, state.inference, state.asked = not self.mode, self.mode, False

    def __exit__(self, *exception: Any) -> None:
        state.recording, state.inference, state.asked = self._before.pop()
