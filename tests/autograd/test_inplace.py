"""Writing in place: what is refused, what the history becomes, and what backward notices; beside PyTorch.

Every case is a function of the library and a leaf [[1, 2, 3], [4, 5, 6]]. What it returns, or the class and first line
of its error, has to be the same in both libraries.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tinytorch as tt

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def outcome(case: Any, lib: Any) -> Any:
    """What a case returns, tensors as lists; an error as its class and first line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return plain(case(lib))
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        return f"{type(error).__name__}: " + str(error).split("\n")[0]


def plain(value: Any) -> Any:
    if isinstance(value, (torch.Tensor, tt.Tensor)):
        return np.round(value.detach().tolist(), 12).tolist()
    return [plain(each) for each in value] if isinstance(value, (tuple, list)) else value


def leaf(lib: Any, *shape: int) -> Any:
    return lib.arange(1.0, 7.0, dtype=lib.float64).reshape(*(shape or (2, 3))).clone().requires_grad_()


# ---- what is refused -------------------------------------------------------------------------------------------------

REFUSED = {
    "a leaf": lambda lib, x: x.mul_(2),
    "a leaf, by assignment": lambda lib, x: x.__setitem__(0, 1.0),
    "a leaf, by a slice of all": lambda lib, x: x.__setitem__(slice(None), 1.0),
    "a leaf, by +=": lambda lib, x: x.__iadd__(1),
    "a leaf, by indices": lambda lib, x: x.__setitem__([0], 1.0),
    "a leaf, by a mask": lambda lib, x: x.__setitem__(x > 2, 1.0),
    "a leaf, of the wrong shape too": lambda lib, x: x.copy_(lib.ones(7)),
    "a leaf, its sides": lambda lib, x: x.t_(),
    "a leaf, zero_": lambda lib, x: x.zero_(),
    "a leaf, fill_": lambda lib, x: x.fill_(lib.tensor(1.0)),
    "a view of a leaf": lambda lib, x: x[0].mul_(2),
    "a view of a view of a leaf": lambda lib, x: x.t()[0].fill_(2),
    "a view of a leaf, by assignment": lambda lib, x: x[0].__setitem__(0, 1.0),
    "unbind": lambda lib, x: (x * 1).unbind()[0].mul_(2),
    "split": lambda lib, x: (x * 1).split(1)[1].zero_(),
    "chunk": lambda lib, x: (x * 1).chunk(2)[1].add_(1),
    "a view of one of several": lambda lib, x: (x * 1).unbind()[0][1:].mul_(2),
    "iteration": lambda lib, x: next(iter(x * 1)).mul_(2),
    "expanded": lambda lib, x: (x * 1).expand(2, 2, 3).mul_(2),
    "expanded, without gradients": lambda lib, x: x.detach().expand(2, 2, 3).add_(1),
    "expanded, copy_": lambda lib, x: x.detach()[:1].expand(2, 3).copy_(lib.ones(2, 3)),
    "overlapping": lambda lib, x: x.detach().view(-1)[1:].copy_(x.detach().view(-1)[:-1]),
    "overlapping, with gradients": lambda lib, x: flat(x * 1, lambda y: y[1:].add_(y[:-1])),
    "its own broadcast": lambda lib, x: x.detach().add_(lib.ones(4, 2, 3)),
    "shapes that differ": lambda lib, x: x.detach().add_(lib.ones(4)),
    "a dtype that does not fit": lambda lib, x: lib.ones(2, dtype=lib.int64).add_(1.5),
    "a dtype that does not fit, a tensor": lambda lib, x: lib.ones(3, dtype=lib.int64).add_(x),
    "out=": lambda lib, x: lib.exp(x, out=lib.empty(2, 3)),
    "out= that requires grad": lambda lib, x: lib.exp(lib.ones(2, 3), out=x),
    "out= that is repeated": lambda lib, x: lib.exp(lib.ones(2, 3), out=lib.ones(3).expand(2, 3)),
    "resize_": lambda lib, x: x.resize_(3),
    "resize_as_": lambda lib, x: (x * 1).resize_as_(lib.ones(2)),
    "detach_ of a view": lambda lib, x: (x * 1)[0].detach_(),
    "requires_grad_(False) of a result": lambda lib, x: (x * 1).requires_grad_(False),
    "an inference tensor outside": lambda lib, x: inference(lib, lambda: lib.ones(2)).add_(1),
    "an inference tensor's sides": lambda lib, x: inference(lib, lambda: lib.ones(2, 1)).t_(),
    "an inference tensor that is saved": lambda lib, x: x * inference(lib, lambda: lib.ones(3)),
    "an inference view, written outside": lambda lib, x: later(x * 1, lambda y: inference(lib, lambda: y[0]), "view"),
    "an inference view, its base written": lambda lib, x: later(x * 1, lambda y: inference(lib, lambda: y[0]), "base"),
    "a no_grad view, written outside": lambda lib, x: later(x * 1, lambda y: no_grad(lib, lambda: y[0]), "view"),
    "a no_grad view, its base written": lambda lib, x: later(x * 1, lambda y: no_grad(lib, lambda: y[0]), "base"),
    "a no_grad view of a view": lambda lib, x: later((x * 1)[0], lambda y: no_grad(lib, lambda: y[1:]), "view"),
    "a view of a no_grad view": lambda lib, x: later(x * 1, lambda y: no_grad(lib, lambda: y[0])[1:], "view"),
    "no_grad parts": lambda lib, x: later(x * 1, lambda y: no_grad(lib, lambda: y.unbind())[1], "view"),
    "the base of parts, then a part": lambda lib, x: later(x * 1, lambda y: y.unbind()[1], "base"),
    "a no_grad view of a leaf, written outside": lambda lib, x: no_grad(lib, lambda: x[0]).mul_(2),
}


