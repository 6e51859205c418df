"""The command tinytorch-viz as its users run it: in a process of its own, on scripts in a folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "tinytorch.viz"]

TRAIN = """
import sys
import torch
from helper import SCALE
print("hello", *sys.argv[1:], __name__)
x = torch.ones(3, 2)
w = torch.full((2, 4), 0.5, requires_grad=True)
def train():
    hidden = (x @ w).relu()
    loss = (hidden * SCALE).sum()
    loss.backward()
    return 1
train()
text = "no tensor"
"""
FAILING_BACKWARD = """
import torch
x = torch.ones(3, requires_grad=True)
y = x.exp()
y += 1
out = y.sum()
out.backward()
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "helper.py").write_text("SCALE = 2\n")
    return tmp_path


def command(folder, *arguments, **environment):
    """Run the command there; without a terminal, so without colours."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )


def one_line(done):
    """What stands on stderr, which has to be one line of ours."""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("tinytorch-viz: ")
    return done.stderr.removeprefix("tinytorch-viz: ").rstrip()


def test_a_script_alone_prints_a_tree_after_its_own_output(folder):
    done = command(folder, "train.py", "--", "--lr", "1")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "hello --lr 1 __main__"
    assert lines[1].split()[0] == "Sum" and "loss = sum of" in lines[1] and lines[1].endswith("train.py:10")
    assert lines[4].startswith("      └─ MatMul  (3, 2), (2, 4) → (3, 4) float32  t1 = x @ w")
    assert any("└─ w" in line and "leaf" in line and "grad norm" in line for line in lines)
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("kind", ["svg", "html", "dot", "json", "mmd", "txt"])
def test_with_o_nothing_but_the_script_speaks(folder, kind):
    done = command(folder, "train.py", "-o", f"g.{kind}", "--direction", "backward", "--values")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello __main__\n", "")
    content = (folder / f"g.{kind}").read_text(encoding="utf-8")
    start = {"svg": "<", "html": "<!", "dot": "digraph backward", "json": "{", "mmd": "flowchart", "txt": "Sum"}[kind]
    assert content.startswith(start)
    assert {path.name for path in folder.iterdir()} - {"__pycache__"} == {f"g.{kind}", "helper.py", "train.py"}


def test_variables_of_functions_and_formats_on_stdout(folder):
    done = command(folder, "train.py", "--var", "hidden", "--format", "json")
    assert done.returncode == 0, done.stderr
    graph = json.loads(done.stdout.partition("\n")[2])
    assert graph["nodes"][-1]["label"] == "ReLU" and graph["nodes"][-1]["name"] == "hidden"


def test_torchviz_style_and_depth(folder):
    done = command(folder, "train.py", "--style", "torchviz")
    assert done.returncode == 0 and "AccumulateGrad" in done.stdout and "lightblue" in done.stdout
    done = command(folder, "train.py", "--depth", "0", "--no-saved", "--format", "dot")
    assert done.returncode == 0 and 'shape="note"' not in done.stdout


def test_no_such_script(folder):
    done = command(folder, "missing.py", "-o", "g.svg")
    assert (done.returncode, one_line(done)) == (2, "no such script: missing.py")


def test_wrong_usage(folder):
    for arguments, words in {
        (): "SCRIPT",
        ("train.py", "--lr", "3"): "unknown: --lr (arguments for the script go after --",
        ("train.py", "-o", "g.gif"): "the ending of g.gif is no format (.svg, .png, ",
        ("train.py", "--depth", "-1"): "'-1' is not a whole number",
        ("train.py", "--step", "-o", "g.svg"): "--step is about the interactive page",
        ("train.py", "--style", "torchviz", "-o", "g.html"): "--style torchviz is drawn as",
    }.items():
        done = command(folder, *arguments)
        assert done.returncode == 2 and words in one_line(done) and done.stdout == ""


def test_the_script_failed(folder):
    (folder / "bad.py").write_text(
        "import torch\nclass N(torch.nn.Module):\n    def forward(self, x):\n        return x @ x\n"
        "def run():\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        N()(torch.ones(2, 3))\nrun()\n"
    )
    done = command(folder, "bad.py", "-o", "g.svg")
    assert done.returncode == 1 and not (folder / "g.svg").exists()
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert "ZeroDivisionError" in done.stderr and "mat1 and mat2 shapes cannot be multiplied" in done.stderr
    assert not any(name in done.stderr for name in ("viz/", "runner", "runpy"))
    (folder / "syntax.py").write_text("x = = 3\n")
    done = command(folder, "syntax.py")
    assert done.returncode == 1 and "SyntaxError" in done.stderr and "runner" not in done.stderr


def test_no_such_variable(folder):
    done = command(folder, "train.py", "--var", "losss", "-o", "g.svg")
    assert done.returncode == 3
    assert one_line(done) == "no variable 'losss' in train.py; there are hidden, loss"
    done = command(folder, "train.py", "--var", "text")
    assert done.returncode == 3 and "'text' is of type str, not a tensor; there are hidden, loss" in done.stderr


def test_nothing_to_draw(folder):
    (folder / "plain.py").write_text("print('no tensors')\n")
    done = command(folder, "plain.py", "-o", "g.svg")
    assert done.returncode == 4 and done.stdout == "no tensors\n"
    assert one_line(done).startswith("nothing to draw: plain.py never calls backward")
    done = command(folder, "train.py", "--var", "x")
    assert done.returncode == 4 and one_line(done).startswith("nothing to draw: this tensor has no history")


def test_no_renderer(folder):
    """Neither on the path nor beside this Python: SVG is drawn by ourselves, PNG and PDF are not."""
    code = (
        "import sys; from tinytorch.viz import render, cli; render.programs = lambda kind='svg': iter(());"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    for kind, words in {"png": "pip install graphviz-pure", "pdf": "install Graphviz"}.items():
        call = [sys.executable, "-c", code, "train.py", "-o", f"g.{kind}"]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 5 and words in one_line(done) and done.stdout == ""  # the script did not run
    call = [sys.executable, "-c", code, "train.py", "-o", "g.svg"]
    assert subprocess.run(call, cwd=folder, capture_output=True, check=False).returncode == 0
    assert (folder / "g.svg").read_text(encoding="utf-8").lstrip().startswith("<")


def test_unwritable_output(folder):
    (folder / "taken.svg").mkdir()
    for name, words in {"no/g.svg": "there is no folder", "taken.svg": "it is a folder"}.items():
        done = command(folder, "train.py", "-o", name)
        assert done.returncode == 6 and words in one_line(done) and done.stdout == ""
    (folder / "vanishing.py").write_text(TRAIN + "import os; os.rmdir('out')\n")
    (folder / "out").mkdir()
    done = command(folder, "vanishing.py", "-o", "out/g.svg")
    assert done.returncode == 6 and one_line(done).startswith("cannot write out/g.svg: ")


def test_what_was_there_is_replaced_by_a_complete_file_or_stays(folder):
    (folder / "g.svg").write_text("before")
    assert command(folder, "train.py", "--var", "nothing", "-o", "g.svg").returncode == 3
    assert (folder / "g.svg").read_text() == "before"
    assert command(folder, "train.py", "-o", "g.svg").returncode == 0
    assert (folder / "g.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")


def test_backward_failed(folder):
    (folder / "bad.py").write_text(FAILING_BACKWARD)
    done = command(folder, "bad.py", "-o", "g.dot")
    assert done.returncode == 7
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert "tinytorch-viz: backward failed: RuntimeError: one of the variables" in done.stderr.splitlines()[-1]
    (red,) = [line for line in (folder / "g.dot").read_text().splitlines() if "#ffb3b3" in line and "Exp" in line]
    assert "modified by an inplace" in red
    caught = "try:\n    out.backward()\nexcept RuntimeError:\n    print('caught')"
    (folder / "caught.py").write_text(FAILING_BACKWARD.replace("out.backward()", caught))
    done = command(folder, "caught.py")
    assert done.returncode == 7 and "backward failed here" in done.stdout and "backward failed: " in one_line(done)


def test_sys_exit(folder):
    for code, expected in {"0": 0, "None": 0, "3": 1, "'a message'": 1}.items():
        (folder / "leaves.py").write_text(TRAIN + f"sys.exit({code})\n")
        done = command(folder, "leaves.py")
        assert done.returncode == expected, done.stderr
        assert ("Sum" in done.stdout) == (expected == 0)
    assert done.stderr == "a message\n"


def test_diff(folder):
    assert command(folder, "train.py", "-o", "a.json").returncode == 0
    (folder / "other.py").write_text(TRAIN.replace(".relu()", ".tanh()"))
    assert command(folder, "other.py", "-o", "b.json").returncode == 0
    done = command(folder, "diff", "a.json", "a.json")
    assert (done.returncode, done.stdout) == (0, "no difference\n")
    done = command(folder, "diff", "a.json", "b.json")
    assert done.returncode == 1 and "operation: ReLU → Tanh" in done.stdout
    (folder / "c.json").write_text('{"a": 1}')
    done = command(folder, "diff", "a.json", "c.json")
    assert done.returncode == 2 and one_line(done).startswith("c.json is not a graph")
    done = command(folder, "diff", "a.json", "d.json")
    assert (done.returncode, one_line(done)) == (2, "cannot read d.json: No such file or directory")


def test_open_and_step(folder):
    """A browser is whatever BROWSER names."""
    done = command(folder, "train.py", "--step", BROWSER=f"{sys.executable} -c 'import sys; print(sys.argv[1])' %s")
    assert done.returncode == 0, done.stderr
    opened = done.stdout.splitlines()[-1]
    assert opened.startswith("file://") and opened.endswith("train.html")
    done = command(folder, "train.py", "--open", "-o", "g.svg", BROWSER="false")
    assert done.returncode == 0 and "no browser was found" in one_line(done)


def test_letters_that_the_output_cannot_show(folder):
    done = command(folder, "train.py", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and "`- MatMul" in done.stdout and "->" in done.stdout


def test_help_and_version():
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
    assert "exit codes:" in done.stdout and "--direction" in done.stdout
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("tinytorch ")


def in_terminal(folder, columns, **environment):
    """What the command writes to a terminal of so many columns."""
    pty = pytest.importorskip("pty")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    changed = {**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "xterm", **environment}
    process = subprocess.Popen([*COMMAND, "train.py"], cwd=folder, stdout=theirs, stdin=theirs, env=changed)
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # Linux's end of a terminal
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    assert process.wait() == 0
    return written.decode().replace("\r\n", "\n")


def test_a_terminal_has_colours_and_a_width(folder):
    text = in_terminal(folder, 60, NO_COLOR="")
    assert "\x1b[1;34mw\x1b[0m" in text and "\x1b[1;32mSum\x1b[0m" in text
    plain = in_terminal(folder, 60, NO_COLOR="1")
    assert "\x1b" not in plain
    lines = plain.splitlines()[1:]
    assert max(len(line) for line in lines) == 60 and any(line.endswith("…") for line in lines)


def test_the_distribution_installs_the_command():
    from tinytorch.viz import cli

    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.scripts]\ntinytorch-viz = "tinytorch.viz.cli:entry"\n' in text
    assert callable(cli.entry)
