"""Recording: `with viz.record() as r:` notes of every operation where it ran, on what, and what came out.

A recording keeps no tensor alive but those that backward was last called on: what it notes of a tensor is its name,
its shape and statistics. Operations with a node in the backward graph are known as long as the node lives; others
(under no_grad, argmax, detach) as long as their results, or anything that was computed from them.
"""

from __future__ import annotations

import sys
import threading
import weakref
from types import FrameType
from typing import Any

from tinytorch.viz import operands
from tinytorch.viz.backward import Walk
from tinytorch.viz.graph import Graph
from tinytorch.viz.labels import label_of, label_of_rule
from tinytorch.viz.modules import Call, Known, label_of_module
from tinytorch.viz.names import Names, name_in, user_frames
from tinytorch.viz.places import place_of
from tinytorch.viz.provenance import CHAIN, OPERATIONS, VALUES, WALKS, Kept, Operation, Value, alone
from tinytorch.viz.summaries import constant_text, outline, summarize

from tinytorch.autograd.grad_mode import state, usage
from tinytorch.nn import hooks
from tinytorch.tensor import Tensor


def _depth(frame: FrameType | None) -> int:
    """How deep in the program's calls a frame is."""
    depth = 0
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


class Watcher:
    """What the core tells of all that happens in one thread while a recording is on there."""

    def __init__(self) -> None:
        self.recordings: list[Recording] = []
        self.calls: list[Call] = []
        self.walks: list[Walk] = []
        self.modules = Known()
        self.values = False
        self.key: Any = None  # of the view that is being written into: its place in its base, as text
        self.failed: BaseException | None = None  # what a backward on the side raised

    # ---- forward ---------------------------------------------------------------------------------------------------

    def operation(self, rule: Any, node: Any, args: tuple, options: dict, outputs: tuple) -> None:
        """A rule was applied to `args`; without a node it was not recorded for backward."""
        count = len(args) if rule.inputs is None else rule.inputs
        names = operands.letters_of(rule.forward, max(len(args), count))
        self._note(label_of_rule(rule), rule, node, [*zip(names, args), *options.items()], outputs)

    def function(self, function: Any, node: Any, args: tuple, outputs: list) -> None:
        """A user's Function was applied."""
        skip = 0 if getattr(function, "_has_setup", False) else 1
        kind: Any = function if isinstance(function, type) else type(function)
        names = operands.letters_of(kind.forward, len(args), skip)
        tensors = tuple([each for each in outputs if isinstance(each, Tensor)])
        self._note(kind.__name__, kind, node, list(zip(names, args)), tensors)

    def cut(self, name: str, source: Any, result: Any) -> None:
        """detach() or .data gave `result`."""
        self._note({"detach": "Detach", "data": "Data"}[name], name, None, [("x", source)], (result,))

    def stands_for(self, alias: Any, target: Any) -> None:
        """An operation that writes into `target` will be given `alias` instead."""
        value = self.value_of(target)
        self._look_for_name(value, target)
        VALUES.set(alias, value)
        given = {} if value.maker is None else dict(value.maker.arguments)
        base = None if target._view is None else VALUES.before(target._view.base)
        self.key = given.get("key") if base is not None and given.get("x") is base else None

    def written(self, target: Any, result: Any) -> None:
        """`result` was written into the memory of `target`."""
        before, value = VALUES.before(target), self.value_of(result)
        if (
            before is not None and before.maker is None and result._node is None
        ):  # data or a parameter, with new numbers
            value = Value(summarize(target, self.values), target.requires_grad, before.is_leaf, None, 0)
        if before is not None and value.name is None:
            value.name, value.path = before.name, before.path
        if value.maker is not None and target._counter is not None:
            value.maker.written = target._counter.value
        VALUES.set(target, value)

    def rebased(self, base: Any, view: Any, result: Any) -> None:
        """A write of `result` into `view` gave `base` a new history."""
        before, node = VALUES.before(base), base._node
        if before is None:
            before = Value(outline(base._array.shape, base._array.dtype), False, False, None, 0)
        frames = user_frames(sys._getframe(1))
        made = self._made(label_of(node), "write", frames)
        made.arguments = [("base", before), ("piece", self.value_of(result)), ("key", self.key)]
        made.written = base._counter.value
        value = Value(summarize(base, self.values), True, False, weakref.ref(made), 0)
        value.name, value.path = before.name, before.path
        if value.name is None:
            value.name = before.name = name_in(base, frames[0]) if frames else None
        made.outputs = (value,)
        VALUES.set(base, value)
        OPERATIONS[node] = made

    def call(self, module: Any, args: tuple, kwargs: dict) -> Any:
        """Call a module, and know meanwhile that it is on."""
        parent = self.calls[-1] if self.calls else None
        root, path = self.modules.enter(module, user_frames(sys._getframe(1)))
        self.calls.append(Call(root, path, label_of_module(module), parent))
        try:
            return module._call_with_hooks(args, kwargs)
        finally:
            self.calls.pop()

    def _made(self, label: str, rule: Any, frames: list[FrameType]) -> Operation:
        made = Operation()
        made.label, made.rule, made.written = label, rule, 0
        made.where = place_of(frames[0]) if frames else None
        made.home = (_depth(frames[0]), frames[0].f_code) if frames else None
        made.call = self.calls[-1] if self.calls else None
        made.grad_enabled = state.recording
        made.during = self.walks[-1].running if self.walks else ""
        made.is_cut, made.length = False, 1
        made.arguments, made.saved = [], []
        return made

    def _note(self, label: str, rule: Any, node: Any, given: list, outputs: tuple) -> None:
        frames = user_frames(sys._getframe(2))
        made = self._made(label, rule, frames)
        for letter, arg in given:
            if not isinstance(arg, Tensor):
                made.arguments.append((letter, constant_text(arg)))
                continue
            value = self.value_of(arg)
            if value.name is None and value.path is None and frames and value.sought != made.home:
                self._seek_name(value, arg, made.home, frames)
            made.arguments.append((letter, value))
            maker = value.maker
            if node is None and (value.needs_grad or (maker is not None and maker.is_cut)):
                made.is_cut = True
            if maker is not None:
                made.length = max(made.length, maker.length + 1)
        if node is not None:
            made.length = 0
        elif made.length > CHAIN:
            made.length = 1
            made.arguments = [(letter, alone(given)) for letter, given in made.arguments]
        found = []
        reference = made if node is None else weakref.ref(made)
        for nr, tensor in enumerate(outputs):
            value = Value(summarize(tensor, self.values), tensor._requires_grad, False, reference, nr)
            VALUES.set(tensor, value)
            found.append(value)
        made.outputs = tuple(found)
        if node is not None:
            for letter, kept in operands.saved(node, None):
                made.saved.append(self._kept(letter, kept, made, args=given))
            OPERATIONS[node] = made
        for recording in self.recordings:
            recording._last = weakref.ref(outputs[0]) if outputs else recording._last

    def _look_for_name(self, value: Value, tensor: Any) -> None:
        """Look for a variable of the caller's that holds `tensor`, if it has no name yet."""
        if value.name is None and value.path is None:
            frames = user_frames(sys._getframe(2))
            if frames:
                self._seek_name(value, tensor, (_depth(frames[0]), frames[0].f_code), frames)

    def _seek_name(self, value: Value, tensor: Any, home: Any, frames: list[FrameType]) -> None:
        """Look for a variable that holds `tensor`, which is being used in the first of `frames`.

        What an operation made is known in the function that called it, if that still runs: what other functions call
        their arguments is not its name. Others (data, parameters) are looked for from the outermost function inwards.
        """
        value.sought = home
        if value.maker is not None and value.maker.home is not None:
            depth, code = value.maker.home
            caller: FrameType | None = frames[0]
            for _ in range(home[0] - depth):
                caller = caller and caller.f_back
            if caller is not None and caller.f_code is code and depth <= home[0]:
                frames = [caller]
            else:
                frames = [] if self.walks else frames[:1]
        for each in reversed(frames):
            value.name = name_in(tensor, each, each is frames[0])
            if value.name is not None:
                return

    def _kept(self, letter: str, kept: Any, made: Operation, args: list) -> Kept:
        if not isinstance(kept, Tensor):
            return Kept(letter, outline(kept.shape, kept.dtype), None)
        for (_, arg), (_, value) in zip(args, made.arguments):
            if arg is kept:
                return Kept(letter, value.summary, value)
        seen = outline(kept.shape, kept.dtype)
        if letter == "result" and kept._output_nr < len(made.outputs):
            value = made.outputs[kept._output_nr]
            if value.summary.dtype == seen.dtype:
                return Kept(letter, value.summary, value)
        return Kept(letter, seen, None)

    def value_of(self, tensor: Any) -> Value:
        """What is known of a tensor as it is now."""
        value = VALUES.get(tensor)
        if value is None:
            maker = None if tensor._node is None else OPERATIONS.get(tensor._node)
            if maker is not None and tensor._output_nr < len(maker.outputs):
                value = maker.outputs[tensor._output_nr]
            else:
                value = self._new_value(tensor)
            VALUES.set(tensor, value)
        return value

    def _new_value(self, tensor: Any) -> Value:
        needs_grad = tensor.requires_grad
        value = Value(summarize(tensor, self.values), needs_grad, needs_grad and tensor._node is None, None, 0)
        value.path = self.modules.parameter(tensor)
        before = VALUES.before(tensor)
        if before is not None:
            value.name = before.name
        return value

    # ---- backward --------------------------------------------------------------------------------------------------

    def called(self, tensors: tuple) -> None:
        """backward or grad was called on `tensors`."""
        for recording in self.recordings:
            recording.tensors = tuple([each for each in tensors if isinstance(each, Tensor)])
            recording.error = None
        for tensor in tensors:  # a result that nothing was computed from has not been looked for yet
            if isinstance(tensor, Tensor):
                self._look_for_name(self.value_of(tensor), tensor)

    def begins(self, task: Any, roots: Any, keep_graph: bool) -> None:
        """The engine sets out."""
        self.walks.append(Walk(task, keep_graph, self.values))

    def runs(self, node: Any, grads: list) -> None:
        """The engine is about to run a node on the gradients of its outputs."""
        self.walks[-1].run(node, grads)
        WALKS[node] = self.walks[-1]

    def sends(self, index: int, target: Any, grad: Any, left: int) -> None:
        """A gradient goes along edge number `index` of the node that ran, to a node that waits for `left` of them."""
        self.walks[-1].send(index, target, grad, left)

    def waits(self, ready: list, upcoming: Any) -> None:
        """These nodes are ready to be run."""
        self.walks[-1].wait(ready, upcoming)

    def breaks(self, error: BaseException) -> None:
        """The walk ended with an error."""
        message = message_of(error)
        self.walks.pop().end(message)
        for recording in self.recordings:
            recording.error = message

    def ends(self) -> None:
        """The walk came to its end."""
        self.walks.pop().end()


