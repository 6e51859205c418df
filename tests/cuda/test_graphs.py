"""CUDA graphs: nothing runs while it is recorded, a replay computes again, random numbers go on."""

import pytest

import tinytorch as tt

cuda = tt.cuda


def net():
    tt.manual_seed(0)
    model = tt.nn.Sequential(tt.nn.Linear(4, 8), tt.nn.Tanh(), tt.nn.Linear(8, 1)).cuda()
    return model, tt.randn(16, 4).cuda(), tt.randn(16, 1).cuda()


def test_a_replay_computes_again():
    x, graph = tt.arange(4.0).cuda(), cuda.CUDAGraph()
    with cuda.graph(graph):
        assert cuda.is_current_stream_capturing()
        y = x * 2 + 1
    assert not cuda.is_current_stream_capturing() and cuda.current_stream() == cuda.default_stream()
    graph.replay()
    assert y.tolist() == [1, 3, 5, 7]
    x.copy_(tt.ones(4).cuda())
    graph.replay()
    assert y.tolist() == [3, 3, 3, 3]


def trained(steps, optimizer_class):
    """Losses and parameters of plain steps."""
    model, x, y = net()
    optimizer = optimizer_class(model.parameters(), lr=0.1)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        loss = tt.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, [p.tolist() for p in model.parameters()]


def test_a_training_step():
    losses, parameters = trained(8, tt.optim.SGD)
    model, x, y = net()
    optimizer = tt.optim.SGD(model.parameters(), lr=0.1)

    def step():
        loss = tt.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    side = cuda.Stream()
    side.wait_stream(cuda.current_stream())
    with cuda.stream(side):
        warm = [step().item()]
        for _ in range(2):
            optimizer.zero_grad(set_to_none=True)
            warm.append(step().item())
    cuda.current_stream().wait_stream(side)
    optimizer.zero_grad(set_to_none=True)
    before = [p.tolist() for p in model.parameters()]
    graph = cuda.CUDAGraph()
    with cuda.graph(graph):
        loss = step()
    assert [p.tolist() for p in model.parameters()] == before
    replayed = []
    for _ in range(5):
        graph.replay()
        replayed.append(loss.item())
    assert warm + replayed == losses
    assert [p.tolist() for p in model.parameters()] == parameters


def test_random_numbers_go_on_from_replay_to_replay():
    def plain():
        return [tt.rand(5, device="cuda").tolist() for _ in range(2)]

    tt.manual_seed(7)
    expected = [plain() for _ in range(4)]
    tt.manual_seed(7)
    found, graph = [plain()], cuda.CUDAGraph()
    with cuda.graph(graph):
        first, second = tt.rand(5, device="cuda"), tt.rand(5, device="cuda")
        with pytest.raises(RuntimeError, match="during CUDA graph capture"):
            cuda.manual_seed(1)
    graph.replay()
    found.append([first.tolist(), second.tolist()])
    found.append(plain())
    graph.replay()
    found.append([first.tolist(), second.tolist()])
    assert found == expected
    tt.manual_seed(7)
    graph.replay()
    assert [first.tolist(), second.tolist()] == expected[0]


def test_a_generator_of_ones_own():
    generator, graph = tt.Generator(device="cuda").manual_seed(3), cuda.CUDAGraph()
    expected = [tt.rand(5, device="cuda", generator=generator).tolist() for _ in range(2)]
    generator.manual_seed(3)
    graph.register_generator_state(generator)
    with cuda.graph(graph):
        x = tt.rand(5, device="cuda", generator=generator)
    assert generator.get_offset() == 0
    for numbers in expected:
        graph.replay()
        assert x.tolist() == numbers


def test_graphs_that_share_memory():
    x, pool = tt.ones(1000, device="cuda"), cuda.graph_pool_handle()
    first, second = cuda.CUDAGraph(), cuda.CUDAGraph()
    with cuda.graph(first, pool=pool):
        y = x + 1
    with cuda.graph(second, pool=first.pool(), stream=cuda.Stream()):
        z = y * 2
    first.replay()
    second.replay()
    assert z[:3].tolist() == [4, 4, 4] and first.pool() is pool


def test_what_a_graph_refuses(tmp_path):
    graph, x = cuda.CUDAGraph(), tt.ones(3, device="cuda")
    with pytest.raises(RuntimeError, match="Called CUDAGraph::replay without a preceding successful capture"):
        graph.replay()
    with cuda.graph(graph):
        x + 1
    graph.debug_dump(str(tmp_path / "graph.dot"))
    assert (tmp_path / "graph.dot").read_text().startswith("digraph")
    with pytest.raises(RuntimeError, match="already owns a captured graph"), cuda.graph(graph):
        pass
    assert cuda.current_stream() == cuda.default_stream()
    graph.reset()
    with cuda.graph(graph):
        x + 1


def test_an_error_of_the_program_comes_through():
    graph, x = cuda.CUDAGraph(), tt.ones(3, device="cuda")
    with pytest.raises(ZeroDivisionError), cuda.graph(graph):
        x + 1
        1 / 0
    assert cuda.current_stream() == cuda.default_stream() and not cuda.is_current_stream_capturing()
    assert tt.rand(3, device="cuda").sum().item() > 0


def test_waiting_while_a_graph_is_recorded_is_an_error():
    x = tt.ones(3, device="cuda")
    with pytest.raises(RuntimeError, match="not permitted when stream is capturing"), cuda.graph(cuda.CUDAGraph()):
        x.sum().item()
    assert x.sum().item() == 3


# ---- make_graphed_callables ------------------------------------------------------------------------------------------


def test_a_function_as_a_graph():
    def function(a, b):
        return (a * b).sin(), a + 1

    sample = tt.ones(3, device="cuda", requires_grad=True), tt.ones(3, device="cuda")
    graphed = cuda.make_graphed_callables(function, sample)
    for numbers in ([1.0, 2.0, 3.0], [0.5, 0.0, -1.0]):
        a, b = tt.tensor(numbers, device="cuda", requires_grad=True), tt.full((3,), 2.0, device="cuda")
        expected = tt.autograd.grad(sum(y.sum() for y in function(a, b)), a)[0]
        first, second = graphed(a, b)
        assert tt.equal(first, function(a, b)[0]) and tt.equal(second, a + 1)
        (first.sum() + second.sum()).backward()
        assert tt.equal(a.grad, expected)


def test_a_module_as_a_graph():
    model, x, y = net()
    losses, parameters = trained(5, tt.optim.SGD)
    graphed = cuda.make_graphed_callables(model, (x.clone(),))
    assert graphed is model
    optimizer = tt.optim.SGD(model.parameters(), lr=0.1)
    found = []
    for _ in range(5):
        optimizer.zero_grad(set_to_none=True)
        loss = tt.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    assert found == losses
    assert [p.tolist() for p in model.parameters()] == parameters
    model.eval()
    assert model(x[:3]).shape == (3, 1)  # as before: of any shape


def test_several_callables():
    x = tt.ones(2, device="cuda")
    double, triple = cuda.make_graphed_callables((lambda a: a * 2, lambda a: a * 3), ((x.clone(),), (x.clone(),)))
    assert double(x + 1).tolist() == [4, 4] and triple(x + 1).tolist() == [6, 6]
    with pytest.raises(TypeError, match="sample_args for each callable must contain only Tensors"):
        cuda.make_graphed_callables(lambda a: a, (1,))
