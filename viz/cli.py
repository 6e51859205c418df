"""The command `tinytorch-viz`, also `python -m tinytorch.viz`: runs a script, draws the graph of a tensor in it."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Any, NoReturn, TextIO

from tinytorch.version import __version__

# What the exit code says. 2 is also what argparse leaves with.
DONE, FAILED, USAGE, NO_VARIABLE, NOTHING, NO_RENDERER, UNWRITABLE, BACKWARD = 0, 1, 2, 3, 4, 5, 6, 7
DIFFERENT = 1

FORMATS = ("svg", "png", "pdf", "html", "dot", "json", "mmd", "txt")
BINARY = ("png", "pdf")

DESCRIPTION = """\
Run a script, PyTorch's or tinytorch's, and draw the graph that backward walks.

  tinytorch-viz train.py                        print it as a tree
  tinytorch-viz train.py -o graph.svg           draw it
  tinytorch-viz train.py --var y_pred -o y.png  draw the graph of another tensor
  tinytorch-viz train.py --step                 step through backward in the browser
  tinytorch-viz train.py -o g.html -- --epochs 1
  tinytorch-viz diff before.json after.json     what changed between two graphs
"""
EPILOG = """\
exit codes:
  0  done (diff: no difference)
  1  the script failed or left with an error (diff: the graphs differ)
  2  wrong usage, no such script, a file that is no graph
  3  no such variable
  4  nothing to draw: the tensor has no history
  5  no renderer for this format
  6  the output cannot be written
  7  backward raised an error; the graph with the failing node in red was drawn
