"""The backward graph as data: steps and leaves in visiting order, with names and edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tinytorch.tensor import Tensor


class Vertex(NamedTuple):
    """A step of backward, or a leaf: `number` is its place in visiting order, the same in every run."""

    number: int
    label: str
    shape: tuple[int, ...] | None
    is_leaf: bool


class Graph(NamedTuple):
    """Vertices, and edges (from, to) in the direction of the gradient."""

    vertices: list[Vertex]
    edges: list[tuple[int, int]]


def collect(tensor: Tensor, params: Mapping[str, Tensor] | None = None) -> Graph:
    """Everything that `tensor.backward()` would visit, walked with a stack: a graph may be deep."""
    if tensor.grad_fn is None:
        raise ValueError("nothing to draw: this tensor was not computed from anything that requires grad")
    names = {id(parameter): name for name, parameter in (params or {}).items()}
    numbers: dict[Any, int] = {tensor.grad_fn: 0}
    order = [tensor.grad_fn]
    edges = []
    stack = [tensor.grad_fn]
    while stack:
        node = stack.pop()
        following = [child for child, _ in node.next_functions if child is not None]
        for child in following:
            if child not in numbers:
                numbers[child] = len(order)
                order.append(child)
                stack.append(child)
            edges.append((numbers[node], numbers[child]))
    return Graph([_vertex(number, node, names) for number, node in enumerate(order)], edges)


def _vertex(number: int, node: Any, names: dict[int, str]) -> Vertex:
    leaf = getattr(node, "variable", None)
    if isinstance(leaf, Tensor):
        return Vertex(number, names.get(id(leaf), "leaf"), tuple(leaf.shape), True)
    shape = tuple(node.outputs[0][0]) if len(node.outputs) == 1 else None
    return Vertex(number, node.name(), shape, False)
