"""Random numbers on a GPU: Philox' own test vectors, streams that come back, and the distributions' shapes."""

import copy
import math
import pickle

import numpy as np
import pytest
from scipy import stats

import tinytorch as tt

N = 20000


def numbers(draw, seed=7, dtype="float32", n=N):
    """What a method fills a tensor of zeros with, on the host in float64."""
    generator = tt.Generator(device="cuda").manual_seed(seed)
    return draw(tt.zeros(n, dtype=getattr(tt, dtype), device="cuda"), generator).cpu().double().numpy()


def fits(found, distribution):
    """Kolmogorov and Smirnov's test, at a level that a fixed seed passes or fails for good."""
    assert stats.kstest(found, distribution.cdf).pvalue > 1e-3


# ---- the stream ------------------------------------------------------------------------------------------------------


def test_words_are_those_of_the_papers_test_vectors():
    """Philox4x32-10 for counter 0 and key 0, and for all bits set. Source: Random123's kat_vectors."""
    generator = tt.Generator(device="cuda").manual_seed(0)
    words = tt.empty(1, dtype=tt.int64, device="cuda").random_(0, 2**32, generator=generator).item()
    assert words == 0xE169C58D  # of the 64 bits 0x6627e8d5e169c58d
    generator.manual_seed(2**64 - 1)
    assert tt.rand(1, device="cuda", generator=generator).item() != 0


def test_numbers_are_pytorchs():
    """What PyTorch prints on a GPU after manual_seed(0)."""
    generator = tt.Generator(device="cuda").manual_seed(0)
    uniform = tt.rand(8, device="cuda", generator=generator).tolist()
    np.testing.assert_allclose(
        uniform, [0.3990, 0.5167, 0.0249, 0.9401, 0.9459, 0.7967, 0.4150, 0.8203], rtol=0, atol=5.1e-5
    )
    normal = tt.randn(6, device="cuda", generator=generator.manual_seed(0)).tolist()
    np.testing.assert_allclose(normal, [-0.9247, -0.4253, -2.6438, 0.1452, -0.1209, -0.5797], rtol=0, atol=5.1e-5)


def philox(seed, place, thread):
    """Philox4x32-10 in Python's integers."""
    a, b, c, d = (place & 0xFFFFFFFF, place >> 32, thread & 0xFFFFFFFF, thread >> 32)
    key, other = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ key, q & 0xFFFFFFFF, (p >> 32) ^ d ^ other, p & 0xFFFFFFFF
        key, other = (key + 0x9E3779B9) & 0xFFFFFFFF, (other + 0xBB67AE85) & 0xFFFFFFFF
    return a, b, c, d


def test_the_reference_itself():
    assert philox(0, 0, 0) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    ones = 2**64 - 1
    assert philox(ones, ones, ones) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)


