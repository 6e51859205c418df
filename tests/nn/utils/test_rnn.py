"""Sequences of different lengths are padded and cut as in PyTorch."""

import pytest

from tests.autograd.stories import failure, story


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("batch_first", [False, True])
@story
def test_padding_and_back(lib, batch_first, side):
    from importlib import import_module

    rnn = import_module(lib.nn.__name__ + ".utils.rnn")
    for shape in ((), (2,), (2, 1)):
        rows = [lib.ones(n, *shape, requires_grad=True) for n in (2, 3, 0)]
        padded = rnn.pad_sequence(rows, batch_first, -1.0, side)
        yield padded.detach(), padded.shape, padded.stride()
        padded.pow(2).sum().backward()
        yield [row.grad for row in rows]
        yield rnn.unpad_sequence(padded.detach(), lib.tensor([2, 3, 0]), batch_first)
    yield rnn.pad_sequence(lib.ones(2, 3)), rnn.pad_sequence(iter([lib.tensor([1]), lib.tensor([2, 3])]))


@story
def test_errors(lib):
    from importlib import import_module

    pad = import_module(lib.nn.__name__ + ".utils.rnn").pad_sequence
    yield failure(pad, 5)
    yield failure(pad, [])
    yield failure(pad, [lib.ones(1)], padding_side="top")
    yield failure(pad, [lib.ones(2, 1), lib.ones(3, 2)])
