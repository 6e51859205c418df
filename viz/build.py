"""From tensors to a Graph: walks the nodes that autograd recorded, and adds what a recording knows of them.

Steps: the nodes are collected and put into the order of the forward pass; for every one its inputs are found
(operands.py); boxes and edges are made of them; then names are given out (naming.py), formulas are filled in
(formulas.py), and what is known of backward is put on boxes and edges (gradients.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from types import FrameType
from typing import Any

from tinytorch.viz import formulas, gradients, naming, operands
from tinytorch.viz.graph import Edge, Graph, Node, Saved, Summary
from tinytorch.viz.labels import label_of
from tinytorch.viz.modules import Groups, infer
from tinytorch.viz.names import Names, user_frames
from tinytorch.viz.operands import Operand
from tinytorch.viz.pausing import paused
from tinytorch.viz.provenance import OPERATIONS, VALUES, Operation, Value
from tinytorch.viz.record import Recording
from tinytorch.viz.summaries import outline, summarize

from tinytorch.autograd.node import AccumulateGrad
from tinytorch.tensor import Tensor

TRANSPOSING = ("T", "Transpose", "Permute")
PRODUCTS = ("Mm", "Addmm", "Mv", "Addmv", "Bmm", "Baddbmm")


def build(
    tensors: Tensor | Iterable[Tensor],
    params: Any = None,
    recording: Recording | None = None,
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
    recording   whose error is to be shown; what was recorded of the nodes is used in any case
    direction   "backward": see that gradients are known, by running backward if none was recorded
    values      show the numbers of large tensors too
    raw         leave transpositions that belong to a product boxes of their own
    frame       look for names in this frame and those that called it; None: in the caller's
    """
    outputs = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not outputs:
        raise ValueError("nothing to draw: no tensors were given")
    for each in outputs:
        if not isinstance(each, Tensor):
            raise TypeError(f"nothing to draw: a tensor is needed, not {type(each).__name__}")
    if direction not in ("forward", "backward"):
        raise ValueError(f"direction has to be 'forward' or 'backward', not {direction!r}")
    with paused():
        return _build(outputs, params, recording, direction, values, raw, show_saved, title, user_frames(frame))


def _build(
    outputs: list, params: Any, recording: Any, direction: str, values: bool, raw: bool, saved: bool, title: str,
    frames: list,
) -> Graph:  # fmt: skip
    names = Names(params, frames)
    builder = _Builder(outputs, names, values, raw, saved, title)
    if direction == "backward":
        builder.graph.note = gradients.ensure(outputs, builder.nodes)
    gradients.add(builder.graph, builder.boxes, builder.folded)
    if recording is not None and builder.graph.error is None:
        called = {id(tensor) for tensor in recording.tensors}
        if not called or any(id(tensor) in called for tensor in outputs):
            builder.graph.error = recording.error
    return builder.graph


class Box:
    """A node of the drawing together with what it was made of."""

    __slots__ = ("edges", "given", "node", "operands", "others", "recorded", "shown", "sources", "value")

    def __init__(self, shown: Node):
        self.shown = shown
        self.node: Any = None  # of the backward graph
        self.recorded: Operation | None = None
        self.value: Value | None = None  # of data and leaves
        self.given: Any = None  # the tensor, where it is there
        self.operands: list[Operand] = []
        self.sources: list[Source] = []
        self.others: dict[int, str] = {}  # names of its second result and those behind
        self.edges: list[int | None] = []  # for every operand, which of the graph's edges leads from it


class Source:
    """Where an operand comes from: an output of a box, transposed or not; None: a constant, or unknown."""

    __slots__ = ("box", "output_nr", "transposed")

    def __init__(self, box: Box | None, output_nr: int = 0, transposed: bool = False):
        self.box, self.output_nr, self.transposed = box, output_nr, transposed


