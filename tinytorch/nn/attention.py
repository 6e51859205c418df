"""Attention layers: the place where they will go. So far there is the class that libraries ask for by name."""

from __future__ import annotations

from typing import Any

from tinytorch.nn.module import Module


class MultiheadAttention(Module):
    """Attention with several heads: not part of this version. Libraries may ask whether a module is one: none is.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.MultiheadAttention.html
    """

    def __init__(self, *args: Any, **kwargs: Any):
        raise NotImplementedError("tinytorch does not have torch.nn.MultiheadAttention yet")