def flat(x: Any, do: Any) -> Any:
    return do(x.view(-1))


def no_grad(lib: Any, make: Any) -> Any:
    with lib.no_grad():
        return make()


def inference(lib: Any, make: Any) -> Any:
    with lib.inference_mode():
        return make()


def later(base: Any, look: Any, write: str) -> Any:
    """Make a view, write to it or to its base, and use the view."""
    view = look(base)
    (view if write == "view" else base).mul_(2)
    return (view * 2).grad_fn.name()


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    expected = outcome(lambda lib: REFUSED[name](lib, leaf(lib)), torch)
    assert isinstance(expected, str)
    assert "Error: " in expected
    assert outcome(lambda lib: REFUSED[name](lib, leaf(lib)), tt) == expected


@pytest.mark.parametrize("name", [name for name in REFUSED if "grad" not in name])
def test_nothing_is_written_where_it_is_refused(name):
    x = leaf(tt)
    outcome(lambda lib: REFUSED[name](lib, x), tt)
    assert x.tolist() == [[1, 2, 3], [4, 5, 6]]


# ---- what the history becomes ----------------------------------------------------------------------------------------

HISTORIES = {
    "a slice": lambda lib, x: written(x, lambda y: y[0].mul_(3)),
    "a slice of a slice": lambda lib, x: written(x, lambda y: y[1][1:].mul_(3)),
    "a view, then its base": lambda lib, x: written(x, lambda y: (y[0].mul_(3), y.mul_(5))),
    "the base, then a view": lambda lib, x: written(x, lambda y: (y.mul_(5), y[0].mul_(3))),
    "two overlapping slices": lambda lib, x: written(x, lambda y: (y.view(-1)[:4].mul_(3), y.view(-1)[2:].mul_(5))),
    "a transposed view": lambda lib, x: written(x, lambda y: y.t()[1:].mul_(x.t()[:2])),
    "a mask": lambda lib, x: written(x, lambda y: y.__setitem__(y.detach() > 2, x[0, 0] * 7)),
    "a mask and a tensor": lambda lib, x: written(x, lambda y: y.__setitem__(y.detach() > 2, x.view(-1)[:4] * 7)),
    "+= of a slice": lambda lib, x: written(x, lambda y: augmented(y, (slice(None), 1), x[0, :2])),
    "+= of indices": lambda lib, x: written(x, lambda y: augmented(y, [1], x[0])),
    "*= of an element": lambda lib, x: written(x, lambda y: augmented(y, (0, 0), x[1, 1])),
    "copy_ of an own slice": lambda lib, x: written(x, lambda y: y[0].copy_(y[1])),
    "copy_ of itself": lambda lib, x: written(x, lambda y: y.copy_(y)),
    "zero_": lambda lib, x: written(x, lambda y: y.zero_()),
    "zero_ of a slice": lambda lib, x: written(x, lambda y: y[0].zero_()),
    "fill_ with a tensor": lambda lib, x: written(x, lambda y: y[:, 0].fill_(x.sum())),
    "a saved output": lambda lib, x: written(x, lambda y: y[0].tanh_()),
    "a base without gradients": lambda lib, x: written(lib.zeros(2, 3), lambda y: y[0].copy_(x[1]), x),
    "an element": lambda lib, x: written(lib.zeros(2, 3), lambda y: y.__setitem__((0, 0), x[0, 1] ** 2), x),
    "diagonal": lambda lib, x: written(x, lambda y: y.diagonal().mul_(x[0, :2])),
    "unfold read": lambda lib, x: written(x, lambda y: y.mul_(y.view(-1).unfold(0, 3, 1).sum())),
    "as_strided": lambda lib, x: written(x, lambda y: y.as_strided((2, 2), (1, 4)).mul_(2)),
    "sides in place, then a write": lambda lib, x: written(x, lambda y: (y.t_(), y[0].mul_(3))),
    "squeezed in place": lambda lib, x: written(x, lambda y: (y.unsqueeze_(0), y[0, 0].mul_(3), y.squeeze_())),
    "chained": lambda lib, x: written(x, lambda y: y.add_(1).mul_(y).sub_(x)),
    "in no_grad": lambda lib, x: written(x, lambda y: no_grad(lib, lambda: y.mul_(2))),
    "in no_grad, a view": lambda lib, x: written(x, lambda y: no_grad(lib, lambda: y[0].mul_(2))),
    "a base written in no_grad": lambda lib, x: viewed_before(lib, x, lambda y, v: no_grad(lib, lambda: y.mul_(2))),
    "a view, used after its base was written": lambda lib, x: viewed_before(lib, x, lambda y, v: y.mul_(x)),
    "a view, used after it was written": lambda lib, x: viewed_before(lib, x, lambda y, v: v.mul_(x[1])),
    "a view, used after another was written": lambda lib, x: viewed_before(lib, x, lambda y, v: y[:, 1].mul_(x[1, 0])),
    "a view of what requires grad later": lambda lib, x: requires_grad_later(lib, x),
    "data": lambda lib, x: written(x, lambda y: y.data.mul_(2)),
    "detach": lambda lib, x: written(x, lambda y: y.detach().mul_(2)),
    "data of a leaf": lambda lib, x: (x.data.mul_(2), x, x._version, x.is_leaf),
    "detach of a leaf": lambda lib, x: (x.detach().mul_(2), x, x._version, x.is_leaf),
    "a leaf in no_grad": lambda lib, x: (no_grad(lib, lambda: x.mul_(2)), x, x._version, x.is_leaf),
    "numpy shares the memory": lambda lib, x: (x.detach().numpy().__imul__(2).tolist(), x, x._version),
    "inference mode": lambda lib, x: inference(lib, lambda: (x.detach().clone().mul_(2), x.is_inference())),
    "detach_": lambda lib, x: detached(x * 1),
    "bases": lambda lib, x: bases(x * 1),
    "versions": lambda lib, x: versions(lib, x * 1),
}


