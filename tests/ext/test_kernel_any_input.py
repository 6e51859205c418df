"""Every public function of every kernel beside its twin, on arrays that lie in memory in any way.

The tests of the families say what a kernel computes. Here it is asked only to do as its twin does, whatever it gets:
the same results or the same class of error, nothing written but what it should write.
"""

import math
from importlib import import_module

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.ext.kernel_tools import load, outcome
from tests.ext.test_kernel_families import FAMILIES, functions
from tests.ext.wild_arrays import Drawn, Laid, Large, lay
from tinytorch.kernels import threads
from tinytorch.kernels.random import STATE

UNARY = (np.exp, np.sqrt, np.tanh, np.negative, np.absolute, np.isnan, np.square, np.sin)
BINARY = (np.add, np.multiply, np.maximum, np.less, np.arctan2, np.subtract)


def unary(d):
    x = d.array(d.shape())
    return [x, d.pick(None, d.target(d.fit(x.shape), x.dtype))]


def operands(d):
    """Two arrays that broadcast, or an array and a number"""
    shape, dtype = d.shape(), d.dtype()
    other = tuple(d.pick(n, n, 1) for n in shape[d.pick(0, 0, 1) :])
    x, y = d.array(shape, dtype), d.array(d.fit(other), d.pick(dtype, dtype, dtype, d.dtype()))
    return d.pick([x, y], [y, x], [x, 2.0], [0.5, x], [x, 3])


def binary(d):
    pair = operands(d)
    array = next(x for x in pair if isinstance(x, Laid))
    return [*pair, d.pick(None, None, d.target(d.fit(array.shape), array.dtype))]


def floats(d, *more):
    return [d.array(d.shape(), d.floating()), *more]


def pair(d, *more):
    """Two arrays of one shape and dtype, and what else the function takes"""
    shape, dtype = d.shape(), d.floating()
    return [d.array(shape, dtype), d.array(d.fit(shape), dtype), *more]


def with_gradient(d, *more):
    """A gradient for each element or one for all, two arrays of one shape"""
    x, target, *rest = pair(d, *more)
    return [d.array(d.pick((), d.fit(x.shape)), x.dtype), x, target, *rest]


def exp(d):
    x = d.array(d.shape(), d.floating())
    return [x, d.pick(None, d.target(d.fit(x.shape), x.dtype))]


def add_scaled(d):
    shape, dtype = d.shape(), d.floating()
    return [d.target(shape, dtype), d.pick(1, -0.5, 0), d.array(d.fit(shape), dtype)]


def masked(d):
    shape = d.shape()
    return [d.target(shape, d.dtype()), d.array(shape, np.bool_), d.pick(0, -2.5, 3)]


def assigned(d):
    shape, dtype = d.shape(), d.dtype()
    return [d.target(shape, dtype), d.array(d.pick(shape, d.fit(shape), ()), d.pick(dtype, np.bool_))]


def filled(d):
    dtype = d.dtype()
    return [d.target(d.shape(), dtype), d.array((), d.pick(dtype, np.bool_))]


def several(d):
    """Arrays of one shape, or that differ along an axis, and now and then in their dtypes; and an axis"""
    shape, dtype = d.shape(), d.dtype()
    axis = d.pick(*range(len(shape)), 0)
    sides = [d.pick(side, side, 2) for side in shape[axis : axis + 1]]
    other = (*shape[:axis], *sides, *shape[axis + 1 :])
    return [
        tuple([d.array(d.pick(shape, other), d.pick(dtype, dtype, np.bool_)) for _ in range(d.pick(1, 2, 3))]),
        axis,
    ]


def reduced(d):
    x = d.array(d.shape())
    return [x, d.axes(len(x.shape)), d.pick(False, True)]


def reduced_floats(d):
    x = d.array(d.shape(), d.floating())
    return [x, d.axes(len(x.shape)), d.pick(False, True)]


