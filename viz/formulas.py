"""Formulas with names filled in: `h = x @ w1` and `grad_w1 = x^T @ grad_h`, made from what rules say of themselves.

A rule's docstring has its formula and the derivatives ("z = x @ y,    dx = dz @ y^T", "y = e^x,    dy/dx = y");
reading.py takes it apart. Here its letters become names, and a local derivative is multiplied by the gradient.
"""

from __future__ import annotations

from typing import Any

from tinytorch.viz.naming import expression, result
from tinytorch.viz.operands import parameters_of
from tinytorch.viz.reading import Spec, derivative_times, read, spec_of, substitute, transpose
from tinytorch.viz.specials import text_for
from tinytorch.viz.summaries import constant_text

from tinytorch.autograd.rule import Elementwise

WORDS = ("shape", "order", "dtype", "keepdim", "reduction", "diagonal")  # parameters that formulas mean as words
PASSES_ON = "BackwardHookFunction"  # stands where a module's backward hooks look at gradients
SHORT = 40  # letters of a formula that is told beside a name
UNKNOWN = "?"  # stands for an operand that nothing is known of


def fill(boxes: list) -> None:
    """Set the formulas of all operations."""
    for box in boxes:
        if box.shown.kind in ("op", "cut"):
            filled = Filled(box)
            box.shown.formula = filled.forward()
            if box.shown.kind == "op":
                box.shown.gradients = tuple(filled.gradients())


class Filled:
    """The formulas of one operation."""

    def __init__(self, box: Any):
        self.box, self.name = box, box.shown.name
        self.left = ", ".join([result(box, nr) for nr in range(len(box.shown.outputs))][:4]) or self.name
        self.arriving = f"grad_{self.name}"
        self.rule = _rule_of(box)
        self.given = _names(box)
        self.spec: Spec | None = None
        self.letters: dict[str, str] = {}
        if self.rule is not None:
            special = text_for(self.rule, self.given, box.shown.outputs)
            self.spec = spec_of(self.rule) if special is None else read(special)
        if self.spec is not None:
            self.letters = _letters(box, self.spec, self.rule, self.given)

    def forward(self) -> str:
        """ "h = x @ w1"."""
        box, given = self.box, self.given
        if self.spec is not None and self.spec.forward is not None:
            letters = {**self.letters, self.spec.out: self.name}
            return f"{self.left} = {substitute(self.spec.forward, letters)}"
        kind = type(box.node).__name__
        if kind == "CopySlices":
            key = given.get("key")
            what = "a part of it" if key is None else f"{self.name}[{key.strip('(),')}]"
            return f"{self.left} = {given['base']}, but {what} = {given['piece']}"
        if kind == "AsStridedBackward0":
            return f"{self.left} = a part of {given.get('x', UNKNOWN)}"
        if box.recorded is not None and isinstance(box.recorded.rule, str):
            return f"{self.left} = {given['x']}.{box.recorded.rule}{'()' if box.recorded.rule == 'detach' else ''}"
        if box.shown.label == PASSES_ON:
            return f"{self.left} = {', '.join(self.arguments())}"
        return f"{self.left} = {box.shown.label}({', '.join(self.arguments())})"

    def arguments(self) -> list[str]:
        """What a Function was applied to."""
        if self.box.recorded is None:
            return [expression(source) for source in self.box.sources if source.box is not None]
        return [self.given.get(letter, "...") for letter, _ in self.box.recorded.arguments]

    def gradients(self) -> list[str]:
        """ "grad_w1 = x^T @ grad_h", for every operand that wants a gradient; what is used twice gets a sum."""
        box = self.box
        parts: dict[str, list[str]] = {}
        for operand, source in zip(box.operands, box.sources):
            if operand.node is None or source.box is None:
                continue
            text = self.gradient(operand)
            if source.transposed:
                text = transpose(text)
            name = expression(source).removesuffix("^T")
            text += _fitting(box, operand, source, self.rule, text)
            parts.setdefault(name, []).append(text)
        lines = []
        for name, texts in parts.items():
            if any(" where " in text or ", " in text or ";" in text for text in texts):
                lines += [f"grad_{name} = {text}" for text in dict.fromkeys(texts)]
            else:
                lines.append(f"grad_{name} = {' + '.join(texts)}".replace(" + -", " - "))
        return lines

    def gradient(self, operand: Any) -> str:
        """The gradient of one operand: by its own formula, or the local derivative times what arrives."""
        spec = self.spec
        letter = None if spec is None else spec.letters(self.rule).get(operand.letter)
        if spec is not None and letter is not None:
            filled = {**self.letters, spec.out: self.name, f"d{spec.out}": self.arriving}
            for other, text in self.letters.items():
                filled.setdefault(f"d{other}", f"grad_{text}")
            if letter in spec.gradients:
                return substitute(spec.gradients[letter], filled)
            if letter in spec.derivatives:
                return derivative_times(self.arriving, substitute(spec.derivatives[letter], filled))
        kind = type(self.box.node).__name__
        if kind == "CopySlices":
            key = self.given.get("key")
            where = "in that part" if key is None else f"at [{key.strip('(),')}]"
            return f"{self.arriving} {where}" if operand.letter == "piece" else f"{self.arriving}, 0 {where}"
        if kind == "AsStridedBackward0":
            return f"{self.arriving} in that part, 0 elsewhere"
        arriving = [f"grad_{result(self.box, nr)}" for nr in range(len(self.box.shown.outputs))]
        if self.box.shown.label == PASSES_ON and len(arriving) == len(self.box.operands):
            return arriving[self.box.operands.index(operand)]
        return f"{self.box.shown.label}.backward({', '.join(arriving) or self.arriving})"


def how_made(made: Any) -> str | None:
    """ "computed as 1 - y", of data that has no name; None where there is no short formula."""
    if not hasattr(made.rule, "differentiable"):
        return None
    given = {}
    for letter, value in made.arguments:
        text = value if isinstance(value, str) or value is None else value.name
        if text is not None:
            given[letter] = text
        elif value is not None:
            return None
    special = text_for(made.rule, given, tuple([value.summary for value in made.outputs]))
    spec = spec_of(made.rule) if special is None else read(special)
    if spec is None or spec.forward is None:
        return None
    known = [entry for entry in spec.parameters(made.rule).items() if entry[1] in given and entry[1] not in WORDS]
    letters = {letter: given[name] for letter, name in known}
    text = substitute(spec.forward, {**letters, **_dims(given)})
    return f"computed as {text}" if len(text) <= SHORT else None


def _rule_of(box: Any) -> Any:
    rule = getattr(box.node, "rule", None)
    if rule is None and box.recorded is not None and hasattr(box.recorded.rule, "differentiable"):
        rule = box.recorded.rule
    return rule


def _names(box: Any) -> dict[str, str]:
    """What stands for every parameter of the rule's forward: names of operands, and constants."""
    found: dict[str, str] = {}
    rule = getattr(box.node, "rule", None)
    if box.recorded is None and rule is not None:
        noted = box.node.__dict__  # rules note their parameters on their nodes
        for name, _ in parameters_of(rule.forward) if noted else ():
            text = constant_text(noted.get(name))
            if name in noted and text is not None:
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


def _letters(box: Any, spec: Spec, rule: Any, given: dict[str, str]) -> dict[str, str]:
    """What stands for every letter of the rule's formula."""
    found = {}
    for letter, parameter in spec.parameters(rule).items():
        if parameter in given and parameter not in WORDS:
            found[letter] = given[parameter].strip("(),") if parameter == "key" else given[parameter]
        elif len(letter) == 1 and parameter not in given:
            found[letter] = UNKNOWN
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
