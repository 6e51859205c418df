"""tinytorch: PyTorch's tensors, autograd, nn and optim, small enough to read."""

from tinytorch import autograd as autograd
from tinytorch.autograd import enable_grad as enable_grad
from tinytorch.autograd import no_grad as no_grad
from tinytorch.ops import arithmetic, exponential, matmul, memory, reduction, shape
from tinytorch.tensor import Tensor as Tensor
from tinytorch.tensor import wrap as wrap
