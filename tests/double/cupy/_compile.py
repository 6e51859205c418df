"""Kernels written by users, compiled by the machine's C++ compiler and kept in a folder of the temporary files."""

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

PARTS = ("numbers", "arrays", "atomics", "grid")  # of the header, in include/
FLAGS = ("-std=c++20", "-O1", "-fPIC", "-w", "-ffp-contract=off", "-fno-strict-aliasing")
TYPES = {
    "?": "bool", "b": "signed char", "B": "unsigned char", "h": "short", "H": "unsigned short", "i": "int",
    "I": "unsigned int", "l": "long long", "L": "unsigned long long", "q": "long long", "Q": "unsigned long long",
    "e": "float16", "E": "bfloat16", "f": "float", "d": "double", "F": "complex<float>", "D": "complex<double>",
}  # fmt: skip


class CompileException(Exception):
    """The compiler refused a kernel; its message and the source."""

    def __init__(self, message, source):
        super().__init__(message)
        self.message, self.source = message, source

    def __str__(self):
        lines = "\n".join(f"{i:4d} {line}" for i, line in enumerate(self.source.splitlines(), 1))
        return f"{self.message}\n\nSource:\n{lines}"


@functools.cache
def why_not():
    """Why kernels of one's own cannot run on this machine; None where they can."""
    if compiler() is None:
        return "no C++ compiler: kernels of one's own cannot run on the double"
    try:
        library('extern "C" int one() { return (int)(float)float16(1.0f); }')
    except CompileException as error:
        return f"the C++ compiler cannot compile what stands in include/: {error.message.splitlines()[0]}"
    return None


@functools.cache
def compiler():
    """The C++ compiler's command, or None."""
    asked = os.environ.get("CXX")
    return next((found for name in (asked, "g++", "clang++", "c++") if name and (found := shutil.which(name))), None)


@functools.cache
def folder():
    """Where compiled kernels are kept: this user's own."""
    path = Path(tempfile.gettempdir()) / f"cupy-double-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def compiled(source, suffix, *flags):
    """A file of the folder, made from a source; the same text is compiled once on a machine."""
    key = hashlib.sha256("\0".join((source, compiler(), *FLAGS, *flags)).encode()).hexdigest()[:32]
    made = folder() / f"{key}{suffix}"
    if not made.exists():
        with tempfile.TemporaryDirectory(dir=folder()) as scratch:
            written, half = Path(scratch, "kernel.cpp"), Path(scratch, "made")
            written.write_text(source)
            command = [compiler(), *FLAGS, *flags, "-o", half, written]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise CompileException(done.stderr, source)
            os.replace(half, made)  # whole or not at all, whoever else compiles it
    return made


@functools.cache
def header():
    """The parts of include/ as one file; beside it what the compiler made of it, which it reads three times as fast."""
    content = "".join(Path(__file__).parent.joinpath("include", f"{part}.hpp").read_text() for part in PARTS)
    read_once = compiled(content, ".hpp.gch", "-x", "c++-header")
    text = read_once.with_suffix("")
    if not text.exists():
        with tempfile.NamedTemporaryFile("w", dir=folder(), delete=False) as whole:
            whole.write(content)
        os.replace(whole.name, text)
    return text


@functools.cache
def library(source, options=()):
    """The compiled source, with its options: definitions (-DNAME=VALUE) count, others are for another compiler."""
    if compiler() is None:
        raise RuntimeError("a kernel needs a C++ compiler, and there is none on this machine")
    defined = [o[2:].partition("=") for o in options if o.startswith("-D")]
    lines = "".join(f"#define {name} {value if equals else 1}\n" for name, equals, value in defined)
    # PyDLL keeps Python's lock: a kernel's shared memory and thread numbers are the library's own
    return ctypes.PyDLL(str(compiled(f'#include "{header()}"\n{lines}#line 1\n{source}\n', ".so", "-shared")))


def c_type(dtype):
    """The C++ type of a dtype."""
    return TYPES[np.dtype(dtype).char]


def pointers(values):
    """A C array of the addresses of NumPy's arrays, 0-dimensional ones for numbers."""
    return (ctypes.c_void_p * len(values))(*(v.ctypes.data for v in values))


def numbers(*values):
    """A C array of sizes."""
    return (ctypes.c_ssize_t * max(1, len(values)))(*values)
