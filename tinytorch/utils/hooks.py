"""torch.utils.hooks: RemovableHandle, what every `register_..._hook` returns (autograd/hooks.py has it)."""

from tinytorch.autograd.hooks import RemovableHandle as RemovableHandle
