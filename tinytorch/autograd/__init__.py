"""Define-by-run automatic differentiation: Function, the engine, grad modes, gradient checks."""

from tinytorch.autograd.anomaly import detect_anomaly, set_detect_anomaly
from tinytorch.autograd.backward import backward, grad
from tinytorch.autograd.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = [
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
