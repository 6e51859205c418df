"""Formulas in CUDA, evaluated for each number of arrays that broadcast: one launch, each number read once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tinytorch.device import library
from tinytorch.kernels.gpu.cuda import CONSTANTS

# W is what numbers of type T are computed with: float for those of 16 bits, T itself for the others.
_WIDE = "typedef decltype(T() * T(1)) W;\n"


def formula(name: str, inputs: str, outputs: str, body: str, helpers: str = "") -> Callable[..., Any]:
    """A function of arrays and numbers that runs `body` for each number of them, compiled when it is first called.

    `inputs` and `outputs` declare parameters as C does ("T x, T slope"): a capital letter is the dtype of the array
    that is given for it, the first time it is met; T must be among them. `helpers` are functions that the body calls.
    """

    @functools.cache
    def kernel() -> Any:
        return library().ElementwiseKernel(
            inputs, outputs, body, f"tinytorch_{name}", preamble=_WIDE + CONSTANTS + helpers
        )

    def call(*args: Any) -> Any:
        return kernel()(*args)

    return call
