"""Formulas with names filled in: `h = x @ w1` and `grad_w1 = x^T @ grad_h`, made from what rules say of themselves.

A rule's docstring has its formula and the derivatives ("z = x @ y,    dx = dz @ y^T", "y = e^x,    dy/dx = y");
reading.py takes it apart. Here its letters become names, and a local derivative is multiplied by the gradient.
"""

from __future__ import annotations

from typing import Any

from tinytorch.viz.naming import expression
from tinytorch.viz.operands import parameters_of
from tinytorch.viz.reading import Spec, derivative_times, read, spec_of, substitute, transpose
from tinytorch.viz.specials import text_for
from tinytorch.viz.summaries import constant_text

from tinytorch.autograd.rule import Elementwise

WORDS = ("shape", "order", "dtype", "keepdim", "reduction")  # parameters that formulas mean as words
UNKNOWN = "?"  # stands for an operand that nothing is known of


def fill(boxes: list) -> None:
    """Set the formulas of all operations."""
    for box in boxes:
        if box.shown.kind == "op":
            box.shown.formula = forward_of(box)
            box.shown.gradients = tuple(gradients_of(box))
        elif box.shown.kind == "cut":
            box.shown.formula = forward_of(box)


def _rule_of(box: Any) -> Any:
    rule = getattr(box.node, "rule", None)
    if rule is None and box.recorded is not None and hasattr(box.recorded.rule, "differentiable"):
        rule = box.recorded.rule
    return rule


def _spec(box: Any, rule: Any) -> Spec | None:
    """What is known of the formula of an operation."""
    if rule is None:
        return None
    special = text_for(rule, _names(box), box.shown.outputs)
    return spec_of(rule) if special is None else read(special)


def _names(box: Any) -> dict[str, str]:
    """What stands for every parameter of the rule's forward: names of operands, and constants."""
    found: dict[str, str] = {}
    if box.recorded is None and box.node is not None:
        for name, value in getattr(box.node, "__dict__", {}).items():  # what a rule notes on its node
            text = constant_text(value)
            if text is not None and name[:1] != "_":
                found[name] = text
    elif box.recorded is not None:
        for letter, given in box.recorded.arguments:
            if isinstance(given, str):
                found[letter] = given
    for operand, source in zip(box.operands, box.sources):
        if source.box is not None:
            found[operand.letter] = expression(source)
        elif operand.constant is not None:
            found[operand.letter] = operand.constant
        elif operand.letter not in found:
            found[operand.letter] = UNKNOWN
    for bound in ("min", "max"):  # where a bound is missing, the word is the function's name
        if found.get(bound) == "None":
            del found[bound]
    return found


