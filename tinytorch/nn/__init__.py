"""torch.nn: modules, in files by family. Convolution, pooling and recurrent layers will follow."""

from tinytorch import missing
from tinytorch.nn import functional, init, utils
from tinytorch.nn.activation import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    RReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softmax2d,
    Softmin,
    Softplus,
    Softshrink,
    Softsign,
    Tanh,
    Tanhshrink,
    Threshold,
)
from tinytorch.nn.attention import MultiheadAttention
from tinytorch.nn.containers import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from tinytorch.nn.distances import CosineSimilarity, PairwiseDistance
from tinytorch.nn.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from tinytorch.nn.embedding import Embedding
from tinytorch.nn.embedding_bag import EmbeddingBag
from tinytorch.nn.flatten import Flatten, Unflatten
from tinytorch.nn.linear import Bilinear, Identity, Linear
from tinytorch.nn.losses.regression import GaussianNLLLoss, HuberLoss, L1Loss, MSELoss, PoissonNLLLoss, SmoothL1Loss
from tinytorch.nn.losses.binary import BCELoss, BCEWithLogitsLoss, MultiLabelSoftMarginLoss, SoftMarginLoss
from tinytorch.nn.losses.classes import CrossEntropyLoss, KLDivLoss, MultiMarginLoss, NLLLoss
from tinytorch.nn.losses.ranking import CosineEmbeddingLoss, HingeEmbeddingLoss, MarginRankingLoss, TripletMarginLoss
from tinytorch.nn.module import Module
from tinytorch.nn.normalization import LayerNorm, RMSNorm
from tinytorch.nn.parameter import Buffer, Parameter

from tinytorch.nn import modules

__all__ = [name for name in dir() if not name.startswith("_") and name != "missing"]
__getattr__ = missing.getattr_for(__name__)
