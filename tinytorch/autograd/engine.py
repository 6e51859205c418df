"""The engine: walks the backward graph from the outputs to the leaves and adds up what flows into the same tensor.

Two passes, both with a stack or a heap instead of recursion, so a graph may be a million nodes deep:

1. Count for every reachable node how many edges lead to it.
2. Start with the outputs. Take the node that was made last, run it, pass its gradients along its edges. A node is
   ready when gradients have come along all edges that lead to it.

Gradients travel as plain arrays; with create_graph they travel as Tensors, and the rules that compute them are
recorded like any others.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any


from tinytorch.autograd import anomaly
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.node import AccumulateGrad, Node
from tinytorch.dtypes import COMPLEX, from_numpy
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.promotion import convert
from tinytorch.tensor import Tensor, wrap

Edge = tuple[Node, int]


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
    dependencies = _count_edges([edge[0] for edge, _ in roots])
    needed = None if wanted is None else _on_the_way(dependencies, {node for node, _ in wanted})
    captured: dict[Edge, Any] = {}
    capture_at = {} if wanted is None or accumulate else _by_node(wanted)

    buffers: dict[Node, list] = {}
    for (node, output_nr), grad in roots:
        _add(buffers, node, output_nr, grad)
    ready = [(node.priority, node) for node in buffers if not dependencies[node]]
    heapq.heapify(ready)

    recording_before = state.recording
    state.recording = create_graph
    token = quiet()
    try:
        while ready:
            _, node = heapq.heappop(ready)
            grads = buffers.pop(node, None) or [None] * len(node.outputs)
            if node.has_hooks or type(node) is AccumulateGrad and node.variable._hooks:
                grads = _before(node, grads)
            for output_nr in capture_at.get(node, ()):
                captured[node, output_nr] = grads[output_nr]
            if needed is not None and not (needed[node] and (accumulate or node not in capture_at or _leads_on(node, needed))):
                continue
            if node.takes_tensors and not create_graph:
                results = tuple(map(_to_array, node.run(list(map(_to_tensor, grads)))))
            elif node._posthooks is None:
                results = node.run(grads)
            else:
                given = tuple(map(_to_tensor, grads))
                results = _after(node, node.run(grads), given)
            if not keep_graph:
                node.release()
            if anomaly.checking:
                anomaly.check(node, results)

            for index, ((next_node, output_nr), grad) in enumerate(zip(node.next_functions, results)):
                if next_node is None:
                    continue
                if needed is None or needed[next_node]:
                    if grad is not None:
                        shape, dtype = next_node.outputs[output_nr]
                        if grad.shape != shape or grad.dtype is not dtype:
                            grad = _fit(grad, shape, dtype, node, index)
                        _add(buffers, next_node, output_nr, grad)
                left = dependencies[next_node] - 1
                dependencies[next_node] = left
                if not left and (needed is None or needed[next_node]):
                    heapq.heappush(ready, (next_node.priority, next_node))
    except Exception:
        if anomaly.tracing and "node" in locals() and not anomaly.checking:
            anomaly.warn(node)
        raise
    finally:
        leave(token)
        state.recording = recording_before
    return [captured.get(edge) for edge in wanted or ()]


def _count_edges(roots: list[Node]) -> dict[Node, int]:
    """For every node reachable from `roots`: the number of edges that lead to it."""
    counts = dict.fromkeys(roots, 0)
    stack = list(counts)
    while stack:
        for node, _ in stack.pop().next_functions:
            if node is None:
                continue
            if node in counts:
                counts[node] += 1
            else:
                counts[node] = 1
                stack.append(node)
    return counts


def _on_the_way(nodes: Any, targets: set[Node]) -> dict[Node, bool]:
    """Which nodes lead to one of `targets`? An edge points to an older node, so the oldest are looked at first."""
    leads: dict[Node, bool] = {}
    for node in sorted(nodes, key=lambda n: -n.priority if n.next_functions else -1):
        leads[node] = node in targets or any(
            next_node is not None and leads[next_node] for next_node, _ in node.next_functions
        )
    return leads


def _leads_on(node: Node, needed: dict[Node, bool]) -> bool:
    """Is something wanted beyond `node`?"""
    return any(next_node is not None and needed[next_node] for next_node, _ in node.next_functions)


def _by_node(edges: Sequence[Edge]) -> dict[Node, list[int]]:
    found: dict[Node, list[int]] = {}
    for node, output_nr in edges:
        found.setdefault(node, []).append(output_nr)
    return found


def _add(buffers: dict[Node, list], node: Node, output_nr: int, grad: Any) -> None:
    """Add `grad` to what has come for an output of `node` so far."""
    buffer = buffers.get(node)
    if buffer is None:
        buffers[node] = buffer = [None] * len(node.outputs)
    sofar = buffer[output_nr]
    buffer[output_nr] = grad if sofar is None else sofar + grad


def fit(grad: Any, shape: tuple, dtype: Any) -> Any:
    """`grad` with the shape and dtype of the tensor that it is the gradient of: broadcasting is undone here."""
    if grad.shape != shape:
        grad = unbroadcast(grad, shape)
    if isinstance(grad, Tensor):
        target = from_numpy(dtype)
        if grad.dtype is not target:
            grad = grad.real.to(target) if grad.dtype.category == COMPLEX > target.category else grad.to(target)
    elif grad.dtype != dtype:
        grad = convert(grad, from_numpy(dtype))
    return grad


def _fit(grad: Any, shape: tuple, dtype: Any, node: Node, index: int) -> Any:
    """`fit`, whose error says which function returned the gradient."""
    try:
        return fit(grad, shape, dtype)
    except ValueError as error:
        raise RuntimeError(f"Function {node.name()} returned an invalid gradient at index {index} - {error}") from None


def unbroadcast(grad: Any, shape: tuple) -> Any:
    """Sum `grad` over the dimensions along which a tensor of `shape` was repeated to get grad's shape."""
    extra = len(grad.shape) - len(shape)
    repeated = tuple([dim for dim in range(len(grad.shape)) if dim < extra or (shape[dim - extra] == 1 != grad.shape[dim])])
    if extra < 0 or any(
        side not in (1, given) for side, given in zip(shape, tuple(grad.shape)[extra:])
    ):
        raise ValueError(f"got {list(grad.shape)} but expected shape compatible with {list(shape)}")
    if repeated:
        grad = grad.sum(axis=repeated, keepdims=True)
    return grad.reshape(shape)