def _letters(box: Any, spec: Spec, rule: Any) -> dict[str, str]:
    """What stands for every letter of the rule's formula."""
    given = _names(box)
    found = {}
    for letter, parameter in spec.parameters(rule).items():
        if parameter in given and parameter not in WORDS:
            found[letter] = given[parameter].strip("(),") if parameter == "key" else given[parameter]
    if box.shown.inputs and box.shown.outputs:
        shape, result = box.shown.inputs[0].shape, box.shown.outputs[0].shape
        if _size(result) and _size(shape) % _size(result) == 0:
            found.setdefault("n", str(_size(shape) // _size(result)))
        if len(shape) > 1 and rule.__name__.startswith("NllLoss"):
            found["m"] = str(_size(shape) // shape[1])
    found.update(_dims(given))
    return found


def _dims(given: dict[str, str]) -> dict[str, str]:
    """The words "dim" and "dims" with their numbers; "" where all dimensions are meant."""
    found = {}
    for word in ("dim", "dims"):
        text = given.get(word)
        if text is None or text in ("None", "()"):
            found[word] = ""
        else:
            single = text.strip("(),")
            found[word] = f"dims {text}" if "," in single else f"dim {single}"
    return found


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size


def forward_of(box: Any) -> str:
    """ "h = x @ w1"."""
    name = box.shown.name
    rule = _rule_of(box)
    spec = _spec(box, rule)
    if type(box.node).__name__ == "CopySlices":
        given = _names(box)
        return f"{name} = {given['base']} with {given['piece']} written into a part of it"
    if type(box.node).__name__ == "AsStridedBackward0":
        return f"{name} = a part of {_names(box).get('x', UNKNOWN)}"
    if spec is not None and spec.forward is not None:
        return f"{name} = {substitute(spec.forward, _letters(box, spec, rule))}"
    if box.recorded is not None and isinstance(box.recorded.rule, str):
        given = _names(box)
        return f"{name} = {given['x']}.{box.recorded.rule}{'()' if box.recorded.rule == 'detach' else ''}"
    arguments = [expression(source) if source.box is not None else None for source in box.sources]
    return f"{name} = {box.shown.label}({', '.join([each for each in arguments if each is not None])})"


def gradients_of(box: Any) -> list[str]:
    """ "grad_w1 = x^T @ grad_h", for every operand that wants a gradient."""
    rule = _rule_of(box)
    spec = _spec(box, rule)
    letters = {} if spec is None else _letters(box, spec, rule)
    by_parameter = {} if spec is None else {v: k for k, v in spec.parameters(rule).items()}
    arriving = f"grad_{box.shown.name}"
    lines = []
    for operand, source in zip(box.operands, box.sources):
        if operand.node is None or source.box is None:
            continue
        letter = by_parameter.get(operand.letter)
        text = None
        if spec is not None and letter is not None:
            text = _gradient(spec, letter, letters, arriving, box.shown.name)
        if text is None:
            text = _special(box, operand) or f"{box.shown.label}.backward({arriving})"
        if source.transposed:
            text = transpose(text)
        name = expression(source).removesuffix("^T")
        line = f"grad_{name} = {text}{_fitting(box, operand, source, rule, text)}"
        if line not in lines:
            lines.append(line)
    return lines


def _gradient(spec: Spec, letter: str, letters: dict[str, str], arriving: str, name: str) -> str | None:
    """The gradient of an input: its own formula, or the local derivative times what arrives."""
    filled = {**letters, spec.out: name, f"d{spec.out}": arriving}
    for other, text in letters.items():
        filled.setdefault(f"d{other}", f"grad_{text}")
    if letter in spec.gradients:
        return substitute(spec.gradients[letter], filled)
    if letter in spec.derivatives:
        return derivative_times(arriving, substitute(spec.derivatives[letter], filled))
    return None


def _special(box: Any, operand: Any) -> str | None:
    """Of the nodes that writes into views make."""
    arriving = f"grad_{box.shown.name}"
    kind = type(box.node).__name__
    if kind == "CopySlices":
        part = "the part that was written" if operand.letter == "piece" else "the rest, 0 in the part that was written"
        return f"{arriving} in {part}" if operand.letter == "piece" else f"{arriving}, 0 in the part that was written"
    return f"{arriving} in that part, 0 elsewhere" if kind == "AsStridedBackward0" else None


def _fitting(box: Any, operand: Any, source: Any, rule: Any, text: str) -> str:
    """What is done so that the gradient has the shape of its tensor: sums over what was broadcast, or repetition."""
    outputs = source.box.shown.outputs
    if source.output_nr >= len(outputs) or not box.shown.outputs or rule is None:
        return ""
    shape, result = outputs[source.output_nr].shape, box.shown.outputs[0].shape
    if source.transposed:
        shape = shape[::-1]
    if shape == result or text == "0":
        return ""
    if issubclass(rule, Elementwise) or (rule.__name__.startswith("Add") and operand.letter == _first(rule)):
        return f", summed to the shape {shape}" if _size(shape) < _size(result) else ""
    if rule.__name__ in ("Sum", "SumDim", "Mean", "MeanDim"):
        return f", repeated to the shape {shape}"
    return ""


def _first(rule: Any) -> str:
    return parameters_of(rule.forward)[0][0]
