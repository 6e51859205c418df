"""einsum, products summed over named dimensions, and bilinear, which is one of them.

An operand is brought into the order (kept in both, only mine, summed), the other into (kept in both, summed, only
theirs); flattened to three dimensions each, their contraction is one batched matrix product.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from tinytorch.arguments import type_name, wrong_type
from tinytorch.ops.matmul import bmm
from tinytorch.public import public
from tinytorch.tensor import Tensor

_ELLIPSIS = "..."
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@public(method=False, out=False)
def einsum(equation: Any, *operands: Any) -> Tensor:
    """Products summed over the subscripts that the output does not name ("ij,jk->ik" is the matrix product).

    Without "->" the output has the subscripts that appear once, in alphabetical order. "..." stands for dimensions
    that broadcast. Also einsum(a, [0, 1], b, [1, 2], [0, 2]).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.einsum.html

    >>> a, b = torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([1., 10.])
    >>> torch.einsum("ij,j->i", a, b), torch.einsum("ii", a)
    (tensor([21., 43.]), tensor(5.))
    """
    if not operands:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    if isinstance(equation, Tensor):
        equation, operands = _from_lists((equation, *operands))
    elif not isinstance(equation, str):
        raise wrong_type("einsum", "equation", 1, "str", equation)
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    for position, tensor in enumerate(operands):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"expected Tensor as element {position} in argument 1, but got {type_name(tensor)}")
    inputs, output = _parse(equation, tuple([tensor._array.ndim for tensor in operands]))
    labelled = [_diagonals(tensor, subscripts) for tensor, subscripts in zip(operands, inputs)]
    _check_sizes(labelled)
    result, names = labelled[0]
    for position, (tensor, other) in enumerate(labelled[1:], 1):
        later = set(output).union(*[set(labels) for _, labels in labelled[position + 1 :]])
        result, names = _contract(result, names, tensor, other, later)
    result, names = _sum_away(result, names, set(output))
    missing = [label for label in output if label not in names]
    for label in missing:
        result, names = result.unsqueeze(-1), [*names, label]
    order = [names.index(label) for label in output]
    untouched = len(operands) == 1 and result is labelled[0][0]
    return result.permute(order) if untouched or order != list(range(len(order))) else result


def _from_lists(arguments: tuple) -> tuple[str, tuple]:
    """The form with lists of numbers as the form with letters."""
    operands = arguments[0 : len(arguments) - len(arguments) % 2 : 2]
    lists = [*arguments[1::2]]

    def letters(numbers: Sequence) -> str:
        if not all(n is Ellipsis or 0 <= n < 52 for n in numbers):
            raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")
        return "".join(_ELLIPSIS if n is Ellipsis else _LETTERS[n] for n in numbers)

    equation = ",".join(map(letters, lists))
    if len(arguments) % 2:
        equation += "->" + letters(arguments[-1])
    return equation, operands


@functools.lru_cache(maxsize=256)
def _parse(equation: str, ndims: tuple[int, ...]) -> tuple[list[list], list]:
    """The labels of every operand's dimensions and of the output's; a dimension under "..." is labelled by a number."""
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    inputs, widest, start = [], 0, 0
    for i, term in enumerate(terms[: len(ndims)]):
        inputs.append(_labels(term, start, f"operand {i}"))
        start += len(term) + 1
    if len(terms) > len(ndims):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    if len(terms) < len(ndims):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    for i, (labels, ndim) in enumerate(zip(inputs, ndims)):
        named = sum(label is not Ellipsis for label in labels)
        if (Ellipsis not in labels and named != ndim) or named > ndim:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) "
                + ("does not match" if Ellipsis not in labels else "is more than")
                + f" the number of dimensions ({ndim}) for operand {i}"
                + (" and no ellipsis was given" if Ellipsis not in labels else "")
            )
        widest = max(widest, ndim - named)
    spread = [_spread(labels, ndim - len(labels) + 1) for labels, ndim in zip(inputs, ndims)]
    everything = [label for labels in spread for label in labels]
    dots = list(range(-widest, 0))
    if not arrow:
        letters = [label for label in everything if isinstance(label, str)]
        return spread, dots + sorted(label for label in set(letters) if letters.count(label) == 1)
    output = [
        label for one in _labels(right, len(left) + 2, "output") for label in (dots if one is Ellipsis else [one])
    ]
    for label in output:
        if output.count(label) > 1:
            raise RuntimeError(f"einsum(): output subscript {label} appears more than once in the output")
        if isinstance(label, str) and label not in everything:
            raise RuntimeError(
                f"einsum(): output subscript {label} does not appear in the equation for any input operand"
            )
    return spread, output


def _labels(term: str, start: int, where: str) -> list:
    """The subscripts of a term, "..." as Ellipsis; the term begins at `start` in the equation, for error messages."""
    labels: list = []
    hint = " (...)" if where == "output" else ""
    at = 0
    while at < len(term):
        letter = term[at]
        if letter == ".":
            if Ellipsis in labels:
                said = "but an ellipsis (...)" if hint else "for which an ellipsis"
                raise RuntimeError(f"einsum(): found '.' for {where} {said} was already found")
            if not term.startswith(_ELLIPSIS, at):
                raise RuntimeError(f"einsum(): found '.' for {where} that is not part of any ellipsis{hint}")
            labels.append(Ellipsis)
            at += 2
        elif letter in _LETTERS:
            labels.append(letter)
        elif letter != " ":
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {start + at} in the equation string, subscripts must "
                "be in [a-zA-Z]"
            )
        at += 1
    return labels


def _spread(labels: list, hidden: int) -> list:
    """The labels with "..." replaced by numbers counted from the right: -hidden, ..., -1."""
    return [each for label in labels for each in (range(-hidden, 0) if label is Ellipsis else [label])]


def _diagonals(tensor: Tensor, labels: list) -> tuple[Tensor, list]:
    """An operand whose repeated subscripts ("ii") are reduced to the diagonal."""
    labels = list(labels)
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            one, two = tensor.shape[first], tensor.shape[second]
            if one != two:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand 0 but the sizes don't match, {two} != {one}"
                )
            tensor = tensor.diagonal(dim1=first, dim2=second)
            labels = [each for i, each in enumerate(labels) if i not in (first, second)] + [label]
    return tensor, labels


def _check_sizes(labelled: list[tuple]) -> None:
    sizes: dict = {}
    for i, (tensor, labels) in enumerate(labelled):
        for label, size in zip(labels, tensor.shape):
            known = sizes.get(label, 1)
            if known != 1 and size not in (1, known):
                if not isinstance(label, str):
                    raise RuntimeError(
                        f"einsum(): dimension {labels.index(label)} covered by ellipsis in operand {i}has size {size} "
                        f"which does not broadcast with previously seen ellipsis with size {known} for the respective "
                        "dimension"
                    )
                raise RuntimeError(
                    f"einsum(): subscript {label} has size {size} for operand {i} which does not broadcast with "
                    f"previously seen size {known}"
                )
            sizes[label] = max(known, size) if size else 0


def _sum_away(tensor: Tensor, labels: list, wanted: set) -> tuple[Tensor, list]:
    """Sum over the dimensions whose labels nobody wants any more."""
    unwanted = [i for i, label in enumerate(labels) if label not in wanted]
    if unwanted:
        tensor = tensor.sum(unwanted)
    return tensor, [label for label in labels if label in wanted]


def _contract(x: Tensor, x_labels: list, y: Tensor, y_labels: list, later: set) -> tuple[Tensor, list]:
    """x times y, summed over the common labels that are not needed later."""
    x, x_labels = _sum_away(x, x_labels, later | set(y_labels))
    y, y_labels = _sum_away(y, y_labels, later | set(x_labels))
    # A side of size 1 that broadcasts belongs to the other operand alone.
    for label in set(x_labels) & set(y_labels):
        mine, theirs = x.shape[x_labels.index(label)], y.shape[y_labels.index(label)]
        if mine != theirs:
            if mine == 1:
                x = x.squeeze(x_labels.index(label))
                x_labels = [each for each in x_labels if each != label]
            else:
                y = y.squeeze(y_labels.index(label))
                y_labels = [each for each in y_labels if each != label]
    x, x_labels = _sum_away(x, x_labels, later | set(y_labels))
    y, y_labels = _sum_away(y, y_labels, later | set(x_labels))
    both = [label for label in x_labels if label in y_labels and label in later]
    summed = [label for label in x_labels if label in y_labels and label not in later]
    mine = [label for label in x_labels if label not in y_labels]
    theirs = [label for label in y_labels if label not in x_labels]
    if not summed:
        labels = both + mine + theirs
        left = _ordered(x, x_labels, both + mine)
        for _ in theirs:
            left = left.unsqueeze(-1)
        right = _ordered(y, y_labels, both + theirs)
        for _ in mine:
            right = right.unsqueeze(len(both))
        return left * right, labels
    sizes = dict(zip(y_labels, y.shape)) | dict(zip(x_labels, x.shape))

    def count(labels: list) -> int:
        total = 1
        for label in labels:
            total *= sizes[label]
        return total

    left = _ordered(x, x_labels, both + mine + summed).reshape(count(both), count(mine), count(summed))
    right = _ordered(y, y_labels, both + summed + theirs).reshape(count(both), count(summed), count(theirs))
    labels = both + mine + theirs
    return bmm(left, right).reshape([sizes[label] for label in labels]), labels


def _ordered(tensor: Tensor, labels: list, wanted: list) -> Tensor:
    return tensor if labels == wanted else tensor.permute([labels.index(label) for label in wanted])


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y_k = x1^T W_k x2 + b_k, over the last dimensions.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.bilinear.html

    >>> torch.nn.functional.bilinear(torch.ones(1, 2), torch.ones(1, 3), torch.ones(1, 2, 3))
    tensor([[6.]])
    """
    if input1._array.ndim != input2._array.ndim:
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {input1._array.ndim} and {input2._array.ndim}"
        )
    for which, given, expected in ((1, input1.shape[-1], weight.shape[1]), (2, input2.shape[-1], weight.shape[2])):
        if given != expected:
            raise RuntimeError(
                f"bilinear(): input{which} size does not match weight size: got {given} but expected {expected}"
            )
    for dim, (one, other) in enumerate(zip(input1.shape[:-1], input2.shape[:-1])):
        if one != other:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {dim}: got {one} and {other}")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias.shape[0]} but expected {weight.shape[0]}"
        )
    result = einsum("...i,kij,...j->...k", input1, weight, input2)
    return result if bias is None else result + bias
