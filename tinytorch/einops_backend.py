"""Tensors for einops: `import tinytorch.einops_backend` once, then `einops.rearrange` and the others take them.

einops looks for the kind of a tensor among the subclasses of its backends. What its PyTorch backend does with a tensor
is right for ours, so all there is to say is which module and which tensors are meant. `python -m tinytorch` imports
this by itself. A third-party import, on purpose: this module is only of use with einops there.
"""

from einops._backends import TorchBackend

import tinytorch


class TinytorchBackend(TorchBackend):
    """einops' operations on `tinytorch.Tensor`."""

    framework_name = "tinytorch"

    def __init__(self) -> None:
        self.torch = tinytorch
