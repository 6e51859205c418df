"""Window functions of signal processing: hann, hamming, blackman, bartlett, kaiser.

A window of N numbers is a function of n = 0, ..., N - 1. It is symmetric, or, if `periodic`, the beginning of a
symmetric one that is longer by 1. Below, D is its length less 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tinytorch import arguments
from tinytorch.creation import factory
from tinytorch.dtypes import FLOAT, get_default_dtype
from tinytorch.dtypes import dtype as Dtype


def _window(
    name: str, window_length: int, periodic: bool, dtype: Dtype | None, formula: Callable[[np.ndarray, int], np.ndarray]
) -> np.ndarray:
    """formula(n, D), computed in the dtype of the result (in float32 for half-precision numbers)."""
    kind = dtype or get_default_dtype()
    length = arguments.as_whole(name, "window_length", 1, window_length)
    if kind.category < FLOAT:
        raise RuntimeError(
            f"{name} expects floating point dtypes, got: TensorOptions(dtype={kind.c_name}, device=cpu, layout=Strided "
            "(default), requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))"
        )
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    if length < 2:
        return np.ones(length, kind.numpy)
    if kind.category != FLOAT:
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{kind.legacy}'")
    n = np.arange(length, dtype=np.float32 if kind.itemsize < 4 else kind.numpy)
    return formula(n, length if periodic else length - 1).astype(kind.numpy)


def _cosine(n: np.ndarray, length: int, times: int = 2) -> np.ndarray:
    """cos(times pi n / length)"""
    return np.cos(n * n.dtype.type(times * math.pi / length))


@factory
def hann_window(window_length: int, periodic: bool = True, *, dtype: Dtype | None = None) -> np.ndarray:
    """w(n) = (1 - cos(2 pi n / D)) / 2

    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("hann_window", window_length, periodic, dtype, lambda n, D: 0.5 - 0.5 * _cosine(n, D))


@factory
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: Dtype | None = None
) -> np.ndarray:
    """w(n) = alpha - beta cos(2 pi n / D)

    >>> torch.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window("hamming_window", window_length, periodic, dtype, lambda n, D: alpha - beta * _cosine(n, D))


@factory
def blackman_window(window_length: int, periodic: bool = True, *, dtype: Dtype | None = None) -> np.ndarray:
    """w(n) = 0.42 - 0.5 cos(2 pi n / D) + 0.08 cos(4 pi n / D)

    >>> torch.blackman_window(4)
    tensor([-2.9802e-08,  3.4000e-01,  1.0000e+00,  3.4000e-01])
    """
    return _window(
        "blackman_window",
        window_length,
        periodic,
        dtype,
        lambda n, D: 0.08 * _cosine(n, D, 4) - 0.5 * _cosine(n, D) + n.dtype.type(0.42),
    )


@factory
def bartlett_window(window_length: int, periodic: bool = True, *, dtype: Dtype | None = None) -> np.ndarray:
    """w(n) = 1 - |2 n / D - 1|

    >>> torch.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("bartlett_window", window_length, periodic, dtype, lambda n, D: 1 - abs(n * (2 / D) - 1))


@factory
def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Dtype | None = None
) -> np.ndarray:
    """w(n) = I0(beta sqrt(1 - (2 n / D - 1)^2)) / I0(beta), I0 being the modified Bessel function of order 0.

    >>> torch.kaiser_window(3, periodic=False, beta=1.)
    tensor([0.7898, 1.0000, 0.7898])
    """
    return _window(
        "kaiser_window",
        window_length,
        periodic,
        dtype,
        lambda n, D: np.i0(beta * np.sqrt(np.maximum(1 - (n * (2 / D) - 1) ** 2, 0))) / np.i0(beta),
    )
