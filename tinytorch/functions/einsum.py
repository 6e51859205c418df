"""einsum and other contractions: products summed over named or paired dimensions, all made of bmm.

An operand is brought into the order (kept in both, only mine, summed), the other into (kept in both, summed, only
theirs); flattened to three dimensions each, their contraction is one batched matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinytorch.ops.matmul import bmm, check_tensors
from tinytorch.public import public
from tinytorch.tensor import Tensor

_ELLIPSIS = "..."


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
    if not isinstance(equation, str):
        equation, operands = _from_lists((equation, *operands))
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not operands:
        raise ValueError("einsum(): must provide at least one operand")
    inputs, output = _parse(equation, operands)
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
    return result.permute(order) if order != list(range(len(order))) else result


def _from_lists(arguments: tuple) -> tuple[str, tuple]:
    """The form with lists of numbers as the form with letters."""
    operands = arguments[0 : len(arguments) - len(arguments) % 2 : 2]
    lists = [*arguments[1::2]]

    def letters(numbers: Sequence) -> str:
        return "".join(_ELLIPSIS if n is Ellipsis else chr(ord("A") + n if n < 26 else ord("a") + n - 26) for n in numbers)

    equation = ",".join(map(letters, lists))
    if len(arguments) % 2:
        equation += "->" + letters(arguments[-1])
    return equation, operands


def _parse(equation: str, operands: tuple) -> tuple[list[list], list]:
    """The labels of every operand's dimensions and of the output's; a dimension under "..." is labelled by a number."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) > len(operands):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    if len(terms) < len(operands):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    widest = 0
    inputs = []
    for i, (term, tensor) in enumerate(zip(terms, operands)):
        labels = _labels(term, equation)
        named = sum(label is not Ellipsis for label in labels)
        ndim = tensor._array.ndim
        if Ellipsis not in labels and named != ndim or named > ndim:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) "
                + ("does not match" if Ellipsis not in labels else "is more than")
                + f" the number of dimensions ({ndim}) for operand {i}"
                + (" and no ellipsis was given" if Ellipsis not in labels else "")
            )
        widest = max(widest, ndim - named)
        inputs.append(labels)
    spread = [_spread(labels, tensor._array.ndim - len(labels) + 1) for labels, tensor in zip(inputs, operands)]
    everything = [label for labels in spread for label in labels]
    dots = list(range(-widest, 0))
    if not arrow:
        letters = [label for label in everything if isinstance(label, str)]
        return spread, dots + sorted(label for label in set(letters) if letters.count(label) == 1)
    output = [label for one in _labels(right, equation) for label in (dots if one is Ellipsis else [one])]
    for label in output:
        if output.count(label) > 1:
            raise RuntimeError(f"einsum(): output subscript {label} appears more than once in the output")
        if isinstance(label, str) and label not in everything:
            raise RuntimeError(
                f"einsum(): output subscript {label} does not appear in the equation for any input operand"
            )
    return spread, output


def _labels(term: str, equation: str) -> list:
    """The subscripts of a term, "..." as Ellipsis."""
    labels: list = []
    rest = term
    while rest:
        if rest.startswith(_ELLIPSIS):
            if Ellipsis in labels:
                raise RuntimeError("einsum(): found '.' for operand 0 for which an ellipsis was already found")
            labels.append(Ellipsis)
            rest = rest[3:]
        elif rest[0].isalpha() and rest[0].isascii():
            labels.append(rest[0])
            rest = rest[1:]
        else:
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {equation.index(rest[0])} in the equation string, subscripts "
                "must be in [a-zA-Z]"
            )
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
                name = label if isinstance(label, str) else "..."
                raise RuntimeError(
                    f"einsum(): subscript {name} has size {size} for operand {i} which does not broadcast with previously "
                    f"seen size {known}"
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


@public(method=False)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Products summed over the last `dims` dimensions of a and the first of b, or over the two lists in `dims`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.tensordot.html

    >>> torch.tensordot(torch.ones(2, 3, 4), torch.ones(3, 4, 5), dims=2).shape
    torch.Size([2, 5])
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        dims_a, dims_b = list(range(-dims, 0)), list(range(dims))
    else:
        dims_a, dims_b = ([d] if isinstance(d, int) else list(d) for d in dims)
    ndim_a, ndim_b = a._array.ndim, b._array.ndim
    if len(dims_a) != len(dims_b):
        raise RuntimeError("both dimension lists should have same length")
    for d_a, d_b in zip(dims_a, dims_b):
        if a.shape[d_a] != b.shape[d_b]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[d_a]} in dim {d_a} and second has size "
                f"{b.shape[d_b]} in dim {d_b}"
            )
    positive_a, positive_b = [d % ndim_a for d in dims_a], [d % ndim_b for d in dims_b]
    free_a = [d for d in range(ndim_a) if d not in positive_a]
    free_b = [d for d in range(ndim_b) if d not in positive_b]
    inner = 1
    for d in positive_a:
        inner *= a.shape[d]
    left = a.permute(free_a + positive_a).reshape(-1 if a._array.size else _size(a, free_a), inner)
    right = b.permute(positive_b + free_b).reshape(inner, -1 if b._array.size else _size(b, free_b))
    return left.mm(right).reshape([a.shape[d] for d in free_a] + [b.shape[d] for d in free_b])


