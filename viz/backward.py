"""Backward, watched: in which order nodes ran, on which gradients, what they sent where, and what was freed.

The engine tells a Walk of every node and every edge as it comes to them. Nodes are known by their priorities, which no
two have in common, so that what is noted keeps no graph alive.
"""

from __future__ import annotations

import itertools
from heapq import nsmallest
from typing import Any

from tinytorch.viz.graph import Summary
from tinytorch.viz.labels import label_of
from tinytorch.viz.summaries import summarize

QUEUE = 50  # so many of the nodes that are ready are noted
_serials = itertools.count()


class Run:
    """How one node ran backward."""

    __slots__ = ("error", "flows", "frees", "incoming", "ready")

    def __init__(self, incoming: tuple[Summary | None, ...], frees: bool):
        self.incoming, self.frees = incoming, frees
        self.flows: dict[int, tuple[Summary | None, int, int]] = {}  # by edge: gradient, arrived-th, of so many
        self.ready: tuple[int, ...] = ()
        self.error: str | None = None


class Walk:
    """One walk of the engine: the runs of its nodes, in order."""

    def __init__(self, task: Any, keep_graph: bool, values: bool):
        self.serial = next(_serials)
        self.expected = {node.priority: count for node, count in task.waiting.items()}
        self.keep_graph, self.values = keep_graph, values
        self.runs: dict[int, Run] = {}
        self.alone: dict[int, Summary | None] = {}  # for a node that is not there yet: the one gradient that came
        self.current: Run | None = None
        self.running = ""  # the label of the operation whose backward runs
        self.error: str | None = None

    def run(self, node: Any, grads: list) -> None:
        """`node` is about to run on these gradients of its outputs."""
        alone = self.alone.pop(node.priority, None)
        if alone is not None and len(grads) == 1:  # it was looked at when it was sent
            incoming: tuple = (alone,)
        else:
            incoming = tuple([None if grad is None else summarize(grad, self.values) for grad in grads])
        self.current = Run(incoming, not self.keep_graph and bool(node._saved))
        self.runs[node.priority] = self.current
        self.running = label_of(node)

    def send(self, index: int, target: Any, grad: Any, left: int) -> None:
        """A gradient goes along edge number `index` to `target`, which waits for `left`, this one included."""
        expected = self.expected[target.priority]
        summary = None if grad is None else summarize(grad, self.values)
        if expected == 1:
            self.alone[target.priority] = summary
        self.current.flows[index] = (summary, expected - left + 1, expected)  # type: ignore[union-attr]

    def wait(self, ready: list, upcoming: Any) -> None:
        """These nodes are ready to be run."""
        first = nsmallest(QUEUE, [priority for priority, _ in ready])
        if upcoming is not None:
            first = sorted([*first, upcoming.priority])[:QUEUE]
        self.current.ready = tuple(first)  # type: ignore[union-attr]

    def end(self, error: str | None = None) -> None:
        """The walk has come to its end, or to an error."""
        self.error = error
        if error is not None and self.current is not None:
            self.current.error = error
        self.current = None
