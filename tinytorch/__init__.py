"""tinytorch: PyTorch's tensors, autograd, nn and optim, small enough to read.

    import tinytorch as torch

Where to start reading: docs/design.md, then tensor.py, autograd/rule.py and ops/arithmetic.py.
"""

import importlib
import math

from tinytorch import compiled as compiled  # before everything that may be compiled

# isort: split
from tinytorch import autograd, dtypes, formats, functions, missing, ops, version
from tinytorch import config as __config__
from tinytorch.autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled
from tinytorch.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from tinytorch.config import show_config
from tinytorch.device import accelerator as _accelerator
from tinytorch.device import device
from tinytorch.dtypes import (
    can_cast,
    dtype,
    finfo,
    get_default_dtype,
    iinfo,
    promote_types,
    set_default_dtype,
)
from tinytorch.functions import legacy
from tinytorch.generator import Generator, default_generator
from tinytorch.kernels.threads import get_num_threads, set_num_threads
from tinytorch.public import NAMES
from tinytorch.storage import TypedStorage, UntypedStorage
from tinytorch.tensor import Size, Tensor

# Programs ask which PyTorch this is; what follows the plus is this package's own version.
__version__ = f"{version.pytorch}+tinytorch.{version.__version__}"

pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None

globals().update(dtypes.NAMES)  # float32, int64, ...
globals().update(formats.NAMES)  # strided, contiguous_format, ...
globals().update(legacy.NAMES)  # FloatTensor, LongTensor, ...
globals().update(NAMES)  # every function and in-place function that a module of ops/ or functions/ made public

# Imported when they are first asked for: so that `import tinytorch` is quick.
_MODULES = (
    *("accelerator", "backends", "cuda", "jit", "linalg", "nn", "optim"),
    *("random", "serialization", "special", "testing", "utils"),
)
_NAMES_IN = {
    "compile": "jit", "save": "serialization", "load": "serialization", "summary": "summary",
    "OutOfMemoryError": "errors",
}  # fmt: skip
_absent = missing.getattr_for(__name__)

# torch.cuda is imported with the first use of a GPU at the latest: its memory is counted from there.
_accelerator.on_first_use.append(lambda: importlib.import_module("tinytorch.cuda.memory").watch())


def __getattr__(name):
    if name in _NAMES_IN:
        value = getattr(importlib.import_module(f"tinytorch.{_NAMES_IN[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"tinytorch.{name}")
    else:
        return _absent(name)
    globals()[name] = value
    return value
