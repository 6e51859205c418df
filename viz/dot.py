"""A backward graph in the DOT language: text first, rendered by others."""

from __future__ import annotations

from collections.abc import Mapping

from tinytorch.viz.first import Vertex, collect

from tinytorch.tensor import Tensor


def to_dot(tensor: Tensor, params: Mapping[str, Tensor] | None = None) -> str:
    """The graph that backward would walk from `tensor`, as DOT; `params` gives leaves their names.

    Arrows follow the gradient, leaves are blue. The same program gives the same text in every run.

    >>> from tinytorch import viz
    >>> w = torch.ones(2, requires_grad=True)
    >>> print(viz.to_dot((w * 2).sum(), {"w": w}))
    digraph backward {
      graph [rankdir=TB]
      node [fontname="Helvetica", fontsize=11, shape=box, style="filled,rounded"]
      n0 [label="SumBackward0\\n()", fillcolor="#eeeeee"]
      n1 [label="MulBackward0\\n(2,)", fillcolor="#eeeeee"]
      n2 [label="w\\n(2,)", fillcolor="#b3d9ff"]
      n0 -> n1
      n1 -> n2
    }
    """
    graph = collect(tensor, params)
    lines = [
        "digraph backward {",
        "  graph [rankdir=TB]",
        '  node [fontname="Helvetica", fontsize=11, shape=box, style="filled,rounded"]',
    ]
    lines += [f"  {_vertex(vertex)}" for vertex in graph.vertices]
    lines += [f"  n{start} -> n{end}" for start, end in graph.edges]
    return "\n".join([*lines, "}"])


def _vertex(vertex: Vertex) -> str:
    label = quoted(vertex.label) + ("" if vertex.shape is None else f"\\n{vertex.shape}")
    colour = "#b3d9ff" if vertex.is_leaf else "#eeeeee"
    return f'n{vertex.number} [label="{label}", fillcolor="{colour}"]'


def quoted(text: str) -> str:
    """Text that is safe inside a quoted DOT string: a name can neither end the string nor start another label."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
