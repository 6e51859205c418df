"""Runs a script under a recording, as `python -m tinytorch` runs it, and finds the tensor to be drawn."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from tinytorch.viz.cli import FAILED, NO_VARIABLE, NOTHING, Stop
from tinytorch.viz.drawing import Drawing, draw
from tinytorch.viz.names import OWN, Names
from tinytorch.viz.record import Recording, give_names, message_of

from tinytorch.runner import alias, program
from tinytorch.tensor import Tensor

INTERRUPTED = 130


class Ran:
    """A script that has run: its variables, and what was recorded."""

    def __init__(self, script: str, recording: Recording) -> None:
        self.script = script
        self.recording = recording
        self.exit_code: int | None = None  # set where nothing is to be drawn
        self.backward_error: str | None = None
        self.globals: dict[str, Any] = {}
        self.locals: dict[str, Any] = {}  # the last tensors under the names of variables of functions

    def variables(self) -> Iterator[tuple[str, Tensor]]:
        """The tensors of the script by name: global ones, then those of functions."""
        for name, value in {**self.locals, **self.globals}.items():
            if isinstance(value, Tensor) and not name.startswith("_"):
                yield name, value

    def tensor_to_draw(self, name: str | None) -> list[Tensor]:
        """The variable `name`, or what backward was called on last, or the last tensor that has a history."""
        found = dict(self.variables())
        drawable = [each for each, tensor in found.items() if tensor.grad_fn is not None]
        if name is not None:
            value = self.globals.get(name, self.locals.get(name))
            if name not in self.globals and name not in self.locals:
                raise Stop(NO_VARIABLE, f"no variable {name!r} in {self.script}; {listed(drawable or list(found))}")
            if not isinstance(value, Tensor):
                kind = type(value).__name__
                raise Stop(NO_VARIABLE, f"{name!r} is of type {kind}, not a tensor; {listed(drawable or list(found))}")
            return [value]
        if self.recording.tensors:
            return list(self.recording.tensors)
        if drawable:
            return [found[drawable[-1]]]
        last = self.recording.tensor
        if last is not None and last.grad_fn is not None:
            return [last]
        reason = f"{self.script} never calls backward (in its main thread), and no tensor in it has a history"
        raise Stop(NOTHING, f"nothing to draw: {reason}")

    def draw(self, tensors: list[Tensor], **options: Any) -> Drawing:
        """Draw, the script's variables giving names to what has none yet."""
        give_names(Names(dict(self.variables())))
        title = next((name for name, value in self.variables() if value is tensors[0]), None)
        try:
            return draw(tensors, recording=self.recording, title=title, **options)
        except ValueError as error:
            raise Stop(NOTHING, str(error)) from None


def listed(names: list[str]) -> str:
    """A sentence's end about the variables that there are."""
    if not names:
        return "there are no tensors among its variables"
    return "there are " + ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")


def run(script: str, arguments: list[str], values: bool = False, variable: str | None = None) -> Ran:
    """Run a script to its end; what it prints and raises is its own affair."""
    alias.install()
    recording = Recording(values)
    ran = Ran(script, recording)
    watcher = Locals() if variable is not None else None
    with recording:
        try:
            if watcher is not None:
                watcher.start()
            try:
                program.start_file(script, arguments)
            finally:
                if watcher is not None:
                    watcher.stop()
        except SystemExit as leaving:
            left(ran, leaving)
        except KeyboardInterrupt as error:
            show(error)
            ran.exit_code = INTERRUPTED
        except BaseException as error:
            show(error)
            if recording.error is not None and recording.error == message_of(error):
                ran.backward_error = recording.error
            else:
                ran.exit_code = FAILED
        else:
            ran.backward_error = recording.error
    ran.globals = dict(vars(sys.modules["__main__"]))
    if watcher is not None:
        ran.locals = watcher.found
    return ran


def left(ran: Ran, leaving: SystemExit) -> None:
    """sys.exit in the script: an end like any other, if it reports no error."""
    if leaving.code in (None, 0):
        ran.backward_error = ran.recording.error
        return
    ran.exit_code = FAILED
    if isinstance(leaving.code, int):
        print(f"tinytorch-viz: {ran.script} left with exit code {leaving.code}", file=sys.stderr)
    else:
        print(leaving.code, file=sys.stderr)


def show(error: BaseException) -> None:
    """Print the script's traceback as Python would, without frames of ours."""
    program.without_runner(error)
    open_errors: list[BaseException | None] = [error]
    seen: set[int] = set()
    while open_errors:
        current = open_errors.pop()
        if current is not None and id(current) not in seen:
            seen.add(id(current))
            current.__traceback__ = without_viz(current.__traceback__)
            open_errors += [current.__cause__, current.__context__]
    sys.stdout.flush()
    sys.excepthook(type(error), error, error.__traceback__)


def without_viz(trace: Any) -> Any:
    """A traceback without the frames of this package, through which recorded calls of modules go."""
    kept = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(OWN[1]):
            kept.append(trace)
        trace = trace.tb_next
    for entry, following in zip(kept, [*kept[1:], None]):
        entry.tb_next = following
    return kept[0] if kept else None


class Locals:
    """Remembers, by name, the last tensors that were variables of the script's functions when these returned."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.users: dict[Any, bool] = {}

    def start(self) -> None:
        sys.setprofile(self)
        threading.setprofile(self)

    def stop(self) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if event != "return" or not code.co_nlocals:
            return
        of_user = self.users.get(code)
        if of_user is None:
            file = code.co_filename
            of_user = not file.startswith((*OWN, "<")) and alias.kind_of_file(os.fspath(file)) == "user"
            self.users[code] = of_user
        if of_user and code.co_name != "<module>":
            self.found.update((name, value) for name, value in frame.f_locals.items() if isinstance(value, Tensor))