def message_of(error: BaseException) -> str:
    """An exception in one line, "RuntimeError: ...": the first line of its text."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines and lines[0] else type(error).__name__


_watching = threading.Lock()
_count = 0  # of recordings that are on, in all threads


class Recording:
    """What `record()` gives; it may be used again, and inside another one."""

    def __init__(self, values: bool = False):
        self.values = values
        self.tensors: tuple = ()  # what backward was last called on
        self.error: str | None = None  # what it raised
        self._last: Any = None

    @property
    def tensor(self) -> Tensor | None:
        """The tensor that backward was called on (the last time); without one the last result, if it still exists."""
        if self.tensors:
            return self.tensors[0]
        return None if self._last is None else self._last()

    def graph(self, tensors: Any = None, params: Any = None, **options: Any) -> Graph:
        """The graph behind the tensor that backward was called on, or behind others; options as for `build`."""
        from tinytorch.viz.build import build

        options.setdefault("frame", sys._getframe(1))
        return build(self._chosen(tensors), params, self, **options)

    def draw(self, tensors: Any = None, params: Any = None, **options: Any) -> Any:
        """`viz.draw` of the tensor that backward was called on, or of others."""
        from tinytorch.viz import draw

        return draw(self._chosen(tensors), params, recording=self, **options)

    def _chosen(self, tensors: Any) -> Any:
        if tensors is not None:
            return tensors
        if self.tensors:
            return list(self.tensors)
        if self.tensor is None:
            raise ValueError("nothing to draw: no operation on tensors was recorded, or its result is gone")
        return self.tensor

    def __enter__(self) -> Recording:
        global _count
        watcher = state.watcher
        if watcher is None:
            watcher = state.watcher = Watcher()
        with _watching:
            _count += 1
            usage.watched = True
            hooks.global_hooks["watched"] = None
        watcher.recordings.append(self)
        watcher.values = any(each.values for each in watcher.recordings)
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        global _count
        watcher = state.watcher
        watcher.recordings.remove(self)
        watcher.values = any(each.values for each in watcher.recordings)
        if not watcher.recordings:
            state.watcher = None
        with _watching:
            _count -= 1
            if not _count:
                usage.watched = False
                del hooks.global_hooks["watched"]
        if error is not None and self.error is None:
            self.error = message_of(error)
        give_names(Names(None, user_frames(sys._getframe(1))))


def record(values: bool = False) -> Recording:
    """Note provenance and values of every operation and every backward inside the block.

    `values`: the numbers of large tensors too (the first and the last), not only their statistics.
    """
    return Recording(values)


def give_names(names: Names) -> None:
    """Name the values that are still in a variable and were never used as long as they were."""
    for reference, _, value in list(VALUES.entries.values()):
        if value.name is None and value.path is None:
            tensor = reference()
            value.name = None if tensor is None or VALUES.get(tensor) is not value else names.tensor(tensor)