def _size(tensor: Tensor, dims: list[int]) -> int:
    total = 1
    for d in dims:
        total *= tensor.shape[d]
    return total


@public()
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The dot products along the last dimensions of both.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.inner.html

    >>> torch.inner(torch.tensor([1., 2., 3.]), torch.tensor([0., 2., 1.]))
    tensor(7.)
    """
    check_tensors("inner", input=input, other=other)
    if not input._array.ndim or not other._array.ndim:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    return tensordot(input, other, dims=([-1], [-1]))


@public()
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of `input` times the whole of `other`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.kron.html

    >>> torch.kron(torch.tensor([1, 10]), torch.tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    rank = max(input._array.ndim, other._array.ndim)
    x_shape = (1,) * (rank - input._array.ndim) + tuple(input.shape)
    y_shape = (1,) * (rank - other._array.ndim) + tuple(other.shape)
    x = input.reshape([side for size in x_shape for side in (size, 1)])
    y = other.reshape([side for size in y_shape for side in (1, size)])
    return (x * y).reshape([a * b for a, b in zip(x_shape, y_shape)])


@public(method=False)
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices, in the order of multiplications that costs least.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.chain_matmul.html

    >>> torch.chain_matmul(torch.ones(2, 3), torch.ones(3, 4), torch.ones(4, 1)).shape
    torch.Size([2, 1])
    """
    return multiply_in_best_order(list(matrices))


def multiply_in_best_order(matrices: list[Tensor]) -> Tensor:
    """Dynamic programming over where the last product is made; costs are counts of multiplications."""
    sides = [m.shape[0] for m in matrices] + [matrices[-1].shape[1]]
    count = len(matrices)
    best: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(count)}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sides[i] * sides[k + 1] * sides[j + 1], k) for k in range(i, j)
            )

    def multiply(i: int, j: int) -> Tensor:
        if i == j:
            return matrices[i]
        k = best[i, j][1]
        return multiply(i, k).mm(multiply(k + 1, j))

    return multiply(0, count - 1)


@public()
def matrix_power(input: Tensor, n: int) -> Tensor:
    """The product of n copies of square matrices, by repeated squaring; a negative n takes the inverse.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.matrix_power.html

    >>> torch.matrix_power(torch.tensor([[1., 1.], [0., 1.]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    if input._array.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise RuntimeError(f"linalg.matrix_power: A must be batches of square matrices, but they are {_by(input)} matrices")
    if n < 0:
        return matrix_power(input.inverse(), -n)
    result, square = None, input
    while n:
        if n & 1:
            result = square if result is None else result @ square
        n >>= 1
        if n:
            square = square @ square
    if result is None:
        from tinytorch.public import NAMES

        return NAMES["eye"](input.shape[-1], dtype=input.dtype).expand_as(input).clone()
    return result.clone() if result is input else result


def _by(tensor: Tensor) -> str:
    return " by ".join(map(str, tensor.shape[-2:]))


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
    result = einsum("...i,kij,...j->...k", input1, weight, input2)
    return result if bias is None else result + bias
