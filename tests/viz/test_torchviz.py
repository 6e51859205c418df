"""style="torchviz": the same boxes, colours and arrows as the unmodified package torchviz draws of the same graph."""

import os
import re
import subprocess
import sys

import pytest

import tinytorch as tt
from tests.viz.programs import PROGRAMS, two_layers
from tinytorch import viz

# Both drawings of each program, printed under `python -m tinytorch`, where torchviz gets tinytorch for torch.
BOTH = """
import torch
from torchviz import make_dot
from tests.viz.programs import PROGRAMS
from tinytorch.viz.torchviz import to_dot
programs = {p.__name__: p for p in PROGRAMS}
def views():
    x = torch.ones(2, 3, requires_grad=True)
    y = x * 2
    return (y[0], y.t(), y.view(6)), {"x": x}
def second_derivative():
    x = torch.ones(3, requires_grad=True)
    (g,) = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
    return g.sum(), {"x": x}
for program in [*PROGRAMS, views, second_derivative]:
    result, params = program()
    print("@@", program.__name__)
    print(make_dot(result, params=params).source)
    print("@@")
    print(to_dot(result, params, show_saved=False))
"""


def read(dot):
    """(labels with colours, arrows between them) of a drawing, without the names of its boxes."""
    joined = re.sub(r'label="([^"]*)"', lambda found: 'label="' + found[1].replace("\n", "\\n") + '"', dot)
    boxes, arrows = {}, []
    for line in joined.splitlines():
        arrow = re.match(r"\s*(\w+) -> (\w+)(.*)", line)
        box = re.match(r'\s*(\w+) \[label="?([^"\]]*?)"?(?: fillcolor=(\w+))?\]$', line)
        if arrow:
            arrows.append((arrow[1], arrow[2], "dotted" in arrow[3]))
        elif box and box[1] not in ("graph", "node", "edge"):
            label = "\\n".join(part.strip() for part in box[2].split("\\n") if part.strip())
            boxes[box[1]] = (label, box[3])
    return sorted(boxes.values(), key=str), sorted((boxes[a], boxes[b], style) for a, b, style in arrows)


def test_boxes_and_arrows_are_torchvizs(tmp_path):
    pytest.importorskip("torchviz")
    (tmp_path / "both.py").write_text(BOTH)
    command = [sys.executable, "-m", "tinytorch", str(tmp_path / "both.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "."})
    assert done.returncode == 0, done.stderr
    parts = done.stdout.split("@@")[1:]
    assert len(parts) == 2 * (len(PROGRAMS) + 2)
    for theirs, ours in zip(parts[::2], parts[1::2]):
        name, _, theirs = theirs.partition("\n")
        boxes, arrows = read(theirs)
        assert boxes and arrows
        assert read(ours) == (boxes, arrows), name


def test_saved_tensors_are_orange_and_apart_from_leaves():
    loss, params = two_layers()
    dot = viz.draw(loss, params, style="torchviz").dot
    orange = [line for line in dot.splitlines() if "orange" in line]
    assert len(orange) == 5 and any("mat2" in line for line in orange)
    assert sum("lightblue" in line for line in dot.splitlines()) == 2
    assert sum("style=dotted" in line for line in dot.splitlines()) == 1  # w2 is a leaf and kept as well
    assert 'label="\\n' not in dot  # an empty first line makes some renderers crash


def test_a_tensor_kept_twice_is_one_box():
    a = tt.ones(3, requires_grad=True)
    dot = viz.draw((a * a).sum(), {"a": a}, style="torchviz").dot
    mul = re.search(r'(n\d+) \[label="MulBackward0"\]', dot)[1]
    kept = re.findall(rf"(n\d+) -> {mul} \[dir=none\]", dot)
    assert len(kept) == 2 and len(set(kept)) == 1


def test_after_backward_nothing_is_kept():
    loss, params = two_layers()
    loss.backward()
    assert "orange" not in viz.draw(loss, params, style="torchviz").dot


def test_a_deep_graph_and_odd_names():
    x = tt.ones(2, requires_grad=True)
    y = x
    for _ in range(5000):
        y = y.sin()
    dot = viz.draw(y, {'"]; x [label="': x}, style="torchviz", show_saved=False).dot
    assert dot.count("SinBackward0") == 5000 and '"\\"]; x [label=\\"\\n(2)"' in dot


@pytest.mark.dot
def test_graphviz_reads_it(tmp_path):
    loss, params = two_layers()
    path = viz.draw(loss, params, style="torchviz").save(tmp_path / "g.svg")
    assert path.read_text(encoding="utf-8").count('class="node"') == 6 + 2 + 2 + 5 + 1