"""
DIFF_DESCRIPTION = """\
Compare two graphs that were written with -o NAME.json.
Exit code 0: no difference, 1: some, 2: a file that cannot be read or is no graph."""

HELP = {
    "script": "a Python file, or a folder with a __main__.py; in it `import torch` means tinytorch",
    "var": "the variable to draw; without it, the tensor that backward was called on last",
    "output": f"write the drawing to FILE; its ending is the format: {', '.join(FORMATS)}",
    "format": "the format, where FILE's ending does not say it; without -o, what to print",
    "direction": "forward (the default): arrows follow the data; backward: the gradient, with its shape and size",
    "style": "torchviz: PyTorch's nodes in torchviz's colours",
    "depth": "how many modules may lie in each other, deeper ones are boxes (default: as many as are readable)",
    "values": "with the numbers of large tensors, not only their statistics",
    "no-saved": "without the tensors that are kept for backward",
    "step": "the interactive page, opened at its step player",
    "open": "show the result in the browser",
}


class Stop(Exception):
    """Ends the command with one line on stderr."""

    def __init__(self, code: int, line: str) -> None:
        super().__init__(line)
        self.code = code


class Parser(argparse.ArgumentParser):
    """Usage errors are one line, in our words."""

    def error(self, message: str) -> NoReturn:
        raise Stop(USAGE, f"{message} (try {self.prog} --help)")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if arguments[:1] == ["diff"] and not os.path.exists("diff"):
            return compare(arguments[1:])
        return draw_script(arguments)
    except Stop as stop:
        print(f"tinytorch-viz: {one_line(str(stop))}", file=sys.stderr)
        return stop.code
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE


def one_line(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


# ---- drawing -------------------------------------------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    result = Parser(
        prog="tinytorch-viz",
        usage="tinytorch-viz SCRIPT [options] [-- ARGS ...]\n       tinytorch-viz diff A.json B.json",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = result.add_argument
    add("script", metavar="SCRIPT", help=HELP["script"])
    add("--var", metavar="NAME", help=HELP["var"])
    add("-o", "--output", metavar="FILE", help=HELP["output"])
    add("--format", choices=FORMATS, help=HELP["format"])
    add("--direction", choices=("forward", "backward"), default="forward", help=HELP["direction"])
    add("--style", choices=("tinytorch", "torchviz"), default="tinytorch", help=HELP["style"])
    add("--depth", type=depth, metavar="N", help=HELP["depth"])
    for switch in ("values", "no-saved", "step", "open"):
        add(f"--{switch}", action="store_true", help=HELP[switch])
    add("--version", action="version", version=f"tinytorch {__version__}")
    return result


def depth(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return value


def draw_script(arguments: list[str]) -> int:
    """Run the script and draw. All that can be known to fail is checked before it runs."""
    own, script_arguments = arguments, []
    if "--" in arguments:
        place = arguments.index("--")
        own, script_arguments = arguments[:place], arguments[place + 1 :]
    options, unknown = parser().parse_known_args(own)
    if unknown:
        raise Stop(USAGE, f"unknown: {unknown[0]} (arguments for the script go after --; try tinytorch-viz --help)")
    if not os.path.exists(options.script):
        raise Stop(USAGE, f"no such script: {options.script}")
    if not os.access(options.script, os.R_OK):
        raise Stop(USAGE, f"cannot read {options.script}: permission denied")
    kind = chosen_format(options)
    check_output(options, kind)
    path = None if options.output is None else os.path.abspath(options.output)  # the script may change the folder

    from tinytorch.viz.running import run

    output = sys.stdout
    ran = run(options.script, script_arguments, values=options.values, variable=options.var)
    if ran.exit_code is not None:
        return ran.exit_code
    tensor = ran.tensor_to_draw(options.var)
    drawing = ran.draw(
        tensor,
        direction=options.direction,
        style=options.style,
        depth=options.depth,
        values=options.values,
        show_saved=not options.no_saved,
    )
    deliver(drawing, options, kind, path, output)
    if ran.backward_error:
        print(f"tinytorch-viz: backward failed: {one_line(ran.backward_error)}", file=sys.stderr)
        return BACKWARD
    return DONE


def chosen_format(options: argparse.Namespace) -> str:
    """The format of the drawing; also checks that the options go together."""
    kind = options.format
    if kind is None and options.output is not None:
        kind = Path(options.output).suffix[1:].lower()
        if kind not in FORMATS:
            endings = ", ".join(f".{name}" for name in FORMATS)
            raise Stop(USAGE, f"the ending of {options.output} is no format ({endings}); or name one with --format")
    elif kind is None and (options.step or options.open):
        kind = "svg" if options.style == "torchviz" else "html"
    elif kind is None:
        kind = "dot" if options.style == "torchviz" else "txt"
    if options.step and kind != "html":
        raise Stop(USAGE, f"--step is about the interactive page: it needs html, not {kind}")
    if options.style == "torchviz" and kind not in ("svg", "png", "pdf", "dot"):
        raise Stop(USAGE, f"--style torchviz is drawn as svg, png, pdf or dot, not as {kind}")
    if kind in BINARY and options.output is None and not options.open and sys.stdout.isatty():
        raise Stop(USAGE, f"{kind} is nothing for a terminal: name a file with -o")
    return kind


def check_output(options: argparse.Namespace, kind: str) -> None:
    """Fail now rather than after the script has run for an hour."""
    from tinytorch.viz.render import programs

    if kind in BINARY and next(programs(kind), None) is None:
        if kind == "pdf":
            raise Stop(NO_RENDERER, "nothing here draws PDF: install Graphviz (apt install graphviz)")
        raise Stop(NO_RENDERER, f"nothing here draws {kind.upper()}: pip install graphviz-pure (or install Graphviz)")
    if options.output is None:
        return
    path = Path(options.output)
    folder = path.resolve().parent
    if path.is_dir():
        raise Stop(UNWRITABLE, f"cannot write {path}: it is a folder")
    if not folder.is_dir():
        raise Stop(UNWRITABLE, f"cannot write {path}: there is no folder {folder}")
    if not os.access(folder if not path.exists() or path.is_file() else path, os.W_OK):
        raise Stop(UNWRITABLE, f"cannot write {path}: permission denied")


def deliver(drawing: Any, options: argparse.Namespace, kind: str, path: str | None, output: TextIO) -> None:
    """Write the drawing to the file, or print it; open it if asked to."""
    from tinytorch.viz.render import NoRenderer, RenderError, write

    if path is None and options.open | options.step:
        name = Path(options.script).stem or "graph"
        path = os.path.join(tempfile.mkdtemp(prefix="tinytorch-"), f"{name}.{kind}")
    try:
        if path is None and kind == "txt":
            print_tree(drawing, output)
            return
        content = drawing.html(start_at_player=options.step).encode() if kind == "html" else drawing.render(kind)
        if path is None:
            print_bytes(content, output)
            return
        write(path, content)
    except (NoRenderer, RenderError) as error:
        raise Stop(NO_RENDERER, str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Stop(UNWRITABLE, f"cannot write {options.output or path}: {error.strerror or error}") from None
    if options.open or (options.step and options.output is None):
        shown = webbrowser.open(Path(path).resolve().as_uri())
        if not shown:
            print(f"tinytorch-viz: no browser was found; the drawing is in {path}", file=sys.stderr)


# ---- standard output -----------------------------------------------------------------------------------------------

PLAIN = str.maketrans(
    {"├": "|", "└": "`", "─": "-", "│": "|", "→": "->", "×": "x", "…": "..."}  # for terminals without these letters
)


def print_tree(drawing: Any, output: TextIO) -> None:
    """The tree: coloured and cut to the width of a terminal; plain and whole into a pipe or a file."""
    terminal = is_terminal(output)
    width = None
    if terminal:
        try:
            width = os.get_terminal_size(output.fileno()).columns or None
        except (OSError, ValueError):
            width = None
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    print_text(drawing.text(colour=colour, width=width), output)


def print_text(text: str, output: TextIO) -> None:
    encoding = getattr(output, "encoding", None) or "utf-8"
    try:
        content = text.encode(encoding)
    except UnicodeEncodeError:
        content = text.translate(PLAIN).encode(encoding, errors="backslashreplace")
    print_bytes(content, output)


def print_bytes(content: bytes, output: TextIO) -> None:
    """Write after all that the script has printed; nothing where the script has closed its output."""
    if not output.closed:
        output.flush()
        output.buffer.write(content)
        output.buffer.flush()


def is_terminal(output: TextIO) -> bool:
    return not output.closed and output.isatty()


# ---- comparing -----------------------------------------------------------------------------------------------------


def compare(arguments: list[str]) -> int:
    """`tinytorch-viz diff`: what one graph has and another has not."""
    from tinytorch.viz.diff import diff, to_text
    from tinytorch.viz.store import from_json

    result = Parser(
        prog="tinytorch-viz diff",
        description=DIFF_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    result.add_argument("before", metavar="A.json")
    result.add_argument("after", metavar="B.json")
    options = result.parse_args(arguments)
    graphs = []
    for name in (options.before, options.after):
        try:
            graphs.append(from_json(Path(name).read_text(encoding="utf-8")))
        except OSError as error:
            raise Stop(USAGE, f"cannot read {name}: {error.strerror or error}") from None
        except ValueError as error:
            raise Stop(USAGE, f"{name} is {error}" if str(error).startswith("not ") else f"{name}: {error}") from None
    difference = diff(*graphs)
    colour = is_terminal(sys.stdout) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    print_text(to_text(difference, colour), sys.stdout)
    return DIFFERENT if difference else DONE


def entry() -> NoReturn:
    """What the console script calls."""
    sys.exit(main())
