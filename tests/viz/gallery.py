"""Makes viz/README.md and the pictures in viz/gallery:  python -m tests.viz.gallery

gallery.md is the text around the programs. Our own layout draws, so that pictures are the same on every machine; a test
compares them with what is committed. Those of Graphviz and of a browser are left as they are where there is none.
"""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tinytorch.viz.render import write
from tinytorch.viz.svg import to_svg

import tinytorch as torch
from tests.viz import examples, programs
from tinytorch import viz

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "viz" / "gallery"


class Entry(NamedTuple):
    """A program and what is said about its pictures."""

    program: Callable[[], Any]
    heading: str
    words: str
    parts: tuple[type, ...] = ()  # classes that belong to it
    result: str = "loss"  # what the program calls what it returns
    directions: tuple[str, ...] = ("forward", "backward")


ENTRIES = (
    Entry(programs.mean_of_squares, "y is used twice",
          "Two arrows lead from `y` to the product, and two gradients come back: 1/2 and 2/2 say in which order.",
          result="out"),
    Entry(programs.two_layers, "A network by hand",
          "`h` is what the first product gives; the second keeps `h_relu` and `w2`, which its backward needs."),
    Entry(programs.logistic_regression, "Logistic regression",
          "`p` is used twice. Sigmoid keeps it for its own backward, and so does the first logarithm."),
    Entry(programs.sequential, "Ready-made layers",
          "Modules are frames. `weight^T` is the transposition that `nn.Linear` takes; it is no box of its own."),
    Entry(programs.module, "A module of one's own",
          "What `forward` does outside of its layers stands in the module's frame.", (programs.TwoLayerNet,)),
    Entry(programs.in_place, "In place",
          "Every write makes a new version of `k`. The result is no scalar, so backward starts with ones.", result="k"),
    Entry(programs.custom_function, "A Function of one's own",
          "It looks like any operation; its line is the one that applied it.", (programs.MyReLU,)),
    Entry(programs.residual_block, "A residual block",
          "The way past the layers carries no gradient here: `x` is data, its lines are dashed.",
          (programs.ResidualBlock,)),
    Entry(programs.classifier, "A small classifier",
          "Dropout is off and leaves no trace; cross-entropy is a logarithm of softmax and a choice.",
          (programs.Classifier,)),
    Entry(examples.cut_off, "Where the gradient stops",
          "Red dashes: computed under `no_grad`, detached, without a derivative. No gradient goes along grey dashes.",
          directions=("forward",)),
    Entry(examples.second_derivative, "The gradient of a gradient",
          "With `create_graph=True` the gradient has a graph of its own, which can be drawn like any other.",
          result="slope", directions=("forward",)),
    Entry(examples.changed_too_early, "When backward fails",
          "The operation that could not go on is red and says why; gradients are shown as far as they came.",
          result="out", directions=("backward",)),
    Entry(examples.language_model, "A language model of 820 nodes",
          "Above 60 boxes modules are drawn as one box, and what repeats is drawn once: twelve blocks, ×12. "
          "`depth=` says how deep to look, and in the page (`.html`) frames open and close.",
          (examples.Attention, examples.Block, examples.GPT), directions=("forward",)),
)  # fmt: skip


def draw(entry: Entry) -> dict[str, viz.Drawing]:
    """The drawings of an entry by direction."""
    torch.manual_seed(0)
    recording = viz.record()
    try:
        with recording:
            globals()[entry.result] = entry.program()[0]  # the pictures say by which name it is held
    except RuntimeError:
        return {"backward": recording.draw(direction="backward")}
    drawn = {direction: viz.draw(globals()[entry.result], direction=direction) for direction in entry.directions}
    del globals()[entry.result]
    return drawn


def code_of(entry: Entry) -> str:
    """The program as a reader would write it: its classes, and its body without the return."""
    classes = [inspect.getsource(part).rstrip() for part in entry.parts]
    body = inspect.getsource(entry.program).split("\n")[1:]
    lines = textwrap.dedent("\n".join(body)).strip().split("\n")
    kept = [line for line in lines if not line.startswith(('"""', "return "))]
    return "\n\n\n".join([*classes, "\n".join(kept)])


def pages() -> Iterator[tuple[str, str]]:
    """(name of a file, its content) for the pictures that our own layout draws, then the README.md."""
    parts = []
    for entry in ENTRIES:
        parts.append(f"### {entry.heading}\n\n{entry.words}\n\n```python\n{code_of(entry)}\n```\n")
        for direction, drawing in draw(entry).items():
            name = f"{entry.program.__name__}_{direction}.svg"
            yield name, to_svg(drawing.folded, direction)
            parts.append(f"![{entry.heading}: {direction}](gallery/{name})\n")
    (drawing,) = draw(ENTRIES[0]._replace(directions=("backward",))).values()
    text = (HERE / "gallery.md").read_text(encoding="utf-8")
    for mark, content in (("programs", "\n".join(parts)), ("tree", drawing.text()), ("mermaid", drawing.mermaid)):
        text = text.replace(f"[[{mark}]]\n", content)
    yield "../README.md", text


def others() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The same for pictures that others draw: Graphviz, and a browser."""
    (entry,) = (entry for entry in ENTRIES if entry.program is programs.module)
    (drawing,) = draw(entry._replace(directions=("backward",))).values()
    yield "module_graphviz.svg", lambda: drawing.render("svg")
    loss, parameters = entry.program()
    yield "module_torchviz.svg", lambda: viz.draw(loss, parameters, style="torchviz").render("svg")
    yield "page.png", screenshot


def screenshot() -> bytes:
    """The page of the network by hand, in the middle of backward."""
    from playwright.sync_api import sync_playwright

    with viz.record():
        loss, _ = programs.two_layers()
        loss.backward()
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.set_content(viz.draw(loss, direction="backward", title="A network by hand").html())
        for _ in range(10):
            tab.keyboard.press("ArrowRight")
        tab.wait_for_timeout(1000)
        shot = tab.screenshot()
        browser.close()
    return shot


def main() -> None:
    for name, text in pages():
        write(FOLDER / name, text.encode())
    for name, render in others():
        try:
            write(FOLDER / name, render())
        except (viz.NoRenderer, ImportError) as error:
            print(f"{name} stays as it is: {error}")


if __name__ == "__main__":
    main()