@pytest.mark.parametrize("seed, offset, n", [(5, 0, 300), (2**64 - 3, 4 * 2**33, 5), (1, 8, 70000)])
def test_which_thread_draws_which_element(seed, offset, n):
    generator = tt.Generator(device="cuda").manual_seed(seed)
    generator.set_offset(offset)
    found = tt.empty(n, dtype=tt.int32, device="cuda").random_(0, 2**20, generator=generator).cpu().numpy()
    facts = tt.cuda.get_device_properties()
    most = facts.multi_processor_count * (facts.max_threads_per_multi_processor // 256) * 256
    threads = min(most, -(-n // 256) * 256)
    places = sorted({0, 1, n // 2, n - 2, n - 1, min(threads, n - 1), min(threads + 1, n - 1)})
    for k in places:
        step, rest = divmod(k, 4 * threads)
        lane, thread = divmod(rest, threads)
        assert found[k] == philox(seed, offset // 4 + step, thread)[lane] % 2**20
    assert generator.get_offset() == offset + 4 * -(-n // (4 * threads))


def test_same_seed_same_numbers_and_others_than_on_the_cpu():
    def draw(device):
        tt.manual_seed(3)
        return tt.rand(5, device=device).tolist(), tt.randn(5, device=device).tolist()

    assert draw("cuda") == draw("cuda")
    assert draw("cuda") != draw("cpu")
    first = tt.rand(5, device="cuda")
    assert not tt.equal(first, tt.rand(5, device="cuda"))


def test_the_cpus_stream_is_left_alone():
    tt.manual_seed(3)
    expected = tt.rand(3)
    tt.manual_seed(3)
    tt.rand(3, device="cuda")
    assert tt.equal(tt.rand(3), expected)


@pytest.mark.parametrize("fill", ["normal_", "uniform_", "exponential_"])
def test_order_of_memory(fill):
    def draw(tensor):
        return getattr(tensor, fill)(generator=tt.Generator(device="cuda").manual_seed(5))

    plain, turned = draw(tt.zeros(3, 4, device="cuda")), draw(tt.zeros(3, 4, device="cuda").t())
    assert tt.equal(turned, plain.t())
    every_other = draw(tt.zeros(3, 8, device="cuda")[:, ::2])
    assert tt.equal(every_other, plain)


def test_devices_have_streams_of_their_own():
    if tt.cuda.device_count() < 2:
        pytest.skip("one GPU only")
    tt.manual_seed(3)
    first, second = tt.rand(3, device="cuda:0"), tt.rand(3, device="cuda:1")
    assert tt.equal(first.cpu(), second.cpu()) and str(second.device) == "cuda:1"
    tt.rand(3, device="cuda:1")
    assert tt.cuda.default_generators[0].get_offset() != tt.cuda.default_generators[1].get_offset()


# ---- generators ------------------------------------------------------------------------------------------------------


def test_a_new_generator():
    generator = tt.Generator(device="cuda")
    assert isinstance(generator, tt.Generator)
    assert (generator.initial_seed(), generator.get_offset(), generator.device.type) == (67280421310721, 0, "cuda")
    assert generator.get_state().device.type == "cpu"
    assert generator.get_state().tolist() == [*(67280421310721).to_bytes(8, "little"), *[0] * 8]
    assert generator.manual_seed(-1).initial_seed() == 2**64 - 1
    assert generator.seed() == generator.initial_seed() != 2**64 - 1


@pytest.mark.parametrize(
    "duplicate", [tt.Generator.clone_state, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))]
)
def test_copies_go_on_alone(duplicate):
    generator = tt.Generator(device="cuda").manual_seed(3)
    tt.rand(3, device="cuda", generator=generator)
    twin = duplicate(generator)
    expected = tt.rand(3, device="cuda", generator=generator)
    assert tt.equal(tt.rand(3, device="cuda", generator=twin), expected)


def test_states_come_back():
    generator = tt.Generator(device="cuda").manual_seed(3)
    tt.rand(3, device="cuda", generator=generator)
    state, expected = generator.get_state(), tt.rand(3, device="cuda", generator=generator)
    assert tt.equal(tt.rand(3, device="cuda", generator=generator.set_state(state)), expected)
    with pytest.raises(RuntimeError, match="RNG state is wrong size"):
        generator.set_state(tt.zeros(17, dtype=tt.uint8))
    with pytest.raises(TypeError, match=r"RNG state must be a torch\.ByteTensor"):
        generator.set_state(tt.zeros(16))
    with pytest.raises(RuntimeError, match="offset must be a multiple of 4"):
        generator.set_offset(3)


def test_generators_of_another_device():
    with pytest.raises(RuntimeError, match="Expected a 'cuda' device type for generator but found 'cpu'"):
        tt.rand(3, device="cuda", generator=tt.Generator())
    with pytest.raises(RuntimeError, match="Expected a 'cpu' device type for generator but found 'cuda'"):
        tt.rand(3, device="cpu", generator=tt.Generator(device="cuda"))


def test_the_default_streams():
    tt.cuda.manual_seed(11)
    assert tt.cuda.initial_seed() == 11
    state, expected = tt.cuda.get_rng_state(), tt.rand(3, device="cuda")
    tt.cuda.set_rng_state(state)
    assert tt.equal(tt.rand(3, device="cuda"), expected)
    states = tt.cuda.get_rng_state_all()
    tt.cuda.manual_seed_all(12)
    tt.cuda.set_rng_state_all(states)
    assert all(map(tt.equal, states, tt.cuda.get_rng_state_all()))
    tt.cuda.seed_all()
    assert tt.cuda.initial_seed() != 11
    tt.manual_seed(13)
    assert tt.cuda.initial_seed() == 13
    assert tt.seed() == tt.cuda.initial_seed()


@pytest.mark.parametrize("devices", [None, [0], ["cuda:0", "cpu"]])
def test_fork_rng(devices):
    tt.manual_seed(5)
    with tt.random.fork_rng(devices):
        inside = tt.rand(3, device="cuda"), tt.rand(3)
    assert tt.equal(tt.rand(3, device="cuda"), inside[0]) and tt.equal(tt.rand(3), inside[1])


def test_fork_rng_of_no_gpu():
    tt.manual_seed(5)
    with tt.random.fork_rng([]):
        inside = tt.rand(3, device="cuda")
    assert not tt.equal(tt.rand(3, device="cuda"), inside)


# ---- distributions ---------------------------------------------------------------------------------------------------

CONTINUOUS = {
    "uniform": (lambda x, g: x.uniform_(-2, 3, generator=g), stats.uniform(-2, 5)),
    "normal": (lambda x, g: x.normal_(1, 2, generator=g), stats.norm(1, 2)),
    "log_normal": (lambda x, g: x.log_normal_(0.5, 0.7, generator=g), stats.lognorm(0.7, scale=math.exp(0.5))),
    "exponential": (lambda x, g: x.exponential_(2.5, generator=g), stats.expon(scale=0.4)),
    "cauchy": (lambda x, g: x.cauchy_(1, 2, generator=g), stats.cauchy(1, 2)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous(name, dtype):
    draw, distribution = CONTINUOUS[name]
    # float16 has so few numbers that with more draws the test would see the steps between them
    fits(numbers(draw, dtype=dtype, n=500 if dtype == "float16" else N), distribution)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_uniform_stays_below_its_end(dtype):
    found = numbers(lambda x, g: x.uniform_(0, 1, generator=g), dtype=dtype, n=200000)
    assert found.min() >= 0 and found.max() < 1
    assert set(numbers(lambda x, g: x.uniform_(2, 2, generator=g), dtype=dtype)) == {2.0}


def chi_square(found, probabilities):
    """Do the counts of 0, 1, 2, ... agree with probabilities? What is rare is counted together."""
    counts = np.bincount(found.astype(int), minlength=len(probabilities))
    assert len(counts) == len(probabilities)
    if max(probabilities) == 1:
        assert counts[np.argmax(probabilities)] == len(found)
        return
    expected = np.asarray(probabilities) * len(found)
    common = expected >= 8
    counts, expected = [np.append(x[common], x[~common].sum()) for x in (counts, expected)]
    used = expected > 0
    assert counts[~used].sum() == 0
    assert stats.chisquare(counts[used], expected[used] * counts.sum() / expected.sum()).pvalue > 1e-3


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "uint8", "int64"])
def test_discrete(dtype):
    trials = numbers(lambda x, g: x.geometric_(0.3, generator=g), dtype=dtype)
    chi_square(trials, stats.geom(0.3).pmf(np.arange(trials.max() + 1)))
    chi_square(numbers(lambda x, g: x.random_(3, 10, generator=g), dtype=dtype), [0] * 3 + [1 / 7] * 7)
    chi_square(numbers(lambda x, g: x.bernoulli_(0.3, generator=g), dtype=dtype), [0.7, 0.3])
    chances = tt.full((N,), 0.3, device="cuda")
    chi_square(numbers(lambda x, g: x.bernoulli_(chances, generator=g), dtype=dtype), [0.7, 0.3])


def test_certain_outcomes():
    assert set(numbers(lambda x, g: x.bernoulli_(1, generator=g), n=10**6)) == {1.0}
    assert set(numbers(lambda x, g: x.bernoulli_(0, generator=g))) == {0.0}
    chances = tt.tensor([0.0, 1.0], device="cuda").expand(N, 2)
    assert set(tt.bernoulli(chances).sum(0).tolist()) == {0.0, float(N)}


def test_integers_of_all_sizes():
    wide = numbers(lambda x, g: x.random_(-(2**62), 2**62, generator=g), dtype="int64")
    fits(wide, stats.uniform(-(2.0**62), 2.0**63))
    fits(numbers(lambda x, g: x.random_(generator=g), dtype="int64"), stats.uniform(0, 2.0**63))
    everything = numbers(lambda x, g: x.random_(-(2**63), None, generator=g), dtype="int64")
    fits(everything, stats.uniform(-(2.0**63), 2.0**64))
    assert numbers(lambda x, g: x.random_(generator=g), dtype="bool").mean() == pytest.approx(0.5, abs=0.01)
    generator = tt.Generator(device="cuda").manual_seed(1)
    chi_square(tt.randint(7, (N,), device="cuda", generator=generator).cpu().numpy(), [1 / 7] * 7)


@pytest.mark.parametrize("rate", [0.0, 0.7, 9.0, 10.0, 300.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_poisson(rate, dtype):
    generator = tt.Generator(device="cuda").manual_seed(2)
    rates = tt.full((N,), rate, dtype=getattr(tt, dtype), device="cuda")
    found = tt.poisson(rates, generator).cpu().numpy()
    chi_square(found, stats.poisson(rate).pmf(np.arange(found.max() + 1)))


@pytest.mark.parametrize("n, p", [(0, 0.5), (20, 0.0), (20, 1.0), (20, 0.1), (100, 0.3), (1000, 0.9)])
def test_binomial(n, p):
    generator = tt.Generator(device="cuda").manual_seed(2)
    count, chance = tt.full((N, 1), float(n), device="cuda"), tt.tensor([p], device="cuda")
    found = tt.binomial(count, chance, generator)
    assert found.shape == (N, 1)
    found = found.cpu().numpy()[:, 0]
    chi_square(found, stats.binom(n, p).pmf(np.arange(found.max() + 1)))


@pytest.mark.parametrize("replacement", [True, False])
def test_multinomial(replacement):
    generator = tt.Generator(device="cuda").manual_seed(2)
    weights = tt.tensor([[1.0, 2.0, 0.0, 3.0, 4.0], [0.0, 0.0, 1.0, 0.0, 1.0]], device="cuda")
    if replacement:
        found = tt.multinomial(weights, N, True, generator=generator).cpu().numpy()
        assert found.shape == (2, N)
        chi_square(found[0], [0.1, 0.2, 0, 0.3, 0.4])
        chi_square(found[1], [0, 0, 0.5, 0, 0.5])
    else:
        one = tt.multinomial(weights[:1].expand(N, 5), 1, generator=generator).cpu().numpy()[:, 0]
        chi_square(one, [0.1, 0.2, 0, 0.3, 0.4])
        two = tt.multinomial(weights[1], 2, generator=generator).tolist()
        assert sorted(two) == [2, 4]


def test_randperm():
    tt.manual_seed(3)
    order = tt.randperm(1000, device="cuda")
    assert order.dtype == tt.int64 and order.is_cuda
    assert sorted(order.tolist()) == list(range(1000)) != order.tolist()
    assert sorted(tt.randperm(100, dtype=tt.float16, device="cuda").tolist()) == list(range(100))
    firsts = np.array([tt.randperm(3, device="cuda")[0].item() for _ in range(300)])
    chi_square(firsts, [1 / 3] * 3)


def test_functions_and_methods():
    """What is made on the device is drawn on the device."""
    tt.manual_seed(3)
    x = tt.zeros(3, 4, device="cuda")
    made = [
        tt.rand(3, 4, device="cuda"), tt.randn(3, 4, device="cuda"), tt.randint(5, (3, 4), device="cuda"),
        tt.rand_like(x), tt.randn_like(x), tt.randint_like(x, 5), tt.normal(x, 1.0), tt.normal(0.0, x + 1),
        tt.normal(x, x + 1), tt.bernoulli(x + 0.5), tt.bernoulli(x, 0.5), tt.poisson(x + 2),
        tt.normal(0.0, 1.0, (3, 4), device="cuda"), tt.randn(3, 4, device="cuda", dtype=tt.complex64),
    ]  # fmt: skip
    assert [(y.shape, y.is_cuda) for y in made] == [((3, 4), True)] * len(made)
    assert not any(tt.equal(a, b) for k, a in enumerate(made[:8]) for b in made[:k])
    assert tt.rand_like(x, device="cpu").device.type == "cpu"
    out = tt.empty(2, device="cuda")
    assert tt.rand(2, out=out) is out and out[0] != out[1]
    assert tt.nn.functional.rrelu(x - 1, training=True).is_cuda
    with tt.device("cuda"):
        assert tt.rand(2).is_cuda
    assert tt.rand(0, device="cuda").shape == (0,)


def test_errors_name_the_device():
    with pytest.raises(NotImplementedError, match="\"normal_kernel_cuda\" not implemented for 'Long'"):
        tt.zeros(3, dtype=tt.int64, device="cuda").normal_()


def test_gradients_are_zero():
    x = tt.ones(3, device="cuda", requires_grad=True)
    (x * 1).normal_().sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    p = tt.full((3,), 0.5, device="cuda", requires_grad=True)
    tt.bernoulli(p).sum().backward()
    assert p.grad.tolist() == [0, 0, 0]


# ---- layers and parameters -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["Dropout", "Dropout1d", "Dropout2d", "AlphaDropout"])
def test_dropout(layer):
    tt.manual_seed(1)
    x = tt.ones(100, 20, 30, 1 if layer == "Dropout2d" else 30, device="cuda")[..., 0]
    x = x.unsqueeze(-1) if layer == "Dropout2d" else x
    x.requires_grad_()
    y = getattr(tt.nn, layer)(0.25)(x)
    y.sum().backward()
    values = sorted(set(y.detach().flatten().tolist()))
    assert len(values) == 2
    assert (y == values[1]).double().mean().item() == pytest.approx(0.75, abs=0.02)
    if layer != "AlphaDropout":
        assert values == [0, pytest.approx(1 / 0.75)]
        assert tt.equal(x.grad, y.detach())


def test_initialisations():
    tt.manual_seed(1)
    w = tt.empty(200, 100, device="cuda")
    init = tt.nn.init
    assert init.xavier_uniform_(w).abs().max().item() == pytest.approx(math.sqrt(6 / 300), rel=1e-2)
    assert init.kaiming_normal_(w).std().item() == pytest.approx(math.sqrt(2 / 100), rel=2e-2)
    inside = init.trunc_normal_(w, 0, 1, -0.5, 1.0)
    assert inside.min().item() >= -0.5 and inside.max().item() <= 1.0
    inside = init.trunc_normal_(w, 0, 1, 2.0, 3.0)
    assert inside.min().item() >= 2 and inside.max().item() <= 3
    assert (init.sparse_(w, 0.3) == 0).sum(0).tolist() == [60] * 100
    q = init.orthogonal_(tt.empty(20, 20, device="cuda"))
    np.testing.assert_allclose((q @ q.T).detach().cpu().numpy(), np.eye(20), atol=1e-5)
