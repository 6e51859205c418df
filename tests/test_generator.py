"""Generator: seeds, states, copies and threads, compared with torch.Generator."""

import copy
import pickle
import threading

import numpy as np
import pytest

from tinytorch import draws
from tinytorch.generator import Generator, default_generator
from tinytorch.kernels.random import STATE

torch = pytest.importorskip("torch")

SEEDS = [0, 5, 2**32 - 1, 2**32 + 5, 2**63, 2**64 - 1, -1, -(2**63)]


def drawn(generator, count=3):
    numbers = np.empty(count)
    draws.normal(numbers, generator=generator)
    return numbers.tolist()


def same_state(generator, reference):
    return generator.state_bytes().tobytes() == reference.get_state().numpy().tobytes()


def outcome(call):
    """What a call raises: class and first line."""
    with pytest.raises((RuntimeError, ValueError, TypeError)) as caught:
        call()
    return caught.type, str(caught.value).split("\n")[0]


def test_a_new_generator():
    generator, reference = Generator(), torch.Generator()
    assert generator.initial_seed() == reference.initial_seed() == 67280421310721
    assert str(generator.device) == str(reference.device)
    assert same_state(generator, reference)


@pytest.mark.parametrize("seed", SEEDS)
def test_manual_seed(seed):
    generator, reference = Generator(), torch.Generator()
    drawn(generator, 1)  # leaves a normal in waiting, which the seed discards
    assert generator.manual_seed(seed) is generator
    reference.manual_seed(seed)
    assert generator.initial_seed() == reference.initial_seed() == seed % 2**64
    assert same_state(generator, reference)


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 1.0, "a", None, True], ids=str)
def test_seeds_that_are_refused(seed):
    assert outcome(lambda: Generator().manual_seed(seed)) == outcome(lambda: torch.Generator().manual_seed(seed))


def test_seed_is_another_each_time():
    generator = Generator()
    seeds = [generator.seed() for _ in range(4)]
    assert len(set(seeds)) == 4
    assert generator.initial_seed() == seeds[-1]
    assert drawn(generator) == drawn(Generator().manual_seed(seeds[-1]))


def test_the_default_generator_starts_anywhere():
    assert default_generator.initial_seed() != Generator().initial_seed()


@pytest.mark.parametrize("words", [0, 1, 2, 623, 624, 625, 1248, 1249])
def test_states_travel_between_the_libraries(words):
    generator, reference = Generator().manual_seed(3), torch.Generator().manual_seed(3)
    draws.uniform(np.empty(words, np.float32), generator=generator)
    torch.rand(words, generator=reference)
    assert same_state(generator, reference)
    state, theirs = generator.state_bytes(), reference.get_state()
    numbers = drawn(generator, 5)
    assert torch.randn(5, dtype=torch.float64, generator=reference).tolist() == numbers
    assert same_state(generator, reference)  # with a normal in waiting
    generator.set_state_bytes(theirs.numpy())
    assert drawn(generator, 5) == numbers
    reference.set_state(torch.from_numpy(state))
    assert torch.randn(5, dtype=torch.float64, generator=reference).tolist() == numbers


# field, value: what PyTorch looks at, what it ignores and what it refuses
CHANGES = [
    ("seed", 2**64 - 3), ("left", 0), ("left", -1), ("left", 625), ("seeded", 0), ("seeded", 7),
    ("next", 625), ("next", 2**32), ("words", 2**40 + 1), ("normal_x", 3), ("normal_y", 3), ("normal_rho", 3),
    ("normal_is_valid", 3), ("float_normal", 3), ("float_normal_is_valid", 3), ("padding", b"abcd"), ("end", b"abc"),
]  # fmt: skip


@pytest.mark.parametrize("field, value", CHANGES)
def test_states_that_were_changed(field, value):
    state = Generator().manual_seed(3).state_bytes()
    state.view(STATE)[field] = value
    generator, reference = Generator(), torch.Generator()
    try:
        reference.set_state(torch.from_numpy(state))
    except RuntimeError as error:
        assert outcome(lambda: generator.set_state_bytes(state)) == (type(error), str(error).split("\n")[0])
    else:
        generator.set_state_bytes(state)
        assert same_state(generator, reference)
        assert drawn(generator) == torch.randn(3, dtype=torch.float64, generator=reference).tolist()


@pytest.mark.parametrize(
    "state",
    [
        np.zeros(5056, np.int8),
        np.zeros(3, np.float32),
        np.zeros(3, np.uint8),
        np.zeros(5048, np.uint8),
        np.zeros(5056, np.uint8),
        np.zeros((2, 2528), np.uint8),
        np.zeros(2 * 5056, np.uint8)[::2],
    ],
    ids=lambda state: f"{state.dtype}{state.shape}",
)
def test_states_that_are_refused(state):
    assert outcome(lambda: Generator().set_state_bytes(state)) == outcome(
        lambda: torch.Generator().set_state(torch.from_numpy(state))
    )


def test_a_state_that_would_read_past_the_block():
    """PyTorch accepts it, and reads memory that is not the generator's."""
    state = Generator().state_bytes()
    state.view(STATE)["next"], state.view(STATE)["left"] = 624, 624
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        Generator().set_state_bytes(state)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, Generator.clone_state, lambda g: pickle.loads(pickle.dumps(g))]
)
def test_copies_go_on_alone(duplicate):
    generator = Generator().manual_seed(3)
    drawn(generator, 1)
    twin = duplicate(generator)
    assert twin.initial_seed() == 3
    expected = drawn(generator)
    assert drawn(twin) == expected
    assert drawn(generator) == drawn(twin)


def test_offsets_are_for_cuda():
    assert outcome(Generator().get_offset) == outcome(torch.Generator().get_offset)
    assert outcome(lambda: Generator().set_offset(1)) == outcome(lambda: torch.Generator().set_offset(1))


def test_threads_share_a_generator():
    """Every thread gets whole calls: together they have what one thread would have drawn."""
    generator, chunks = Generator().manual_seed(3), [np.empty(5000, np.float32) for _ in range(40)]

    def work(mine):
        for chunk in mine:
            draws.uniform(chunk, generator=generator)

    threads = [threading.Thread(target=work, args=(chunks[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = np.empty((40, 5000), np.float32)
    draws.uniform(expected, generator=Generator().manual_seed(3))
    assert sorted(map(bytes, chunks)) == sorted(map(bytes, expected))
