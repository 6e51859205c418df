"""Optimizers: one algorithm per file, the update rule at its top. Schedulers will be in lr_scheduler.py."""

from tinytorch import missing
from tinytorch.optim.adam import Adam, AdamW
from tinytorch.optim.optimizer import Optimizer
from tinytorch.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
__getattr__ = missing.getattr_for(__name__)
