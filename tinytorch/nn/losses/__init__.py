"""Losses, by what is predicted: the functions of nn.functional and, below them in each file, their modules.

Functions check shapes and dtypes, then call a rule (ops/loss.py) or compose operations. `size_average` and `reduce`,
the arguments of PyTorch 0.3, still say which `reduction` is meant.
"""

from tinytorch.nn.losses.binary import BCELoss, BCEWithLogitsLoss, MultiLabelSoftMarginLoss, SoftMarginLoss
from tinytorch.nn.losses.classes import CrossEntropyLoss, KLDivLoss, MultiMarginLoss, NLLLoss
from tinytorch.nn.losses.ranking import CosineEmbeddingLoss, HingeEmbeddingLoss, MarginRankingLoss, TripletMarginLoss
from tinytorch.nn.losses.regression import GaussianNLLLoss, HuberLoss, L1Loss, MSELoss, PoissonNLLLoss, SmoothL1Loss
