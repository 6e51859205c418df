"""`python -m tinytorch`: programs run as under `python`, and `import torch` means tinytorch for those it should."""

import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from tinytorch.version import __version__

RUNNER = ("-m", "tinytorch")
POSIX = sys.platform != "win32"


def run(folder: Path, *arguments: str, stdin: str = "", path: str = "") -> subprocess.CompletedProcess:
    """Run this Python in a folder, with `path` as its PYTHONPATH."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    if path:
        environment["PYTHONPATH"] = path
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, input=stdin, capture_output=True, text=True, timeout=120, check=False
    )


def program(folder: Path, **files: str) -> None:
    """Write files; `site_packages__lib` is the file lib.py in a folder for installed packages."""
    for name, text in files.items():
        path = folder / (name.replace("site_packages__", "site-packages/").replace("__init", "/__init__") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


def output(done: subprocess.CompletedProcess) -> list[str]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


# ---- as Python's own: the same program under `python` and under `python -m tinytorch` -----------------------------

PROGRAMS = {
    "main_module": """
        '''The docstring.'''
        import sys
        names = sorted(name for name in globals() if name not in ("__annotations__", "__builtins__"))
        print(names, __name__, __file__, __doc__, __package__, __spec__, __cached__, type(__loader__), __builtins__)
        print(sys.argv, sys.path[0], sys.modules["__main__"].__dict__ is globals())
        """,
    "raises": """
        def f(x):
            return 1 / x
        f(0)
        """,
    "raises_two": """
        try:
            {}["a"]
        except KeyError as error:
            try:
                int("b")
            except ValueError:
                raise RuntimeError("third") from error
        """,
    "syntax_error": "x = (1,\n",
    "latin": "# encoding: latin-1\nprint(ascii('\xff'))\n",
    "exit_number": "import sys; print('out'); sys.exit(3)",
    "exit_text": "import sys; sys.exit('the reason')",
    "exit_none": "raise SystemExit",
    "interrupt": "raise KeyboardInterrupt",
    "import_that_raises": "import helper_raises",
    "import_nothing": "import no_such_module_at_all",
    "imported_warning": "import helper_warns",
    "own_hook": """
        import sys, traceback
        def hook(kind, error, trace):
            print("hook", kind, [frame.name for frame in traceback.extract_tb(trace)])
            print([frame.name for frame in traceback.extract_tb(error.__traceback__)])
        sys.excepthook = hook
        def f():
            raise ValueError
        f()
        """,
    "at_exit": """
        import atexit, threading, time
        value = 7
        atexit.register(lambda: print("exit", value))
        threading.Thread(target=lambda: (time.sleep(0.1), print("thread", value))).start()
        print("end")
        """,
    "thread_raises": """
        import threading
        def work():
            raise ValueError("in a thread")
        threading.Thread(target=work, name="T").start()
        """,
    "pickles_itself": """
        import pickle
        class A:
            pass
        print(type(pickle.loads(pickle.dumps(A()))) is A)
        """,
}
HELPERS = {
    "helper_raises": "def f():\n    1 / 0\nf()\n",
    "helper_warns": "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_script_runs_as_under_python(tmp_path, name):
    program(tmp_path, **{name: PROGRAMS[name]}, **HELPERS)
    if name == "latin":
        (tmp_path / "latin.py").write_bytes(PROGRAMS[name].encode("latin-1"))
    expected, actual = (run(tmp_path, *how, f"{name}.py", "-x", "--also", "b") for how in ((), RUNNER))
    assert (actual.stdout, actual.stderr) == (expected.stdout, expected.stderr)
    assert actual.returncode == expected.returncode
    if name == "interrupt" and POSIX:
        assert actual.returncode == -signal.SIGINT


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "import sys; print(__name__, sys.argv, repr(sys.path[0]), '__file__' in globals())", "-a"),
        ("-c", "def f(): 1/0\nf()"),
        ("-", "a", "-b"),
        ("no_such_script.py",),
        ("-m", "pack", "a", "-m"),
        ("-m", "pack.inside", "a"),
        ("-m", "pack.raises"),
        ("-m", "no_such_module"),
        ("-m", "calendar", "2024", "1"),
        ("pack", "a"),
        ("zipped.zip", "b"),
        ("empty_folder",),
    ],
    ids=lambda arguments: " ".join(arguments)[:30],
)
def test_other_programs_run_as_under_python(tmp_path, arguments):
    show = (
        "import sys\nprint(__name__, __package__, __spec__ and __spec__.name, sys.argv, sys.path[0])\nimport helper\n"
    )
    for folder in ("pack", "empty_folder"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pack/__init__.py").write_text("")
    (tmp_path / "pack/helper.py").write_text("print('helper of the package')")
    (tmp_path / "helper.py").write_text("print('helper')")
    (tmp_path / "pack/__main__.py").write_text(show)
    (tmp_path / "pack/inside.py").write_text(show)
    (tmp_path / "pack/raises.py").write_text("def f():\n    1 / 0\nf()\n")
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as archive:
        archive.writestr("__main__.py", show)
        archive.writestr("helper.py", "print('zipped helper')")
    stdin = "import sys\nprint(__name__, sys.argv, repr(sys.path[0]))\nraise ValueError('from stdin')\n"
    expected, actual = (run(tmp_path, *how, *arguments, stdin=stdin) for how in ((), RUNNER))
    assert (actual.stdout, actual.stderr) == (expected.stdout, expected.stderr)
    assert actual.returncode == expected.returncode


def test_command_line(tmp_path):
    shown = run(tmp_path, *RUNNER, "--help")
    assert shown.returncode == 0 and shown.stdout.startswith("usage: python -m tinytorch [--also NAME]")
    assert run(tmp_path, *RUNNER, "--version").stdout == f"tinytorch {__version__}\n"
    for wrong, reason in [
        ((), "needs a program to run"),
        (("--nonsense", "a.py"), "unknown option --nonsense"),
        (("--also",), "--also needs the name of a library"),
        (("-m",), "-m needs the name of a module"),
        (("-c",), "-c needs a program"),
    ]:
        refused = run(tmp_path, *RUNNER, *wrong)
        assert refused.returncode == 2 and reason in refused.stderr.splitlines()[0] and refused.stdout == ""


# ---- who gets tinytorch --------------------------------------------------------------------------------------------

LIBRARY = """
    try:
        import torch, torch.nn
        from torch import nn
        seen = torch.__name__, getattr(torch, "IS_REAL", False), nn is torch.nn
    except ImportError:
        seen = None
    """
REAL = {"site_packages__torch__init": "IS_REAL = True", "site_packages__torch/nn": "class Linear: pass"}


def test_users_files_get_tinytorch_and_libraries_what_is_installed(tmp_path):
    program(
        tmp_path,
        main="""
            import library                      # imports the real torch first
            import sys
            import torch, tinytorch
            import torch.nn as nn, torch.autograd
            from torch.nn import Linear
            import mine
            from folder import inner
            import another_library
            print(torch is tinytorch, torch.nn is tinytorch.nn, nn is torch.nn, Linear is tinytorch.nn.Linear)
            print(mine.torch is tinytorch, inner.torch is tinytorch)
            print(library.seen, another_library.seen, sys.modules["torch"].IS_REAL)
            """,
        mine="import torch",
        folder__init="",
        site_packages__library=LIBRARY,
        site_packages__another_library=LIBRARY,
        **REAL,
    )
    (tmp_path / "folder/inner.py").write_text("import torch")
    assert output(run(tmp_path, *RUNNER, "main.py", path="site-packages")) == [
        "True True True True",
        "True True",
        "('torch', True, True) ('torch', True, True) True",
    ]


def test_without_any_torch_a_library_sees_none(tmp_path):
    main = """
        import sys
        sys.modules["torch"] = None             # how Python is told that a module cannot be imported
        import torch, library
        print(torch.__name__, library.seen)
        """
    program(tmp_path, main=main, site_packages__library=LIBRARY)
    assert output(run(tmp_path, *RUNNER, "main.py", path="site-packages")) == ["tinytorch None"]


def test_libraries_named_and_known_get_tinytorch(tmp_path):
    names = ["named", "named_too", "other", "torchsummary", "torchinfo", "torchviz"]
    program(tmp_path, **{f"site_packages__{name}": LIBRARY for name in names}, **REAL)
    code = f"import {', '.join(names)}\nprint([m.seen[0] for m in ({', '.join(names)})])"
    options = ("--also", "named", "--also=named_too")
    done = run(tmp_path, *RUNNER, *options, "-c", code, path="site-packages")
    assert output(done) == ["['tinytorch', 'tinytorch', 'torch', 'tinytorch', 'tinytorch', 'tinytorch']"]


WAYS = {
    "import_module": "import importlib; print(importlib.import_module('torch.nn').__name__)",
    "import_module_bound_early": "from importlib import import_module; print(import_module('torch').__name__)",
    "dunder": "print(__import__('torch').__name__)",
    "dunder_deep": "print(__import__('torch.nn').__name__)",
    "dunder_from": "print(__import__('torch.nn', fromlist=['Linear']).__name__)",
    "exec": "exec('import torch', names := {}); print(names['torch'].__name__)",
    "exec_here": "exec('import torch'); print(torch.__name__)",
    "in_function": "def f():\n    import torch.nn.functional as F\n    return F\nprint(f().__name__)",
    "star": "from torch.nn import *\nprint(Linear.__module__.split('.')[0])",
    "find_spec": "import importlib.util; print(importlib.util.find_spec('torch.nn').name)",
    "find_no_spec": "import importlib.util; print(importlib.util.find_spec('torch.nothing'))",
    "timeit": "import timeit; timeit.timeit('print(torch.__name__)', setup='import torch', number=1)",
    "mock": "from unittest.mock import patch\nwith patch('torch.nn.Linear', 5):\n import torch; print(torch.nn.Linear)",
    "resolve": "import pkgutil; print(pkgutil.resolve_name('torch.nn:Linear').__name__)",
    "console": "import code; code.InteractiveInterpreter().runsource('import torch; print(torch.__name__)')",
    "doctest": """
        import doctest
        def f():
            '''
            >>> import torch
            >>> torch.__name__
            'tinytorch'
            '''
        print(doctest.testmod())
        """,
    "thread": """
        import threading
        thread = threading.Thread(target=lambda: print(__import__('torch').__name__))
        thread.start()
        thread.join()
        """,
    "thread_of_stdlib": """
        import concurrent.futures, importlib
        with concurrent.futures.ThreadPoolExecutor() as pool:
            print(pool.submit(importlib.import_module, "torch").result().__name__)
        """,
}
PRINTED = {
    "import_module": "tinytorch.nn",
    "dunder_from": "tinytorch.nn",
    "in_function": "tinytorch.nn.functional",
    "find_spec": "tinytorch.nn",
    "find_no_spec": "None",
    "mock": "5",
    "resolve": "Linear",
    "doctest": "TestResults(failed=0, attempted=2)",
}


def test_every_way_to_import(tmp_path):
    """Each in a namespace of its own, as a program would be."""
    program(tmp_path, **{f"way_{name}": code for name, code in WAYS.items()})
    lines = []
    for name in WAYS:
        if name == "doctest":
            continue  # doctest.testmod looks at __main__
        lines.append(f"import way_{name}")
    program(tmp_path, main="\n".join(lines))
    expected = [PRINTED.get(name, "tinytorch") for name in WAYS if name != "doctest"]
    assert output(run(tmp_path, *RUNNER, "main.py")) == expected
    assert output(run(tmp_path, *RUNNER, "way_doctest.py")) == [PRINTED["doctest"]]


def test_c_code_that_imports_gets_the_real_torch(tmp_path):
    """C code looks into sys.modules afterwards: pickle's does, and finds the module it asked for."""
    code = r"""
        import pickle
        print(pickle.loads(b"ctorch\nIS_REAL\n."))
        """
    program(tmp_path, main=code, **REAL)
    assert output(run(tmp_path, *RUNNER, "main.py", path="site-packages")) == ["True"]