def written(x: Any, write: Any, leaf: Any = None) -> Any:
    """Write into a copy of x; its elements, version, node, and what the leaf's gradient is."""
    y = x * 1
    write(y)
    leaf = x if leaf is None else leaf
    node = y.grad_fn and y.grad_fn.name()
    weights = (y.detach() * 0 + 1).cumsum(0).cumsum(-1)
    (y * weights).sum().backward()
    return y, y._version, node, leaf.grad


def augmented(x: Any, key: Any, value: Any) -> None:
    if key == (0, 0):
        x[key] *= value
    else:
        x[key] += value


def viewed_before(lib: Any, x: Any, write: Any) -> Any:
    y = x * 1
    view = y[0]
    before = view.grad_fn.name()
    write(y, view)
    after = view.grad_fn.name()
    (view * lib.tensor([1.0, 2, 3])).sum().backward()
    return before, after, view, y, x.grad, view._version


def requires_grad_later(lib: Any, x: Any) -> Any:
    y = lib.zeros(2, 3)
    view = y[0]
    facts = [view.requires_grad, view.is_leaf]
    view.copy_(x[0])
    facts += [view.requires_grad, y.requires_grad, y.grad_fn.name(), view.grad_fn.name()]
    y.sum().backward()
    return facts, x.grad


