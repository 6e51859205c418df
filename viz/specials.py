"""Short formulas, for the case at hand, of operations whose docstrings say more than one wants to read on a drawing.

They are texts of the same kind as those docstrings, and depend on what the operation was called with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def text_for(rule: type, given: Mapping[str, str], outputs: tuple) -> str | None:
    """The formula of one application of a rule. `given`: names and constants by parameter; None where there is none."""
    for kind in rule.__mro__:
        known = SPECIALS.get(kind.__name__.strip("_"))
        if known is not None:
            return known if isinstance(known, str) else known(given, outputs)
    return None


def _clamp(given: Mapping[str, str], outputs: tuple) -> str:
    low, high = given.get("min", "None"), given.get("max", "None")
    if high == "None":
        return "y = max(x, min),    dy/dx = 1 where x >= min, else 0"
    if low == "None":
        return "y = min(x, max),    dy/dx = 1 where x <= max, else 0"
    return "y = x kept between min and max,    dy/dx = 1 where min <= x <= max, else 0"


def _pow(given: Mapping[str, str], outputs: tuple) -> str | None:
    try:
        exponent = float(given.get("exponent", ""))
    except ValueError:
        return None
    if exponent == 2:
        return "y = x^2,    dy/dx = 2 x"
    lower = f"{exponent - 1:.4g}" if exponent >= 1 else f"({exponent - 1:.4g})"
    shown = "exponent" if exponent >= 0 else "(exponent)"
    return f"y = x^{shown},    dy/dx = exponent x^{lower}"


def _loss(element: str, derivative: str, of_target: str) -> Callable:
    """A loss of elements that may be reduced to their sum or mean; w is what weighs them."""

    def text(given: Mapping[str, str], outputs: tuple) -> str | None:
        if given.get("weight", "None") != "None" or given.get("pos_weight", "None") != "None":
            return None
        how = given.get("reduction", "").strip("'")
        if how == "mean":
            return f"l = mean of {element},    dl/dx = {derivative} / n,    dl/dtarget = {of_target} / n"
        start = "sum of " if how == "sum" else ""
        return f"l = {start}{element},    dl/dx = {derivative},    dl/dtarget = {of_target}"

    return text


def _nll(given: Mapping[str, str], outputs: tuple) -> str | None:
    if given.get("weight", "None") != "None":
        return None
    how = given.get("reduction", "").strip("'")
    start, share = {"mean": ("mean of ", " / m"), "sum": ("sum of ", "")}.get(how, ("", ""))
    return f"l = {start}-x[i, target[i]],    dx = -dl{share} in the places [i, target[i]], 0 elsewhere"


def _put(given: Mapping[str, str], outputs: tuple) -> str:
    if given.get("accumulate") == "True":
        return "y = x, but y[key] += value,    dx = dy,    dvalue = dy at [key]"
    return "y = x, but y[key] = value,    dx = dy, 0 at [key],    dvalue = dy at [key]"


def _sub_scaled(given: Mapping[str, str], outputs: tuple, x: str = "x", y: str = "y") -> str:
    factor = given.get("alpha", "")  # which the rule is given with the other sign
    factor = factor[1:] if factor.startswith("-") else f"(-{factor})"
    return f"z = {x} - {factor} {y},    dz/d{x} = 1,    dz/d{y} = -{factor}"


def _joined(name: str, part: str) -> Callable:
    def text(given: Mapping[str, str], outputs: tuple) -> str:
        inputs = [each for each in given if each.startswith("x") and each[1:].isdigit()]
        clauses = [f"d{each} = {part} {each}" for each in inputs]
        return f"y = {name}({', '.join(inputs)}) along dim" + "".join([f",    {clause}" for clause in clauses])

    return text


def _shaped(given: Mapping[str, str], outputs: tuple) -> str:
    shape = outputs[0].shape if outputs else "another shape"
    return f"y = x in the shape {shape},    dx = dy in the shape of x"


def _expanded(given: Mapping[str, str], outputs: tuple) -> str:
    return f"y = x repeated to the shape {outputs[0].shape},    dx = dy summed over the repetitions"


def _leaky(given: Mapping[str, str], outputs: tuple) -> str:
    return "y = x where x > 0, else slope x,    dy/dx = 1 where x > 0, else slope"


def _softplus(given: Mapping[str, str], outputs: tuple) -> str | None:
    return "y = ln(1 + e^x),    dy/dx = sigmoid(x)" if given.get("beta") == "1" else None


def _norm(given: Mapping[str, str], outputs: tuple) -> str | None:
    return "y = sqrt(sum of x^2) over dims,    dy/dx = x / y" if given.get("p", given.get("ord")) == "2" else None


def _transposed(given: Mapping[str, str], outputs: tuple) -> str:
    if outputs and len(outputs[0].shape) == 2:
        return "y = x^T,    dx = dy^T"
    if "dim0" not in given:
        return "y = x with two dimensions exchanged,    dx = dy with them exchanged"
    return "y = x with dimensions dim0 and dim1 exchanged,    dx = dy with them exchanged"


def _permuted(given: Mapping[str, str], outputs: tuple) -> str | None:
    dims = given.get("dims")
    if dims in ("(1, 0)", "(-1, -2)", "(1, -2)", "(-1, 0)"):
        return "y = x^T,    dx = dy^T"
    return f"y = x with its dimensions in the order {dims},    dx = dy with them put back"


def _layer_norm(given: Mapping[str, str], outputs: tuple) -> str:
    weighted = given.get("weight", "None") != "None"
    scale = " * weight" if weighted else ""
    shift = " + bias" if given.get("bias", "None") != "None" else ""
    return (
        f"y = (x - mean) / std{scale}{shift} for each row,    dx = (h - mean(h) - z mean(h z)) / std,    "
        f"dweight = sum of dy (x - mean) / std,    dbias = sum of dy,    "
        f"h = dy{scale},    z = (x - mean) / std"
    )


def _elu(given: Mapping[str, str], outputs: tuple) -> str:
    scale = "" if given.get("scale") == "1" else "scale "
    alpha = "" if given.get("alpha") == "1" else "alpha "
    power, inner = ("x", "") if given.get("input_scale") == "1" else ("(x input_scale)", "input_scale ")
    below = f"{scale}{alpha}(e^{power} - 1)" if scale or alpha else f"e^{power} - 1"
    return (
        f"y = {scale}x where x > 0, else {below},    "
        f"dy/dx = {scale.strip() or '1'} where x > 0, else {scale}{alpha}{inner}e^{power}"
    )


def _topk(given: Mapping[str, str], outputs: tuple) -> str:
    count, largest = given.get("x1", "first"), given.get("x2") != "False"
    kind = "largest" if largest else "smallest"
    return f"values, indices = the {count} {kind} of x along dim, in order,    dx = dvalues put back there"


def _kthvalue(given: Mapping[str, str], outputs: tuple) -> str:
    return f"values, indices = number {given.get('x1', 'k')} of x in order along dim,    dx = dvalues at its place"


def _rolled(given: Mapping[str, str], outputs: tuple) -> str:
    shifts = given.get("shifts", "").strip("(),")
    return f"y = x rolled by {shifts} along dims,    dx = dy rolled back"


def _triangle(side: str) -> Callable:
    def text(given: Mapping[str, str], outputs: tuple) -> str:
        number = given.get("diagonal", "0")
        diagonal = "the diagonal" if number == "0" else f"diagonal number {number}"
        return f"y = x with zeros {side} {diagonal},    dx = dy with zeros there too"

    return text


SPECIALS: dict[str, Any] = {
    "Addmm": "z = alpha x @ y + beta c,    dc = beta dz,    dx = alpha dz @ y^T,    dy = alpha x^T @ dz",
    "AddScaled": "z = x + alpha y,    dz/dx = 1,    dz/dy = alpha",
    "RsubTensor": lambda given, outputs: _sub_scaled(given, outputs, "y", "x"),
    "SubScaled": _sub_scaled,
    "Clamp": _clamp,
    "Maximum": "z = max(x, y),    dx = dz where x > y, half of it where x = y, else 0,    "
    "dy = dz where y > x, half of it where x = y, else 0",
    "Minimum": "z = min(x, y),    dx = dz where x < y, half of it where x = y, else 0,    "
    "dy = dz where y < x, half of it where x = y, else 0",
    "Pow": _pow,
    "Mean": "y = mean of x over dims,    dy/dx = 1 / n",
    "LeakyRelu": _leaky,
    "LayerNorm": _layer_norm,
    "Var": "y = variance of x over dims,    dy/dx = 2 (x - mean) / (n - correction)",
    "Std": "y = std of x over dims,    dy/dx = (x - mean) / ((n - correction) y)",
    "Softplus": _softplus,
    "VectorNorm": _norm,
    "Permute": _permuted,
    "T": "y = x^T,    dx = dy^T",
    "Transpose": _transposed,
    "Embedding": "y = weight[index],    dweight = the rows of dy added up at [index], 0 elsewhere",
    "Softmax": "y = e^x / sum(e^x) along dim,    dx = y (dy - sum(dy y))",
    "LogSoftmax": "y = x - ln(sum(e^x)) along dim,    dx = dy - e^y sum(dy)",
    "MseLoss": _loss("(x - target)^2", "2 (x - target)", "-2 (x - target)"),
    "BinaryCrossEntropy": _loss(
        "-(target ln x + (1 - target) ln(1 - x))", "(x - target) / (x (1 - x))", "(ln(1 - x) - ln x)"
    ),
    "BinaryCrossEntropyWithLogits": _loss("((1 - target) x + ln(1 + e^-x))", "(sigmoid(x) - target)", "-x"),
    "NllLoss": _nll,
    "Part": "y = x[key],    dx = dy at [key], 0 elsewhere",
    "Index": "y = x[key],    dx = dy added up at [key], 0 elsewhere",
    "IndexPut": _put,
    "Cat": _joined("cat", "the part of dy that came from"),
    "Stack": _joined("stack", "the slice of dy that came from"),
    "Split": "y = consecutive parts of x along dim,    dx = the gradients of the parts, joined again",
    "Unbind": "y = the slices of x along dim,    dx = the gradients of the slices, stacked again",
    "View": _shaped,
    "UnsafeView": _shaped,
    "Squeeze": _shaped,
    "Unsqueeze": _shaped,
    "Expand": _expanded,
    "Gate": "y = grad where the activation is open, else 0,    dgrad = dy where it is open, else 0,    dx = 0",
    "ReluGrad": "z = grad where y > 0, else 0,    dgrad = dz where y > 0, else 0,    dy = 0",
    "SigmoidGrad": "z = grad (1 - y) y,    dgrad = dz (1 - y) y,    dy = dz grad (1 - 2 y)",
    "TanhGrad": "z = grad (1 - y^2),    dgrad = dz (1 - y^2),    dy = -2 dz grad y",
    "SoftmaxGrad": "z = y (grad - sum(grad y)),    dgrad = y (dz - sum(dz y))",
    "LogSoftmaxGrad": "z = grad - e^y sum(grad)",
    "MseSlope": "z = 2 grad (x - target),    dz/dgrad = 2 (x - target),    dz/dx = 2 grad,    dz/dtarget = -2 grad",
    "Argmax": "y = the place of the largest x along dim",
    "Argmin": "y = the place of the smallest x along dim",
    "Aminmax": "y = the smallest and the largest x over dims",
    "IndexSelect": "y = x[index] along dim,    dx = dy added up in these places, 0 elsewhere",
    "Where": "z = x where condition, else y,    dx = dz where condition, else 0,    dy = 0 where condition, else dz",
    "Atan2": "z = arctan(x / y),    dz/dx = y / (x^2 + y^2),    dz/dy = -x / (x^2 + y^2)",
    "MaskedFill": "y = value where mask, else x,    dx = 0 where mask, else dy",
    "Clone": "y = a copy of x,    dy/dx = 1",
    "Elu": _elu,
    "Topk": _topk,
    "Kthvalue": _kthvalue,
    "Roll": _rolled,
    "Flip": "y = x in reverse order along dims,    dx = dy in reverse order along dims",
    "Triu": _triangle("below"),
    "Tril": _triangle("above"),
    "Pad": "y = x padded with value,    dx = the part of dy where x was",
    "Fill": "y = value everywhere,    dx = 0",
    "FillTensor": "y = value everywhere,    dx = 0,    dvalue = sum of dy",
    "Take": "y = x, read as a vector, at the places index,    dx = dy added up at these places",
    "Gather": "y = x at the places index along dim,    dx = dy added up at these places",
    "ScatterAdd": "y = x, with src added at the places index along dim,    dx = dy,    dsrc = dy at these places",
    "Scatter": "y = x, but src at the places index along dim,    dx = dy, 0 at these places,    "
    "dsrc = dy at these places",
    "Cumprod": "y = x_1 x_2 ... x_i along dim,    dx = the running sum of dy y from the other end, divided by x",
}