def var_mean(d):
    x = d.array(d.shape(), d.floating())
    return [x, d.axes(len(x.shape)), d.pick(0, 1, 2, 0.5), d.pick(False, True)]


def norm(d):
    x = d.array(d.shape(), d.floating())
    return [x, d.pick(2, 2.0, 1, 0, 3, math.inf, -math.inf), d.axes(len(x.shape)), d.pick(False, True)]


def scanned(d):
    x = d.array(d.shape(1))
    return [x, d.axis(len(x.shape)), d.pick(False, True)]


def along(d):
    x = d.array(d.shape(1), d.floating())
    return [x, d.axis(len(x.shape))]


def along_pair(d):
    y = d.array(d.shape(1), d.floating(), sign=-1)  # as the logarithm of a probability
    return [d.array(d.fit(y.shape), y.dtype), y, d.axis(len(y.shape))]


def classes(d):
    x = d.array(d.shape(2, 2), d.floating())
    return [x, d.index(x.shape[1], d.fit(x.shape[:1])), d.pick(-100, 1)]


def classes_backward(d):
    x, target, ignored = classes(d)
    return [d.array(d.pick((), x.shape[:1]), x.dtype), x, target, ignored]


def nll(d):
    shape, dtype = d.shape(1), d.floating()
    length = shape[1] if len(shape) > 1 else shape[0]
    target = d.index(length, d.fit((shape[:1] if len(shape) > 1 else ()) + shape[2:]))
    weight = d.pick(None, d.array((length,), dtype))
    return [d.array(shape, dtype), target, weight, d.pick(-100, 1)]


def nll_backward(d):
    x, target, weight, ignored = nll(d)
    return [d.array(d.pick((), target.shape), x.dtype), x.shape, target, weight, ignored, d.pick(None, 2.0)]


def product(d):
    m, k, n = d.shape(3, 3)
    m, k, n = min(m, 300), min(k, 300), min(n, 300)
    dtype = d.dtype()
    left, right = d.pick(((m, k), (k, n)), ((m, k), (k, n)), ((k,), (k, n)), ((m, k), (k,)), ((2, m, k), (k, n)))
    return [d.array(left, dtype), d.array(d.fit(right), d.pick(dtype, dtype, dtype, d.dtype()))]


def addmm(d):
    m, k, n = (min(side, 300) for side in d.shape(3, 3))
    dtype = d.floating()
    c = d.array(d.pick((m, n), (n,), (1, n), (m, 1), ()), dtype)
    return [c, d.array((m, k), dtype), d.array(d.fit((k, n)), dtype), d.pick(1, 0, 0.5), d.pick(1, 2)]


def layer_norm(d):
    shape, dtype = d.shape(1), d.floating()
    count = d.pick(1, len(shape))
    weight, bias = (d.pick(None, d.array(d.fit(shape[len(shape) - count :]), dtype)) for _ in range(2))
    return [d.array(shape, dtype), count, weight, bias, 1e-5]


def layer_norm_backward(d):
    shape, dtype = d.shape(1), d.floating()
    count = d.pick(1, len(shape))
    wide = np.float32 if dtype is np.float16 else dtype
    outer = shape[: len(shape) - count] + (1,) * count
    mean, rstd = d.array(outer, wide), d.array(outer, wide, sign=1)
    weight = d.pick(None, d.array(shape[len(shape) - count :], dtype))
    needs = [d.pick(True, True, False) for _ in range(3)]
    return [d.array(d.fit(shape), dtype), d.array(shape, dtype), count, mean, rstd, weight, *needs]


def sgd_step(d):
    shape, dtype = d.shape(), d.floating()
    momentum = d.pick(0, 0.5)
    buffer = d.target(shape, dtype) if momentum else None
    rest = [0.5, momentum, d.pick(0, 0.25), d.pick(0, 0.5), bool(momentum) and d.pick(True, False), d.pick(True, False)]
    return [d.target(shape, dtype), d.array(d.fit(shape), dtype), buffer, *rest, d.pick(True, False)]


