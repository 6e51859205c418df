"""Nodes as users see them: names, edges, attributes, calling them; anomaly mode."""

import re

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, vector, warned

# ---- nodes -----------------------------------------------------------------------------------------------------------


@story
def test_walking_the_graph(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0, grad=False)
    z = ((x * y + 1) / x).exp().sum()
    seen, stack = [], [z.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None:
            seen.append((node.name(), len(node.next_functions), [nr for _, nr in node.next_functions]))
            stack.extend(each for each, _ in node.next_functions)
    yield seen


@story
def test_a_node(lib):
    x = vector(lib, 1.0, 2.0)
    y = x * 2
    node = y.grad_fn
    yield node.name(), type(node).__name__, re.sub("0x[0-9a-f]+", "0x", repr(node)), node.requires_grad
    yield isinstance(node, lib.autograd.graph.Node), node is y.grad_fn, node == y.grad_fn, hash(node) == hash(node)
    yield node.metadata
    node.metadata["mine"] = 3
    yield node.metadata, y.grad_fn.metadata
    yield (x * 2).grad_fn._sequence_nr() > node._sequence_nr(), (x + 1).grad_fn._sequence_nr() - node._sequence_nr()
    yield failure(lambda: node.nothing)


@story
def test_the_node_of_a_leaf(lib):
    x = vector(lib, 1.0, 2.0)
    leaf = (x * 2).grad_fn.next_functions[0][0]
    yield leaf.name(), type(leaf).__name__, leaf.variable is x, leaf.next_functions, leaf.requires_grad
    yield isinstance(leaf, lib.autograd.graph.Node), re.sub("0x[0-9a-f]+", "0x", repr(leaf))
    first, second = x * 2, x * 3
    yield first.grad_fn.next_functions[0][0] is second.grad_fn.next_functions[0][0]


@story
def test_calling_a_node(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    product = x * y
    yield product.grad_fn(lib.ones(2, dtype=lib.float64))
    single = x.exp()
    yield single.grad_fn(lib.full((2,), 2.0, dtype=lib.float64))
    with lib.no_grad():
        yield single.grad_fn(lib.ones(2, dtype=lib.float64)), product.grad_fn(lib.ones(2, dtype=lib.float64))
    yield x.grad
    leaf = single.grad_fn.next_functions[0][0]
    with lib.no_grad():
        yield leaf(lib.ones(2, dtype=lib.float64)), x.grad


def test_names_of_submodules():
    import tinytorch.autograd.anomaly_mode
    import tinytorch.autograd.function
    import tinytorch.autograd.functional
    import tinytorch.autograd.grad_mode
    import tinytorch.autograd.graph
    import tinytorch.autograd.variable

    assert tinytorch.autograd.function.Function is tt.autograd.Function
    from tinytorch.autograd.gradcheck import GradcheckError

    assert GradcheckError is tt.autograd.GradcheckError


@story
def test_what_autograd_names(lib):
    wanted = [
        *("Function", "Variable", "backward", "detect_anomaly", "enable_grad", "grad", "gradcheck", "gradgradcheck"),
        *("inference_mode", "no_grad", "set_detect_anomaly", "set_grad_enabled"),
        *("function", "functional", "graph", "grad_mode", "variable", "anomaly_mode"),
    ]
    yield [name for name in wanted if not hasattr(lib.autograd, name)]
    yield [
        name for name in ("once_differentiable", "FunctionCtx", "Function") if not hasattr(lib.autograd.function, name)
    ]
    yield callable(lib.autograd.gradcheck), callable(lib.autograd.grad), callable(lib.autograd.backward)
    yield lib.is_anomaly_enabled(), lib.is_anomaly_check_nan_enabled()


# ---- anomaly mode ----------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")


@story
def test_switching_anomaly_mode(lib):
    def now():
        return lib.is_anomaly_enabled(), lib.is_anomaly_check_nan_enabled()

    yield now()
    with lib.autograd.detect_anomaly():
        yield now()
        with lib.autograd.set_detect_anomaly(False):
            yield now()
        yield now()
    with lib.autograd.detect_anomaly(check_nan=False):
        yield now()
    yield now()
    lib.autograd.set_detect_anomaly(True, check_nan=False)
    yield now()
    lib.autograd.set_detect_anomaly(True)
    yield now()
    lib.autograd.set_detect_anomaly(False)
    yield now()
    with lib.autograd.set_detect_anomaly(True):
        yield now()
    yield now(), warned(lib.autograd.detect_anomaly)[1], warned(lib.autograd.set_detect_anomaly, False)[1]


@story
def test_nan_is_found(lib):
    x = vector(lib, -1.0, 4.0)
    with lib.autograd.detect_anomaly():
        y = x.sqrt().sum()
        error, caught = warned(failure, y.backward)
        yield error, [(kind, line.split(". Traceback")[0]) for kind, line in caught]
    y = x.sqrt().sum()
    with lib.autograd.detect_anomaly():
        yield warned(failure, y.backward)
    yield lib.is_anomaly_enabled()


@story
def test_which_output_is_nan(lib):
    x, y = vector(lib, 1.0, 4.0), vector(lib, 0.0, 4.0)
    with lib.autograd.detect_anomaly():
        z = (x * float("inf") * y).sum()
        yield warned(failure, z.backward)[0]
        z = (x / y * 0).sum()
        yield warned(failure, z.backward)[0]


@story
def test_nan_without_the_search(lib):
    x = vector(lib, -1.0, 4.0)
    with lib.autograd.detect_anomaly(check_nan=False):
        x.sqrt().sum().backward()
    yield x.grad.isnan()


@story
def test_errors_name_the_forward_call(lib):
    x = vector(lib, 1.0, 4.0)
    with lib.autograd.detect_anomaly():
        h = x * 1
        y = (h * h).sum()
        h.add_(1)
        error, caught = warned(failure, y.backward)
        yield error[0], [(kind, line.split(". Traceback")[0]) for kind, line in caught]


@story
def test_anomaly_in_a_function(lib):
    class Wrong(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * float("nan")

    x = vector(lib, 1.0)
    with lib.autograd.detect_anomaly():
        y = Wrong.apply(x).sum()
        error, caught = warned(failure, y.backward)
        yield error, [(kind, line.split(". Traceback")[0]) for kind, line in caught]


def test_the_traceback_shows_the_line():
    x = tt.tensor([-1.0], requires_grad=True)
    with tt.autograd.detect_anomaly():
        y = x.sqrt()  # the line that is to be shown
        text = "".join(y.grad_fn.metadata["traceback_"])
        with (
            pytest.warns(UserWarning, match=r"Error detected in SqrtBackward0\. Traceback of forward call") as caught,
            pytest.raises(RuntimeError, match=r"Function 'SqrtBackward0' returned nan values in its 0th output\."),
        ):
            y.backward()
    assert "y = x.sqrt()  # the line that is to be shown" in str(caught[0].message)
    assert "test_graph.py" in text and "autograd/rule.py" not in text


def test_no_traceback_is_kept_otherwise():
    y = tt.ones(1, requires_grad=True) * 2
    assert y.grad_fn.metadata == {}
