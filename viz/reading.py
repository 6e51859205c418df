"""Reads the formulas in rules' docstrings: takes them apart into clauses, and puts names in the place of letters.

They are written for people, in one manner: "z = x y,    dz/dx = y,    dz/dy = x". Two letters side by side are a
product, a name before an argument is a function, all other words are prose and stay as they are.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from tinytorch.viz.operands import parameters_of

from tinytorch.autograd.rule import Elementwise, Rule

FUNCTIONS = frozenset(
    re.findall(
        r"\w+",
        "sin cos tan arcsin arccos arctan sinh cosh tanh arsinh arcosh artanh ln log log2 log10 sqrt exp "
        "sigmoid softplus softmax erf erfc erfcx ndtr digamma polygamma zeta gamma igamma "
        "sign sgn floor trunc round max min mean Re Im re im det conj Phi hardsigmoid psi",
    )
)
CONSTANTS = frozenset(("e", "pi", "i"))
CLAUSES = re.compile(r"[,;.]?\s*\n\s*\n\s*|[,;]?(?:\s{3,}|\n\s*)|[,;]\s{2}")
ASIDE = re.compile(
    r"\s+\((?:[^()]|\([^()]*\))*\b(?:at|for|also|if|their|of|which|until|is|are)\b(?:[^()]|\([^()]*\))*\)$"
)
TAIL = re.compile(
    r",? for (?:integers|a|an|real|complex|the halves|triangular|Hermitian|batches|numbers|x read)\b.*$"
    r"| of a matrix$|: .*$"
)
TOKEN = re.compile(r"[A-Za-z]+\d*(?:_[A-Za-z0-9+-]+)?(?![A-Za-z])|\d+(?:\.\d+)?|\^[TH](?![a-z])|\s+|.", re.DOTALL)
PLAIN = re.compile(r"\?|\w+(?:\.\w+)*")  # names and numbers that never need parentheses
SMALL = re.compile(r"[\d.]+e[-+]\d+")  # 1e-05, which is no difference


class Spec:
    """What a docstring says: the formula, and for every input its gradient or its local derivative."""

    def __init__(self, out: str, forward: str | None, gradients: dict[str, str], derivatives: dict[str, str]):
        self.out, self.forward, self.gradients, self.derivatives = out, forward, gradients, derivatives
        self._parameters: dict[Any, tuple[dict[str, str], dict[str, str]]] = {}

    def parameters(self, rule: Any) -> dict[str, str]:
        """For every letter of the formula, the parameter of forward that it stands for."""
        return self._both(rule)[0]

    def letters(self, rule: Any) -> dict[str, str]:
        """The other way round."""
        return self._both(rule)[1]

    def _both(self, rule: Any) -> tuple[dict[str, str], dict[str, str]]:
        known = self._parameters.get(rule)
        if known is None:
            found = self._meant(rule)
            known = self._parameters[rule] = found, {parameter: letter for letter, parameter in found.items()}
        return known

    def _meant(self, rule: Any) -> dict[str, str]:
        """Most letters have the parameter's name; the others are meant in their order."""
        names = [name for name, _ in parameters_of(rule.forward)]
        found = {name: name for name in names}
        letters = [*self.gradients, *self.derivatives]
        found.update({letter: letter for letter in letters if re.fullmatch(r"x\d+", letter)})
        letters += [each for each in _letters_in(self.forward or "") if each not in letters]
        strange = [each for each in letters if each not in found and each not in (self.out, "n", "k")]
        free = [name for name in names if name not in letters and name not in ("dim", "dims", "keepdim", "mask")]
        found.update(zip(strange, free))
        return found


def _letters_in(text: str) -> list[str]:
    """The letters of a formula that stand for something, in order."""
    found: list[str] = []
    tokens = TOKEN.findall(text)
    for i, token in enumerate(tokens):
        base = token.partition("_")[0]
        if len(base) == 1 and base.isalpha() and base not in CONSTANTS and not _is_article(tokens, i):
            found.append(base)
    return list(dict.fromkeys(found))


def _is_article(tokens: list[str], at: int) -> bool:
    """Is this "a" the word, as in "a copy of x"?"""
    following = tokens[at + 2] if at + 2 < len(tokens) and tokens[at + 1] == " " else ""
    return tokens[at] == "a" and following.isalpha() and len(following) > 1 and following not in FUNCTIONS


@functools.cache
def spec_of(rule: type[Rule]) -> Spec | None:
    """What the docstring of a rule says, or that of the rule it is derived from; None where no formula is found."""
    for kind in rule.__mro__:
        if kind in (Rule, Elementwise, object):
            break
        text = kind.__dict__.get("__doc__")
        spec = None if text is None else read(text)
        if spec is not None and (spec.gradients or spec.derivatives or not rule.differentiable):
            return spec
    return None


