"""PyTorch's own view of a graph, drawn with torchviz's conventions, so that old tutorials still read.

Grey boxes are backward nodes under PyTorch's names, AccumulateGrad included; leaves are blue, saved tensors orange,
what was drawn is green, the base of a view dark green. Arrows go from the leaves to the output. Other than torchviz
this walks without recursion, names nodes by their order and not by addresses, and draws a saved tensor once, beside the
leaf that it may be rather than in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinytorch.viz.dot import quoted

from tinytorch.tensor import Tensor

LEAF, SAVED, OUTPUT, BASE = "lightblue", "orange", "darkolivegreen1", "darkolivegreen3"
SAVED_PREFIX = "_saved_"


def to_dot(tensors: Tensor | Iterable[Tensor], params: Any = None, *, show_saved: bool = True) -> str:
    """The graph behind `tensors` in the DOT language; `params` gives leaves their names.

    >>> w = torch.ones(2, requires_grad=True)
    >>> text = to_dot((w * 3).exp(), {"w": w}, show_saved=False)
    >>> print("\\n".join(line for line in text.splitlines() if "label=" in line))
      n0 [label="(2)" fillcolor=darkolivegreen1]
      n1 [label="ExpBackward0"]
      n2 [label="MulBackward0"]
      n3 [label="AccumulateGrad"]
      n4 [label="w\\n(2)" fillcolor=lightblue]
    """
    picture = _Picture(params, show_saved)
    outputs: Iterable[Any] = [tensors] if isinstance(tensors, Tensor) else tensors
    for tensor in outputs:
        picture.add_output(tensor)
    picture.link_leaves()
    size = max(12, 0.15 * len(picture.lines))  # torchviz's rule: a large graph may take a large page
    head = [
        "digraph backward {",
        f'  graph [size="{size:g},{size:g}"]',
        '  node [align=left fontname="Courier" fontsize=10 height=0.2 ranksep=0.1 shape=box style=filled]',
    ]
    return "\n".join([*head, *picture.lines, "}", ""])


class _Picture:
    """The lines of the drawing, and which boxes it has."""

    def __init__(self, params: Any, show_saved: bool) -> None:
        self.lines: list[str] = []
        self.names = {id(tensor): name for name, tensor in _named(params).items()}
        self.show_saved = show_saved
        self.ids: dict[tuple[str, int], str] = {}
        self.alive: list[Any] = []  # an address names an object only as long as it lives

    def box(self, kind: str, thing: Any, label: list[str], colour: str | None = None) -> tuple[str, bool]:
        """The name of a thing's box, and whether it is new."""
        key = (kind, id(getattr(thing, "_array", thing)))
        if key in self.ids:
            return self.ids[key], False
        self.alive.append(thing)
        name = self.ids[key] = f"n{len(self.ids)}"
        text = "\\n".join(
            quoted(line)[1:-1] for line in label if line
        )  # no empty first line: some renderers crash on it
        self.lines.append(f'  {name} [label="{text}"' + (f" fillcolor={colour}]" if colour else "]"))
        return name, True

    def tensor(self, kind: str, tensor: Any, colour: str, name: str = "") -> tuple[str, bool]:
        shape = f"({', '.join(map(str, tensor.shape))})"
        return self.box(kind, tensor, [name or self.names.get(id(tensor), ""), shape], colour)

    def edge(self, start: str, end: str, settings: str = "") -> None:
        self.lines.append(f"  {start} -> {end}{settings}")

    def add_output(self, tensor: Tensor) -> None:
        """A drawn tensor, what led to it, and the bases that it is a view of."""
        colour, before = OUTPUT, None
        current: Any = tensor
        while current is not None:
            name, new = self.tensor("tensor", current, colour)
            if before is not None:
                self.edge(name, before, " [style=dotted]")
            if not new:
                return
            if current.grad_fn is not None:
                self.add_nodes(current.grad_fn)
                self.edge(self.ids["node", id(current.grad_fn)], name)
            colour, before = BASE, name
            current = current._base if current._is_view() else None

    def add_nodes(self, root: Any) -> None:
        """All backward nodes from `root` on, in torchviz's order: each before those that it hands gradients to."""
        name, new = self.node(root)
        stack = [(name, self.following(root))] if new else []
        while stack:
            user, following = stack[-1]
            child = next(following, None)
            if child is None:
                stack.pop()
                continue
            name, new = self.node(child)
            self.edge(name, user)
            if new:
                stack.append((name, self.following(child)))

    @staticmethod
    def following(node: Any) -> Iterator[Any]:
        return iter([child for child, _ in node.next_functions if child is not None])

    def node(self, node: Any) -> tuple[str, bool]:
        """The box of a backward node, with the leaf that it fills and the tensors that it keeps."""
        name, new = self.box("node", node, [type(node).__name__])
        if not new:
            return name, new
        if hasattr(node, "variable"):
            leaf, _ = self.tensor("leaf", node.variable, LEAF)
            self.edge(leaf, name)
        for attribute, tensor in self.saved(node):
            kept, _ = self.tensor("saved", tensor, SAVED, attribute)
            self.edge(kept, name, " [dir=none]")
        return name, True

    def link_leaves(self) -> None:
        """Dotted lines between leaves and what is kept of them."""
        for (kind, address), name in self.ids.items():
            if kind == "saved" and ("leaf", address) in self.ids:
                self.edge(self.ids["leaf", address], name, " [style=dotted dir=none constraint=false]")

    def saved(self, node: Any) -> list[tuple[str, Any]]:
        """(name, tensor) of what a node keeps; nothing of what has been freed."""
        found: list[tuple[str, Any]] = []
        names = [name for name in dir(node) if name.startswith(SAVED_PREFIX)] if self.show_saved else []
        try:
            for name in names:
                value = getattr(node, name)
                several = isinstance(value, (tuple, list))
                for number, item in enumerate(value if several else [value]):
                    if isinstance(item, Tensor):
                        short = name.removeprefix(SAVED_PREFIX)
                        found.append((f"{short}[{number}]" if several else short, item))
            found += [("", item) for item in getattr(node, "saved_tensors", ()) if isinstance(item, Tensor)]
        except RuntimeError:  # "trying to backward through the graph a second time": freed by a backward
            return []
        return found


def _named(params: Any) -> dict[str, Any]:
    """Names of tensors: from a mapping, a module, or pairs."""
    if params is None:
        return {}
    if hasattr(params, "named_parameters"):
        params = params.named_parameters()
    return dict(params.items() if isinstance(params, Mapping) else params)
