"""`import torch` means tinytorch in the user's files, and what is really installed everywhere else.

Who imports decides, so it cannot be done with an entry in `sys.modules` or a finder on `sys.meta_path`: those are asked
once, and then every importer gets the same answer. Here the function behind the import statement,
`builtins.__import__`, is replaced by one that looks at the frame of the importer. `sys.modules["torch"]` stays
what it would be without us: absent, or the real PyTorch when a library imported it. Both live side by side.

- The user's files are all those outside of the standard library and of folders for installed packages.
- The libraries in KNOWN, and those named by the user, get tinytorch too.
- Frames of the standard library are looked through: `timeit`, `unittest.mock` or `pkgutil` import on somebody's behalf.
- C code that imports gets the real thing: it then looks into `sys.modules`, where tinytorch is not.
"""

import builtins
import functools
import importlib
import importlib.util
import multiprocessing.spawn
import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import PurePath
from types import FrameType, ModuleType
from typing import Any

from .. import missing

KNOWN = ("torchsummary", "torchinfo", "torchviz", "einops")  # libraries written for PyTorch, tested with tinytorch
# einops' own PyTorch backend goes on serving real tensors; ours has a backend of its own (einops_backend.py)
REAL = ("einops._backends",)

PACKAGE_FOLDERS = {"site-packages", "dist-packages"}
STDLIB = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
PACKAGES = {os.path.realpath(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
PROGRAM = "tinytorch.runner.program"  # the module below all frames of the program that is run

# Both tracebacks (program.py) and warnings leave out the frames of the import system. Warnings know them by the words
# "importlib" and "_bootstrap" in the file name: without them a warning at the top of an imported module, meant for the
# line that imports it, would be shown for a line of this file, or not at all.
IMPORT_SYSTEM = "<tinytorch's importlib._bootstrap>"

libraries: set[str] = set(KNOWN)  # libraries that get tinytorch
installed: list[bool] = []  # not empty once the functions that import are replaced


# ---- whose code is it ----------------------------------------------------------------------------------------------


@functools.cache
def kind_of_file(file: str) -> str:
    """Where a source file lies: "stdlib", "package" or "user"."""
    path = os.path.realpath(file)
    if PACKAGE_FOLDERS.intersection(PurePath(path).parts) or is_within(path, PACKAGES):
        return "package"
    if is_within(path, STDLIB):
        return "stdlib"
    return "user"


def is_within(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(folder + os.sep) for folder in folders)


def sees_tinytorch(frame: FrameType | None) -> bool:
    """Does the code running in this frame get tinytorch when it imports torch?"""
    while frame is not None:
        if frame.f_code.co_filename == IMPORT_SYSTEM:
            frame = frame.f_back
            continue
        name = frame.f_globals.get("__name__") or ""
        top = name.partition(".")[0]
        if top in libraries:
            return name not in REAL
        file = frame.f_code.co_filename
        if file.startswith("<"):  # a string that was compiled; the module around it has a file, or __main__ is typed in
            file = frame.f_globals.get("__file__") or ""
        kind = kind_of_file(file) if file else "user" if name == "__main__" else "unknown"
        if name == PROGRAM or (kind == "user" and top != "tinytorch"):
            return True  # PROGRAM: only the standard library in between, an import asked for on the command line
        if kind == "package" or top == "tinytorch":
            return False
        frame = frame.f_back  # the standard library, or a string run by the code one frame up
    return True


def is_torch(name: str) -> bool:
    return name == "torch" or name.startswith("torch.")


def is_from_c(fromlist: object) -> bool:
    """Does C code import? PyImport_Import hands over an empty list, an import statement None or a tuple."""
    return isinstance(fromlist, list) and not fromlist


# ---- imports -------------------------------------------------------------------------------------------------------


def part_of_import_system(function: Any) -> Any:
    """A decorator: the function's frames count as those of the import system; see IMPORT_SYSTEM."""
    function.__code__ = function.__code__.replace(co_filename=IMPORT_SYSTEM)
    return function


def replacements() -> dict[tuple[ModuleType, str], Any]:
    """What stands in for the functions that import: {(module, name of the function): replacement}"""
    real_import, real_import_module, real_find_spec = (
        builtins.__import__,
        importlib.import_module,
        importlib.util.find_spec,
    )

    @part_of_import_system
    def __import__(name, globals=None, locals=None, fromlist=(), level=0):
        if level == 0 and is_torch(name) and not is_from_c(fromlist) and sees_tinytorch(sys._getframe(1)):
            try:
                module = real_import("tiny" + name, globals, locals, fromlist, 0)
            except ModuleNotFoundError as error:
                raise explained(error, name) from None
            check_names(module, fromlist or ())
            return module
        module = real_import(name, globals, locals, fromlist, level)
        if level == 0 and name.partition(".")[0] == "einops" and "tinytorch.einops_backend" not in sys.modules:
            real_import("tinytorch.einops_backend")
        return module

    @part_of_import_system
    def import_module(name, package=None):
        if is_torch(name) and sees_tinytorch(sys._getframe(1)):
            try:
                return real_import_module("tiny" + name)
            except ModuleNotFoundError as error:
                raise explained(error, name) from None
        return real_import_module(name, package)

    @part_of_import_system
    def find_spec(name, package=None):
        if is_torch(name) and sees_tinytorch(sys._getframe(1)):
            name = "tiny" + name
        return real_find_spec(name, package)

    return {
        (builtins, "__import__"): functools.update_wrapper(__import__, real_import),
        (importlib, "import_module"): functools.update_wrapper(import_module, real_import_module),
        (importlib.util, "find_spec"): functools.update_wrapper(find_spec, real_find_spec),
    }


@part_of_import_system
def explained(error: ModuleNotFoundError, name: str) -> ModuleNotFoundError:
    """The error for `import torch.nothing`; one about something else that a module of ours needs stays as it is."""
    if error.name is None or not ("tiny" + name + ".").startswith(error.name + "."):
        return error
    missed = missing.as_torch(error.name)
    parent, _, last = error.name.rpartition(".")
    text = f"No module named {missed!r}\n\n" + missing.sentence(sys.modules[parent], last)
    return ModuleNotFoundError(text, name=missed)


@part_of_import_system
def check_names(module: ModuleType, names: Iterable[str]) -> None:
    """The error for `from torch import nothing`: Python's own, with a sentence more."""
    for name in names:
        if name != "*" and not hasattr(module, name):
            text = f"cannot import name {name!r} from {missing.as_torch(module.__name__)!r} ({module.__file__})"
            sentence = missing.sentence(module, name)
            raise ImportError(f"{text}\n\n{sentence}", name=module.__name__, path=module.__file__)


# ---- on and off ----------------------------------------------------------------------------------------------------


def install(also: Iterable[str] = ()) -> None:
    """From now on `import torch` means tinytorch in the user's files and in the libraries named in `also`.

    Processes that `multiprocessing` starts, by fork or by spawn, inherit it.
    """
    libraries.update(also)
    if installed:
        return
    installed.append(True)
    for (module, name), replacement in replacements().items():
        setattr(module, name, replacement)
    real_data = multiprocessing.spawn.get_preparation_data

    def get_preparation_data(name):
        """What a spawned process unpickles before it imports the script: unpickling the last item installs us."""
        return real_data(name) | {"tinytorch": InstallWhenUnpickled()}

    multiprocessing.spawn.get_preparation_data = get_preparation_data


class InstallWhenUnpickled:
    """Pickles into a call of `install`."""

    def __reduce__(self):
        return install, (tuple(sorted(libraries)),)