def adam_step(d):
    shape, dtype = d.shape(), d.floating()
    highest = d.pick(None, d.target(shape, dtype, sign=1))
    averages = [d.target(shape, dtype), d.target(shape, dtype, sign=1), highest]
    rest = [3, 0.5, 0.75, 0.75, 0.25, d.pick(0, 0.5), d.pick(True, False), d.pick(True, False)]
    return [d.target(shape, dtype), d.array(d.fit(shape), dtype), *averages, *rest]


def index_add(d):
    shape, dtype = d.shape(1), d.dtype()
    axis, count = d.axis(len(shape)), d.pick(0, 1, 7, 40)
    place = axis % len(shape)
    source = d.array(d.fit((*shape[:place], count, *shape[place + 1 :])), dtype)
    return [d.target(shape, dtype), axis, d.index(shape[place], (count,)), source, d.pick(1, 2)]


def scatter_add(d):
    shape, dtype = d.shape(1), d.dtype()
    axis = d.axis(len(shape))
    source = d.array(d.fit(shape), dtype)
    return [d.target(shape, dtype), axis, d.index(shape[axis % len(shape)], shape), source]


def scatter(d):
    out, axis, index, source = scatter_add(d)
    return [out, axis, index, d.pick(source, source, d.array((), source.dtype))]


def scatter_reduce(d):
    return [*scatter_add(d), d.pick("multiply", "maximum", "minimum")]


def gather(d):
    x = d.array(d.shape(1))
    axis = d.axis(len(x.shape))
    place = axis % len(x.shape)
    sides = (*x.shape[:place], d.pick(0, 3, 40), *x.shape[place + 1 :])
    return [x, axis, d.index(x.shape[place], d.fit(sides))]


def index_select(d):
    x = d.array(d.shape(1))
    axis = d.axis(len(x.shape))
    return [x, axis, d.index(x.shape[axis % len(x.shape)], d.pick((), (7,), (3, 4), (0,))), d.pick(False, True)]


def bag_sum(d):
    x = d.array(d.shape(2, 2), d.floating())
    return [x, d.index(x.shape[0], d.pick((3, 4), (0, 2), (40, 1)))]


def broadcast(d):
    shape = d.shape(0, 3)
    own = tuple(d.pick(n, n, 1) for n in shape[d.pick(0, 0, 1) :])
    return [d.array(own), d.pick(d.fit(shape), (2, *shape))]


def plain(d, shape, dtype):
    """A target in C order: nothing else may be filled with random numbers"""
    made = lay(shape, dtype)
    d.written.append(made)
    return made


def state(d):
    made = plain(d, (STATE.itemsize,), np.uint8)
    import_module("tinytorch.kernels.random").seed(made.memory[made.start : made.start + STATE.itemsize], d.seed())
    return made


def random(dtypes, *arguments):
    def row(d):
        make = d.pick(lambda *args: plain(d, *args), d.target)
        return [state(d), make(d.shape(1, 1), d.pick(*dtypes)), *arguments]

    return row


def poisson(d):
    shape = d.shape(1, 1)
    if d.pick(True, True, True, False):
        rates = lay(shape, np.float64, seed=d.seed(), odd=True, sign=1)
        return [state(d), rates, plain(d, shape, np.float64)]
    return [state(d), d.array(shape, np.float64, sign=1), d.target(shape, np.float64)]


