#!/usr/bin/env python3
"""Compiles the CUDA kernels of tinytorch with NVIDIA's run-time compiler, as CuPy would; a GPU is not needed.

Two steps, since the tests need the project's environment and the compiler one of its own:

    python .ci/nvrtc.py collect kernels.json        runs tests on CuPy's double, writes down the kernels they launch
    OTHER/bin/python .ci/nvrtc.py compile kernels.json

The other environment, on Linux: pip install cupy-cuda12x==14.2.0 ml_dtypes 'cuda-toolkit[nvrtc,cudart,cccl]==12.*'

The source that CuPy makes of a kernel, its headers and options come from CuPy itself, by functions that it does not
document: another version of CuPy may need another version of this script. Where a kernel was seen with a dtype, it is
also compiled with the others of its family: floating, whole or complex numbers. It is compiled for arrays that lie
number by number and for others of several dimensions, and for each architecture of GPUs (--arch, 70 and 90 by default).

Further arguments of collect go to pytest, in place of tests/kernels_gpu, tests/cuda and tests/gpu; a file that exists
is added to. Exit code 1: a kernel was refused, or the compiler warned.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TESTS = ["tests/kernels_gpu", "tests/cuda", "tests/gpu"]
FAMILIES = (
    ("float16", "bfloat16", "float32", "float64"),
    ("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64"),
    ("complex64", "complex128"),
)
IN_CUDA = {
    "float16": "__half", "bfloat16": "__nv_bfloat16", "float32": "float", "float64": "double",
    "int64": "long long", "int32": "int", "int16": "short", "int8": "signed char",
    "uint64": "unsigned long long", "uint32": "unsigned int", "uint16": "unsigned short", "uint8": "unsigned char",
}  # fmt: skip
NARROW = ("int16", "int8", "uint8", "uint16")  # atomicAdd does not know them: tinytorch adds them up in int32
HEADERS = {"float16": "#include <cuda_fp16.h>\n", "bfloat16": "#include <cuda_bf16.h>\n"}

# A kernel as it is written down: what makes it, "types" (what each letter stands for) and for each parameter the
# number of dimensions of its array, None for a number.
Kernel = dict[str, Any]

# ---- collect ---------------------------------------------------------------------------------------------------------


class Recorder:
    """A plugin of pytest: writes down what the double's kernels are made of when they are called."""

    def __init__(self) -> None:
        self.kernels: dict[str, Kernel] = {}

    def pytest_collection_finish(self) -> None:
        """All modules are imported, the double among them."""
        from cupy import _kernels, _raw

        outputs, compiled = _kernels.Kernel.outputs, _raw.RawKernel._compiled

        def recorded_outputs(kernel: Any, args: list, found: dict, shape: tuple, sized: bool) -> list:
            outs = outputs(kernel, args, found, shape, sized)
            self.add(self.declared(kernel, [*args[: kernel.nin], *outs], found, len(shape)))
            return outs

        def recorded_source(kernel: Any) -> Any:
            self.add({"kind": "raw", "name": kernel.name, "code": kernel.code, "options": list(kernel.options)})
            return compiled(kernel)

        _kernels.Kernel.outputs, _raw.RawKernel._compiled = recorded_outputs, recorded_source

    def declared(self, kernel: Any, arrays: list, found: dict, ndim: int) -> Kernel:
        """What is needed of an ElementwiseKernel or a ReductionKernel, called with these arrays and numbers."""

        def text(params: list) -> str:
            return ", ".join(f"{'raw ' * p.raw}{p.letter or p.dtype.name} {p.name}" for p in params)

        written = {
            "name": kernel.name,
            "inputs": text(kernel.in_params),
            "outputs": text(kernel.out_params),
            "preamble": kernel.preamble,
            "options": list(kernel.options),
            "types": {letter: dtype.name for letter, dtype in sorted(found.items())},
            "ndims": [getattr(a, "ndim", None) for a in arrays],
            "ndim": ndim,
        }
        if hasattr(kernel, "operation"):
            return written | {
                "kind": "elementwise", "operation": kernel.operation,
                "loop_prep": kernel._loop_prep, "after_loop": kernel._after_loop,
            }  # fmt: skip
        return written | {
            "kind": "reduction", "identity": kernel.identity, "reduce_type": kernel.reduce_type,
            "expressions": [kernel.map_expr, kernel.reduce_expr, kernel.post_map_expr],
        }  # fmt: skip

    def add(self, kernel: Kernel) -> None:
        """Once for each set of types; of those that differ in dimensions only the last."""
        self.kernels[key_of(kernel)] = kernel


