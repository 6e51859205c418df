"""torch.nn.modules: PyTorch's names of the files of layers, for programs that import a layer by its file.

`torch.nn.modules.linear` is tinytorch/nn/linear.py, `torch.nn.modules.sparse` is tinytorch/nn/embedding.py, and so on:
the same modules under a second name.
"""

import sys

from tinytorch import missing, nn
from tinytorch.nn import (
    activation,
    containers,
    distances,
    dropout,
    embedding,
    flatten,
    linear,
    losses,
    module,
    normalization,
)

_FILES = {
    "activation": activation,
    "container": containers,
    "distance": distances,
    "dropout": dropout,
    "flatten": flatten,
    "linear": linear,
    "loss": losses,
    "module": module,
    "normalization": normalization,
    "sparse": embedding,
}
for _name, _file in _FILES.items():
    sys.modules[f"{__name__}.{_name}"] = _file  # where `import tinytorch.nn.modules.linear` looks first
globals().update(_FILES)

_LAYERS = {name: value for name, value in vars(nn).items() if isinstance(value, type) and issubclass(value, nn.Module)}
globals().update(_LAYERS)

__all__ = sorted(_LAYERS)
__getattr__ = missing.getattr_for(__name__)