ROWS = {
    "arithmetic.apply": lambda d: [d.pick(*UNARY), *unary(d)],
    "arithmetic.apply_to_two": lambda d: [d.pick(*BINARY), *binary(d)],
    "arithmetic.add": binary,
    "arithmetic.subtract": binary,
    "arithmetic.multiply": binary,
    "arithmetic.divide": binary,
    "arithmetic.negative": unary,
    "elementwise.add_scaled": add_scaled,
    "elementwise.exp": exp,
    "elementwise.log": exp,
    "elementwise.sigmoid": floats,
    "elementwise.sigmoid_backward": pair,
    "elementwise.tanh_backward": pair,
    "elementwise.relu_backward": pair,
    "elementwise.leaky_relu": lambda d: floats(d, 0.25),
    "elementwise.leaky_relu_backward": lambda d: pair(d, 0.25),
    "elementwise.clamp": lambda d: floats(d, -0.5, d.pick(1.0, math.inf)),
    "elementwise.clamp_backward": lambda d: pair(d, d.pick(-0.5, -math.inf), 1.0),
    "elementwise.erf": floats,
    "elementwise.erfc": floats,
    "elementwise.normal_cdf": floats,
    "elementwise.gelu": floats,
    "elementwise.gelu_backward": pair,
    "elementwise.gelu_tanh": floats,
    "elementwise.gelu_tanh_backward": pair,
    "elementwise.silu": floats,
    "elementwise.silu_backward": pair,
    "cumulative.cumsum": scanned,
    "cumulative.cumprod": scanned,
    "extrema.amax": reduced,
    "extrema.amin": reduced,
    "extrema.max_with_indices": reduced,
    "extrema.min_with_indices": reduced,
    "extrema.argmax": reduced,
    "extrema.argmin": reduced,
    "gather.gather": gather,
    "gather.index_select": index_select,
    "gather.bag_sum": bag_sum,
    "layout.alias": lambda d: [d.array(d.shape())],
    "layout.broadcast": broadcast,
    "layout.assign": assigned,
    "layout.concatenate": several,
    "layout.stack": several,
    "layout.copy": lambda d: [d.array(d.shape())],
    "layout.fill": filled,
    "loss.bce_with_logits": pair,
    "loss.bce_with_logits_backward": with_gradient,
    "loss.mse": pair,
    "loss.mse_backward": with_gradient,
    "loss.smooth_l1": lambda d: pair(d, 0.5),
    "loss.smooth_l1_backward": lambda d: with_gradient(d, 0.5),
    "loss.huber": lambda d: pair(d, 0.5),
    "loss.huber_backward": lambda d: with_gradient(d, 0.5),
    "matmul.matmul": product,
    "matmul.addmm": addmm,
    "nll.nll": nll,
    "nll.nll_sum": nll,
    "nll.nll_backward": nll_backward,
    "normalization.layer_norm": layer_norm,
    "normalization.layer_norm_backward": layer_norm_backward,
    "optimizer.sgd_step": sgd_step,
    "optimizer.adam_step": adam_step,
    "random.seed": lambda d: [state(d), d.pick(0, 5, 2**32 + 5)],
    "random.words": random([np.uint32]),
    "random.integers": random([np.int64], -3, 10, False),
    "random.shuffle": random([np.int64]),
    "random.uniform": random([np.float32, np.float64], 0.0, 2.0),
    "random.bernoulli": random([np.bool_], 0.25),
    "random.exponential": random([np.float64], 2.0),
    "random.geometric": random([np.float64], 0.25),
    "random.cauchy": random([np.float64], 0.0, 1.0),
    "random.normal_pairs": random([np.float64], 0.0, 1.0),
    "random.log_normal": random([np.float64], 0.0, 1.0),
    "random.normal": random([np.float32, np.float64], 0.0, 1.0),
    "random.poisson": poisson,
    "reduce.sum": reduced,
    "reduce.mean": reduced,
    "reduce.var_mean": var_mean,
    "reduce.prod": reduced,
    "reduce.any": reduced,
    "reduce.all": reduced,
    "reduce.norm": norm,
    "scatter.index_add": index_add,
    "scatter.scatter_add": scatter_add,
    "scatter.scatter": scatter,
    "scatter.scatter_reduce": scatter_reduce,
    "softmax.softmax": along,
    "softmax.log_softmax": along,
    "softmax.logsumexp": reduced_floats,
    "softmax.softmax_backward": along_pair,
    "softmax.log_softmax_backward": along_pair,
    "softmax.cross_entropy": classes,
    "softmax.cross_entropy_backward": classes_backward,
    "triangles.triangle": lambda d: [d.array(d.shape(1)), d.pick(-2, 0, 1), d.pick(True, False)],
    "triangles.keep_triangle": lambda d: [d.target(d.shape(1), d.dtype()), d.pick(-2, 0, 1), d.pick(True, False)],
    "where.masked_fill": masked,
    "where.where": lambda d: [d.array(d.shape(), d.pick(np.bool_, np.bool_, d.dtype())), *operands(d)],
}  # fmt: skip
# takes strides on trust; take lists of what sgd_step and adam_step take
UNCHECKED = {"layout.restride", "optimizer.sgd_steps", "optimizer.adam_steps"}
every_kernel = pytest.mark.parametrize("name", ROWS)


