"""Are reductions as fast as the better one of NumPy's and PyTorch's, for each function, axis, layout and size?"""

import functools

import numpy as np

from tests.benchmarks.questions import BEST, Question, asked, numbers

LARGE, SMALL, SMALL_3D = (256, 256, 256), (64, 1000), (8, 8, 1000)
AXES = {"all": None, "first": 0, "middle": 1, "last": -1, "several": (0, 2)}
ONE_AXIS = ["first", "middle", "last"]


def over(name):
    """torch.<name>(x, axis), or of everything"""
    return lambda torch, x, axis: getattr(torch, name)(x) if axis is None else getattr(torch, name)(x, axis)


def axes_of(x, axis):
    return tuple(range(x.ndim)) if axis is None else axis


def shifted(x, axis):
    return x - x.max(axis, keepdims=True)


def softmax(x, axis):
    y = np.exp(shifted(x, axis))
    return y / y.sum(axis, keepdims=True)


def log_softmax(x, axis):
    x = shifted(x, axis)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def logsumexp(x, axis):
    highest = x.max(axis, keepdims=True)
    return np.log(np.exp(x - highest).sum(axis)) + highest.reshape(np.sum(x, axis).shape)


# name: (in both libraries, in NumPy, axes)
FUNCTIONS = {
    "sum": (over("sum"), np.sum, AXES),
    "mean": (over("mean"), np.mean, AXES),
    "prod": (over("prod"), np.prod, ["all", *ONE_AXIS]),
    "max": (over("amax"), np.max, AXES),
    "min": (over("amin"), np.min, AXES),
    "max with indices": (over("max"), lambda x, axis: (x.max(axis), x.argmax(axis)), ONE_AXIS),
    "min with indices": (over("min"), lambda x, axis: (x.min(axis), x.argmin(axis)), ONE_AXIS),
    "argmax": (over("argmax"), np.argmax, ["all", *ONE_AXIS]),
    "argmin": (over("argmin"), np.argmin, ["all", *ONE_AXIS]),
    "any": (over("any"), np.any, AXES),
    "all": (over("all"), np.all, AXES),
    "var": (over("var"), lambda x, axis: np.var(x, axis, ddof=1), AXES),
    "std": (over("std"), lambda x, axis: np.std(x, axis, ddof=1), AXES),
    "norm": (
        lambda torch, x, axis: torch.linalg.vector_norm(x, dim=axis),
        lambda x, axis: np.sqrt(np.square(x).sum(axis)), AXES,
    ),
    "logsumexp": (
        lambda torch, x, axis: torch.logsumexp(x, axes_of(x, axis)),
        lambda x, axis: logsumexp(x, axes_of(x, axis)), AXES,
    ),
    "softmax": (over("softmax"), softmax, ONE_AXIS),
    "log_softmax": (over("log_softmax"), log_softmax, ONE_AXIS),
    "cumsum": (over("cumsum"), np.cumsum, ONE_AXIS),
}  # fmt: skip

LOOSE = {("norm", True): 0.03}  # PyTorch adds one square after the other in float32: 1.4 % off
KINDS = ("any", "all", "prod")
LAYOUTS = ["contiguous", "transposed", "sliced"]


@functools.lru_cache(maxsize=1)
def data(kind, shape, layout):
    """Normal numbers; around 1 where they are multiplied; booleans that have to be read to the end"""
    sides = shape[::-1] if layout == "transposed" else (*shape[:-1], 2 * shape[-1]) if layout == "sliced" else shape
    if kind in ("any", "all"):
        x = np.full(sides, kind == "all")
    else:
        x = np.resize(numbers(min(int(np.prod(sides)), 999_983)), sides)
        if kind == "prod":
            x = 1 + x / 1000
    return x.T if layout == "transposed" else x[..., ::2] if layout == "sliced" else x


def question(name, shape, axis, layout):
    both, numpy, _ = FUNCTIONS[name]
    large, kind = shape is LARGE, name if name in KINDS else ""
    sizes = " x ".join(map(str, shape))
    return Question(
        "reductions", f"{name} of {sizes}, axis {axis}, {layout}", lambda: [data(kind, shape, layout)],
        public=lambda torch, x: both(torch, x, AXES[axis]), numpy=lambda x: numpy(x, AXES[axis]),
        reach={BEST: 1}, large=large, rtol=LOOSE.get((name, large), 1e-3), atol=0.05 if large else 1e-3,
    )  # fmt: skip


def shape_for(axis, large):
    return LARGE if large else SMALL_3D if axis in ("middle", "several") else SMALL


# Their large arrays are contiguous only: in other layouts they do as max, argmax, var and softmax do.
SIBLINGS = ("min", "min with indices", "argmin", "std", "log_softmax")

# Large arrays that several functions read are made once: they come one after the other.
QUESTIONS = [
    question(name, shape_for(axis, large), axis, layout)
    for large in (False, True)
    for kind in ("", *KINDS)
    for layout in LAYOUTS
    for name, (_, _, axes) in FUNCTIONS.items()
    if name == kind or (not kind and name not in KINDS)
    if not large or layout == "contiguous" or name not in SIBLINGS
    for axis in axes
]


@asked(QUESTIONS)
def test_reductions(answer, benchmark):
    answer(benchmark)
