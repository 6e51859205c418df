"""torch.utils: loading data, and the handles of hooks."""

from tinytorch import missing
from tinytorch.utils import data as data
from tinytorch.utils import dlpack as dlpack
from tinytorch.utils import hooks as hooks

__getattr__ = missing.getattr_for(__name__)
