"""What the tests of view operations share: results, strides, memory, history and errors beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.differential import Outcome, lookup, same, strided, torch


def same_view(name: str, x: np.ndarray, *args: Any, second: bool = True, **kwargs: Any) -> None:
    """The call gives in both libraries the same elements, strides, place in memory, node and gradients; or the error.

    `name` is that of a function or "Tensor.<method>". Also for an x with its elements apart and in another order.
    """

    def look(lib: Any, x: Any, *rest: Any, **options: Any) -> Any:
        found = lookup(lib, name)(x, *rest, **options)
        parts = tuple(found) if isinstance(found, (tuple, list)) else (found,)
        return (*parts, type(found).__name__, *[facts(part, x) for part in parts])

    for given in (x, strided(x)):
        same(look, given, *args, strides=bool(given.size), second=second, node=True, **kwargs)


def facts(part: Any, x: Any) -> tuple:
    """Whose view it is, where it lies, which output of its node it is."""
    offset = part.storage_offset() if part.numel() else 0
    return (part._is_view(), part is x, part._base is x, offset, part.output_nr, part._version)


def same_error(name: str, *args: Any, **kwargs: Any) -> None:
    """The call fails in both libraries, with the same class and first line."""
    outcome = Outcome(lookup(torch, name), torch, args, {k: v for k, v in kwargs.items() if k != "message"}, grad=False)
    assert outcome.error is not None, "PyTorch's call does not fail"
    same(name, *args, grad=False, **kwargs)


def same_reshaping(name: str, x: np.ndarray, *args: Any) -> None:
    """x.<name>_() changes x itself: sides, strides, version, node, gradients as PyTorch's; views and leaves too."""

    def change(lib: Any, recorded: bool, of_view: bool) -> Any:
        def call(x: Any) -> Any:
            with lib.set_grad_enabled(recorded):
                base = x.clone()
                target = base[...] if of_view else base
                result = getattr(target, name)(*args)
                assert result is target
                node = target.grad_fn and target.grad_fn.name()
                return target, (target * 2).flatten(), node, target._version, target._is_view(), target.storage_offset()

        return call

    for recorded in (True, False):
        for of_view in (True, False):
            for given in (x, strided(x)):
                same(lambda lib, x, r=recorded, v=of_view: change(lib, r, v)(x), given, strides=bool(x.size))

    def on_leaf(lib: Any, x: Any) -> Any:
        return getattr(x, name)(*args)

    if torch.from_numpy(x).is_floating_point():
        same(on_leaf, x, unchanged=False)
