"""tinytorch: PyTorch's tensors, autograd, nn and optim, small enough to read."""

import importlib
import importlib.util
import pkgutil

from tinytorch import autograd as autograd
from tinytorch import functions, ops
from tinytorch.autograd import enable_grad as enable_grad
from tinytorch.autograd import inference_mode as inference_mode
from tinytorch.autograd import no_grad as no_grad
from tinytorch.autograd import set_grad_enabled as set_grad_enabled
from tinytorch.autograd.anomaly_mode import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from tinytorch.autograd.anomaly_mode import is_anomaly_enabled as is_anomaly_enabled
from tinytorch.autograd.grad_mode import is_grad_enabled as is_grad_enabled
from tinytorch.autograd.grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from tinytorch import config as __config__
from tinytorch.config import show_config as show_config
from tinytorch.kernels.threads import get_num_threads as get_num_threads
from tinytorch.kernels.threads import set_num_threads as set_num_threads
from tinytorch.device import device as device
from tinytorch import dtypes as _dtypes
from tinytorch.dtypes import dtype as dtype
from tinytorch.dtypes import set_default_dtype as set_default_dtype
from tinytorch.dtypes import get_default_dtype as get_default_dtype
from tinytorch.dtypes import can_cast as can_cast
from tinytorch.dtypes import promote_types as promote_types
from tinytorch.dtypes import iinfo as iinfo
from tinytorch.dtypes import finfo as finfo
from tinytorch.public import NAMES
from tinytorch.tensor import Size as Size
from tinytorch.tensor import Tensor as Tensor
from tinytorch.version import __version__ as __version__

for package in (ops, functions):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
try:
    from tinytorch import creation
except ImportError:
    pass
globals().update(NAMES)
from tinytorch import formats, storage
from tinytorch.functions import legacy

globals().update(formats.NAMES)
globals().update(legacy.NAMES)
UntypedStorage, TypedStorage = storage.UntypedStorage, storage.TypedStorage
globals().update(_dtypes.NAMES)

from tinytorch import missing

_LATER = ("nn", "optim", "utils", "serialization", "summary", "random", "special", "linalg", "cuda", "testing", "jit", "backends")
_IN = {"save": "serialization", "load": "serialization", "Generator": "generator", "default_generator": "generator"}
_absent = missing.getattr_for(__name__)


def __getattr__(name):
    """Modules that are not needed at once are imported when they are first asked for: importing tinytorch is quick."""
    if name in _IN:
        value = getattr(importlib.import_module(f"tinytorch.{_IN[name]}"), name)
    elif name in _LATER and importlib.util.find_spec(f"tinytorch.{name}"):
        value = importlib.import_module(f"tinytorch.{name}")
    else:
        return _absent(name)
    globals()[name] = value
    return value
