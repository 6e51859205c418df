"""What is known of backward, put on a graph: gradients on boxes and edges, the steps of the player, errors.

If no backward was recorded, `ensure` runs one on the side: it touches neither .grad nor hooks nor the random numbers,
and frees nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tinytorch.viz.backward import Run, Walk
from tinytorch.viz.graph import Flow, Graph, Step
from tinytorch.viz.provenance import WALKS
from tinytorch.viz.record import Watcher

from tinytorch.autograd import engine
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.node import AccumulateGrad
from tinytorch.functions.rng_state import get_rng_state, set_rng_state
from tinytorch.tensor import Tensor

NOT_RECORDED = (
    "backward already ran and freed what it needs, without being recorded: call backward inside `with viz.record():`"
)


def ensure(tensors: Sequence[Tensor], nodes: Sequence[Any]) -> str | None:
    """See that there is a recorded walk over `nodes`, from `tensors`; the reason if there can be none."""
    edges: list[Any] = [tensor._edge() for tensor in tensors if tensor.requires_grad]
    if not edges or any(edge[0] in WALKS for edge in edges):
        return None
    if any(node._freed for node in nodes):
        return NOT_RECORDED
    watcher = Watcher()
    roots = [(edge, np.ones(*edge[0].outputs[edge[1]])) for edge in edges]
    leaves = [(node, 0) for node in nodes if isinstance(node, AccumulateGrad)]
    hooked = [node for node in nodes if node.has_hooks]
    before, numbers = state.watcher, get_rng_state()
    state.watcher = watcher
    for node in hooked:
        node.has_hooks = False
    try:
        engine.run(roots, keep_graph=True, create_graph=False, wanted=leaves, accumulate=False)
    except Exception as error:  # it is on the graph now, with the node that raised it
        watcher.failed = error
    finally:
        state.watcher = before
        for node in hooked:
            node.has_hooks = True
        set_rng_state(numbers)
    return None


def add(graph: Graph, boxes: Sequence[Any], folded: dict) -> None:
    """Put on `graph` what was recorded of the last backward that passed its outputs, and the steps."""
    for box in boxes:
        if box.shown.kind in ("op", "cut"):
            graph.steps.append(Step("forward", box.shown.id))
    walk = _walk_of(boxes)
    if walk is None:
        return
    by_priority = {box.node.priority: box for box in boxes if box.node is not None}
    through = {node.priority: node for node in folded}
    for priority, run in walk.runs.items():
        box = by_priority.get(priority)
        if box is not None:
            graph.steps.append(_step(graph, box, run, walk, by_priority, folded))
        elif run.error is not None and priority in through:
            graph.error = run.error
    if walk.error is not None:
        graph.error = walk.error


def _walk_of(boxes: Sequence[Any]) -> Walk | None:
    """The last walk that passed one of the outputs; if there was none, the last that passed any operation."""
    known = []
    for box in boxes:
        if box.node is not None and (box.shown.kind == "op" or box.shown.is_output):
            walk = WALKS.get(box.node)
            if walk is not None:
                known.append((box.shown.is_output, walk))
    return max(known, key=lambda entry: (entry[0], entry[1].serial))[1] if known else None


def _step(graph: Graph, box: Any, run: Run, walk: Walk, boxes: dict, folded: dict) -> Step:
    incoming = next((each for each in run.incoming if each is not None), None)
    shown = box.shown
    if shown.kind == "leaf":
        if shown.grad is None:
            shown.grad = incoming
        shown.error = run.error
        return Step("accumulate", shown.id, incoming, ready=_ids(run, boxes), error=run.error)
    shown.grad, shown.error = incoming, run.error
    flows = []
    for operand, edge in zip(box.operands, box.edges):
        flow = run.flows.get(operand.edge)
        if flow is None or edge is None or operand.node is None:
            continue
        node = operand.node
        while node in folded:  # the gradient as it comes out of the transposition
            through = walk.runs.get(node.priority)
            flow = flow if through is None else through.flows.get(0, flow)
            node = folded[node][0]
        summary, arrived, expected = flow
        graph.edges[edge].grad = summary
        flows.append(Flow(edge, summary, arrived, expected))
    return Step("backward", shown.id, incoming, tuple(flows), run.frees, _ids(run, boxes), run.error)


def _ids(run: Run, boxes: dict) -> tuple[str, ...]:
    """The boxes of the nodes that were ready after a run."""
    return tuple([boxes[priority].shown.id for priority in run.ready if priority in boxes])
