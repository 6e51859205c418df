"""The words and colours that all drawings share: what a node says about itself, and what an edge does.

Everything that comes from the user's program passes `visible`, so that no name can hold a line break, a terminal's
escape sequence or letters that turn the text around. What a format itself gives a meaning to (quotes in DOT, `<` in
SVG) each renderer escapes on top of that.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata

from tinytorch.viz.graph import Edge, Graph, Group, Node, Saved, Summary

ARROW = "\u2192"
TIMES = "\u00d7"

# fill and border of each kind of box; the rest of the drawing is black on white
COLOURS = {
    "op": ("#f5f5f5", "#606060"),
    "box": ("#dfe9f2", "#5b7f9e"),
    "leaf": ("#b3d9ff", "#3a78b5"),
    "data": ("#fffbd6", "#b0a44c"),
    "cut": ("#ffffff", "#cc2222"),
    "output": ("#c9f0c2", "#3d8b37"),
    "error": ("#ffb3b3", "#cc0000"),
    "saved": ("#ffd8a8", "#d9822b"),
    "module": ("#fafcff", "#a9b8c6"),
}
MEANINGS = {
    "op": "operation",
    "box": "module drawn as one box",
    "leaf": "leaf: backward fills its .grad",
    "data": "data: no gradient",
    "cut": "gradient stops here",
    "output": "what was drawn",
    "error": "backward failed here",
    "saved": "kept for backward",
    "module": "module",
}

BOXED = re.compile(r"^\d+ operation")  # how the note of a folded module begins

# categories of characters that are shown as \x1b or \u202e: control, format (those that turn text around), surrogates,
# private, unassigned, and separators of lines and paragraphs
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, limit: int = 80) -> str:
    r"""`text` on one line, of `limit` characters at most, with everything that cannot be seen written out.

    >>> from tinytorch.viz.wording import visible
    >>> visible("two\nlines \x1b[31m"), visible("a" * 10, limit=5)
    ('two\\nlines \\x1b[31m', 'aaaa…')
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_written(letter) if unicodedata.category(letter) in UNSEEN else letter for letter in text)


def _written(letter: str) -> str:
    code = ord(letter)
    return SHORT.get(letter) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def number(value: float) -> str:
    """Three digits: 3240, 0.25, 1.2e-05."""
    value = value or 0.0  # no -0
    return f"{value:.0f}" if 100 <= abs(value) < 10000 else f"{value:.3g}"


def shape(summary: Summary) -> str:
    """(64, 100), and () of a tensor without dimensions."""
    return str(tuple(summary.shape))


def title(node: Node) -> str:
    """The line in bold: the operation's name, or the leaf's."""
    if node.kind in ("leaf", "data"):
        text = visible(node.name or "") or node.label
    else:
        text = visible(node.label) or "operation"
    return text.strip() + times(node)


def times(counted: Node | Group) -> str:
    """What is put behind the name of something that stands for several: ×12."""
    return f" {TIMES}{counted.count}" if counted.count > 1 else ""


def shapes(node: Node) -> str:
    """What goes in and what comes out: "(64, 1000), (1000, 100) → (64, 100) float32"."""
    going_out = ", ".join(shape(output) for output in node.outputs[:4]) + (", …" if len(node.outputs) > 4 else "")
    dtypes = list(dict.fromkeys(visible(output.dtype) for output in node.outputs))
    after = f"{going_out} {', '.join(dtypes[:2])}".strip()
    if node.kind in ("leaf", "data") or not node.inputs:
        return after
    going_in = ", ".join(shape(given) for given in node.inputs[:4]) + (", …" if len(node.inputs) > 4 else "")
    return f"{going_in} {ARROW} {after}"


def formula(node: Node) -> str:
    """With names filled in; where the formula does not say what the result is called, the name is put before it."""
    text = visible(node.formula or "", 100)
    name = visible(node.name or "")
    if node.kind in ("leaf", "data") or not name or text.startswith(f"{name} "):
        return text
    return f"{name} = {text}" if text and "=" not in text else text or name


def values(summary: Summary, limit: int = 100) -> str:
    """What is known of the numbers: themselves where they are there, else mean, norm and range; "" if nothing is.

    Without `values=True` only few and short numbers are there, so longer ones have been asked for.
    """
    if summary.text is not None:
        return visible(summary.text, limit)
    known = (("mean", summary.mean), ("norm", summary.norm))
    parts = [f"{word} {number(value)}" for word, value in known if value is not None]
    if summary.low is not None and summary.high is not None:
        parts.append(f"{number(summary.low)} to {number(summary.high)}")
    if summary.unusual:
        parts.append(f"{summary.unusual} nan or inf")
    return ", ".join(parts)


def gradient(summary: Summary) -> str:
    """The gradient's size in a word: its only number, or its norm."""
    if summary.shape == () and summary.text is not None:
        return visible(summary.text)
    return "" if summary.norm is None else f"norm {number(summary.norm)}"


def place(node: Node) -> str:
    """train.py:8, or "" where nobody looked."""
    return "" if node.where is None else f"{visible(node.where.file)}:{node.where.line}"


def lines(node: Node) -> list[str]:
    """What stands below the title, a line each; never an empty one."""
    result = [] if node.kind in ("leaf", "data") else [formula(node)]
    result.append(shapes(node) + (f", {node.kind}" if node.kind in ("leaf", "data") else ""))
    if node.kind not in ("leaf", "data") or any(output.text is not None for output in node.outputs):
        for output in node.outputs[:2]:
            known = values(output, 200)
            rows = known.startswith("[")  # lists of numbers may take some lines
            result += textwrap.wrap(known, 48, max_lines=4, placeholder=" …") if rows else [known]
    if node.kind == "leaf" and node.grad is not None:
        result.append(f"grad {gradient(node.grad) or shape(node.grad)}")
    if node.note:
        result.append(visible(node.note))
    result.append(place(node))
    result += message(node.error or "")
    return [line.strip() for line in result if line.strip()]


def message(error: str, width: int = 64) -> list[str]:
    """The first line of an error's message, broken into lines of at most `width` letters, five at most."""
    first = visible(error.strip().partition("\n")[0], 5 * width)
    return textwrap.wrap(first, width, max_lines=5, placeholder=" …")


def flowing(edge: Edge, backward: bool) -> str:
    """What is written on an edge: the gradient's shape and size; forward the nodes say the shapes."""
    if not backward:
        return f"output {edge.output_nr}" if edge.output_nr else ""
    if edge.grad is None:
        return ""
    return f"{shape(edge.grad)} {gradient(edge.grad)}".strip()


def saved_lines(saved: Saved) -> list[str]:
    """What stands in the note of a saved tensor."""
    return [visible(saved.name, 40).strip() or "saved", shape(saved.summary), *(["freed"] if saved.freed else [])]


def look(node: Node) -> str:
    """Which of COLOURS a node has."""
    if node.error:
        return "error"
    if node.is_output and node.kind != "cut":
        return "output"
    if node.kind == "op" and node.backward is None and BOXED.search(node.note or ""):
        return "box"
    return node.kind if node.kind in COLOURS else "op"


def legend(graph: Graph) -> list[tuple[str, str]]:
    """(key of COLOURS, what it means) for what occurs in this graph, in a fixed order."""
    found = {look(node) for node in graph.nodes}
    if any(node.saved for node in graph.nodes):
        found.add("saved")
    if any(node.group for node in graph.nodes):
        found.add("module")
    return [(key, MEANINGS[key]) for key in COLOURS if key in found]