@functools.lru_cache(maxsize=1024)
def read(text: str) -> Spec | None:
    """Take a docstring apart."""
    clauses = [each.strip() for each in CLAUSES.split(text.strip()) if each and each.strip()]
    if not clauses:
        return None
    left, equals, right = clauses[0].partition(" = ")
    out = "values" if left == "values, indices" else left.partition("_")[0].partition("[")[0]
    forward = TAIL.sub("", ASIDE.sub("", right)) if equals and re.fullmatch(r"[A-Za-z]|values", out) else None
    if forward is None:
        out = ""
    gradients: dict[str, str] = {}
    derivatives: dict[str, str] = {}
    meanings = []
    for clause in clauses[1:]:
        names, _, value = clause.rpartition(" = ")
        if not names or ", where " in names or names.startswith("where"):
            continue
        parts = names.split(" = ")
        value = ASIDE.sub("", value)
        if "where" in names:
            parts, value = [names.split(" = ")[0]], ASIDE.sub("", clause.partition(" = ")[2])
        for part in parts:
            local = re.fullmatch(r"d([A-Za-z])(?:_\w+)?(?:\[.*\])?/d([A-Za-z]+)(?:_\w+)?(?:\[.*\])?", part)
            whole = re.fullmatch(r"d([A-Za-z]+\d*)(?:_\w+)?(?:\[.*\])?", part)
            if local is not None and local[1] == out:
                derivatives.setdefault(local[2], value)
            elif whole is not None:
                gradients.setdefault(whole[1], value)
            elif re.fullmatch(r"[A-Za-z](?:\(\w\))?", part):
                meanings.append((part, value))
    return Spec(out, forward, _explained(gradients, meanings), _explained(derivatives, meanings))


def _explained(formulas: dict[str, str], meanings: list[tuple[str, str]]) -> dict[str, str]:
    """The formulas, each followed by what its abbreviations mean."""
    found = {}
    for letter, text in formulas.items():
        used = [f"{name} = {value}" for name, value in meanings if re.search(rf"\b{name[0]}\b", text)]
        found[letter] = "; ".join([text, *used])
    return found


# ---- names in the place of letters -----------------------------------------------------------------------------------


def substitute(text: str, names: dict[str, str]) -> str:
    """The formula with a name for every letter, and every product with its sign.

    >>> substitute("x y", {"x": "w1", "y": "h"})
    'w1 * h'
    >>> substitute("alpha x @ y + beta c", {"x": "h", "y": "w^T", "c": "b", "alpha": "1", "beta": "1"})
    'h @ w^T + b'
    """
    used = [letter for letter in _words(text) if letter in names]
    values = [names[letter] for letter in used]
    if all(value != "1" and PLAIN.fullmatch(value) for value in values):
        return _template(text, tuple(used)).format(*values)
    return _fill(text, names)


@functools.lru_cache(maxsize=1024)
def _words(text: str) -> tuple[str, ...]:
    """All that could be a letter of a formula: its words, also without their indices."""
    tokens = [each for each in TOKEN.findall(text) if each[0].isalpha()]
    return tuple(dict.fromkeys([*tokens, *[each.partition("_")[0] for each in tokens]]))


@functools.lru_cache(maxsize=1024)
def _template(text: str, letters: tuple[str, ...]) -> str:
    """The formula with a place for every letter, for names that need no parentheses."""
    marks = {letter: f"zq{i}zq" for i, letter in enumerate(letters)}
    filled = _fill(text, marks).replace("{", "{{").replace("}", "}}")
    return re.sub(r"zq(\d+)zq", r"{\1}", filled)


def _fill(text: str, names: dict[str, str]) -> str:
    for word in ("dims", "dim"):
        if word in names and not names[word]:
            text = re.sub(rf" (?:over|along) {word}\b", "", text)
    tokens = TOKEN.findall(text)
    written: list[tuple[str, bool]] = []  # (text, is it a value that may be a factor?)
    for i, token in enumerate(tokens):
        base, _, index = token.partition("_")
        if token in names:
            index = ""
        name = None if _is_article(tokens, i) else names.get(token, names.get(base) if index else None)
        if name is not None and token in ("dims", "dim"):
            written.append((name, False))
        elif name is not None:
            written.append((_operand(name, tokens, i) + (f"_{index}" if index else ""), True))
        elif token in ("^T", "^H"):
            written.append((token, True))
        else:
            value = token[0].isdigit() or token == ")" or (len(base) == 1 and base.isalpha() and token != "a")
            written.append((token, value))
    return _simplified(_with_products(written))


