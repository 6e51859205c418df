"""torch.random and the default stream: seeds, states and forks, compared with PyTorch's."""

import pytest

import tinytorch as tt

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def streams():
    """Both default streams as they were, after each test."""
    ours, theirs = tt.get_rng_state(), torch.get_rng_state()
    yield
    tt.set_rng_state(ours)
    torch.set_rng_state(theirs)


def outcome(call):
    """(result, class and first line of the error) of a call."""
    try:
        return call(), None
    except Exception as error:
        return None, (type(error).__name__, str(error).split("\n")[0])


def test_the_module_has_pytorchs_names():
    for name in torch.random.__all__:
        if name != "thread_safe_generator":  # that of a worker of torch.utils.data
            assert callable(getattr(tt.random, name))
            assert name == "fork_rng" or getattr(tt, name) is getattr(tt.random, name)
    assert tt.default_generator is tt.random.default_generator
    assert tt.Generator is tt.random.Generator


SEEDS = [0, 5, -1, 2**64 - 1, -(2**63), 3.7, "7", True, 2**64, -(2**63) - 1, "a", None, float("nan")]


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_manual_seed(seed):
    def call(lib):
        assert lib.manual_seed(seed) is lib.default_generator
        return lib.initial_seed(), lib.rand(20).tolist(), lib.get_rng_state().tolist()

    assert outcome(lambda: call(tt)) == outcome(lambda: call(torch))


def test_a_tensor_as_seed():
    assert tt.manual_seed(tt.tensor(4)).initial_seed() == 4


def test_seed_is_another_one_each_time():
    seeds = {tt.seed() for _ in range(4)}
    assert len(seeds) == 4
    assert tt.initial_seed() in seeds


STATES = [
    lambda lib: lib.get_rng_state(),
    lambda lib: 5,
    lambda lib: None,
    lambda lib: lib.zeros(3),
    lambda lib: lib.zeros(3, dtype=lib.uint8),
    lambda lib: lib.zeros(5056, dtype=lib.uint8),
    lambda lib: lib.zeros(2 * 5056, dtype=lib.uint8)[::2],
]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("of_default", [True, False])
def test_set_rng_state(state, of_default):
    def call(lib):
        lib.manual_seed(5)
        return (lib.set_rng_state if of_default else lib.Generator().set_state)(state(lib))

    found, error = outcome(lambda: call(tt))
    expected, wanted = outcome(lambda: call(torch))
    assert error == wanted
    assert type(found).__name__ == type(expected).__name__


def test_states_come_back_and_travel():
    for lib in (tt, torch):
        lib.manual_seed(3)
        lib.randn(5)
    state, theirs = tt.get_rng_state(), torch.get_rng_state()
    assert state.tolist() == theirs.tolist()
    assert (state.dtype, state.shape) == (tt.uint8, (5056,))
    numbers = tt.randn(700).tolist()
    tt.set_rng_state(state)
    assert tt.randn(700).tolist() == numbers
    torch.set_rng_state(torch.tensor(state.tolist(), dtype=torch.uint8))
    assert torch.randn(700).tolist() == numbers
    tt.set_rng_state(tt.tensor(theirs.tolist(), dtype=tt.uint8))
    assert tt.randn(700).tolist() == numbers


def test_a_state_is_a_copy():
    state = tt.get_rng_state()
    tt.rand(1000)
    assert not tt.equal(state, tt.get_rng_state())


def test_fork_rng():
    tt.manual_seed(5)
    first = tt.get_rng_state()
    with tt.random.fork_rng() as nothing:
        inside = tt.randn(3)
    assert nothing is None
    assert tt.equal(tt.get_rng_state(), first)
    assert tt.equal(tt.randn(3), inside)
    with pytest.raises(ZeroDivisionError), tt.random.fork_rng(devices=[]):
        changed = tt.get_rng_state()
        tt.randn(3)
        1 / 0
    assert tt.equal(tt.get_rng_state(), changed)
    with tt.random.fork_rng(enabled=False):
        tt.randn(3)
    assert not tt.equal(tt.get_rng_state(), changed)


@pytest.mark.without_gpu
@pytest.mark.parametrize("options", [{"devices": [0]}, {"devices": ["cuda:0"]}, {"enabled": False, "devices": [0]}])
def test_fork_rng_of_a_gpu(options):
    def call(lib):
        with lib.random.fork_rng(**options):
            return True

    assert outcome(lambda: call(tt)) == outcome(lambda: call(torch))


def test_fork_rng_as_decorator():
    @tt.random.fork_rng()
    def draw():
        return tt.rand(3).tolist()

    tt.manual_seed(5)
    assert draw() == draw() == tt.rand(3).tolist()