class _Builder:
    """What is known while one graph is made."""

    def __init__(self, tensors: Sequence[Tensor], names: Names, values: bool, raw: bool, saved: bool, title: str):
        self.values, self.show_saved = values, saved
        self.graph = Graph(title=title)
        self.boxes: list[Box] = []
        self.by_key: dict[Any, Box] = {}  # by node, recorded operation, value, or the identity of an array
        self.kept: list = []
        self.groups = Groups()
        self.operations: dict[Any, Box] = {}
        self.leaves: dict[Any, Box] = {}
        roots = [tensor._edge()[0] for tensor in tensors if tensor.grad_fn is not None or tensor.requires_grad]
        self.folds = not raw
        self.nodes, uses = in_order([node for node in roots if node is not None])
        self.folded: dict[Any, tuple[Any, int]] = {} if raw else self.transposed(names, uses, set(roots))
        self.recorded = {node: OPERATIONS.get(node) for node in self.nodes}
        for node in self.nodes:
            if not isinstance(node, AccumulateGrad) and node not in self.folded:
                self.add_operation(node)
        for tensor in tensors:
            self.mark_output(tensor)
        naming.give_names(self.boxes, names, self.groups)
        for box in self.boxes:
            if box.recorded is not None:
                box.shown.group = self.groups.of(box.recorded.call)
        self.frame_parameters()
        if not self.groups.found:
            infer(self.boxes, names, self.groups)
        self.graph.groups = self.groups.found
        formulas.fill(self.boxes)
        for box in self.boxes:
            if self.show_saved and box.shown.kind == "op":
                box.shown.saved = self.saved_of(box)

    def transposed(self, names: Names, uses: dict, roots: set) -> dict[Any, tuple[Any, int]]:
        """Nodes of transpositions that only a product uses and that have no name: for each the edge of its input."""
        found = {}
        for node in self.nodes:
            rule = getattr(node, "rule", None)
            if rule is None or rule.__name__ not in TRANSPOSING or node in roots or len(uses[node]) != 1:
                continue
            recorded = OPERATIONS.get(node)
            named = names.output(node, 0) or (recorded is not None and recorded.outputs[0].name)
            user = getattr(uses[node][0], "rule", None)
            if not named and user is not None and user.__name__ in PRODUCTS and _turns(node):
                found[node] = node.next_functions[0]
        return found

    def frame_parameters(self) -> None:
        """A module's parameter stands in the innermost frame around all that use it."""
        users: dict[Box, list[str | None]] = {}
        for box in self.boxes:
            for source in box.sources:
                if source.box is not None and source.box.value is not None and source.box.value.path is not None:
                    users.setdefault(source.box, []).append(box.shown.group)
        for parameter, frames in users.items():
            parameter.shown.group = self.groups.around(frames)

    # ---- boxes -----------------------------------------------------------------------------------------------------

    def new(self, key: Any, kind: str, label: str, **known: Any) -> Box:
        """A new box for `key`."""
        box = Box(Node(f"n{len(self.boxes)}", kind, label, **known))
        self.boxes.append(box)
        self.graph.nodes.append(box.shown)
        self.by_key[key] = box
        return box

    def leaf_box(self, node: AccumulateGrad, value: Value | None) -> Box:
        box = self.leaves.get(node)
        if box is None:
            leaf: Any = node.variable
            grad = None if leaf._grad is None else summarize(leaf._grad, self.values)
            if value is None:
                value = VALUES.get(leaf) or VALUES.before(leaf)  # an optimizer may have written to it since
            box = None if value is None else self.by_key.get(value)  # there already if a cut was given it
            if box is None:
                summary = summarize(leaf, self.values) if value is None or self.values else value.summary
                box = self.new(node, "leaf", "leaf", outputs=(summary,))
            self.leaves[node] = box
            box.shown.grad = grad
            box.given, box.value, box.node = leaf, value, node
            if value is not None:
                self.by_key[value] = box
        return box

    def data_box(self, tensor: Any) -> Box:
        """The box of a tensor or an array that no node made."""
        value = VALUES.get(tensor) if isinstance(tensor, Tensor) else None
        if value is not None:
            return self.value_box(value).box  # type: ignore[return-value]
        key = id(getattr(tensor, "_array", tensor))
        box = self.by_key.get(key)
        if box is None:
            self.kept.append(tensor)
            box = self.new(key, "data", "data", outputs=(summarize(tensor, self.values),))
            box.given = tensor
        return box

    def value_box(self, value: Value) -> Source:
        """The box of a value that no gradient goes to: data, or what came out of a cut, with the cuts before it."""
        stack = [value]
        while stack:
            top = stack[-1]
            _, key, _ = self.origin(top)
            if key in self.by_key:
                stack.pop()
                continue
            missing = []
            if isinstance(key, Operation):
                given = [each for _, each in key.arguments if isinstance(each, Value)]
                missing = [each for each in given if self.origin(each)[1] not in self.by_key]
            if missing:
                stack += reversed(missing)
            else:
                stack.pop()
                self.add_cut(key) if isinstance(key, Operation) else self.add_value(key)
        origin, key, transposed = self.origin(value)
        return Source(self.by_key[key], origin.output_nr if key is origin.maker else 0, transposed)

    def origin(self, value: Value) -> tuple[Value, Any, bool]:
        """(the value that is drawn in its place, the key of its box, is it transposed?)"""
        maker = value.maker
        if maker is None or maker in self.by_key:
            return value, value if maker is None else maker, False
        if maker.label in ("Transpose", "Permute") and self.folds and value.name is None:
            argument = maker.arguments[0][1]
            shape = value.summary.shape
            if len(shape) == 2 and isinstance(argument, Value) and argument.summary.shape == shape[::-1]:
                inner, key, turned = self.origin(argument)
                return inner, key, not turned
        return value, maker if maker.is_cut else value, False

    def add_value(self, value: Value) -> None:
        kind = "leaf" if value.is_leaf else "data"
        box = self.new(value, kind, kind, outputs=(value.summary,))
        box.value = value
        if value.needs_grad and not value.is_leaf:
            box.shown.note = "computed from other tensors, which are not drawn"
        elif value.maker is not None and value.name is None:
            box.shown.note = formulas.how_made(value.maker)

    def add_cut(self, made: Operation) -> None:
        """The box of an operation that let no gradient through."""
        found = []
        for letter, given in made.arguments:
            if isinstance(given, Value):
                found.append(Operand(letter, None, 0, value=given))
        sources = [self.value_box(each.value) for each in found]
        summaries = tuple([value.summary for value in made.outputs])
        box = self.new(made, "cut", made.label, outputs=summaries, where=made.where, note=_why(made))
        box.recorded = made
        self.connect(box, found, sources)

    def add_operation(self, node: Any) -> None:
        """The box of an operation and the edges that lead to it, with those of leaves and data that it uses first."""
        recorded = self.recorded[node]
        found = operands.of(node, recorded)
        sources = [self.source_of(each) for each in found]
        if recorded is None:
            outputs = tuple([outline(shape, dtype) for shape, dtype in node.outputs if dtype is not None])
            box = self.new(node, "op", label_of(node), outputs=outputs, backward=node.name())
            if node._freed and hasattr(node, "rule"):
                box.shown.note = "what it kept for backward is freed"
        else:
            outputs = tuple([value.summary for value in recorded.outputs])
            box = self.new(node, "op", recorded.label, outputs=outputs, backward=node.name(), where=recorded.where)
            box.shown.note = _remark(recorded)
            self.by_key[recorded] = box
        box.node, box.recorded = node, recorded
        if box.shown.label == "Addmm" and sources[2].transposed:
            box.shown.label = "Linear"
        self.operations[node] = box
        self.connect(box, found, sources)

    def source_of(self, operand: Operand) -> Source:
        node, output_nr = operand.node, operand.output_nr
        transposed = False
        while node in self.folded:
            (node, output_nr), transposed = self.folded[node], not transposed
        if isinstance(node, AccumulateGrad):
            return Source(self.leaf_box(node, None if transposed else operand.value), 0, transposed)
        if node is not None:
            return Source(self.operations[node], output_nr, transposed)
        if operand.value is not None:
            return self.value_box(operand.value)
        return Source(None if operand.tensor is None else self.data_box(operand.tensor))

    def connect(self, box: Box, found: list[Operand], sources: list[Source]) -> None:
        box.operands, box.sources = found, sources
        inputs = []
        for position, (operand, source) in enumerate(zip(found, sources)):
            box.edges.append(None if source.box is None else len(self.graph.edges))
            if source.box is None:
                continue
            outputs = source.box.shown.outputs
            summary = outputs[source.output_nr] if source.output_nr < len(outputs) else None
            if summary is not None:
                inputs.append(_turned(summary) if source.transposed else summary)
            self.graph.edges.append(
                Edge(
                    source.box.shown.id,
                    box.shown.id,
                    source.output_nr,
                    position,
                    summary,
                    needs_grad=operand.node is not None,
                )
            )
        box.shown.inputs = tuple(inputs)

    def mark_output(self, tensor: Tensor) -> None:
        """Mark the box of a tensor that was asked for; what it holds is there to be seen."""
        node, output_nr = tensor._edge()
        if isinstance(node, AccumulateGrad):
            box = self.leaf_box(node, None)
        elif node is not None:
            box = self.operations[node]
            outputs = list(box.shown.outputs)
            if output_nr < len(outputs):
                outputs[output_nr] = summarize(tensor, self.values)
                box.shown.outputs = tuple(outputs)
        else:
            box = self.data_box(tensor)
        box.shown.is_output = True

    # ---- saved tensors ---------------------------------------------------------------------------------------------

    def saved_of(self, box: Box) -> tuple[Saved, ...]:
        """What a node keeps for backward, each with the box it comes from."""
        node, recorded = box.node, box.recorded
        freed = bool(node._freed)
        if recorded is not None:
            return tuple(dict.fromkeys([self.kept_by(box, kept, freed) for kept in recorded.saved]))
        found = []
        for letter, value in operands.saved(node, None):
            summary = summarize(value, self.values)
            name, source = naming.of_saved(box, letter, getattr(value, "_output_nr", 0), summary.dtype)
            if source is None and isinstance(value, Tensor):
                key = operands.source_of_saved(node, value)
                while key in self.folded:
                    key = self.folded[key][0]
                source = self.by_key.get(id(value._array) if key is None else key)
            found.append(Saved(name, summary, None if source is None else source.shown.id, freed))
        return tuple(dict.fromkeys(found))

    def kept_by(self, box: Box, kept: Any, freed: bool) -> Saved:
        output_nr = 0 if kept.value is None else kept.value.output_nr
        name, source = naming.of_saved(box, kept.letter, output_nr, kept.summary.dtype)
        if source is None and kept.value is not None:
            _, key, _ = self.origin(kept.value)
            source = self.by_key.get(key)
            if source is not None and len(source.shown.outputs) > 1:
                name = naming.result(source, kept.value.output_nr)
        return Saved(name, kept.summary, None if source is None else source.shown.id, freed)


