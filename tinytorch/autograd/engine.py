"""The engine: walks the backward graph from the outputs to the leaves and adds up what flows into the same tensor.

Two passes, both with a stack or a heap instead of recursion, so a graph may be a million nodes deep:

1. Count for every reachable node how many edges lead to it.
2. Start with the outputs. Take the node that was made last, run it, pass its gradients along its edges. A node is
   ready when gradients have come along all edges that lead to it. Leaves do not wait for their turn.

Gradients travel as plain arrays; with create_graph they travel as Tensors, and the rules that compute them are
recorded like any others. Two threads may walk through one graph: what a walk knows is in its Task.

Like tensor.py this file is also compiled where there is a compiler; engine.pxd has the types.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any

from tinytorch import kernels
from tinytorch.autograd import anomaly_mode, calls
from tinytorch.autograd.fitting import fit
from tinytorch.autograd.grad_mode import state, usage
from tinytorch.autograd.node import Node
from tinytorch.autograd.places import follow, place_of_any
from tinytorch.device import CPU, current, switch, use
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.tensor import ndarray

add = kernels.arithmetic.add
Edge = tuple[Node, int]


class Task:
    """One walk through a graph."""

    def __init__(self, roots: Iterable[Node], wanted: Sequence[Edge] | None, accumulate: bool, recording: bool):
        self.recording = recording  # are the gradients Tensors whose operations are recorded?
        self.waiting = _count_edges(roots)  # for every node: along how many edges gradients have yet to come
        self.buffers: dict[Node, list] = {}  # for every node: what has come so far, by output
        self.needed: dict[Node, bool] | None = None  # for every node: does it lead to what is wanted? None: all do
        self.capture_at: dict[Node, list[int]] = {}  # the outputs whose gradients are to be returned
        self.captured: dict[Edge, Any] = {}
        if wanted is not None:
            self.needed = _on_the_way(self.waiting, {node for node, _ in wanted})
            if not accumulate:
                for node, output_nr in wanted:
                    self.capture_at.setdefault(node, []).append(output_nr)

    def will_run(self, node: Node) -> bool:
        """Does this walk come to `node`?"""
        return node in self.waiting if self.needed is None else self.needed.get(node, False)

    def add(self, node: Node, output_nr: int, grad: Any) -> None:
        """Add `grad` to what has come for an output of `node` so far."""
        buffer = self.buffers.get(node)
        if buffer is None:
            self.buffers[node] = buffer = [None] * len(node.outputs)
        sofar = buffer[output_nr]
        buffer[output_nr] = grad if sofar is None else sofar + grad

    def capture(self, node: Node, grads: list) -> bool:
        """Note what is to be returned of the gradients that came to `node`; is that all that it is needed for?

        Like PyTorch's, a gradient that is returned has passed the tensor's hooks only if the walk ends there.
        """
        ends = not any(next_node is not None and self.needed[next_node] for next_node, _ in node.next_functions)  # type: ignore[index]
        if ends and node.has_hooks:
            grads = calls.tensor_hooks(node, grads)
        for output_nr in self.capture_at[node]:
            self.captured[node, output_nr] = grads[output_nr]
        return ends


def run(
    roots: Sequence[tuple[Edge, Any]],
    *,
    keep_graph: bool,
    create_graph: bool,
    wanted: Sequence[Edge] | None = None,
    accumulate: bool = True,
) -> list:
    """Backward from `roots` (edges with their gradients, arrays or, with create_graph, Tensors).

    wanted      None: go to all leaves. Else only towards these edges.
    accumulate  add into .grad of the leaves among `wanted`; else return the gradients that arrive at `wanted`
    """
    task = Task([edge[0] for edge, _ in roots], wanted, accumulate, create_graph)
    for (node, output_nr), grad in roots:
        task.add(node, output_nr, grad)

    before, state.recording, state.task = (state.recording, state.task), create_graph, task
    used = current() if usage.accelerated else None
    token = quiet()
    watcher = state.watcher
    if watcher is not None:
        watcher.begins(task, roots, keep_graph)
    try:
        _walk(task, keep_graph, create_graph, watcher)
    except BaseException as error:
        if watcher is not None:
            watcher.breaks(error)
        raise
    finally:
        leave(token)
        state.recording, state.task = before
        if used is not None:
            switch(used)
    if watcher is not None:
        watcher.ends()
    return [task.captured.get(edge) for edge in wanted or ()]


def _walk(task: Task, keep_graph: bool, create_graph: bool, watcher: Any) -> None:
    """Run every node of the task when its gradients are complete, the one that was made last first."""
    waiting, buffers, needed, capture_at = task.waiting, task.buffers, task.needed, task.capture_at
    results: Any
    ready: list = [(node.priority, node) for node in buffers if not waiting[node] and (needed is None or needed[node])]
    heapify(ready)
    upcoming: Node | None = None  # a ready node that is not in the heap: in a chain there is never another one
    while True:
        if upcoming is None:
            if not ready:
                break
            node = heappop(ready)[1]
        else:
            node, upcoming = upcoming, None
            if ready and ready[0][0] < node.priority:
                node = heapreplace(ready, (node.priority, node))[1]
        grads = buffers.pop(node, None)
        if grads is None:  # all that came along its edges was "no gradient"
            grads = [None] * len(node.outputs)
        if usage.accelerated:
            follow(grads)
        if watcher is not None:
            watcher.runs(node, grads)
        if capture_at and node in capture_at and task.capture(node, grads):
            continue
        try:
            if node.has_hooks:
                results = calls.run_with_hooks(node, grads, create_graph)
            elif node.takes_tensors and not create_graph:
                results = calls.run_on_tensors(node, grads)
            else:
                results = node.run(grads)
        except Exception:
            if anomaly_mode.tracing:
                anomaly_mode.warn(node)
            raise
        if not keep_graph:
            node.release()
        if anomaly_mode.tracing:
            anomaly_mode.check(node, results)

        index = -1
        edges = node.edges
        while 2 * index + 2 < len(edges):
            index += 1
            next_node = edges[2 * index]
            if next_node is None or not (needed is None or needed[next_node]):
                continue
            grad = results[index]
            if grad is None:
                if watcher is not None:
                    watcher.sends(index, next_node, None, waiting[next_node])
            else:
                if usage.accelerated:
                    follow((grad,))
                output_nr, outputs = edges[2 * index + 1], next_node._outputs
                if outputs is None:
                    shape, dtype = next_node._shape, next_node._dtype
                else:
                    shape, dtype = outputs[output_nr]
                if grad.dtype is not dtype or grad.shape != shape:
                    grad = _fit(grad, shape, dtype, node, index)
                if watcher is not None:
                    watcher.sends(index, next_node, grad, waiting[next_node])
                buffer = buffers.get(next_node)  # Task.add, written out because every gradient comes through here
                if buffer is None:
                    buffer = [None] if outputs is None else [None] * len(outputs)
                    buffers[next_node] = buffer
                    buffer[output_nr] = grad
                else:
                    sofar = buffer[output_nr]
                    if sofar is not None:
                        plain = type(sofar) is ndarray and type(grad) is ndarray
                        grad = add(sofar, grad) if plain else sofar + grad
                    buffer[output_nr] = grad
                    sofar = None  # nobody but the buffer may hold the gradient, see AccumulateGrad
            left = waiting[next_node] - 1
            waiting[next_node] = left
            if not left:
                if upcoming is None:
                    upcoming = next_node
                else:
                    heappush(ready, (next_node.priority, next_node))
        results = grad = None  # as above
        if watcher is not None:
            watcher.waits(ready, upcoming)


def _count_edges(roots: Iterable[Node]) -> dict[Node, int]:
    """For every node reachable from `roots`: the number of edges that lead to it."""
    counts: dict = dict.fromkeys(roots, 0)
    stack = list(counts)
    while stack:
        node = stack.pop()
        edges = node.edges
        for i in range(0, len(edges), 2):
            next_node = edges[i]
            if next_node is None:
                continue
            if next_node in counts:
                counts[next_node] += 1
            else:
                counts[next_node] = 1
                stack.append(next_node)
    return counts


def _on_the_way(nodes: Iterable[Node], targets: set[Node]) -> dict[Node, bool]:
    """Which nodes lead to one of `targets`? An edge points to an older node, so the oldest are looked at first."""
    leads: dict[Node, bool] = {}
    for node in sorted(nodes, key=lambda n: -n.priority if n.next_functions else -1):
        leads[node] = node in targets or any(
            next_node is not None and leads[next_node] for next_node, _ in node.next_functions
        )
    return leads


def _fit(grad: Any, shape: tuple, dtype: Any, node: Node, index: int) -> Any:
    """`fit`, whose error says which function returned the gradient."""
    try:
        return fit(grad, shape, dtype)
    except ValueError as error:
        raise RuntimeError(f"Function {node.name()} returned an invalid gradient at index {index} - {error}") from None


def call_node(node: Node, *grads: Any) -> Any:
    """grad_fn(*grads): the gradients of the inputs, for those of the outputs; recorded where recording is on."""
    task = Task([node], None, True, state.recording)
    before, state.task = state.task, task
    try:
        with use(place_of_any(grads) or CPU):
            results = calls.run_on_tensors(node, list(grads))
    finally:
        state.task = before
    tensors = calls.fitted(node, results)
    return tensors[0] if len(tensors) == 1 else tensors
