"""draw() and what it returns: endings, notebooks, wrong arguments, tensors that have nothing to draw."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from tinytorch.viz import drawing as module
from tinytorch.viz.drawing import Drawing

import tinytorch as tt
from tests.viz import samples
from tinytorch import nn, viz

ROOT = Path(__file__).parents[2]


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """No renderer anywhere."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))


def two_layers():
    tt.manual_seed(0)
    w1 = tt.randn(5, 4, requires_grad=True)
    w2 = tt.randn(4, 3, requires_grad=True)
    loss = ((tt.ones(2, 5) @ w1).relu() @ w2).sum()
    return viz.draw(loss, {"w1": w1, "w2": w2})


# ---- formats -------------------------------------------------------------------------------------------------------


def test_every_ending_that_needs_no_program(alone, tmp_path):
    picture = two_layers()
    for kind in ("svg", "html", "dot", "json", "mmd", "txt"):
        path = tmp_path / f"graph.{kind}"
        assert picture.save(path) == path
        assert path.read_bytes() == picture.render(kind)
    assert ElementTree.parse(tmp_path / "graph.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "graph.html").read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "graph.dot").read_text() == picture.dot
    assert viz.from_json((tmp_path / "graph.json").read_text()) == picture.graph
    assert json.loads(picture.json)
    assert (tmp_path / "graph.mmd").read_text() == picture.mermaid
    assert (tmp_path / "graph.txt").read_text() == picture.text()
    assert str(picture) == picture.text().rstrip("\n") and "w1" in str(picture)


@pytest.mark.dot
def test_png_and_pdf(tmp_path):
    picture = two_layers()
    assert picture.save(tmp_path / "graph.PNG").read_bytes().startswith(b"\x89PNG")
    assert picture.save(tmp_path / "graph.pdf").read_bytes().startswith(b"%PDF")
    assert picture.save(tmp_path / "graph", kind="dot").read_text() == picture.dot


def test_endings_that_are_none(tmp_path):
    for name in ("graph", "graph.bmp", "graph.svg.old"):
        with pytest.raises(ValueError, match=r"has to be one of \.svg, \.png, .*\.txt$"):
            two_layers().save(tmp_path / name)
    with pytest.raises(ValueError, match="no such format: 'gif'"):
        two_layers().render("gif")
    assert os.listdir(tmp_path) == []


def test_what_cannot_be_drawn_leaves_the_file(alone, tmp_path):
    path = tmp_path / "graph.png"
    path.write_bytes(b"old")
    with pytest.raises(viz.NoRenderer, match="pip install graphviz-pure"):
        two_layers().save(path)
    assert path.read_bytes() == b"old"


def test_the_same_program_gives_the_same_files(alone):
    one, two = two_layers(), two_layers()
    for kind in ("svg", "html", "dot", "json", "mmd", "txt"):
        assert one.render(kind) == two.render(kind)


def test_digraph_goes_on_from_there():
    graphviz = pytest.importorskip("graphviz")
    picture = two_layers()
    digraph = picture.digraph
    assert isinstance(digraph, graphviz.Digraph)
    assert digraph.source == picture.dot
    digraph.node("more")
    assert "more" in digraph.source and "more" not in picture.dot


def test_without_the_package_graphviz_only_digraph_fails(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    picture = two_layers()
    assert picture.dot.startswith("digraph")
    with pytest.raises(ImportError, match="pip install graphviz"):
        _ = picture.digraph


def test_importing_needs_neither_graphviz_nor_a_notebook():
    code = "import sys; import tinytorch.viz; print({'graphviz', 'IPython', 'matplotlib', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "set()\n"


def test_large_graphs_are_folded_in_pictures_and_whole_as_data():
    picture = Drawing(samples.gpt(2))
    assert len(picture.graph.nodes) > 60 >= len(picture.folded.nodes)
    assert picture.json == Drawing(samples.gpt(2), depth=1).json
    assert len(Drawing(samples.gpt(2), depth=0).folded.nodes) < 10


# ---- notebooks -----------------------------------------------------------------------------------------------------


def test_notebooks_get_svg_html_and_text():
    picture = two_layers()
    assert picture._repr_svg_().startswith("<svg") and "</svg>" in picture._repr_svg_()
    assert picture._repr_svg_() in picture._repr_html_()
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/html", "text/plain"}
    assert bundle["text/plain"] == str(picture)
    assert set(picture._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert set(picture._repr_mimebundle_(exclude={"text/html"})) == {"image/svg+xml", "text/plain"}


def test_a_notebook_without_a_renderer_gets_text_of_a_large_graph(alone, monkeypatch):
    monkeypatch.setattr(module, "fold", lambda graph, depth: graph)
    picture = Drawing(samples.chain(1200))
    assert picture._repr_svg_() is None and picture._repr_html_() is None
    assert set(picture._repr_mimebundle_()) == {"text/plain"}


def test_repr_is_one_line():
    assert repr(two_layers()) == "<Drawing: 4 operations, 2 leaves; .save(path), .show(), print(...)>"


def test_show_opens_the_page_in_a_browser(tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(module.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    monkeypatch.setattr(module.webbrowser, "open", lambda address: opened.append(address) or True)
    two_layers().show()
    assert opened == [(tmp_path / "graph.html").as_uri()] and (tmp_path / "graph.html").exists()
    monkeypatch.setattr(module.webbrowser, "open", lambda address: False)
    two_layers().show()
    assert f"the drawing is in {tmp_path / 'graph.html'}" in capsys.readouterr().out


def test_show_in_a_notebook_displays(monkeypatch):
    shown = []

    class Shell:
        kernel = object()

    class IPython:
        get_ipython = staticmethod(Shell)

    class Display:
        display = staticmethod(shown.append)

    monkeypatch.setitem(sys.modules, "IPython", IPython)
    monkeypatch.setitem(sys.modules, "IPython.display", Display)
    picture = two_layers()
    picture.show()
    assert shown == [picture]


# ---- arguments -----------------------------------------------------------------------------------------------------


def test_wrong_arguments():
    w = tt.ones(2, requires_grad=True)
    y = w * 2
    with pytest.raises(ValueError, match="direction has to be 'forward' or 'backward', not 'up'"):
        viz.draw(y, direction="up")
    with pytest.raises(ValueError, match="style has to be 'tinytorch' or 'torchviz', not 'netron'"):
        viz.draw(y, style="netron")
    for depth in (-1, 1.5, True, "2"):
        with pytest.raises(ValueError, match="depth has to be a whole number from 0 on, or None"):
            viz.draw(y, depth=depth)
    with pytest.raises(TypeError, match="colour"):
        viz.draw(y, colour="red")
    with pytest.raises(TypeError, match="takes a tensor or several, not float"):
        viz.draw(1.5)
    with pytest.raises(TypeError, match="takes a tensor or several, not str"):
        viz.draw([y, "z"])
    with pytest.raises(ValueError, match="no tensors were given"):
        viz.draw([])


def test_tensors_with_nothing_to_draw_say_why():
    w = tt.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match=r"(?s)this tensor is a leaf.*Draw what was computed from it"):
        viz.draw(w)
    with tt.no_grad():
        cut = w * 2
    for tensor in (cut, tt.ones(2), (w * 2).detach(), (w * 2).argmax()):
        with pytest.raises(ValueError, match=r"(?s)no history \(its grad_fn is None\).*no_grad.*requires_grad=True"):
            viz.draw(tensor)


def test_one_tensor_or_several():
    w = tt.ones(2, requires_grad=True)
    y, z = w * 2, w + 1
    assert viz.draw([y]).graph == viz.draw(y).graph
    both = viz.draw((y, z)).graph
    assert [node.label for node in both.nodes if node.is_output] == ["Mul", "Add"]


def test_a_title():
    w = tt.ones(2, requires_grad=True)
    assert viz.draw(w * 2, title="twice").graph.title == "twice"


def test_saved_tensors_can_be_left_out():
    w = tt.ones(2, requires_grad=True)
    assert any(node.saved for node in viz.draw(w.exp()).graph.nodes)
    assert not any(node.saved for node in viz.draw(w.exp(), show_saved=False).graph.nodes)


def test_parameters_have_their_names():
    model = nn.Linear(3, 2)
    y = model(tt.ones(1, 3))
    for params in (model, dict(model.named_parameters()), list(model.named_parameters())):
        names = {node.name for node in viz.draw(y, params).graph.nodes if node.kind == "leaf"}
        assert names == {"weight", "bias"}


def test_drawing_backward_leaves_the_program_as_it_was():
    tt.manual_seed(0)
    w = tt.ones(2, requires_grad=True)
    loss = (w * w).sum()
    state = tt.get_rng_state()
    picture = viz.draw(loss, direction="backward")
    assert w.grad is None and (tt.get_rng_state() == state).all()
    assert [edge.grad.norm is not None for edge in picture.graph.edges]
    loss.backward()
    assert w.grad.tolist() == [2, 2]


# ---- torchviz ------------------------------------------------------------------------------------------------------


def test_torchviz_style_is_pictures_only():
    w = tt.ones(2, requires_grad=True)
    picture = viz.draw((w * 2).sum(), {"w": w}, style="torchviz")
    assert "SumBackward0" in picture.dot and "AccumulateGrad" in picture.dot
    assert picture.render("dot").decode() == picture.dot
    with pytest.raises(ValueError, match="drawn as svg, png, pdf or dot, not as html"):
        picture.render("html")
    assert "text/plain" in picture._repr_mimebundle_()


def test_torchviz_style_without_a_renderer(alone):
    picture = viz.draw(tt.ones(2, requires_grad=True).sum(), style="torchviz")
    with pytest.raises(viz.NoRenderer, match="pip install graphviz-pure"):
        picture.render("svg")