@pytest.mark.parametrize(
    "method", ["spawn", pytest.param("fork", marks=pytest.mark.skipif(not POSIX, reason="no fork"))]
)
def test_child_processes_inherit_it(tmp_path, method):
    code = """
        import multiprocessing, sys
        import torch
        import library
        def work(x):
            import torch.nn
            return torch.__name__, torch.nn.__name__, library.seen[0], __name__, x
        if __name__ == "__main__":
            with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
                print(pool.map(work, [1, 2]))
        """
    program(tmp_path, main=code, site_packages__library=LIBRARY, site_packages__other=LIBRARY, **REAL)
    done = run(tmp_path, *RUNNER, "--also", "library", "main.py", method, path="site-packages")
    main = "__main__" if method == "fork" else "__mp_main__"
    assert output(done) == [str([("tinytorch", "tinytorch.nn", "tinytorch", main, x) for x in (1, 2)])]


# ---- names that are not there --------------------------------------------------------------------------------------

MISSING = {
    "import torch.onnxx": ("ModuleNotFoundError", "No module named 'torch.onnxx'", "torch.onnxx"),
    "import torch.nn.functionall": (
        "ModuleNotFoundError",
        "No module named 'torch.nn.functionall'",
        "torch.nn.functionall; the nearest name it has is torch.nn.functional",
    ),
    "from torch.xyzzy.such import thing": ("ModuleNotFoundError", "No module named 'torch.xyzzy'", "torch.xyzzy"),
    "from torch.nn import Linaer": (
        "ImportError",
        "cannot import name 'Linaer' from 'torch.nn'",
        "torch.nn.Linaer; the nearest name it has is torch.nn.Linear",
    ),
    "import torch; torch.nn.Linaer": (
        "AttributeError",
        "module 'tinytorch.nn' has no attribute 'Linaer'",
        "torch.nn.Linaer; the nearest name it has is torch.nn.Linear",
    ),
    "import torch; torch.Linear": (
        "AttributeError",
        "module 'tinytorch' has no attribute 'Linear'",
        "torch.Linear; the nearest name it has is torch.nn.Linear",
    ),
    "import torch; torch.qwertyuiop": (
        "AttributeError",
        "module 'tinytorch' has no attribute 'qwertyuiop'",
        "torch.qwertyuiop",
    ),
    "import importlib; importlib.import_module('torch.qwertyuiop')": (
        "ModuleNotFoundError",
        "No module named 'torch.qwertyuiop'",
        "torch.qwertyuiop",
    ),
}


@pytest.mark.parametrize("code", MISSING)
def test_missing_name_says_so_and_names_the_nearest(tmp_path, code):
    kind, first, sentence = MISSING[code]
    (tmp_path / "main.py").write_text(code)
    done = run(tmp_path, *RUNNER, "main.py")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[1] == f'  File "{tmp_path / "main.py"}", line 1, in <module>'
    *_, message, empty, last = lines
    assert message.startswith(f"{kind}: {first}")
    assert (empty, last) == ("", f"tinytorch does not have {sentence}")
    assert "runner" not in done.stderr and "importlib._bootstrap" not in done.stderr
