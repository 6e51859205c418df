"""New tensors of random numbers: rand, randn, randint, randperm, normal, bernoulli, multinomial, poisson, binomial.

The numbers are those that PyTorch draws for the same seed on the CPU. What writes random numbers into a tensor that is
there already (normal_, uniform_, ...) is in ops/filling.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import arguments, draws, dtypes
from tinytorch.autograd import no_grad, views
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.rule import Rule, check_can_require_grad
from tinytorch.creation import allocate, array_like, check_options, leaf
from tinytorch.device import as_device, default, example, known, near, pinned, use
from tinytorch.dtypes import dtype as Dtype
from tinytorch.errors import broadcast_error
from tinytorch.formats import preserve_format
from tinytorch.generator import Generator
from tinytorch.ops.elementwise import Undifferentiable
from tinytorch.ops.filling import Normal, as_generator, fill
from tinytorch.ops.memory import Zero
from tinytorch.public import fill_out, public
from tinytorch.tensor import Tensor, wrap

# ---- from a shape ----------------------------------------------------------------------------------------------------


def made(
    name: str, shape: tuple[int, ...], kind: Dtype | None, sampler: Callable, *args: Any,
    out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False, **unknown: Any,
) -> Tensor:  # fmt: skip
    """A new tensor, or `out`, that sampler(array, *args) has filled; of dtype `kind` unless dtype= says otherwise.

    kind=None: the default dtype. The options of all functions that make tensors are dealt with here.
    """
    if unknown:
        raise arguments.no_such_form(name, shape, unknown)
    if dtype is not None:
        dtype = arguments.as_dtype(name, dtype)
    requires_grad = check_options(name, device, requires_grad, layout, pin_memory)
    if out is None:
        place = default.place if device is None else as_device(device)
        with use(place):
            array = allocate(np.empty, shape, dtype or kind or dtypes.get_default_dtype(), like=example(place))
        sampler(array, *args)
        return leaf(pinned(array) if pin_memory else array, requires_grad)
    resize_out(name, out, shape, dtype)
    if requires_grad:
        check_can_require_grad(out.dtype)
    sampler(out._array, *args)
    out._bump()
    return out.requires_grad_() if requires_grad else out


def resize_out(name: str, out: Any, shape: tuple[int, ...], dtype: Dtype | None = None, warn: bool = False) -> None:
    """Give out= the shape of the result, with a warning if it had elements; errors where it cannot take it."""
    if not isinstance(out, Tensor):
        raise arguments.wrong_type(name, "out", None, "Tensor", out)
    if dtype is not None and dtype is not out.dtype:
        raise RuntimeError(f"dtype {dtype.legacy} does not match dtype of out parameter ({out.dtype.legacy})")
    if state.recording and out.requires_grad:
        raise RuntimeError(
            f"aten::{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    views.check_writable(out, False)
    if out._array.shape != shape:
        if warn:
            fill_out(out, wrap(np.empty(shape, out.dtype.numpy, like=near(out._array))))
        else:
            out.resize_(shape)


@public(method=False, out=False)
def rand(*args: Any, size: Any = None, generator: Generator | None = None, **options: Any) -> Tensor:
    """A tensor of the given shape with numbers from [0, 1), all equally likely.

    Options as of `torch.zeros`, and generator=.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.rand.html

    >>> torch.rand(2, 3, generator=torch.Generator().manual_seed(5))
    tensor([[0.8303, 0.1261, 0.9075],
            [0.8199, 0.9201, 0.1166]])
    """
    shape = arguments.sizes("rand", args, size)
    return made("rand", shape, None, draws.uniform, 0.0, 1.0, as_generator("rand", generator, shape), **options)


@public(method=False, out=False)
def randn(*args: Any, size: Any = None, generator: Generator | None = None, **options: Any) -> Tensor:
    """A tensor of the given shape with normal numbers of mean 0 and variance 1.

    Options as of `torch.zeros`, and generator=.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.randn.html

    >>> torch.randn(3, generator=torch.Generator().manual_seed(5))
    tensor([-0.4868, -0.6038, -0.5581])
    """
    shape = arguments.sizes("randn", args, size)
    return made("randn", shape, None, draws.normal, 0.0, 1.0, as_generator("randn", generator, shape), **options)


@public(method=False, out=False)
def randint(
    *args: Any, low: Any = None, high: Any = None, size: Any = None, generator: Generator | None = None, **options: Any
) -> Tensor:
    """A tensor of the given shape with integers, all equally likely: randint(high, size), randint(low, high, size).

    low is 0 unless given; high itself does not occur. Options as of `torch.zeros`, and generator=.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.randint.html

    >>> torch.randint(10, (2, 4), generator=torch.Generator().manual_seed(5))
    tensor([[1, 4, 7, 5],
            [6, 0, 2, 3]])
    """
    given = list(args)
    position: int | None = len(given)
    if size is None and given:
        size = given.pop()
    else:
        position = None
    named = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    if len(given) + len(named) not in (1, 2) or (len(given) == 1 and "low" in named):
        raise arguments.no_such_form("randint", args, named)
    if high is None:
        high = given.pop()
    if given:
        low = given.pop()
    bounds = [arguments.as_int(bound) for bound in (low, high) if bound is not None]
    if None in bounds:
        if len(args) > 2 or named:
            raise arguments.no_such_form("randint", args, named)
        raise arguments.wrong_type("randint", "high", 1, "int", high)
    check_size("randint", position, size)
    first, end = bounds if len(bounds) == 2 else (0, bounds[0])
    shape, generator = arguments.sizes("randint", (size,)), as_generator("randint", generator, args)
    return made("randint", shape, dtypes.int64, draws.random, first, end, generator, **options)


def check_size(name: str, position: int | None, size: Any) -> None:
    """TypeError unless `size` is a tuple or list of ints."""
    if not isinstance(size, (tuple, list)):
        raise arguments.wrong_type(name, "size", position, "tuple of ints", size)
    for at, side in enumerate(size):
        if arguments.as_int(side, bools=at > 0) is None:
            raise TypeError(
                f"{name}(): argument 'size' (position {position}) must be tuple of ints, but found element of type "
                f"{arguments.type_name(side)} at pos {at}"
            )


@public(method=False, out=False)
def randperm(n: int, *, generator: Generator | None = None, **options: Any) -> Tensor:
    """The numbers 0, 1, ..., n - 1 in a random order. Options as of `torch.zeros`, and generator=.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.randperm.html

    >>> torch.randperm(6, generator=torch.Generator().manual_seed(5))
    tensor([5, 0, 1, 3, 4, 2])
    """
    n = arguments.as_whole("randperm", "n", 1, n)
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    return made("randperm", (n,), dtypes.int64, draws.permute, as_generator("randperm", generator, (n,)), **options)


# ---- like another tensor ---------------------------------------------------------------------------------------------


def made_like(
    name: str, input: Any, sampler: Callable, *args: Any,
    dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
    memory_format: Any = preserve_format, **unknown: Any,
) -> Tensor:  # fmt: skip
    """A new tensor with the shape, dtype and order in memory of `input`, filled by `sampler`."""
    if unknown:
        raise arguments.no_such_form(name, (input,), unknown)
    requires_grad = check_options(name, device, requires_grad, layout, pin_memory)
    array = array_like(name, input, dtype, memory_format, device)
    sampler(array, *args)
    return leaf(array, requires_grad)


@public(method=False, out=False)
def rand_like(input: Tensor, *, generator: Generator | None = None, **options: Any) -> Tensor:
    """Numbers from [0, 1) in the shape and dtype of `input`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.rand_like.html

    >>> torch.rand_like(torch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    return made_like(
        "rand_like", input, draws.uniform, 0.0, 1.0, as_generator("rand_like", generator, (input,)), **options
    )


@public(method=False, out=False)
def randn_like(input: Tensor, *, generator: Generator | None = None, **options: Any) -> Tensor:
    """Normal numbers of mean 0 and variance 1 in the shape and dtype of `input`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.randn_like.html

    >>> torch.randn_like(torch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    return made_like(
        "randn_like", input, draws.normal, 0.0, 1.0, as_generator("randn_like", generator, (input,)), **options
    )


@public(method=False, out=False)
def randint_like(
    input: Tensor, *bounds: Any, low: Any = None, high: Any = None, generator: Generator | None = None, **options: Any
) -> Tensor:
    """Integers in the shape and dtype of `input`: randint_like(input, high), randint_like(input, low, high).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.randint_like.html

    >>> torch.randint_like(torch.zeros(2, 3), 5, 6)
    tensor([[5., 5., 5.],
            [5., 5., 5.]])
    """
    named = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    given = [*bounds, *named.values()]
    if len(given) == 1 and isinstance(given[0], Tensor):
        if given[0]._array.ndim:
            raise RuntimeError("high must be a scalar tensor and on CPU")
        given[0] = int(given[0]._array.item())
    whole = [arguments.as_int(bound) for bound in given]
    if len(given) not in (1, 2) or None in whole or (low is not None and (bounds or high is None)):
        raise arguments.no_such_form("randint_like", (input, *bounds), named)
    first, end = whole if len(whole) == 2 else (0, whole[0])
    generator = as_generator("randint_like", generator, (input, *bounds))
    return made_like("randint_like", input, draws.random, first, end, generator, **options)


# ---- with a parameter for each element -------------------------------------------------------------------------------


class Drawn(Rule):
    """y = random numbers that depend on x,    dy/dx = 0; `drawn` is y"""

    @staticmethod
    def forward(ctx, x, drawn):
        return drawn

    @staticmethod
    def backward(ctx, grad):
        return Zero.apply(grad, 0)


class Bernoulli(Drawn):
    """y = 1 with probability x, else 0,    dy/dx = 0"""


class Poisson(Drawn):
    """y = Poisson numbers of the rates x,    dy/dx = 0"""


class NormalMean(Drawn):
    """y = normal numbers with the means x,    dy/dx = 0"""

    name = "NormalBackward1"


class NormalStd(Drawn):
    """y = normal numbers with the standard deviations x,    dy/dx = 0"""

    name = "NormalBackward2"


class NormalBoth(Rule):
    """y = normal numbers with the means m and the standard deviations s,    dy/dm = 0,    dy/ds = 0"""

    inputs = 2
    name = "NormalBackward3"

    @staticmethod
    def forward(ctx, m, s, drawn):
        return drawn

    @staticmethod
    def backward(ctx, grad):
        need_m, need_s = ctx.needs_input_grad
        return Zero.apply(grad, 0) if need_m else None, Zero.apply(grad, 0) if need_s else None


class BernoulliLike(Undifferentiable):
    """y = 1 with one probability for all elements, else 0, in the shape of x"""

    name, operation = "NotImplemented", "bernoulli"
    forward = Drawn.forward


class Binomial(Undifferentiable):
    """y = binomial numbers of n trials with the probabilities p"""

    inputs = 2
    name, operation = "NotImplemented", "binomial"

    @staticmethod
    def forward(ctx, n, p, drawn):
        return drawn


@public(out=False)
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """Ones and zeros: a one with the probability that the element of `input` is, or p for all elements.

    RuntimeError for probabilities outside [0, 1].
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.bernoulli.html

    >>> torch.bernoulli(torch.tensor([0.0, 1.0, 0.5]), generator=torch.Generator().manual_seed(1))
    tensor([0., 1., 1.])
    """
    if not isinstance(input, Tensor):
        raise arguments.wrong_type("bernoulli", "input", 1, "Tensor", input)
    generator = as_generator("bernoulli", generator, (input,))
    if p is not None:
        if isinstance(p, Tensor) or out is not None:
            named = {} if out is None else {"out": out}
            raise arguments.no_such_form("bernoulli", (input, p), named)
        array = np.empty(input._array.shape, input._array.dtype, like=near(input._array))
        draws.bernoulli(array, arguments.as_real("bernoulli", "p", 2, p), generator)
        return BernoulliLike.apply(input, array)
    if out is not None:
        resize_out("bernoulli", out, input._array.shape)
        draws.bernoulli(out._array, input._array, generator)
        out._bump()
        return out
    array = np.empty(input._array.shape, input._array.dtype, like=near(input._array))
    draws.bernoulli(array, input._array, generator)
    return Bernoulli.apply(input, array)


@public(method=False, out=False)
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson numbers, one for each rate in `input`:  P(k) = rate^k * exp(-rate) / k!

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.poisson.html

    >>> torch.poisson(torch.tensor([0.0, 2.0, 50.0]), torch.Generator().manual_seed(1))
    tensor([ 0.,  0., 44.])
    """
    if not isinstance(input, Tensor):
        raise arguments.wrong_type("poisson", "input", 1, "Tensor", input)
    return Poisson.apply(input, draws.poisson(input._array, as_generator("poisson", generator)))


@public(method=False, out=False)
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of `count` trials succeed, each with the probability `prob`; the two broadcast.

    >>> torch.binomial(torch.tensor([0.0, 10.0, 10.0]), torch.tensor([0.5, 1.0, 0.0]))
    tensor([ 0., 10.,  0.])
    """
    for position, (name, value) in enumerate((("count", count), ("prob", prob)), 1):
        if not isinstance(value, Tensor):
            raise arguments.wrong_type("binomial", name, position, "Tensor", value)
    drawn = draws.binomial(count._array, prob._array, as_generator("binomial", generator))
    return Binomial.apply(count, prob, drawn)


@public(out=False)
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Indices of `num_samples` choices for each row of the weights `input`, which need not sum to 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.multinomial.html

    >>> torch.multinomial(torch.tensor([0.0, 3.0, 1.0]), 5, True, generator=torch.Generator().manual_seed(1))
    tensor([1, 1, 1, 1, 1])
    """
    if not isinstance(input, Tensor):
        raise arguments.wrong_type("multinomial", "input", 1, "Tensor", input)
    num_samples = arguments.as_whole("multinomial", "num_samples", 2, num_samples)
    if not isinstance(replacement, bool):
        raise arguments.wrong_type("multinomial", "replacement", 3, "bool", replacement)
    if out is not None and out.dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {out.dtype.legacy}")
    chosen = leaf(draws.multinomial(input._array, num_samples, replacement, as_generator("multinomial", generator)))
    if out is None:
        return chosen
    fill_out(out, chosen)
    return out


_NORMAL_FORMS = (
    "(Tensor mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)",
    "(Tensor mean, float std = 1, *, torch.Generator generator = None, Tensor out = None)",
    "(float mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)",
    "(float mean, float std, tuple of ints size, *, torch.Generator generator = None, Tensor out = None, ...)",
)


@public(method=False, out=False)
def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, out: Tensor | None = None,
    **options: Any,
) -> Tensor:  # fmt: skip
    """Normal numbers: one for each mean and standard deviation in two tensors, which broadcast; one of them, or both
    with a `size`, may be numbers.

    RuntimeError for a negative standard deviation.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.normal.html

    >>> torch.normal(torch.tensor([1.0, 20.0]), 0.1, generator=torch.Generator().manual_seed(1))
    tensor([ 1.0661, 20.0267])
    >>> torch.normal(5.0, 0.1, (3,), generator=torch.Generator().manual_seed(1))
    tensor([5.0661, 5.0267, 5.0062])
    """
    tensors = isinstance(mean, Tensor), isinstance(std, Tensor)
    numbers = (isinstance(mean, (int, float, np.number)), isinstance(std, (int, float, np.number)))
    fits = isinstance(size, (tuple, list)) if not any(tensors) else size is None and not options
    if not fits or not all(tensor or number for tensor, number in zip(tensors, numbers)):
        given = (mean, std) if size is None else (mean, std, size)
        raise arguments.no_such_form("normal", given, options, _NORMAL_FORMS)
    generator = as_generator("normal", generator, (mean, std))
    if not any(tensors):
        return made(
            "normal", arguments.sizes("normal", (size,)), None, draws.normal, mean, std, generator, out=out, **options
        )
    with no_grad():
        target = _normal_target(mean, std, out)
        if tensors[1]:
            _check_std(std)
            fill(target, Normal, draws.normal, 0.0, 1.0, generator)
            target.mul_(std).add_(mean)
        else:
            fill(target, Normal, draws.normal, 0.0, std, generator)
            target.add_(mean)
    if out is not None:
        return out
    if all(tensors):
        return NormalBoth.apply(mean, std, target._array)
    return NormalMean.apply(mean, target._array) if tensors[0] else NormalStd.apply(std, target._array)


def _normal_target(mean: Any, std: Any, out: Tensor | None) -> Tensor:
    """The tensor to draw into: `out`, or a new one of the dtype of `mean` (of `std`, where mean is a number)."""
    given = [each for each in (mean, std) if isinstance(each, Tensor)]
    check = [*given] if out is None or isinstance(std, Tensor) else [*given, out]  # then PyTorch does not resize `out`
    error = broadcast_error([each._array for each in check])
    if error is not None:
        raise error
    shape = np.broadcast_shapes(*[each._array.shape for each in given])
    if out is None:
        return wrap(allocate(np.empty, shape, given[0].dtype, like=near(given[0]._array)))
    if isinstance(std, Tensor):
        resize_out("normal", out, shape, warn=True)
    return out


def _check_std(std: Tensor) -> None:
    if std._array.dtype.kind == "c":
        raise RuntimeError("normal expects standard deviation to be non-complex")
    if known(std._array) and not (std._array >= 0).all():
        raise RuntimeError("normal expects all elements of std >= 0.0")