def _to_tensor(grad: Any) -> Any:
    return grad if grad is None or isinstance(grad, Tensor) else wrap(grad)


def _to_array(grad: Any) -> Any:
    return grad._array if isinstance(grad, Tensor) else grad


def _call(hook: Any, *grads: Any) -> Any:
    """Call a hook; recording is as the engine set it, the user's NumPy warnings are his own business."""
    return hook(*grads)


def _before(node: Node, grads: list) -> list:
    """Tensor hooks, then retained gradients, then the node's own pre-hooks; hooks see Tensors."""
    as_arrays = not state.recording
    tensors = [_to_tensor(grad) for grad in grads]
    if type(node) is AccumulateGrad:
        per_output = {0: node.variable._hooks or {}}
    else:
        per_output = node._tensor_hooks or {}
    for output_nr, hooks in per_output.items():
        for hook in list(hooks.values()):
            if tensors[output_nr] is None:
                break
            replaced = _call(hook, tensors[output_nr])
            if replaced is not None:
                tensors[output_nr] = _checked(replaced, tensors[output_nr])
    for output_nr, reference in (node._retaining or {}).items():
        tensor = reference()
        grad = tensors[output_nr]
        if tensor is not None and grad is not None:
            tensor._grad = grad.clone() if tensor._grad is None else tensor._grad + grad
    for hook in list((node._prehooks or {}).values()):
        replaced = _call(hook, tuple(tensors))
        if replaced is not None:
            tensors = list(replaced) if isinstance(replaced, (tuple, list)) else [replaced]
    return [_to_array(tensor) for tensor in tensors] if as_arrays else tensors


def _after(node: Node, results: tuple, grads: tuple) -> tuple:
    """The node's post-hooks, which may replace the gradients it computed."""
    as_arrays = not state.recording
    tensors = tuple(
        _to_tensor(grad if grad is None else fit(grad, *next_node.outputs[nr])) if next_node is not None else None
        for (next_node, nr), grad in zip(node.next_functions, results)
    )
    for hook in list((node._posthooks or {}).values()):
        replaced = _call(hook, tensors, grads)
        if replaced is not None:
            tensors = tuple(replaced) if isinstance(replaced, (tuple, list)) else (replaced,)
    return tuple(map(_to_array, tensors)) if as_arrays else tensors


def _checked(replaced: Any, grad: Tensor) -> Tensor:
    """What a tensor hook returned, if it can take the gradient's place."""
    if not isinstance(replaced, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(replaced).__name__}'")
    if replaced.shape != grad.shape:
        raise RuntimeError(
            f"hook has changed the size of value: from {list(grad.shape)} to {list(replaced.shape)}"
        )
    return replaced
