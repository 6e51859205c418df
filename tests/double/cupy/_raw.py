"""RawKernel and RawModule: CUDA C++ as it stands, around which include/grid.hpp puts threads on the host."""

import ctypes
import re

import numpy as np

from cupy import _double as double
from cupy._array import SCALARS, ndarray
from cupy._compile import CompileException, library
from cupy._memory import MemoryPointer

HEADERS = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"](?:cuda|cupy|math_constants|cub/|thrust/|stdint)[^\n]*$', re.M)
DYNAMIC = re.compile(r"extern\s+__shared__\s+(?:__align__\s*\(\s*\d+\s*\)\s*)?([\w\s:<>]+?)\s*\b(\w+)\s*\[\s*\]\s*;")
TOGETHER = re.compile(r"__sync|_sync\s*\(|__shared__")
LIMITS = (1024, 1024, 64)


NEEDS = {  # what a raw source has only from the headers of CuPy and of CUDA, which are left out of it here
    r"\bcomplex\s*<": "cupy/complex.cuh",
    r"\bb?float16\b": "cupy/",
    r"\bCArray\b": "cupy/",
    r"\b__half\b": "cuda_fp16",
    r"\b__nv_bfloat16\b": "cuda_bf16",
}


def prepared(code):
    """CUDA's source without what only nvcc knows: its headers, and shared memory of a size given at the launch."""
    included = " ".join(HEADERS.findall(code))
    for pattern, header in NEEDS.items():
        if (found := re.search(pattern, code)) and header not in included:
            raise CompileException(f'identifier "{found[0]}" is undefined: {header}... is not included', code)
    return DYNAMIC.sub(r"\1* \2 = (\1*)_dynamic_shared;", HEADERS.sub("", code))


class RawKernel:
    """One __global__ function."""

    def __init__(
        self, code, name, options=(), backend="nvrtc", *, translate_cucomplex=False, enable_cooperative_groups=False,
        jitify=False,
    ):  # fmt: skip
        if enable_cooperative_groups:
            raise NotImplementedError("the double has no cooperative groups")
        self.code, self.name, self.options, self.backend = code, name, tuple(options), backend
        self.max_threads_per_block, self.max_dynamic_shared_size_bytes = 1024, 49152
        self._together = bool(TOGETHER.search(code))

    def compile(self, log_stream=None):
        self._compiled()

    def _compiled(self):
        source = f"""{prepared(self.code)}
extern "C" int _double_run(void** values, const unsigned* grid, const unsigned* block, int together) {{
    return _run_kernel({self.name}, values, grid, block, together);
}}
extern "C" const char* _double_kinds() {{ return _kinds_of({self.name}); }}
"""
        made = library(source, self.options)
        made._double_kinds.restype = ctypes.c_char_p
        return made, made._double_kinds().decode()

    @property
    def kernel(self):
        return self._compiled()[0]

    def __call__(self, grid, block, args, *, shared_mem=0, stream=None):
        compiled, kinds = self._compiled()
        if len(args) != len(kinds):
            raise TypeError(f"{self.name} has {len(kinds)} parameters, and {len(args)} arguments were given")
        args = [ByValue(a) if isinstance(a, np.ndarray) else a for a in args]
        for a, kind in zip(args, kinds, strict=True):
            check(a, kind, self.name)
        grid, block = (tuple(int(n) for n in x) + (1,) * (3 - len(x)) for x in (grid, block))
        too_many = np.prod(block) > self.max_threads_per_block or any(n > m for n, m in zip(block, LIMITS, strict=True))
        if too_many or min(*grid, *block) < 1 or shared_mem > self.max_dynamic_shared_size_bytes:
            from cupy.cuda.runtime import CUDARuntimeError

            raise CUDARuntimeError(1)

        def raw(*operands):
            values = [in_memory(a) for a in operands]
            addresses = (ctypes.c_void_p * max(1, len(values)))(*(v.ctypes.data for v in values))
            dims = [(ctypes.c_uint * 3)(*x) for x in (grid, block)]
            if compiled._double_run(addresses, *dims, int(self._together)):
                raise RuntimeError(
                    f"{self.name}: the threads of a block wait for each other for ever (a barrier that not all reach)"
                )

        double.launch(raw, *args)


class ByValue:
    """NumPy's array as an argument: CuPy hands its bytes over, for a parameter that is a struct."""

    def __init__(self, array):
        self.bytes = np.ascontiguousarray(array).copy()


def check(a, kind, name):
    """Refuse what CUDA would take for something else: it copies the bytes, whatever they mean."""
    if isinstance(a, ByValue):
        if kind != "o" or a.bytes.nbytes > 4096:
            raise TypeError(f"{name}: NumPy's arrays are passed by value, as structs of up to 4096 bytes")
        return
    if not isinstance(a, (ndarray, MemoryPointer, *SCALARS)):
        raise TypeError(f"Unsupported type {type(a)}")
    if isinstance(a, (ndarray, MemoryPointer)):
        wrong = kind != "p"
    else:
        size = np.asarray(a).dtype
        wrong = kind == "p" or (kind == "f" and size != np.float32) or (kind == "d" and size != np.float64)
        wrong = wrong or (kind == "i" and size.kind not in "iub")
    if wrong:
        raise TypeError(
            f"{name}: {a if isinstance(a, SCALARS) else type(a).__name__} of {type(a)} does not have the type of the "
            "kernel's parameter: CUDA would misread its bytes (a Python float is a double; numpy.float32(x) is a float)"
        )


def in_memory(a):
    """An argument as NumPy's array of the bytes that CUDA would copy."""
    if isinstance(a, np.ndarray):
        return np.array(a.ctypes.data, np.uintp)
    if isinstance(a, ByValue):
        return a.bytes
    return np.array(a.ptr, np.uintp) if isinstance(a, MemoryPointer) else np.array(a)


class RawModule:
    """A source with several kernels."""

    def __init__(
        self, *, code=None, path=None, options=(), backend="nvrtc", translate_cucomplex=False,
        enable_cooperative_groups=False, name_expressions=None, jitify=False,
    ):  # fmt: skip
        if (code is None) == (path is None):
            raise TypeError("Exactly one of `code` and `path` keyword arguments must be given.")
        if path is not None:
            raise NotImplementedError("the double compiles sources only")
        self.code, self.options, self.backend = code, tuple(options), backend
        self.name_expressions = name_expressions
        self.enable_cooperative_groups = enable_cooperative_groups

    def compile(self, log_stream=None):
        library(prepared(self.code), self.options)

    def get_function(self, name):
        return RawKernel(
            self.code, name, self.options, self.backend, enable_cooperative_groups=self.enable_cooperative_groups
        )
