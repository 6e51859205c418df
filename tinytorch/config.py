"""What tinytorch runs on here: versions, kernels, BLAS, threads."""

from __future__ import annotations

import os
import platform

import numpy as np

from tinytorch import compiled, kernels
from tinytorch.kernels.threads import blas_threads, get_num_threads
from tinytorch.version import __version__

_VARIABLES = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TINYTORCH_PURE"]


def show_config() -> str:
    """Versions, what of core and kernels is compiled (and why not), BLAS and threads, as text to print.

    The place of `torch.__config__.show()`.

    >>> print(torch.show_config())  # doctest: +ELLIPSIS
    tinytorch ...
      - Python ...
      - NumPy ...
      - BLAS: ...
      - core: ...
      - kernels:
          arithmetic   ...
    """
    lines = [
        f"tinytorch {__version__} runs on:",
        f"  - Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"  - NumPy {np.__version__}",
        f"  - BLAS: {_blas()}, threads: {blas_threads() or 'it does not tell'}",
        f"  - core: {compiled.core}",
        "  - kernels:",
        *(f"      {family:<13}{choice}" for family, choice in kernels.picked.items()),
        f"  - torch.get_num_threads(): {get_num_threads()}",
        "  - environment: " + ", ".join(f"{name}={os.environ.get(name, '[not set]')}" for name in _VARIABLES),
    ]
    return "\n".join(lines) + "\n"


def print_config() -> None:
    """Print what show_config tells."""
    print(show_config(), end="")


def parallel_info() -> str:
    """The numbers of threads and what sets them, as text to print. The place of `torch.__config__.parallel_info()`.

    >>> print(torch.__config__.parallel_info())  # doctest: +ELLIPSIS
    torch.get_num_threads() : ...
    """
    lines = [
        f"torch.get_num_threads() : {get_num_threads()}",
        f"BLAS: {_blas()}",
        f"    threads : {blas_threads() or 'it does not tell'}",
        f"cores of this machine : {os.cpu_count()}",
        "Environment variables:",
        *(f"    {name} : {os.environ.get(name, '[not set]')}" for name in _VARIABLES),
    ]
    return "\n".join(lines) + "\n"


# torch.__config__.show
show = show_config


def _blas() -> str:
    """Name and version of the BLAS library that NumPy was built with."""
    built_with = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{built_with.get('name', 'unknown')} {built_with.get('version', '')}".strip()