def _turns(node: Any) -> bool:
    """Does a transposition exchange the sides of a matrix?"""
    dims = node.__dict__.get("dims")
    if len(node.outputs[0][0]) != 2:
        return False
    return dims is None or tuple([dim % 2 for dim in dims]) == (1, 0)


def _turned(summary: Summary) -> Summary:
    """The summary of a matrix after it was transposed."""
    return Summary(
        summary.shape[::-1],
        summary.dtype,
        None,
        summary.norm,
        summary.mean,
        summary.low,
        summary.high,
        summary.unusual,
    )


def _why(made: Operation) -> str | None:
    """Why no gradient passes an operation; None for those behind the cut."""
    if not any(isinstance(given, Value) and given.needs_grad for _, given in made.arguments):
        return None
    if isinstance(made.rule, str):
        return f"gradient stops here: {'detach()' if made.rule == 'detach' else '.data'}"
    if not made.grad_enabled:
        return "gradient stops here: computed under no_grad"
    return f"gradient stops here: {made.label} has no derivative"


def _remark(made: Operation) -> str | None:
    """What else there is to say of an operation."""
    if made.written:
        return f"in place, version {made.written}"
    if made.label == formulas.PASSES_ON:
        return "passes on: the module's backward hooks look at the gradients here"
    return f"part of the backward of {made.during}" if made.during else None


def in_order(roots: Iterable[Any]) -> tuple[list, dict[Any, list]]:
    """All nodes that can be reached from `roots` in the order of the forward pass; for each those that use its result.

    Leaves come first, inputs before what uses them, and of several possible orders it is the one they were made in.
    """
    uses: dict[Any, list] = {}
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
    first = [node for node in missing if isinstance(node, AccumulateGrad)]
    ordered = sorted(first, key=lambda leaf: leaf.priority)
    ready = [(-node.priority, node) for node in missing if not missing[node] and not isinstance(node, AccumulateGrad)]
    ready.sort()
    done = 0
    while done < len(ordered) or ready:
        if done < len(ordered):
            node = ordered[done]
        else:
            node = heappop(ready)[1]
            ordered.append(node)
        done += 1
        for user in uses[node]:
            missing[user] -= 1
            if not missing[user]:
                heappush(ready, (-user.priority, user))
    return ordered, uses
