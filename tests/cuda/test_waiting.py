"""Drawing numbers and replaying graphs never waits for the GPU, and takes one launch for each distribution."""

import pytest

import tinytorch as tt
from tinytorch.device import library


@pytest.fixture
def double():
    """What CuPy's double counts: launches, synchronisations, uploads; a real CuPy does not."""
    found = getattr(library(), "_double", None)
    if found is None:
        pytest.skip("CuPy's double counts launches and waits, a GPU does not")
    return found


DRAWS = {
    "uniform_": lambda x: x.uniform_(-1, 1),
    "normal_": lambda x: x.normal_(1, 2),
    "log_normal_": lambda x: x.log_normal_(),
    "exponential_": lambda x: x.exponential_(),
    "cauchy_": lambda x: x.cauchy_(),
    "geometric_": lambda x: x.geometric_(0.5),
    "random_": lambda x: x.random_(10),
    "bernoulli_": lambda x: x.bernoulli_(0.5),
    "bernoulli": tt.bernoulli,
    "poisson": tt.poisson,
    "rand": lambda x: tt.rand(3, 4, device="cuda"),
    "randn_like": tt.randn_like,
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws(double, name):
    x = tt.full((3, 4), 0.5, device="cuda")
    DRAWS[name](x)  # makes the memory that holds the seed
    double.counts.reset()
    DRAWS[name](x)
    counts = double.counts
    assert (counts.synchronisations, counts.inherent, counts.uploads) == (0, 0, 0)
    assert counts.launches == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda x: tt.multinomial(x, 2),
        lambda x: tt.multinomial(x, 5, True),
        lambda x: tt.randperm(100, device="cuda"),
        lambda x: tt.normal(x, x),
        lambda x: tt.binomial(x, x),
        lambda x: tt.nn.functional.rrelu(x, training=True),
        lambda x: tt.manual_seed(3),
        lambda x: tt.cuda.set_rng_state(tt.zeros(16, dtype=tt.uint8)),
        lambda x: tt.nn.init.kaiming_uniform_(x),
    ],
)
def test_others(double, call):
    x = tt.full((3, 4), 0.5, device="cuda")
    call(x)
    double.counts.reset()
    call(x)
    assert (double.counts.synchronisations, double.counts.inherent) == (0, 0)


def test_dropout(double):
    x = tt.ones(3, 4, device="cuda", requires_grad=True)
    tt.nn.functional.dropout(x)
    double.counts.reset()
    y = tt.nn.functional.dropout(x)
    assert (double.counts.launches, double.counts.synchronisations) == (2, 0)  # the mask, the product
    y.sum().backward()
    assert double.counts.synchronisations == 0


def test_a_replay(double):
    x, graph = tt.ones(3, device="cuda"), tt.cuda.CUDAGraph()
    with tt.cuda.graph(graph):
        tt.nn.functional.dropout(x)
    graph.replay()
    double.counts.reset()
    graph.replay()
    assert double.counts.synchronisations == 0
    assert double.counts.launches == 2  # where the numbers go on, and the graph


def test_a_training_step_with_dropout_as_a_graph():
    tt.manual_seed(0)
    model = tt.nn.Sequential(tt.nn.Linear(4, 8), tt.nn.Dropout(0.5), tt.nn.Linear(8, 1)).cuda()
    x, y = tt.randn(16, 4).cuda(), tt.randn(16, 1).cuda()
    optimizer = tt.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step():
        loss = tt.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    start = model.state_dict()
    start = {name: value.clone() for name, value in start.items()}

    def restart():
        model.load_state_dict(start)
        optimizer.zero_grad(set_to_none=True)
        for parameter in model.parameters():
            momentum = optimizer.state.get(parameter, {}).get("momentum_buffer")
            if momentum is not None:
                momentum.zero_()
        tt.manual_seed(1)

    step()
    restart()
    losses = []
    for _ in range(6):
        optimizer.zero_grad(set_to_none=True)
        losses.append(step().item())
    restart()
    graph = tt.cuda.CUDAGraph()
    with tt.cuda.graph(graph):
        loss = step()
    found = []
    for _ in range(6):
        graph.replay()
        found.append(loss.item())
    assert found == losses
