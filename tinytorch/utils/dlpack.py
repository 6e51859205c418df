"""torch.utils.dlpack: memory exchanged with other libraries."""

from tinytorch.functions.interop import from_dlpack as from_dlpack
from tinytorch.functions.interop import to_dlpack as to_dlpack
