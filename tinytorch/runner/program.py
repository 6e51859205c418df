"""The command `python -m tinytorch`: takes the place of `python` for a program that imports torch.

What a program can see of the way it was started is as if Python itself had started it: `__main__`, `sys.argv`,
`sys.path[0]`, exit codes, and tracebacks, from which the frames of this package are taken out.
"""

import builtins
import importlib.machinery
import io
import linecache
import os
import pkgutil
import runpy
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType, TracebackType
from typing import NoReturn

from ..version import __version__
from .alias import IMPORT_SYSTEM, KNOWN, install

USAGE = "usage: python -m tinytorch [--also NAME]... (SCRIPT | -m MODULE | -c CODE | -) [ARGS ...]"
HELP = f"""{USAGE}

Run a PyTorch program as `python` would, with `import torch` meaning tinytorch in your own files.

  SCRIPT        a file, or a folder or zip file with a __main__.py
  -m MODULE     a module or package, looked for as an import statement does
  -c CODE       a program given as text
  -             a program read from standard input
  ARGS          for the program, in sys.argv

  --also NAME   the library NAME gets tinytorch too; may be given more than once
  --version     print the version and stop
  -h, --help    print this and stop

Libraries see the torch that is really installed, or none, except for those known to work with tinytorch:
{", ".join(KNOWN)}."""


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line names. Returns when the program has come to its end; raises what it raises."""
    arguments = sys.argv[1:] if arguments is None else arguments
    also, start, rest = parse(arguments)
    install(also)
    run_as_main(start, rest)


def parse(arguments: list[str]) -> tuple[list[str], Callable[[list[str]], None], list[str]]:
    """(libraries of --also, the function that starts the program, the program's arguments)

    Everything behind the program's name is the program's own, options too; that is why this is not argparse.
    """
    also: list[str] = []
    rest = list(arguments)
    while True:
        first = take(rest, "python -m tinytorch", "a program to run")
        option, _, value = first.partition("=")
        if first in ("-h", "--help"):
            print(HELP)
            sys.exit(0)
        elif first in ("-V", "--version"):
            print(f"tinytorch {__version__}")
            sys.exit(0)
        elif option == "--also":
            also.append(value or take(rest, "--also", "the name of a library"))
        elif first.startswith("-m"):
            module = first[2:] or take(rest, "-m", "the name of a module")
            return also, partial(start_module, module), rest
        elif first.startswith("-c"):
            code = first[2:] or take(rest, "-c", "a program")
            return also, partial(start_text, code + "\n", "-c", "<string>"), rest
        elif first == "-":
            return also, start_standard_input, rest
        elif first.startswith("-"):
            refuse(f"unknown option {first}")
        else:
            return also, partial(start_file, first), rest


def take(rest: list[str], option: str, what: str) -> str:
    """The value of an option."""
    if not rest:
        refuse(f"{option} needs {what}")
    return rest.pop(0)


def refuse(reason: str) -> NoReturn:
    """Stop as `python` does when it does not understand its command line."""
    print(f"tinytorch: {reason}\n{USAGE}\nTry `python -m tinytorch --help`.", file=sys.stderr)
    sys.exit(2)


# ---- the kinds of programs -----------------------------------------------------------------------------------------


def start_file(path: str, arguments: list[str]) -> None:
    """A script, or a folder or zip file with a __main__.py in it."""
    sys.argv = [path, *arguments]
    if os.path.isdir(path) or (os.path.isfile(path) and pkgutil.get_importer(path) is not None):
        start_container(os.path.abspath(path))
        return
    full = os.path.abspath(path)
    try:
        with io.open_code(full) as file:
            source = file.read()
    except OSError as error:
        print(f"{sys.executable}: can't open file {full!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
        sys.exit(2)
    set_first_folder(os.path.dirname(os.path.realpath(path)))
    module = new_main(full, importlib.machinery.SourceFileLoader("__main__", full))
    exec(compile(source, full, "exec", dont_inherit=True), vars(module))  # noqa: S102 - to run a program is what this is for


def start_container(path: str) -> None:
    """The __main__.py of a folder or of a zip file, which is where the program's imports look first."""
    set_first_folder(path)
    new_main()
    runpy._run_module_as_main("__main__", alter_argv=False)  # type: ignore[attr-defined]


def start_module(name: str, arguments: list[str]) -> None:
    """`-m name`: what Python itself calls for it."""
    sys.argv = ["-m", *arguments]
    new_main()
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]


def start_standard_input(arguments: list[str]) -> None:
    start_text(sys.stdin.read(), "-", "<stdin>", arguments)


def start_text(source: str, argument: str, file: str, arguments: list[str]) -> None:
    """A program that is not in a file."""
    sys.argv = [argument, *arguments]
    set_first_folder("")
    module = new_main()
    if sys.version_info >= (3, 13) and file == "<string>":  # from then on Python shows the lines of -c in tracebacks
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec", dont_inherit=True), vars(module))  # noqa: S102 - to run a program is what this is for


def new_main(file: str | None = None, loader: object = importlib.machinery.BuiltinImporter) -> ModuleType:
    """An empty module in the place of `__main__`, with the attributes that Python gives to that of a program."""
    module = ModuleType("__main__")
    vars(module).update(__builtins__=builtins, __loader__=loader)
    if file is not None:
        vars(module).update(__file__=file, __cached__=None)
    sys.modules["__main__"] = module
    return module


def set_first_folder(folder: str) -> None:
    """Where imports look first. Python put the current folder there for us, unless it was told not to (-P, -I)."""
    if not (getattr(sys.flags, "safe_path", False) or sys.flags.isolated):
        sys.path[0] = folder


# ---- tracebacks ----------------------------------------------------------------------------------------------------


def run_as_main(start: Callable[[list[str]], None], arguments: list[str]) -> None:
    """Run the program; what it does not catch goes on to Python, to be shown without our frames."""
    try:
        start(arguments)
    except BaseException:
        # Python calls this hook, or the program's own, for what nobody caught (for SystemExit it does not). That Python
        # itself does the rest gives its very exit codes: 1, or the one of an interrupt.
        show = sys.excepthook
        sys.excepthook = lambda kind, error, trace: show(kind, without_runner(error), error.__traceback__)
        raise


def without_runner(error: BaseException) -> BaseException:
    """The exception with the frames of this file, and all above them, taken out of its traceback and its causes'."""
    open_errors: list[BaseException | None] = [error]
    seen: set[int] = set()
    while open_errors:
        current = open_errors.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = users_frames(current.__traceback__)
        open_errors += [current.__cause__, current.__context__, *getattr(current, "exceptions", ())]
    return error


def users_frames(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that is the program's."""
    entries = []
    while trace is not None:
        entries.append(trace)
        if trace.tb_frame.f_code.co_filename == __file__:
            entries.clear()
        trace = trace.tb_next
    kept = [entry for entry in entries if entry.tb_frame.f_code.co_filename != IMPORT_SYSTEM]
    for entry, following in zip(kept, [*kept[1:], None]):
        entry.tb_next = following
    return kept[0] if kept else None