def key_of(kernel: Kernel) -> str:
    """What tells kernels apart: all but the numbers of dimensions."""
    kinds = [n is None for n in kernel.get("ndims", ())]
    return json.dumps({k: v for k, v in kernel.items() if k not in ("ndim", "ndims")} | {"numbers": kinds})


def collect(file: Path, tests: list[str]) -> int:
    """Run tests on the double and write their kernels into a file."""
    os.environ["TINYTORCH_TEST_DEVICE"] = "cuda"
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    import pytest

    recorder = Recorder()
    if file.exists():
        recorder.kernels = {key_of(kernel): kernel for kernel in json.loads(file.read_text())}
    code = pytest.main(["-q", "-p", "no:cacheprovider", *(tests or TESTS)], plugins=[recorder])
    file.write_text(json.dumps(list(recorder.kernels.values()), indent=1))
    print(f"{len(recorder.kernels)} kernels")
    return int(code)


# ---- compile ---------------------------------------------------------------------------------------------------------


def alike(kernel: Kernel) -> Iterator[Kernel]:
    """The kernel, and the same with each other dtype of a family in the place of one."""
    yield kernel
    for seen, other in itertools.chain.from_iterable(itertools.permutations(family, 2) for family in FAMILIES):
        if kernel["kind"] != "raw":
            types = {letter: other if name == seen else name for letter, name in kernel["types"].items()}
            if not ("atomicAdd" in kernel["preamble"] and types.get("T") in NARROW):
                yield kernel | {"types": types}
        elif seen in IN_CUDA and f"typedef {IN_CUDA[seen]} T;" in kernel["code"]:
            code = kernel["code"].replace(f"typedef {IN_CUDA[seen]} T;", f"typedef {IN_CUDA[other]} T;", 1)
            narrow, wide = ("float", "double") if other == "float64" else ("double", "float")
            code = code.replace(f"typedef {narrow} W;", f"typedef {wide} W;", 1)
            yield kernel | {"code": HEADERS.get(other, "") + code}


def source(kernel: Kernel, strided: bool) -> str:
    """The source that CuPy compiles for a kernel."""
    if kernel["kind"] == "raw":
        return kernel["code"]
    import cupy
    import numpy as np
    from cupy._core import _kernel, _reduction

    ARRAY, INDEXER, NUMBER = 1, 2, 3
    types = {letter: np.dtype(name) for letter, name in kernel["types"].items()}
    reduces = kernel["kind"] == "reduction"
    made = (
        cupy.ReductionKernel(kernel["inputs"], kernel["outputs"], *kernel["expressions"], kernel["identity"])
        if reduces
        else cupy.ElementwiseKernel(kernel["inputs"], kernel["outputs"], "")
    )
    given = [*made.in_params, *made.out_params]

    def array(dtype: Any, ndim: int) -> Any:
        return _kernel._ArgInfo(ARRAY, cupy.ndarray, dtype, ndim, not strided or not ndim, not strided)

    def indexer(ndim: int) -> Any:
        return _kernel._ArgInfo(INDEXER, cupy._core._carray.Indexer, None, ndim, True, not strided)

    walked = max(2, kernel["ndim"]) if strided else 1
    infos = []
    for p, ndim in zip(given, kernel["ndims"], strict=True):
        dtype = np.dtype(types[p.ctype]) if p.dtype is None else np.dtype(p.dtype)
        if ndim is None:
            infos.append(_kernel._ArgInfo(NUMBER, cupy._core._scalar.CScalar, dtype, 0, True, True))
        else:
            infos.append(array(dtype, ndim if p.raw else walked))
    pairs = tuple(sorted(types.items()))
    if not reduces:
        params = (*given, *_kernel._get_param_info("CIndexer _ind", False))
        return _kernel._get_elementwise_kernel_code(
            (*infos, indexer(walked)), _kernel._TypeMap(pairs), params, kernel["operation"], kernel["name"],
            kernel["preamble"], kernel["loop_prep"], kernel["after_loop"],
        )  # fmt: skip
    index = np.dtype(np.int64 if strided else np.int32)
    params = (
        *given,
        *_kernel._get_param_info("CIndexer _in_ind, CIndexer _out_ind", False),
        *_kernel._get_param_info("int32 _block_stride", True),
    )
    stride = _kernel._ArgInfo(NUMBER, cupy._core._scalar.CScalar, np.dtype(np.int32), 0, True, True)
    mapped, joined, finished = kernel["expressions"]
    return _reduction._ReductionKernel_get_cached_function_code(
        made.nin, made.nout, params, (*infos, indexer(walked), indexer(walked), stride),
        _kernel._TypeMap((*pairs, ("IndexT", index))), kernel["name"], 512,
        kernel["reduce_type"] or made.reduce_type, kernel["identity"], mapped, joined, finished, kernel["preamble"],
        tuple(kernel["options"]),
    )  # fmt: skip


