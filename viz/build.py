"""From tensors to a Graph: walks the nodes that autograd recorded, and adds what a recording knows of them.

Steps: the nodes are collected and put into the order of the forward pass; for every one its inputs are found
(operands.py); boxes and edges are made of them; then names are given out and formulas filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from types import FrameType
from typing import Any

from tinytorch.autograd.node import AccumulateGrad
from tinytorch.tensor import Tensor
from tinytorch.viz import operands
from tinytorch.viz.graph import Edge, Graph, Node, Saved
from tinytorch.viz.labels import label_of
from tinytorch.viz.names import Names, user_frames
from tinytorch.viz.summaries import outline, summarize


def build(
    tensors: Tensor | Iterable[Tensor],
    params: Any = None,
    recording: Any = None,
    *,
    direction: str = "forward",
    values: bool = False,
    raw: bool = False,
    show_saved: bool = True,
    title: str = "",
    frame: FrameType | None = None,
) -> Graph:
    """The graph behind `tensors`.

    params      names: a mapping, a module or pairs; found automatically where there are none
    recording   look at this recording only; None: at any that was on when the nodes were made
    direction   "backward": see that gradients are known, by running backward if none was recorded
    values      show the numbers of large tensors too
    raw         leave nodes of transpositions that belong to a product as they are
    frame       look for names in this frame and those that called it; None: in the caller's
    """
    outputs = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    names = Names(params, user_frames(frame))
    return _Builder(outputs, names, values, raw, show_saved, title).graph


class _Builder:
    """What is known while one graph is made."""

    def __init__(self, tensors: Sequence[Tensor], names: Names, values: bool, raw: bool, saved: bool, title: str):
        self.tensors, self.names, self.values, self.raw, self.show_saved = tensors, names, values, raw, saved
        self.graph = Graph(title=title)
        self.boxes: dict[Any, Node] = {}  # by the node (or the data tensor) that they are drawn for
        self.kept: list = []
        roots = [tensor._edge()[0] for tensor in self.tensors if tensor.grad_fn is not None or tensor.requires_grad]
        self.nodes = in_order([node for node in roots if node is not None])
        for node in self.nodes:
            if not isinstance(node, AccumulateGrad):
                self.add_operation(node)
        for tensor in self.tensors:
            source = tensor._edge()[0]
            box = self.box_of(source) if source is not None else self.data_box(tensor)
            box.is_output = True
            if source is not None and not isinstance(source, AccumulateGrad):
                self.see(box, tensor)
        self.give_names()

    # ---- boxes -----------------------------------------------------------------------------------------------------

    def new(self, key: Any, kind: str, label: str, **known: Any) -> Node:
        """A new box for `key`."""
        box = Node(f"n{len(self.graph.nodes)}", kind, label, **known)
        self.graph.nodes.append(box)
        self.boxes[key] = box
        return box

    def box_of(self, node: Any) -> Node:
        """The box of a node of the backward graph, that of a leaf being made when it is first asked for."""
        box = self.boxes.get(node)
        return self.leaf_box(node) if box is None else box

    def leaf_box(self, node: AccumulateGrad) -> Node:
        leaf: Any = node.variable
        grad = None if leaf._grad is None else summarize(leaf._grad, self.values)
        return self.new(
            node, "leaf", "leaf", name=self.names.tensor(leaf), outputs=(summarize(leaf, self.values),), grad=grad
        )

    def data_box(self, tensor: Any) -> Node:
        key = id(getattr(tensor, "_array", tensor))
        box = self.boxes.get(key)
        if box is None:
            self.kept.append(tensor)
            box = self.new(
                key, "data", "data", name=self.names.tensor(tensor), outputs=(summarize(tensor, self.values),)
            )
        return box

    def add_operation(self, node: Any) -> None:
        """The box of an operation and the edges that lead to it, with those of leaves and data that it uses first."""
        found = operands.of(node)
        sources = []
        for each in found:
            if each.node is not None:
                sources.append(self.box_of(each.node))
            else:
                sources.append(None if each.tensor is None else self.data_box(each.tensor))
        outputs = tuple([outline(shape, dtype) for shape, dtype in node.outputs if dtype is not None])
        box = self.new(node, "op", label_of(node), outputs=outputs, backward=node.name())
        inputs = []
        for position, (each, source) in enumerate(zip(found, sources)):
            if source is None:
                continue
            summary = source.outputs[each.output_nr] if each.output_nr < len(source.outputs) else None
            if summary is not None:
                inputs.append(summary)
            self.graph.edges.append(
                Edge(source.id, box.id, each.output_nr, position, summary, needs_grad=each.node is not None)
            )
        box.inputs = tuple(inputs)
        box.name = self.names.output(node, 0)
        if self.show_saved:
            box.saved = self.saved_of(node, found)

    def saved_of(self, node: Any, found: list) -> tuple[Saved, ...]:
        """What a node keeps for backward, each with the box it comes from."""
        kept = []
        for name, value in operands.saved(node, found):
            source = operands.source_of_saved(node, value)
            box = self.boxes.get(source) if source is not None else self.boxes.get(id(getattr(value, "_array", value)))
            kept.append(Saved(name, summarize(value, self.values), None if box is None else box.id))
        return tuple(kept)

    def see(self, box: Node, tensor: Tensor) -> None:
        """Put what is in `tensor`, which is there, where only its shape was known."""
        outputs = list(box.outputs)
        if tensor._output_nr < len(outputs):
            outputs[tensor._output_nr] = summarize(tensor, self.values)
            box.outputs = tuple(outputs)

    # ---- names -----------------------------------------------------------------------------------------------------

    def give_names(self) -> None:
        """Short names for what the user has no name for, none of them taken: t1, t2, ..., leaf1, data1."""
        taken = {box.name for box in self.graph.nodes}
        counts: dict[str, int] = {}
        for box in self.graph.nodes:
            start = {"leaf": "leaf", "data": "data"}.get(box.kind, "t")
            while box.name is None:
                counts[start] = counts.get(start, 0) + 1
                name = f"{start}{counts[start]}"
                if name not in taken:
                    box.name = name


def in_order(roots: Iterable[Any]) -> list:
    """All nodes that can be reached from `roots`, in the order of the forward pass, inputs before what uses them."""
    uses: dict[Any, list] = {}  # for every node, those that its result goes into
    missing: dict[Any, int] = {}  # for every node: how many of its inputs are not in their place yet
    stack = list(dict.fromkeys(roots))
    for root in stack:
        uses[root] = []
    while stack:
        node = stack.pop()
        following = [each for each in node.edges[::2] if each is not None]
        missing[node] = len(following)
        for each in following:
            if each not in uses:
                uses[each] = []
                stack.append(each)
            uses[each].append(node)
    ready = [
        (-1 if isinstance(node, AccumulateGrad) else -node.priority, node) for node in missing if not missing[node]
    ]
    ready.sort(key=lambda entry: (entry[0], -entry[1].priority))
    ready = [(rank, i, node) for i, (rank, node) in enumerate(ready)]
    ordered = []
    while ready:
        node = heappop(ready)[2]
        ordered.append(node)
        for user in uses[node]:
            missing[user] -= 1
            if not missing[user]:
                heappush(ready, (-user.priority, 0, user))
    return ordered
