"""DataLoader beside PyTorch's, in one process: batches, order over epochs, random numbers in between, errors."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.utils.data.both import same  # noqa: E402
from tests.utils.data.test_dataset import pairs, stream, table  # noqa: E402

DATASETS = {
    "range": lambda lib: range(10),
    "list": lambda lib: [3.5, 2.0, 1.0],
    "tensors": pairs,
    "table": lambda lib: table(lib, list("abcdefg")),
    "joined": lambda lib: table(lib, [1, 2, 3]) + table(lib, [4, 5]),
    "tensor": lambda lib: lib.arange(12.0).reshape(4, 3),
    "array": lambda lib: np.arange(6, dtype=np.float32).reshape(3, 2),
    "subset": lambda lib: lib.utils.data.Subset(pairs(lib), [2, 0]),
    "stack": lambda lib: lib.utils.data.StackDataset(x=range(5), y=lib.arange(5.0)),
}

OPTIONS = {
    "plain": {},
    "batches of 4": {"batch_size": 4},
    "batches of 2, the last dropped": {"batch_size": 2, "drop_last": True},
    "samples": {"batch_size": None},
    "shuffled": {"shuffle": True},
    "shuffled batches": {"shuffle": True, "batch_size": 3},
    "shuffled samples": {"shuffle": True, "batch_size": None},
    "a sampler": {"sampler": [2, 0, 1, 1], "batch_size": 3},
    "a batch sampler": {"batch_sampler": [[0, 2], [1]]},
    "a collate_fn": {"batch_size": 3, "collate_fn": len},
    "not collated": {"batch_size": 2, "collate_fn": list},
    "a batch sampler as sampler": {"sampler": [[0, 1], [2]], "batch_size": None},
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_three_epochs(dataset, options):
    def program(lib):
        lib.manual_seed(5)
        loader = lib.utils.data.DataLoader(DATASETS[dataset](lib), **OPTIONS[options])
        return len(loader), [(list(loader), lib.rand(2)) for _ in range(3)]

    same(program)


@pytest.mark.parametrize("shuffle", [False, True])
def test_own_generator(shuffle):
    def program(lib):
        lib.manual_seed(5)
        g = lib.Generator().manual_seed(77)
        loader = lib.utils.data.DataLoader(range(50), batch_size=16, shuffle=shuffle, generator=g)
        epochs = [(list(loader), lib.rand(1), lib.rand(1, generator=g)) for _ in range(3)]
        return epochs, g.get_state(), lib.get_rng_state()

    same(program)


def test_random_numbers_between_batches():
    """Training draws numbers (dropout, noise) while the epoch goes on: who draws when is part of the order."""

    def program(lib):
        lib.manual_seed(9)
        found = [lib.randn(3)]
        train = lib.utils.data.DataLoader(range(9), batch_size=2, shuffle=True)
        check = lib.utils.data.DataLoader(range(4), batch_size=3, shuffle=True)
        for _ in range(3):
            for batch in train:
                found += [batch, lib.rand(2), lib.randn(1)]
            for batch in check:
                found += [batch, lib.randperm(4)]
        abandoned = iter(train)
        return found, next(abandoned), lib.rand(1), list(zip(train, check)), lib.rand(1), next(abandoned)

    same(program)


def test_samplers_that_draw_when_asked_for_their_order():
    """A sampler whose __iter__ is no generator function draws before the base seed if it is asked directly."""

    def program(lib):
        class Eager(lib.utils.data.Sampler):
            def __iter__(self):
                return iter(lib.randperm(6).tolist())

            def __len__(self):
                return 6

        lib.manual_seed(1)
        direct = lib.utils.data.DataLoader(range(6), batch_size=None, sampler=Eager())
        batched = lib.utils.data.DataLoader(range(6), batch_size=4, sampler=Eager())
        return [(list(direct), list(batched), lib.rand(1)) for _ in range(2)]

    same(program)


def test_weighted_and_subset_samplers_in_a_loader():
    def program(lib):
        data = lib.utils.data
        lib.manual_seed(4)
        loaders = [
            data.DataLoader(range(5), 3, sampler=data.WeightedRandomSampler([1.0, 2, 3, 4, 5], 8)),
            data.DataLoader(range(5), 2, sampler=data.SubsetRandomSampler([4, 2, 1])),
            data.DataLoader(range(5), 3, sampler=data.RandomSampler(range(5), True, 40)),
            data.DataLoader(range(5), batch_sampler=data.BatchSampler(data.RandomSampler(range(5)), 2, True)),
        ]
        return [(list(loader), lib.rand(1)) for loader in loaders for _ in range(2)]

    same(program)


STREAM_OPTIONS = {
    "plain": {}, "batches": {"batch_size": 2}, "the last dropped": {"batch_size": 2, "drop_last": True},
    "samples": {"batch_size": None}, "shuffle=False": {"shuffle": False},
}  # fmt: skip


@pytest.mark.parametrize("options", STREAM_OPTIONS)
@pytest.mark.parametrize("length", [None, 5])
def test_streams(options, length):
    def program(lib):
        lib.manual_seed(2)
        items = [lib.tensor([float(i)]) for i in range(5)]
        loader = lib.utils.data.DataLoader(stream(lib, items, length), **STREAM_OPTIONS[options])
        epochs = [(list(loader), lib.rand(1)) for _ in range(2)]
        return epochs, len(loader) if length else None

    same(program)


def test_a_stream_of_unknown_length_has_no_len():
    assert same(lambda lib: len(lib.utils.data.DataLoader(stream(lib, "ab"))))[0] == "TypeError"


def test_a_stream_longer_than_it_said_is_warned_of():
    def program(lib):
        class Stream(lib.utils.data.IterableDataset):
            def __iter__(self):
                return iter(range(3))

            def __len__(self):
                return 2

            def __repr__(self):
                return "Stream"

        loader = lib.utils.data.DataLoader(Stream(), batch_size=None)
        quiet = list(loader)  # len() has not been asked yet
        with pytest.warns(UserWarning) as caught:
            return quiet, len(loader), list(loader), [str(warning.message) for warning in caught]

    same(program)


def test_samples_are_fetched_at_once_where_the_dataset_can():
    def program(lib):
        asked = []

        class AtOnce(lib.utils.data.Dataset):
            def __getitem__(self, index):
                raise AssertionError("one by one")

            def __getitems__(self, indices):
                asked.append(indices)
                return [index * 2 for index in indices]

            def __len__(self):
                return 5

        return list(lib.utils.data.DataLoader(AtOnce(), batch_size=2)), asked

    same(program)


def noop(*args):
    return None


BAD = {
    "num_workers=-1": {"num_workers": -1},
    "timeout=-1": {"timeout": -1},
    "prefetch without workers": {"prefetch_factor": 2},
    "prefetch_factor=-1": {"prefetch_factor": -1, "num_workers": 1},
    "persistent without workers": {"persistent_workers": True},
    "sampler and shuffle": {"sampler": [0], "shuffle": True},
    "batch_sampler and batch_size": {"batch_sampler": [[0]], "batch_size": 2},
    "batch_sampler and sampler": {"batch_sampler": [[0]], "sampler": [0]},
    "batch_sampler and drop_last": {"batch_sampler": [[0]], "drop_last": True},
    "drop_last without batches": {"batch_size": None, "drop_last": True},
    "batch_size=0": {"batch_size": 0},
    "batch_size=-1": {"batch_size": -1},
    "batch_size='a'": {"batch_size": "a"},
    "drop_last='a'": {"drop_last": "a"},
    "a context without workers": {"multiprocessing_context": "fork"},
    "an unknown context": {"multiprocessing_context": "magic", "num_workers": 1},
    "a context that is none": {"multiprocessing_context": 3, "num_workers": 1},
    "unknown option": {"shufle": True},
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_arguments(case):
    kind, text = same(lambda lib: lib.utils.data.DataLoader(range(4), **BAD[case]))
    assert kind.endswith("Error"), text


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}])
def test_wrong_arguments_for_streams(options):
    kind, _ = same(lambda lib: lib.utils.data.DataLoader(stream(lib, "ab"), **options))
    assert kind == "ValueError"


def test_shuffling_nothing():
    same(lambda lib: lib.utils.data.DataLoader([], shuffle=True))
    same(lambda lib: list(lib.utils.data.DataLoader([])))


def test_a_timeout_needs_workers():
    kind, _ = same(lambda lib: list(lib.utils.data.DataLoader(range(3), timeout=1)))
    assert kind == "AssertionError"


@pytest.mark.parametrize(
    "name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers", "collate_fn"]
)
def test_attributes_that_are_fixed(name):
    same(lambda lib: setattr(lib.utils.data.DataLoader(range(3)), name, None))


def test_attributes():
    def program(lib):
        loader = lib.utils.data.DataLoader(range(7), 3, shuffle=True, collate_fn=noop)
        names = (
            "batch_size drop_last num_workers timeout pin_memory prefetch_factor persistent_workers generator in_order"
        )
        found = [getattr(loader, name) for name in names.split()]
        kinds = [type(each).__name__ for each in (loader.sampler, loader.batch_sampler, iter(loader))]
        return found, kinds, len(iter(loader)), loader.multiprocessing_context, loader.worker_init_fn

    same(program)


@pytest.mark.without_gpu
def test_pinned_memory_is_accepted_with_pytorchs_warning():
    def program(lib):
        with pytest.warns(UserWarning) as caught:
            batches = list(lib.utils.data.DataLoader(range(2), pin_memory=True))
        return batches, str(caught[0].message)

    assert "no accelerator" in same(program)[1][1]


def test_errors_of_the_dataset_and_the_collate_function_come_through():
    same(lambda lib: list(lib.utils.data.DataLoader(table(lib, [1]), sampler=[3])))
    same(lambda lib: list(lib.utils.data.DataLoader([lib.zeros(1), lib.zeros(2)], batch_size=2)))
    same(lambda lib: list(lib.utils.data.DataLoader([None])))


def test_an_iterator_goes_on_after_its_end_and_is_not_pickled():
    def program(lib):
        iterator = iter(lib.utils.data.DataLoader(range(2)))
        return list(iterator), list(iterator), next(iterator, "none left")

    same(program)
    import copy

    import tinytorch as tt

    with pytest.raises(NotImplementedError, match="cannot be pickled"):
        copy.copy(iter(tt.utils.data.DataLoader(range(2))))