def detached(y: Any) -> Any:
    z = y * 2
    y.detach_()
    return y.requires_grad, y.is_leaf, z.grad_fn.name(), y._version


def bases(y: Any) -> Any:
    view = y[0]
    view_of_view = view[1:]
    return [
        y._is_view(), y._base is None, view._is_view(), view._base is y, view_of_view._base is y,
        view.detach()._is_view(), view.data._is_view(), view.clone()._is_view(), y.T._base is y,
        y.reshape(-1)._base is y,
    ]  # fmt: skip


def versions(lib: Any, y: Any) -> Any:
    view, data, detached = y[0], y.data, y.detach()
    found = []
    for write in (
        lambda: y.mul_(1),
        lambda: view.mul_(1),
        lambda: data.mul_(1),
        lambda: detached.mul_(1),
        lambda: no_grad(lib, lambda: y.zero_()),
        lambda: y.__setitem__(0, 1.0),
        lambda: y.__setitem__([0], 1.0),
        lambda: y.copy_(lib.ones(3)),
        lambda: y.fill_(1),
        lambda: detached.t_(),
        lambda: lib.add(detached.t(), 1, out=detached.t()),
        lambda: y.data.__setitem__(0, 3.0),
    ):
        write()
        found.append([y._version, view._version, data._version, detached._version])
    return found


@pytest.mark.parametrize("name", HISTORIES)
def test_histories(name):
    expected = outcome(lambda lib: HISTORIES[name](lib, leaf(lib)), torch)
    assert outcome(lambda lib: HISTORIES[name](lib, leaf(lib)), tt) == expected


# ---- what backward notices -------------------------------------------------------------------------------------------

