"""What the installed CuPy offers, written to surface.json: names, signatures and dtypes, for the test double.

Run it with an interpreter that has CuPy; no GPU is needed:

    python tests/double/survey.py tests/double/surface.json
"""

import ast
import importlib
import inspect
import json
import re
import sys
from pathlib import Path

MODULES = ("cupy", "cupy.linalg", "cupy.random", "cupy.fft", "cupyx", "cupyx.scipy.special", "cupyx.scipy.linalg")
NOT_SURVEYED = {"cuda", "fft", "lib", "linalg", "polynomial", "random", "scipy", "testing", "typing", "annotations"}
C_TYPES = re.compile(r"\b(?:_ndarray_base|Py_ssize_t|int|bool|str)\s+(?=[a-z_])")


def parameters(text):
    """A signature in words: [["a", null], ["axis", "None"], ["*"], ...]; None where it cannot be read."""
    try:
        found = ast.parse(f"def f({C_TYPES.sub('', text)}): pass").body[0].args
    except SyntaxError:
        return None
    plain = [a.arg for a in found.posonlyargs + found.args]
    defaults = [None] * (len(plain) - len(found.defaults)) + [ast.unparse(d) for d in found.defaults]
    result = [list(pair) for pair in zip(plain, defaults, strict=True)]
    if found.vararg:
        result.append(["*" + found.vararg.arg])
    elif found.kwonlyargs:
        result.append(["*"])
    result += [[a.arg, d and ast.unparse(d)] for a, d in zip(found.kwonlyargs, found.kw_defaults, strict=True)]
    if found.kwarg:
        result.append(["**" + found.kwarg.arg])
    return result


def signature_of(thing):
    """The parameters of a function, from its signature or the first line of its docstring."""
    try:
        given = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        first = (thing.__doc__ or "").strip().split("\n")[0].replace("\\*", "*")
        inside = re.match(r"[\w.]+\((.*)\)", first)
        return parameters(inside.group(1)) if inside else None
    result, star = [], False
    for p in given:
        if p.kind is p.KEYWORD_ONLY and not star:
            result.append(["*"])
            star = True
        if p.kind is p.VAR_POSITIONAL:
            result.append(["*" + p.name])
            star = True
        elif p.kind is p.VAR_KEYWORD:
            result.append(["**" + p.name])
        else:
            default = p.default
            named = getattr(default, "__name__", None)
            result.append([p.name, None if default is p.empty else named or repr(default)])
    return result


def describe(thing):
    """One entry of the list: what kind of thing it is, and what it takes."""
    kind = type(thing).__name__
    if kind == "ufunc":
        return {"kind": "ufunc", "name": thing.name, "nin": thing.nin, "nout": thing.nout, "types": thing.types}
    if kind == "_GUFunc":
        return {"kind": "gufunc", "parameters": signature_of(thing)}
    if inspect.isclass(thing):
        return {"kind": "class", "from": thing.__module__}
    if callable(thing):
        return {"kind": "function", "from": getattr(thing, "__module__", None), "parameters": signature_of(thing)}
    return {"kind": "value", "type": kind}


def module(name):
    """The public names of one module."""
    found = importlib.import_module(name)
    return {
        n: describe(getattr(found, n))
        for n in sorted(dir(found))
        if not n.startswith("_") and n not in NOT_SURVEYED and not inspect.ismodule(getattr(found, n))
    }


def unimportable(name):
    """The names of a module that needs CUDA's libraries to be imported: read from its source."""
    folder = Path(importlib.import_module("cupyx").__file__).parent.joinpath(*name.split(".")[1:])
    found = {}
    for node in ast.parse((folder / "__init__.py").read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            path = folder / (node.module.rsplit(".", 1)[-1] + ".py")
            defined = {n.name: n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)}
            for alias in node.names:
                if alias.name in defined and not alias.name.startswith("_"):
                    args = ast.unparse(defined[alias.name].args)
                    found[alias.name] = {"kind": "function", "from": name, "parameters": parameters(args)}
    return found


def members(cls):
    """The methods (with their parameters) and attributes of a class."""
    found = {}
    for name in sorted(dir(cls)):
        member = getattr(cls, name)
        if not name.startswith("_") or (name.endswith("__") and name not in dir(object)):
            found[name] = (
                {"kind": "method", "parameters": signature_of(member)} if callable(member) else {"kind": "value"}
            )
    return found


def main(path):
    """Survey everything and write it."""
    sys.path[:] = [p for p in sys.path if Path(p).resolve() != Path(__file__).resolve().parent]  # not the double
    import cupy
    import cupy.random

    surface = {"version": cupy.__version__, "modules": {}, "classes": {}}
    for name in MODULES:
        try:
            surface["modules"][name] = module(name)
        except ImportError:
            surface["modules"][name] = unimportable(name)
    classes = {
        "ndarray": cupy.ndarray,
        "random.Generator": cupy.random.Generator,
        "random.RandomState": cupy.random.RandomState,
        "cuda.Device": cupy.cuda.Device,
        "cuda.Stream": cupy.cuda.Stream,
        "cuda.Event": cupy.cuda.Event,
        "cuda.Graph": cupy.cuda.Graph,
        "cuda.MemoryPointer": cupy.cuda.MemoryPointer,
        "cuda.MemoryPool": cupy.cuda.MemoryPool,
        "ufunc": cupy.ufunc,
    }
    surface["classes"] = {name: members(cls) for name, cls in classes.items()}
    surface["modules"]["cupy.cuda"] = {n: {"kind": "value"} for n in sorted(dir(cupy.cuda)) if not n.startswith("_")}
    surface["modules"]["cupy.cuda.runtime"] = {
        n: {"kind": "value"} for n in sorted(dir(cupy.cuda.runtime)) if not n.startswith("_")
    }
    lines = json.dumps(surface, sort_keys=True, separators=(",", ":"))
    lines = re.sub(r'("[\w.]+":\{"(?:from|kind)":)', r"\n\1", lines)
    Path(path).write_text(lines + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
