"""`draw`: from a tensor to a Drawing, which shows itself in notebooks and saves itself in any format."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
import webbrowser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tinytorch.viz.build import build
from tinytorch.viz.dot import to_dot
from tinytorch.viz.fold import fold
from tinytorch.viz.graph import Graph
from tinytorch.viz.mermaid import to_mermaid
from tinytorch.viz.page import page
from tinytorch.viz.provenance import VALUES
from tinytorch.viz.render import PICTURES, NoRenderer, RenderError, render, write
from tinytorch.viz.store import to_json
from tinytorch.viz.text import to_text

from tinytorch.tensor import Tensor

DIRECTIONS = ("forward", "backward")
STYLES = ("tinytorch", "torchviz")
FORMATS = (*PICTURES, "html", "dot", "json", "mmd", "txt")  # a file's ending says which


def draw(
    tensors: Tensor | Iterable[Tensor],
    params: Any = None,
    *,
    direction: str = "forward",
    style: str = "tinytorch",
    depth: int | None = None,
    values: bool = False,
    title: str | None = None,
    recording: Any = None,
    show_saved: bool = True,
    legend: bool = True,
) -> Drawing:
    """Draw what autograd recorded for a tensor, or for several.

    params: names for leaves: a dict, `model.named_parameters()`, or a module. Others are named after the variables
    that hold them.
    direction: "forward": arrows follow the data. "backward": they follow the gradient and carry its shape and size,
    for which backward is run if it was not recorded; nobody's `.grad` changes.
    style: "tinytorch", or "torchviz": PyTorch's nodes in torchviz's colours, as in old tutorials.
    depth: how many modules may lie in each other; deeper ones are drawn as one box. None: as many as are readable.
    values: with the numbers of large tensors too.
    recording: the `viz.record()` whose error is shown. What any of them noted is used in any case.
    show_saved: with the tensors that are kept for backward.
    legend: with a list of what the colours mean.

    Raises ValueError for a tensor without a history, and for options that do not exist.

    >>> from tinytorch import viz
    >>> w = torch.tensor([1., 2.], requires_grad=True)
    >>> drawing = viz.draw((w * w).sum())
    >>> [node.label for node in drawing.graph.nodes]
    ['leaf', 'Mul', 'Sum']
    """
    _check("direction", direction, DIRECTIONS)
    _check("style", style, STYLES)
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 0):
        raise ValueError(f"depth has to be a whole number from 0 on, or None, not {depth!r}")
    drawn = _drawable(tensors)
    frame = sys._getframe(1)
    if style == "torchviz":
        from tinytorch.viz.torchviz import to_dot as torchviz_dot

        return Drawing(Graph(), dot=torchviz_dot(drawn, params, show_saved=show_saved))
    graph = build(
        drawn,
        params,
        recording,
        direction=direction,
        values=values,
        show_saved=show_saved,
        title=title or "",
        frame=frame,
    )
    return Drawing(graph, direction=direction, depth=depth, legend=legend)


def _check(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} has to be {' or '.join(repr(each) for each in allowed)}, not {value!r}")


def _drawable(tensors: Any) -> list[Tensor]:
    """The tensors as a list, or an error that says why there is nothing to draw."""
    drawn = [tensors] if isinstance(tensors, Tensor) else list(tensors) if isinstance(tensors, Iterable) else [tensors]
    for tensor in drawn:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"draw() takes a tensor or several, not {type(tensor).__name__}")
    if not drawn:
        raise ValueError("nothing to draw: no tensors were given")
    if all(tensor.grad_fn is None and not _was_cut(tensor) for tensor in drawn):
        if any(tensor.requires_grad for tensor in drawn):
            raise ValueError(
                "nothing to draw: this tensor is a leaf, nothing led to it.\n\n"
                "Draw what was computed from it, such as the loss."
            )
        raise ValueError(
            "nothing to draw: this tensor has no history (its grad_fn is None).\n\n"
            "Autograd records an operation if one of its inputs requires grad. None did here, or the history was cut:\n"
            "by torch.no_grad(), .detach(), .data, .item(), or by a function without a gradient such as argmax.\n"
            "Draw the tensor on which you would call backward(), and make the weights with requires_grad=True."
        )
    return drawn


def _was_cut(tensor: Tensor) -> bool:
    """Whether a recording saw where this tensor lost its history: then that is drawn."""
    value = VALUES.get(tensor)
    return value is not None and value.maker is not None


class Drawing:
    """A drawing of a graph; `graph` is all that is known, pictures show large graphs folded.

    In a notebook it shows itself. `save("g.svg")` writes it, `show()` opens it, `print(drawing)` prints it as a tree.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        direction: str = "forward",
        depth: int | None = None,
        legend: bool = True,
        dot: str | None = None,
    ) -> None:
        """dot: what is drawn instead of our own picture of the graph."""
        self.graph = graph
        self.direction = direction
        self.depth = depth
        self.legend = legend
        self._dot = dot

    @functools.cached_property
    def folded(self) -> Graph:
        """The graph as pictures show it."""
        return fold(self.graph, self.depth)

    # ---- as text ---------------------------------------------------------------------------------------------------

    @functools.cached_property
    def dot(self) -> str:
        """In the DOT language."""
        return self._dot or to_dot(self.folded, self.direction, self.legend)

    @property
    def json(self) -> str:
        """All of the graph, to be read again with `viz.from_json`."""
        return to_json(self.graph)

    @property
    def mermaid(self) -> str:
        """As a Mermaid flowchart."""
        return to_mermaid(self.folded, self.direction)

    def text(self, colour: bool = False, width: int | None = None) -> str:
        """As a tree for the terminal; lines are cut at `width`."""
        return to_text(self.folded, colour, self.direction, width)

    def html(self, start_at_player: bool = False) -> str:
        """The interactive page, one file that needs no network."""
        return page(self.graph, direction=self.direction, depth=self.depth, start_at_player=start_at_player)

    @property
    def digraph(self) -> Any:
        """A graphviz.Digraph of the package `graphviz`, to be changed and rendered further."""
        try:
            import graphviz
        except ImportError:
            raise ImportError("drawing.digraph needs the package graphviz: pip install graphviz") from None
        first, *body, _ = self.dot.rstrip("\n").split("\n")
        return graphviz.Digraph(first.split()[1], body=[f"{line}\n" for line in body])

    def __str__(self) -> str:
        return self.text().rstrip("\n")

    def __repr__(self) -> str:
        kinds = [node.kind for node in self.graph.nodes]
        return (
            f"<Drawing: {kinds.count('op')} operations, {kinds.count('leaf')} leaves; .save(path), .show(), print(...)>"
        )

    # ---- as files --------------------------------------------------------------------------------------------------

    def render(self, kind: str) -> bytes:
        """The content of a file of this format: "svg", "png", "pdf", "html", "dot", "json", "mmd" or "txt".

        Raises NoRenderer where png or pdf cannot be made here, RenderError where a renderer failed.
        """
        if kind in PICTURES:
            return render(self.dot, kind, None if self._dot else self.folded, self.direction, self.legend)
        if kind not in FORMATS:
            raise ValueError(f"no such format: {kind!r}; there are {', '.join(FORMATS)}")
        if self._dot and kind != "dot":
            raise ValueError(f'style="torchviz" is drawn as svg, png, pdf or dot, not as {kind}')
        if kind == "html":
            return self.html().encode()
        return {"dot": lambda: self.dot, "json": lambda: self.json, "mmd": lambda: self.mermaid, "txt": self.text}[
            kind
        ]().encode()

    def save(self, path: str | os.PathLike, kind: str | None = None) -> Path:
        """Write the drawing to a file; its ending says how: .svg, .png, .pdf, .html, .dot, .json, .mmd or .txt.

        A file that was there is replaced by a complete one, or stays as it was. Raises OSError, and what `render`
        raises.
        """
        path = Path(path)
        kind = path.suffix[1:].lower() if kind is None else kind
        if kind not in FORMATS:
            endings = ", ".join(f".{each}" for each in FORMATS)
            raise ValueError(f"the ending of {path.name!r} says no format: it has to be one of {endings}")
        return write(path, self.render(kind))

    def show(self) -> None:
        """In a notebook, show it here; elsewhere open it in the browser."""
        if _in_notebook():
            from IPython.display import display  # type: ignore[import-not-found, unused-ignore]

            display(self)
            return
        name = "graph.svg" if self._dot else "graph.html"
        path = self.save(Path(tempfile.mkdtemp(prefix="tinytorch-")) / name)
        if not webbrowser.open(path.as_uri()):
            print(f"no browser was found; the drawing is in {path}")

    # ---- in notebooks ----------------------------------------------------------------------------------------------

    def _repr_svg_(self) -> str | None:
        try:
            svg = self.render("svg").decode()
        except (NoRenderer, RenderError):
            return None  # the text is shown instead
        return svg[svg.index("<svg") :]  # without what a file has before it

    def _repr_html_(self) -> str | None:
        svg = self._repr_svg_()
        return svg and f'<div style="overflow-x: auto; max-width: 100%">{svg}</div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The drawing in all forms that a notebook may want, which chooses one."""
        bundle = {"text/plain": repr(self) if self._dot else str(self)}
        svg = self._repr_svg_()
        if svg:
            bundle["image/svg+xml"] = svg
            bundle["text/html"] = self._repr_html_() or ""
        return {
            kind: content
            for kind, content in bundle.items()
            if (not include or kind in include) and kind not in (exclude or ())
        }


def _in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    return running is not None and hasattr(running, "kernel")
