"""Where the packages of this tree live, which Cython kernels and Python files are compiled, and how.

Everything else about the distribution stands in pyproject.toml. Three environment variables matter while it is built:

    TINYTORCH_DEBUG_KERNELS=1    kernels check every index and keep their debug symbols
    TINYTORCH_NATIVE=1           kernels use every instruction of this very machine (such a build may not run elsewhere)
    TINYTORCH_KERNELS=loss,...    only these kernels are built, for whoever works on them:
                                 TINYTORCH_KERNELS=loss python setup.py build_ext --inplace
"""

import os
import runpy
import sys
import tempfile
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

# Every kernel once: _ext/<name>.pyx, installed as tinytorch._ext.<name>.
KERNELS = [
    "arithmetic", "cumulative", "elementwise", "extrema", "gather", "layout", "loss", "matmul", "memory", "nll",
    "normalization", "optimizer", "random", "reduce", "scatter", "softmax", "threads", "triangles", "where",
]  # fmt: skip

# Those whose loops move an element or two a turn: a third faster with several turns in a row, which -O3 leaves alone.
UNROLLED = ["gather", "scatter"]

# Python files that are compiled as they stand.
CORE = runpy.run_path("tinytorch/compiled.py", run_name="tinytorch.compiled")["CORE"]

DEBUG = os.environ.get("TINYTORCH_DEBUG_KERNELS", "0") == "1"
NATIVE = os.environ.get("TINYTORCH_NATIVE", "0") == "1"

# So many at once are translated to C. Elsewhere each process would begin with this very file.
PROCESSES = (os.cpu_count() or 1) if sys.platform == "linux" else 0

DIRECTIVES = {
    "language_level": 3,
    "embedsignature": True,
    "boundscheck": DEBUG,
    "wraparound": DEBUG,
    "initializedcheck": DEBUG,
    "cdivision": True,  # also while debugging: 0 / 0 is nan, and remainders have the same signs
}

# Python files keep the semantics of Python.
PYTHON = {"language_level": 3, "annotation_typing": False, "binding": True}

PACKAGE_DIR = {"tinytorch": "tinytorch", "tinytorch._ext": "_ext", "tinytorch.viz": "viz"}
PACKAGES = [
    *find_packages(include=["tinytorch", "tinytorch.*"]),
    "tinytorch._ext",
    "tinytorch.viz",
    *(f"tinytorch.viz.{name}" for name in find_packages("viz")),
]


class BuildKernels(build_ext):
    """Compile the kernels with the flags this compiler knows; without a compiler, install without kernels."""

    def build_extensions(self) -> None:
        self.force = True  # what lies in build/ may come from other flags
        self.parallel = self.parallel or os.cpu_count()
        compile_flags, link_flags = self.flags()
        for extension in self.extensions:
            extension.optional = True  # cythonize() does not hand it on from its arguments
            unrolled = (
                extension.name.rpartition(".")[2] in UNROLLED and self.compiler.compiler_type != "msvc" and not DEBUG
            )
            extension.extra_compile_args = [*compile_flags, "-funroll-loops"] if unrolled else compile_flags
            extension.extra_link_args = link_flags
        super().build_extensions()
        core = [Path(self.get_ext_fullpath(f"tinytorch.{name}")) for name in CORE]
        if "TINYTORCH_KERNELS" not in os.environ and not all(path.exists() for path in core):
            for path in core:  # they are compiled for one another
                path.unlink(missing_ok=True)

    def build_extension(self, extension: Extension) -> None:
        try:
            super().build_extension(extension)
        except Exception:
            Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)  # no kernel rather than a stale one
            raise

    def flags(self) -> tuple[list[str], list[str]]:
        """(flags for the compiler, flags for the linker)"""
        if self.compiler.compiler_type == "msvc":
            return ["/Od", "/Zi"] if DEBUG else ["/O2", "/openmp"], []
        # Neither flag changes a result: sqrt need not set errno and comparisons need not trap, so both become SIMD.
        release = ["-O3", "-g0", "-fno-math-errno", "-fno-trapping-math"]
        # A loop of few bytes that lies across two lines of the cache takes up to 1.8 times as long: none does.
        release += ["-falign-functions=64", "-falign-loops=32"]
        flags = ["-O1", "-g", "-DTINYTORCH_ONE_FORM"] if DEBUG else release  # one form: _ext/simd.pxi
        if NATIVE:
            flags.append("-march=native")
        return (flags + ["-fopenmp"], ["-fopenmp"]) if self.openmp_works() else (flags, [])

    def openmp_works(self) -> bool:
        """Does a small OpenMP program compile and link here?"""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
            try:
                objects = self.compiler.compile([str(source)], output_dir=folder, extra_postargs=["-fopenmp"])
                self.compiler.link_executable(objects, "probe", output_dir=folder, extra_postargs=["-fopenmp"])
            except Exception as error:  # every compiler class raises its own; none of them stops the installation
                print(f"kernels are built without OpenMP: {error}")
                return False
        return True


def wanted(names: list[str]) -> list[str]:
    """Those among `names` that TINYTORCH_KERNELS has; all where it is not set."""
    chosen = os.environ.get("TINYTORCH_KERNELS")
    return names if chosen is None else [name for name in names if name in chosen.split(",")]


def extensions() -> list[Extension]:
    """The extension modules, one C file each."""
    folder = "build/cython-debug" if DEBUG else "build/cython"
    found = []
    for names, package, place, suffix, directives in (
        (KERNELS, "tinytorch._ext", "_ext", ".pyx", DIRECTIVES),
        (CORE, "tinytorch", "tinytorch", ".py", PYTHON),
    ):
        modules = [
            Extension(
                f"{package}.{name}", [f"{place}/{name.replace('.', '/')}{suffix}"], include_dirs=[numpy.get_include()]
            )
            for name in wanted(list(names))
        ]
        if modules:
            found += cythonize(modules, compiler_directives=directives, build_dir=folder, nthreads=PROCESSES)
    return found


setup(packages=PACKAGES, package_dir=PACKAGE_DIR, ext_modules=extensions(), cmdclass={"build_ext": BuildKernels})
