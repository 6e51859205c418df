"""Datasets beside PyTorch's: samples, lengths, joins, splits, and what is said of wrong arguments."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.utils.data.both import same  # noqa: E402


def stream(lib, items, length=None):
    """An IterableDataset of these items."""

    class Stream(lib.utils.data.IterableDataset):
        def __iter__(self):
            return iter(items)

    class Counted(Stream):
        def __len__(self):
            return length

    return Stream() if length is None else Counted()


def table(lib, items):
    """A Dataset of these items that can be added to others."""

    class Table(lib.utils.data.Dataset):
        def __getitem__(self, index):
            return items[index]

        def __len__(self):
            return len(items)

    return Table()


def pairs(lib):
    return lib.utils.data.TensorDataset(lib.arange(6).reshape(3, 2), lib.tensor([1.5, 2.5, 3.5]))


DATASETS = {
    "tensors": lambda lib: [pairs(lib)[1], pairs(lib)[-1], pairs(lib)[0:2], len(pairs(lib))],
    "tensors past the end": lambda lib: pairs(lib)[3],
    "tensors of different lengths": lambda lib: lib.utils.data.TensorDataset(lib.zeros(2), lib.zeros(3)),
    "one tensor": lambda lib: list(lib.utils.data.TensorDataset(lib.arange(3))),
    "no __getitem__": lambda lib: lib.utils.data.Dataset()[0],
    "no length": lambda lib: len(lib.utils.data.Dataset()),
    "a + b": lambda lib: [(table(lib, "ab") + table(lib, "cde"))[i] for i in (0, 1, 2, 4, -1, -5)],
    "length of a + b": lambda lib: len(table(lib, "ab") + table(lib, "cde") + table(lib, "f")),
    "a + b, too far back": lambda lib: (table(lib, "ab") + table(lib, "cde"))[-6],
    "a + b, too far on": lambda lib: (table(lib, "ab") + table(lib, "cde"))[5],
    "concat": lambda lib: lib.utils.data.ConcatDataset(["ab", "", "c"]).cumulative_sizes,
    "concat of nothing": lambda lib: lib.utils.data.ConcatDataset([]),
    "concat of streams": lambda lib: lib.utils.data.ConcatDataset([stream(lib, "ab")]),
    "chain": lambda lib: list(stream(lib, "ab") + stream(lib, "cd")),
    "length of a chain": lambda lib: len(stream(lib, "ab", 2) + stream(lib, "cd", 2)),
    "chain of unknown length": lambda lib: type(len_error(stream(lib, "ab") + stream(lib, "c"))).__name__,
    "chain of tables": lambda lib: list(lib.utils.data.ChainDataset(["ab"])),
    "subset": lambda lib: [*lib.utils.data.Subset("abcde", [4, 0, 0]), len(lib.utils.data.Subset("abc", [1]))],
    "subset by a list": lambda lib: lib.utils.data.Subset(np.arange(10) * 2, [4, 0, 5])[[0, 2]],
    "subset of a subset": lambda lib: list(lib.utils.data.Subset(lib.utils.data.Subset("abcde", [4, 3, 0]), [2, 0])),
    "samples of a subset": lambda lib: lib.utils.data.Subset("abcde", [4, 0]).__getitems__([1, 1, 0]),
    "stack": lambda lib: [lib.utils.data.StackDataset("abc", range(3))[1], len(lib.utils.data.StackDataset("abc"))],
    "stack by name": lambda lib: lib.utils.data.StackDataset(x="abc", y=range(3))[2],
    "samples of a stack": lambda lib: lib.utils.data.StackDataset("abc", range(3)).__getitems__([2, 0]),
    "samples of a stack by name": lambda lib: lib.utils.data.StackDataset(x="abc", y=range(3)).__getitems__([2, 0]),
    "samples of a stack of subsets": lambda lib: lib.utils.data.StackDataset(
        lib.utils.data.Subset("abcd", [3, 1]), range(2)
    ).__getitems__([1, 0]),
    "stack of nothing": lambda lib: lib.utils.data.StackDataset(),
    "stack of unequal lengths": lambda lib: lib.utils.data.StackDataset("ab", "c"),
    "stack of both kinds": lambda lib: lib.utils.data.StackDataset("ab", x="cd"),
}


def len_error(sized):
    try:
        return len(sized)
    except TypeError as error:
        return error


@pytest.mark.parametrize("case", DATASETS)
def test_datasets(case):
    same(DATASETS[case])


@pytest.mark.parametrize("override", ["__getitem__", "both"])
def test_a_subset_that_changes_its_samples_has_to_change_both_ways_to_them(override):
    def program(lib):
        class Shouting(lib.utils.data.Subset):
            def __getitem__(self, index):
                return super().__getitem__(index).upper()

            if override == "both":

                def __getitems__(self, indices):
                    return [self[index] for index in indices]

        return list(lib.utils.data.DataLoader(Shouting("abcd", [3, 0]), batch_size=2))

    same(program)


SPLITS = [
    (10, [7, 3]), (10, [0.7, 0.3]), (10, [0.25, 0.25, 0.5]), (7, [0.5, 0.5]), (5, [0.1, 0.2, 0.7]), (3, [3]), (1, [1]),
    (101, [0.3, 0.3, 0.4]), (4, [4, 0]), (10, [3, 3]), (10, [0.5, 0.6]), (10, [1.5, -0.5]), (0, []), (10, [1.0]),
]  # fmt: skip


@pytest.mark.parametrize(("count", "lengths"), SPLITS)
@pytest.mark.parametrize("own", [False, True], ids=["default generator", "own generator"])
def test_random_split(count, lengths, own):
    def program(lib):
        lib.manual_seed(3)
        options = {"generator": lib.Generator().manual_seed(8)} if own else {}
        parts = lib.utils.data.random_split(range(count), lengths, **options)
        return [list(part.indices) for part in parts], [type(part).__name__ for part in parts], lib.rand(2)

    same(program)


def test_an_empty_part_of_a_random_split_is_warned_of():
    def program(lib):
        with pytest.warns(UserWarning) as caught:
            lib.utils.data.random_split(range(2), [0.9, 0.1, 0.0])
        return [str(warning.message) for warning in caught]

    assert same(program)


def test_classes_take_type_arguments():
    same(lambda lib: [lib.utils.data.Dataset[int].__name__, lib.utils.data.DataLoader[int].__name__])