SAVED = {
    # an operation that saves something, and a write that changes it
    "an input": (lambda y: y * y, lambda y, z: y.mul_(2)),
    "an input, by a view": (lambda y: y * y, lambda y, z: y[0].mul_(2)),
    "an input, by assignment": (lambda y: y * y, lambda y, z: y.__setitem__(0, 1.0)),
    "an input, by detach": (lambda y: y * y, lambda y, z: y.detach().zero_()),
    "an input, by data": (lambda y: y * y, lambda y, z: y.data.zero_()),
    "an input, twice": (lambda y: y * y, lambda y, z: (y.mul_(2), y.mul_(2))),
    "an output": (lambda y: y.exp(), lambda y, z: z.add_(1)),
    "an output, by a view": (lambda y: y.exp(), lambda y, z: z.view(-1).add_(1)),
    "an output that is not saved": (lambda y: y * 2, lambda y, z: z.add_(1)),
    "an input that is not saved": (lambda y: y.exp(), lambda y, z: y.add_(1)),
    "a view that is saved": (lambda y: y[0] * y[1], lambda y, z: y[1].mul_(2)),
    "a view of an expanded one": (lambda y: y[0].expand(2, 3) * y, lambda y, z: y.mul_(2)),
    "a product": (lambda y: y @ y.t(), lambda y, z: y.mul_(2)),
    "a sum over a dimension": (lambda y: y.sum(0) ** 2, lambda y, z: y.mul_(2)),
    "sides in place": (lambda y: y * y, lambda y, z: y.t_()),
    "max": (lambda y: y.amax(0), lambda y, z: y.mul_(2)),
    "tanh": (lambda y: y.tanh(), lambda y, z: z.mul_(2)),
    "a division": (lambda y: 1 / y, lambda y, z: y.mul_(2)),
    "a power": (lambda y: y**3, lambda y, z: y.mul_(2)),
}


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_tensor_that_was_written_to(name):
    operation, write = SAVED[name]

    def run(lib):
        x = leaf(lib)
        y = x * 1
        z = operation(y)
        kept = z * 1
        write(y, z)
        (kept + 0 * z.sum() if name == "sides in place" else kept).sum().backward()
        return x.grad

    expected, found = outcome(run, torch), outcome(run, tt)
    assert found == expected


def test_the_error_names_operation_and_versions():
    x = tt.ones(3, requires_grad=True)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError) as error:
        y.sum().backward()
    first, *rest = str(error.value).split("\n")
    assert "[torch.FloatTensor [3]], which is output 0 of Exp, is at version 1; expected version 0 instead." in first
    assert "ExpBackward0 saved this tensor" in "\n".join(rest)


# ---- hooks and retained gradients ------------------------------------------------------------------------------------

LISTENED = {
    "a hook before a write": lambda lib, x, heard: heard_of(lib, x, heard, lambda y: y.mul_(3)),
    "a hook before a write into a view": lambda lib, x, heard: heard_of(lib, x, heard, lambda y: y[0].mul_(3)),
    "a hook before a fill": lambda lib, x, heard: heard_of(lib, x, heard, lambda y: y.zero_()),
    "a hook after a write": lambda lib, x, heard: heard_of(lib, (x * 1).mul_(3), heard, lambda y: y.add_(1)),
    "retain_grad before a write": lambda lib, x, heard: retained(lib, x, lambda y: y.mul_(3)),
    "retain_grad before a write into a view": lambda lib, x, heard: retained(lib, x, lambda y: y[0].mul_(3)),
    "retain_grad before two writes": lambda lib, x, heard: retained(lib, x, lambda y: (y[0].mul_(3), y.add_(y))),
    "retain_grad of a view": lambda lib, x, heard: retained_view(lib, x, lambda y, v: None),
    "retain_grad of a view, then its base": lambda lib, x, heard: retained_view(lib, x, lambda y, v: y.mul_(2)),
}


def heard_of(lib: Any, x: Any, heard: list, write: Any) -> Any:
    y = x * 1
    y.register_hook(lambda grad: heard.append(grad.tolist()))
    write(y)
    (y * lib.arange(1.0, 4.0)).sum().backward()
    return heard


def retained(lib: Any, x: Any, write: Any) -> Any:
    y = x * 1
    y.retain_grad()
    write(y)
    (y * lib.arange(1.0, 4.0)).sum().backward()
    return y.grad, x.grad, y.retains_grad


def retained_view(lib: Any, x: Any, write: Any) -> Any:
    y = x * 1
    view = y[0]
    view.retain_grad()
    write(y, view)
    (view * lib.arange(1.0, 4.0)).sum().backward()
    return view.grad, x.grad


@pytest.mark.parametrize("name", LISTENED)
def test_hooks_and_retained_gradients(name):
    expected = outcome(lambda lib: LISTENED[name](lib, leaf(lib), []), torch)
    assert outcome(lambda lib: LISTENED[name](lib, leaf(lib), []), tt) == expected