def _operand(name: str, tokens: list[str], at: int) -> str:
    """A name as part of a formula: in parentheses if it is an expression itself and does not stand alone."""
    plain = not re.search(r"[-+*/@ ]", name) or SMALL.fullmatch(name) or name[:1] in "'\"(" or "[" in name
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    if plain and not (name.endswith("^T") and following == "^"):
        return name
    before = next((each for each in reversed(tokens[:at]) if not each.isspace()), "")
    after = next((each for each in tokens[at + 1 :] if not each.isspace()), "")
    return name if _is_border(before) and _is_border(after) else f"({name})"


def _is_border(token: str) -> bool:
    """Does a part of a formula begin or end here: at a word, a parenthesis, a comparison, or the end?"""
    return token in ("", "(", ")", "[", "]", ",", "<", ">", "=") or (len(token) > 1 and token.isalpha())


def _with_products(written: list[tuple[str, bool]]) -> str:
    """The tokens as text, with a `*` between two factors that stand side by side."""
    pieces: list[str] = []
    for i, (text, _) in enumerate(written):
        if text.isspace() and 0 < i < len(written) - 1:
            before, after = written[i - 1], written[i + 1]
            starts = after[1] and after[0] != ")"
            following = written[i + 2][0] if i + 2 < len(written) else ""
            starts = starts or (after[0] == "sum" and following == "(")
            starts = starts or after[0] == "(" or after[0] in FUNCTIONS or (after[0] == "|" and _opens(written, i + 1))
            is_function = before[0] in FUNCTIONS
            if before[1] and starts and not is_function and not after[0].startswith("^"):
                pieces.append(" * ")
                continue
        pieces.append(text)
    return "".join(pieces)


def _opens(written: list[tuple[str, bool]], at: int) -> bool:
    """Is this bar the first of a pair?"""
    return sum(1 for text, _ in written[:at] if text == "|") % 2 == 0


def _simplified(text: str) -> str:
    """Without factors of 1 and double transpositions."""
    text = text.replace("^T^T", "")
    text = re.sub(r"(?<![\w.)\]^/*] )(?<![\w.)^\]])1 \* ", "", text)
    return text.strip()


# ---- gradients -------------------------------------------------------------------------------------------------------


def derivative_times(arriving: str, derivative: str) -> str:
    """A gradient that arrives, times a local derivative.

    >>> derivative_times("grad_y", "1 - y^2")
    'grad_y * (1 - y^2)'
    >>> derivative_times("grad_y", "1 where y > 0, else 0")
    'grad_y where y > 0, else 0'
    """
    derivative, meaning, rest = derivative.partition("; ")
    if " where " in derivative or ", else " in derivative or ", or " in derivative:
        pieces = re.split(r"(,? where |,? else |, or | if )", derivative)
        for i in range(0, len(pieces), 2):
            condition = i > 0 and pieces[i - 1].strip(", ") in ("where", "if")
            if not condition:
                pieces[i] = _times(arriving, pieces[i])
        return "".join(pieces) + meaning + rest
    return _times(arriving, derivative) + meaning + rest


def _times(arriving: str, factor: str) -> str:
    if factor in ("0", "1", "-1"):
        return {"0": "0", "1": arriving, "-1": f"-{arriving}"}[factor]
    if re.match(r"1 ?/ ?", factor) and not _is_sum(factor):
        return f"{arriving} / {re.sub(r'^1 ?/ ?', '', factor)}"
    if len(re.findall(r"\b(?:the|of|each|for|from|with|are|in)\b", factor)) > 1:
        return f"{arriving} times {factor}"
    if factor.startswith("-") and not _is_sum(factor[1:]):
        return f"-{arriving} * {factor[1:]}"
    return f"{arriving} * ({factor})" if _is_sum(factor) or " or " in factor else f"{arriving} * {factor}"


def _is_sum(text: str) -> bool:
    """Are there pluses or minuses outside of all parentheses?"""
    depth = 0
    for i, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if not depth and sign in "+-" and i and text[i - 1] == " " and text[i + 1 : i + 2] == " ":
            return True
    return False


def transpose(text: str) -> str:
    """The transposed formula of a matrix.

    >>> transpose("x^T @ grad_h"), transpose("grad_h")
    ('grad_h^T @ x', 'grad_h^T')
    """
    factors = text.split(" @ ")
    if len(factors) > 1 and not re.search(r" [-+*/] |[;,] ", text):
        return " @ ".join([_turned(each) for each in reversed(factors)])
    return _turned(text) if re.fullmatch(r"[\w.^\[\]]+", text) else f"({text})^T"


def _turned(factor: str) -> str:
    return factor.removesuffix("^T") if factor.endswith("^T") else f"{factor}^T"