def test_no_kernel_is_forgotten():
    found = {f"{family}.{name}" for family in FAMILIES for name in functions(load("kernel", family))}
    assert found - ROWS.keys() - UNCHECKED == set(), "kernels without a row in the table above"


def call(kind, name, arguments, written):
    """(what is returned, or the class of the error; the arrays that may be written), after looking at all the memory"""
    family, function = name.split(".")
    laid = [x for given in arguments for x in (given if isinstance(given, tuple) else [given]) if isinstance(x, Laid)]
    fresh = {id(x): x.fresh() for x in laid}

    def array(x):
        return tuple(map(array, x)) if isinstance(x, tuple) else fresh[id(x)][0] if isinstance(x, Laid) else x

    result = outcome(getattr(load(kind, family), function), *map(array, arguments))
    for x in laid:
        memory = fresh[id(x)][1]
        beside = np.ones(memory.size, bool)
        if x.writable and any(x is target for target in written):
            np.ndarray(x.shape, np.dtype((np.void, x.dtype.itemsize)), beside.view(np.uint8), x.start, x.strides)[
                ...
            ] = np.void(bytes(x.dtype.itemsize))
        changed = np.flatnonzero((memory != x.memory) & beside)
        assert changed.size == 0, f"{kind} wrote beside an array, or into an input: bytes {changed[:8]}"
    returned = [np.asarray(x) for x in (result if isinstance(result, tuple) else [result]) if x is not None]
    if isinstance(result, type):
        return result, []
    return len(returned), returned + [fresh[id(x)][0] for x in arguments if any(x is target for target in written)]


def assert_like_twin(name, arguments, written, ulps=64):
    kernel, actual = call("kernel", name, arguments, written)
    twin, expected = call("twin", name, arguments, written)
    assert kernel == twin
    for a, b in zip(actual, expected):
        assert a.dtype.newbyteorder("=") == b.dtype.newbyteorder("=")
        assert a.shape == b.shape
        if a.dtype.kind in "fc":
            finite = np.abs(b[np.isfinite(b)])
            limit = ulps * float(np.finfo(a.dtype).eps) * max(1.0, float(finite.max(initial=0)))
            np.testing.assert_allclose(a, b, rtol=0, atol=limit)
        else:
            np.testing.assert_array_equal(a, b)


@every_kernel
@settings(
    max_examples=60, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_any_arrays(name, data):
    draws = Drawn(data)
    arguments = ROWS[name](draws)
    assert_like_twin(name, arguments, draws.written)


@pytest.fixture
def two_threads():
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    yield
    threads.set_num_threads(before)


@every_kernel
@pytest.mark.parametrize("number", range(3), ids=["rows", "long rows", "many rows"])
def test_large_arrays(name, number, two_threads):
    draws = Large(number)
    arguments = ROWS[name](draws)
    assert_like_twin(name, arguments, draws.written, ulps=512)