def complaints(kernel: Kernel, code: str, arch: str) -> str:
    """What the compiler says about a kernel: nothing where all is well."""
    from cupy._core import core
    from cupy.cuda import compiler

    log = io.StringIO()
    raw = kernel["kind"] == "raw"
    whole = code if raw else "".join(f"#include <{name}>\n" for name in core._cupy_header_list) + code
    options = (*core.assemble_cupy_compiler_options(tuple(kernel["options"])), "-ftz=true")
    try:
        compiler.compile_using_nvrtc(whole, options, arch, f"{kernel['name']}.cu", log_stream=log)
    except compiler.CompileException as refused:
        return str(refused)
    lines = log.getvalue().strip("\0\n ").splitlines()
    return "\n".join(line for line in lines if "Architectures prior to" not in line)


def compile_all(file: Path, archs: list[str], part: str) -> int:
    """Compile all kernels of a file that have this part in their names; 1 if the compiler complained about any."""
    import cupy
    from cupy.cuda import compiler, nvrtc

    # As CuPy does it for a GPU that the compiler knows; CuPy would ask which one there is.
    compiler._get_arch_for_options_for_nvrtc = lambda arch: (f"-arch=sm_{arch}", "cubin")
    kernels = [k for k in json.loads(file.read_text()) if part in k["name"]]
    sources: dict[str, tuple[Kernel, bool]] = {}
    for kernel, strided in itertools.product(itertools.chain.from_iterable(map(alike, kernels)), (False, True)):
        sources.setdefault(source(kernel, strided), (kernel, strided))
    refused = 0
    for (code, (kernel, strided)), arch in itertools.product(sources.items(), archs):
        if said := complaints(kernel, code, arch):
            refused += 1
            types = kernel.get("types") or [line for line in code.splitlines() if line.startswith("typedef")]
            print(f"---- {kernel['name']} {types} sm_{arch}{' strided' * strided}\n{said}", flush=True)
    versions = f"CuPy {cupy.__version__}, NVRTC {'.'.join(map(str, nvrtc.getVersion()))}, sm_{', sm_'.join(archs)}"
    names = len({k["name"] for k in kernels})
    print(f"{versions}: {names} kernels, {len(sources)} sources, {refused} complaints")
    return 1 if refused else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    first = steps.add_parser("collect")
    first.add_argument("file", type=Path)
    first.add_argument("tests", nargs=argparse.REMAINDER)
    second = steps.add_parser("compile")
    second.add_argument("file", type=Path)
    second.add_argument("--arch", nargs="+", default=["70", "90"])
    second.add_argument("--name", default="", help="only kernels with this in their names")
    options = parser.parse_args()
    file = options.file.absolute()
    if options.step == "collect":
        return collect(file, options.tests)
    return compile_all(file, options.arch, options.name)


if __name__ == "__main__":
    sys.exit(main())
