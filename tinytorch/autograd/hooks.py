"""RemovableHandle: what every `register_..._hook` returns."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from typing import Any


class RemovableHandle:
    """Takes a hook out of the dictionary it was put into, by `remove()` or at the end of a `with` block."""

    _ids = itertools.count()

    def __init__(self, hooks: OrderedDict, hook: Any = None, *, extra_dict: Any = None, first: bool = False):
        self.id = next(self._ids)
        self._hooks = _weak(hooks)
        extras = extra_dict if isinstance(extra_dict, list) else [] if extra_dict is None else [extra_dict]
        self._extras = [_weak(extra) for extra in extras]
        if hook is not None:
            hooks[self.id] = hook
            if first:
                hooks.move_to_end(self.id, last=False)

    def remove(self) -> None:
        """Remove the hook; a second time does nothing."""
        for reference in (self._hooks, *self._extras):
            hooks = reference()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()


def _weak(hooks: Any) -> Any:
    """A weak reference where the dictionary allows one (OrderedDict does): a handle keeps no module alive."""
    return weakref.ref(hooks) if isinstance(hooks, OrderedDict) else lambda: hooks
