"""Samples into batches beside PyTorch: structure, dtypes, and what cannot be put together."""

import collections

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.utils.data.both import same  # noqa: E402

Point = collections.namedtuple("Point", "x y")


class Record(dict):
    """A dictionary with an attribute, which a batch keeps."""

    source = "nowhere"


def record(source, **items):
    made = Record(items)
    made.source = source
    return made


# {what a batch is of: function(library) -> list of samples}
BATCHES = {
    "ints": lambda lib: [1, 2, 3],
    "bools": lambda lib: [True, False],
    "floats": lambda lib: [0.5, 1.0],
    "texts": lambda lib: ["a", "b"],
    "bytes": lambda lib: [b"a", b"b"],
    "tensors": lambda lib: [lib.tensor([1.0, 2.0]), lib.tensor([3.0, 4.0])],
    "0-dim tensors": lambda lib: [lib.tensor(1), lib.tensor(2)],
    "tensors of two dtypes": lambda lib: [lib.tensor([1]), lib.tensor([0.5])],
    "one tensor": lambda lib: [lib.arange(3)],
    "a tensor of samples": lambda lib: lib.arange(3),
    "empty tensors": lambda lib: [lib.zeros(0, 2)] * 2,
    "arrays": lambda lib: [np.array([1, 2], np.int16), np.array([3, 4], np.int16)],
    "0-dim arrays": lambda lib: [np.array(1.5), np.array(2.5)],
    "NumPy numbers": lambda lib: [np.float32(1), np.float32(2)],
    "NumPy integers": lambda lib: [np.uint8(1), np.uint8(2)],
    "NumPy bools": lambda lib: [np.bool_(True), np.bool_(False)],
    "tuples": lambda lib: [(1, "a", lib.ones(2)), (2, "b", lib.zeros(2))],
    "lists": lambda lib: [[1, 2], [3, 4]],
    "named tuples": lambda lib: [Point(1, 2.0), Point(3, 4.0)],
    "dicts": lambda lib: [{"x": 1, "y": [lib.ones(1)]}, {"x": 2, "y": [lib.zeros(1)]}],
    "ordered dicts": lambda lib: [collections.OrderedDict(x=1), collections.OrderedDict(x=2)],
    "default dicts": lambda lib: [collections.defaultdict(int, x=1), collections.defaultdict(int, x=2)],
    "deeply nested": lambda lib: [({"a": [(1, (2.0, "t"))]},), ({"a": [(3, (4.0, "u"))]},)],
    "ranges": lambda lib: [range(2), range(2)],
    "unequal tensors": lambda lib: [lib.ones(2), lib.ones(3)],
    "unequal lists": lambda lib: [[1, 2], [3]],
    "lists and their lack": lambda lib: [[1], 2],
    "missing keys": lambda lib: [{"x": 1}, {"y": 1}],
    "None": lambda lib: [None, None],
    "objects": lambda lib: [object(), object()],
    "sets": lambda lib: [{1}, {2}],
    "complex": lambda lib: [1j, 2j],
    "arrays of texts": lambda lib: [np.array(["a"]), np.array(["b"])],
    "arrays of objects": lambda lib: [np.array([None]), np.array([None])],
    "an int and a text": lambda lib: [1, "a"],
    "a huge int": lambda lib: [2**63, 1],
    "nothing": lambda lib: [],
}


@pytest.mark.parametrize("case", BATCHES)
def test_default_collate(case):
    same(lambda lib: lib.utils.data.default_collate(BATCHES[case](lib)))


@pytest.mark.parametrize("case", BATCHES)
def test_default_convert(case):
    same(lambda lib: lib.utils.data.default_convert(BATCHES[case](lib)))


def test_a_batch_of_records_is_a_record():
    def program(lib):
        batch = lib.utils.data.default_collate([record("a", x=1), record("b", x=2)])
        return type(batch).__name__, batch.source, batch["x"]

    assert same(program)[1][:2] == ["Record", "a"]


def test_other_types_are_collated_by_a_map_of_functions():
    def program(lib):
        from_module = {"torch": torch, "tinytorch": __import__("tinytorch")}[lib.__name__]
        collate = __import__(f"{from_module.__name__}.utils.data._utils.collate", fromlist=["collate"])
        functions = {set: lambda batch, *, collate_fn_map=None: sorted(set().union(*batch))}
        functions |= collate.default_collate_fn_map
        return collate.collate([({1, 2}, 3), ({2, 5}, 4)], collate_fn_map=functions)

    same(program)


def test_a_batch_of_samples_that_need_gradients_has_a_history():
    def program(lib):
        w = lib.tensor([1.0, 2.0], requires_grad=True)
        batch = lib.utils.data.default_collate([w, w * 3])
        batch.sum().backward()
        return batch.detach(), w.grad

    same(program)
