"""Define-by-run automatic differentiation: Function, the engine, grad modes, gradient checks."""

from tinytorch.autograd import functional, graph
from tinytorch.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from tinytorch.autograd.backward import backward, grad
from tinytorch.autograd.function import Function
from tinytorch.autograd.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from tinytorch.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from tinytorch.autograd.variable import Variable

__all__ = [
    "Function",
    "GradcheckError",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
