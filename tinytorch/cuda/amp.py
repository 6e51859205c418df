"""torch.cuda.amp, mixed precision: switched off it changes nothing, so programs with a switch run; else an error."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any


def _refuse(name: str, enabled: bool) -> None:
    if enabled:
        raise NotImplementedError(
            f"tinytorch does not have torch.cuda.amp.{name}\n\n"
            f"Switch it off, {name}(enabled=False), or compute in one precision: model.half(), x.half()."
        )


class autocast(nullcontext):
    """`with autocast(enabled=False):` computes as always."""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True):
        _refuse("autocast", enabled)
        super().__init__()


class GradScaler:
    """GradScaler(enabled=False): losses and gradients stay as they are."""

    def __init__(self, *args: Any, enabled: bool = True, **options: Any):
        _refuse("GradScaler", enabled)

    def is_enabled(self) -> bool:
        """False."""
        return False

    def scale(self, outputs: Any) -> Any:
        """`outputs` as they are."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing to do."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """optimizer.step()"""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Nothing to do."""

    def state_dict(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing to take over."""
