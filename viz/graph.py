"""A graph as data: operations, leaves, edges, modules and steps, which is all that the drawings are made from.

Everything here is plain text and numbers in a fixed order, so that one program gives one graph, byte for byte: ids are
n0, n1, ... in the order of the forward pass. build.py makes graphs, store.py stores them, dot.py, svg.py, page.py and
the others draw them; none of the latter has heard of tensors.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Summary:
    """What is known of a tensor: always shape and dtype, the rest where values were looked at."""

    shape: tuple[int, ...]
    dtype: str  # as PyTorch prints it, less "torch.": "float32"
    text: str | None = None  # the values themselves, where there are few
    norm: float | None = None  # the Euclidean norm; this and the next only of finite values
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    unusual: int = 0  # how many are nan or infinite


@dataclass(frozen=True)
class Place:
    """A line of the user's program."""

    file: str  # relative to the working directory where it lies below it, else the file's name
    line: int
    function: str  # "" at the top level
    code: str  # the line itself


@dataclass(frozen=True)
class Saved:
    """A tensor that an operation keeps for its backward."""

    name: str  # what the formula calls it
    summary: Summary
    node: str | None = None  # whose output it is: a saved tensor is drawn once, as a link to where it comes from
    freed: bool = False


@dataclass
class Node:
    """A box of the drawing.

    kind is "op" (an operation that recorded a backward), "leaf" (a tensor that gets a .grad), "data" (a tensor that
    takes part without a gradient: inputs, targets) or "cut" (an operation that lets no gradient through: detach,
    argmax, anything under no_grad).
    """

    id: str
    kind: str
    label: str  # the operation's plain name, "MatMul", "ReLU"; of leaves and data: "leaf", "data"
    name: str | None = None  # the user's name for the result: a variable, or a parameter's qualified name
    outputs: tuple[Summary, ...] = ()
    inputs: tuple[Summary, ...] = ()
    formula: str | None = None  # with names filled in: "h = x @ w1"
    gradients: tuple[str, ...] = ()  # likewise: "grad_w1 = x^T @ grad_h"
    backward: str | None = None  # PyTorch's name of the backward node, "MmBackward0"
    where: Place | None = None
    group: str | None = None  # id of the innermost module it ran in
    saved: tuple[Saved, ...] = ()
    grad: Summary | None = None  # of a leaf: its .grad; of an operation: the gradient that came for its result
    is_output: bool = False  # one of the tensors that were drawn
    note: str | None = None  # "gradient stops here: detach", "in place, version 2", ...
    error: str | None = None  # the message, where backward stopped at this node
    count: int = 1  # how many equal nodes this one stands for ("x12")


@dataclass
class Edge:
    """From a node to one that uses its result, in the order of the forward pass; gradients go the other way."""

    source: str
    target: str
    output_nr: int = 0  # which of the source's outputs
    input_nr: int = 0  # which of the target's inputs
    summary: Summary | None = None  # what flows forward
    grad: Summary | None = None  # what flowed backward along this edge
    needs_grad: bool = True  # False: no gradient goes this way (drawn dashed)


@dataclass(frozen=True)
class Group:
    """A module whose operations are drawn in one frame."""

    id: str  # "g0", "g1", ...
    name: str  # "layer1", "blocks.0.attention"
    label: str  # "Linear(in_features=3, out_features=4, bias=True)", or the class alone where it has children
    parent: str | None = None
    count: int = 1  # how many equal modules this one stands for


@dataclass(frozen=True)
class Flow:
    """A gradient on its way in one step of backward: along edge number `edge` of the graph."""

    edge: int
    summary: Summary | None  # None: no gradient came
    arrived: int = 1  # of how many that node or leaf waits for, this was the arrived-th
    expected: int = 1


@dataclass(frozen=True)
class Step:
    """One step of the player: an operation ran forward or backward, or a leaf received a gradient."""

    kind: str  # "forward", "backward" or "accumulate"
    node: str
    incoming: Summary | None = None  # backward: the gradient of the node's result, complete
    outgoing: tuple[Flow, ...] = ()
    frees: bool = False  # backward: what was saved is let go after this step
    ready: tuple[str, ...] = ()  # backward: the nodes that wait in the engine's queue after this step
    error: str | None = None


@dataclass
class Graph:
    """All of a drawing's content."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    title: str = ""
    error: str | None = None  # what backward raised
    note: str | None = None  # what else there is to say, for instance why there are no gradients
