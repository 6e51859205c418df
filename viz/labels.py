"""What operations are called: plain names instead of those of backward nodes."""

from __future__ import annotations

import re
from typing import Any

PLAIN = {
    "Mm": "MatMul",
    "Bmm": "MatMul",
    "Mv": "MatMul",
    "Relu": "ReLU",
    "LeakyRelu": "LeakyReLU",
    "PreluKernel": "PReLU",
    "Elu": "ELU",
    "Celu": "CELU",
    "Gelu": "GELU",
    "GeluTanh": "GELU",
    "Silu": "SiLU",
    "Glu": "GLU",
    "T": "Transpose",
    "SumDim": "Sum",
    "MeanDim": "Mean",
    "NormDim": "VectorNorm",
    "AddScaled": "Add",
    "SubScaled": "Sub",
    "Rsub": "Sub",
    "RsubTensor": "Sub",
    "DivNumber": "Div",
    "PowTensor": "Pow",
    "PowOfNumber": "Pow",
    "MseLoss": "MSELoss",
    "NllLoss": "NLLLoss",
    "NllLoss2d": "NLLLoss",
    "BinaryCrossEntropy": "BCELoss",
    "BinaryCrossEntropyWithLogits": "BCEWithLogitsLoss",
    "UnsafeView": "View",
    "ReshapeAlias": "View",
    "MaxAll": "Max",
    "MinAll": "Min",
}
NUMBERED = re.compile(r"Backward\d*$|Backwards$")


def label_of(node: Any) -> str:
    """The plain name of a node's operation: "MatMul" of MmBackward0, "MyReLU" of MyReLUBackward."""
    rule = getattr(node, "rule", None)
    return label_of_rule(rule) if rule is not None else NUMBERED.sub("", node.name().rpartition(":")[2])


def label_of_rule(rule: type) -> str:
    """The plain name of a rule."""
    return PLAIN.get(rule.__name__, rule.__name__.strip("_"))
