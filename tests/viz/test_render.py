"""Renderers one after the other, errors that say what to install, files that are there completely or not at all."""

from __future__ import annotations

import os
import stat
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from tinytorch.viz import render as module
from tinytorch.viz.dot import to_dot
from tinytorch.viz.graph import Graph
from tinytorch.viz.render import NoRenderer, RenderError, programs, render, write
from tinytorch.viz.svg import to_svg

from tests.viz import samples

posix = pytest.mark.skipif(os.name == "nt", reason="needs scripts that the system can run, and modes of files")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, the only one where programs are looked for."""
    empty = tmp_path / "bin"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setattr(sys, "executable", str(empty / "python"))
    return empty


def program(folder: Path, name: str, script: str) -> Path:
    """A program written in Python."""
    path = folder / name
    path.write_text(f"#!{Path(os.__file__).parents[2] / 'bin' / 'python3'}\nimport sys\n{script}\n")
    if not Path(path.read_text().splitlines()[0][2:]).exists():
        path.write_text(f"#!/usr/bin/env python3\nimport sys\n{script}\n")
    path.chmod(0o755)
    return path


SAYS_WHAT_IT_IS_TOLD = "print(sys.argv[1], sys.stdin.read(), end='')"


# ---- which renderer ------------------------------------------------------------------------------------------------


def test_without_any_renderer_small_graphs_are_drawn_by_our_own(folder):
    graph = samples.two_layer()
    assert render(to_dot(graph), "svg", graph).decode() == to_svg(graph)
    assert render(to_dot(graph, "backward"), "svg", graph, "backward").decode() == to_svg(graph, "backward")


def test_without_any_renderer_the_error_has_the_command_that_installs_one(folder):
    graph = samples.two_layer()
    with pytest.raises(NoRenderer, match=r"^nothing here draws PNG: pip install graphviz-pure"):
        render(to_dot(graph), "png", graph)
    with pytest.raises(NoRenderer, match=r"^nothing here draws PDF: install Graphviz .*apt install graphviz"):
        render(to_dot(graph), "pdf", graph)
    large = samples.chain(module.LARGEST + 1)
    with pytest.raises(NoRenderer, match=f"SVG of more than {module.LARGEST} boxes: pip install graphviz-pure"):
        render(to_dot(large), "svg", large)
    with pytest.raises(NoRenderer):
        render("digraph {}", "svg")


@posix
def test_dot_comes_before_the_wheel(folder):
    pure = program(folder, "graphviz-pure", SAYS_WHAT_IT_IS_TOLD)
    assert list(programs()) == [str(pure)]
    assert render("digraph {}", "svg") == b"-Tsvg digraph {}"
    dot = program(folder, "dot", "print('from dot')")
    assert list(programs()) == [str(dot), str(pure)]
    assert render("digraph {}", "png") == b"from dot\n"


@posix
def test_the_wheel_is_not_asked_for_pdf(folder):
    program(folder, "graphviz-pure", SAYS_WHAT_IT_IS_TOLD)
    with pytest.raises(NoRenderer, match="PDF"):
        render("digraph {}", "pdf")


@posix
def test_a_renderer_that_fails_makes_room_for_the_next(folder):
    program(folder, "dot", "sys.exit('no such format')")
    graph = samples.double_use()
    assert render(to_dot(graph), "svg", graph).decode() == to_svg(graph)
    with pytest.raises(RenderError, match=r"dot failed \(exit code 1\): no such format"):
        render(to_dot(graph), "png", graph)
    program(folder, "graphviz-pure", SAYS_WHAT_IT_IS_TOLD)
    assert render("digraph {}", "png") == b"-Tpng digraph {}"


@posix
def test_a_renderer_that_says_nothing_or_cannot_run(folder):
    program(folder, "dot", "pass")
    with pytest.raises(RenderError, match=r"dot failed \(exit code 0\): it said nothing"):
        render("digraph {}", "png")
    (folder / "dot").write_text("#!/no/such/interpreter\n")
    with pytest.raises(RenderError, match="dot cannot be run: No such file"):
        render("digraph {}", "png")


@posix
def test_a_renderer_that_takes_too_long_is_stopped(folder, monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.5)
    program(folder, "dot", "import time\ntime.sleep(60)")
    with pytest.raises(RenderError, match=r"dot was stopped after 0.5 seconds"):
        render("digraph {}", "png")


@pytest.mark.dot
@pytest.mark.parametrize("kind, begins", [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_dot_draws_every_format(kind, begins):
    assert render(to_dot(samples.two_layer()), kind).startswith(begins)


@pytest.mark.parametrize("sample", [name for name in samples.SAMPLES if name != "gpt"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_every_renderer_here_draws_every_sample(sample, direction, monkeypatch):
    graph = samples.SAMPLES[sample]()
    for name in list(programs()):
        monkeypatch.setattr(module, "programs", lambda kind, name=name: [name])
        root = ElementTree.fromstring(render(to_dot(graph, direction), "svg"))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"


# ---- files ---------------------------------------------------------------------------------------------------------


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "graph.svg"
    assert write(path, b"one") == path and path.read_bytes() == b"one"
    assert write(str(path), b"two") == path and path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["graph.svg"]


def test_a_failure_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "graph.svg"
    path.write_bytes(b"old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"No space left on device: .*graph\.svg'"):
        write(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["graph.svg"]


@posix
def test_permissions_are_those_of_any_new_file(tmp_path):
    old = os.umask(0o027)
    try:
        write(tmp_path / "graph.svg", b"")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "graph.svg").stat().st_mode) == 0o640


@posix
def test_links_are_followed(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.svg"
    link.symlink_to(tmp_path / "real" / "graph.svg")
    write(link, b"one")
    assert link.is_symlink() and (tmp_path / "real" / "graph.svg").read_bytes() == b"one"


@posix
def test_what_is_no_file_is_written_to_as_it_is():
    assert write("/dev/null", b"gone") == Path("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_errors_name_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere.*graph\.svg'$"):
        write(tmp_path / "nowhere" / "graph.svg", b"")
    with pytest.raises(IsADirectoryError):
        write(tmp_path, b"")


def test_an_empty_graph_is_drawn(folder):
    assert ElementTree.fromstring(render(to_dot(Graph()), "svg", Graph())) is not None
