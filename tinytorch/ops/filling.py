"""Random numbers written into a tensor: normal_, uniform_, random_, bernoulli_ and their like, and their rules.

The numbers are those that PyTorch draws for the same seed (tinytorch/draws.py). They do not depend on what the tensor
held before, so the gradient of that is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import arguments, draws
from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.rule import Rule
from tinytorch.generator import Generator
from tinytorch.ops.memory import Zero
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class RandomFill(Rule):
    """y = random numbers in the memory of x,    dy/dx = 0"""

    @staticmethod
    def forward(ctx, x, sampler, *args):
        sampler(x, *args)  # at x itself: the numbers depend on its strides, and views.write is about to overwrite it
        return x

    @staticmethod
    def backward(ctx, grad):
        return Zero.apply(grad, 0)


class Normal(RandomFill):
    """y = normal numbers,    dy/dx = 0"""


class LogNormal(RandomFill):
    """y = e^(normal numbers),    dy/dx = 0"""


class Uniform(RandomFill):
    """y = numbers of an interval, all equally likely,    dy/dx = 0"""


class Exponential(RandomFill):
    """y = exponential numbers,    dy/dx = 0"""


class Cauchy(RandomFill):
    """y = Cauchy numbers,    dy/dx = 0"""


class Geometric(RandomFill):
    """y = the number of trials up to a success,    dy/dx = 0"""


class RandomBetween(RandomFill):
    """y = integers of an interval, all equally likely,    dy/dx = 0"""

    name = "RandomBackward0"


class RandomBelow(RandomFill):
    """y = integers below a number,    dy/dx = 0"""

    name = "RandomBackward1"


class RandomAny(RandomFill):
    """y = integers of all sizes,    dy/dx = 0"""

    name = "RandomBackward2"


class BernoulliNumber(RandomFill):
    """y = 1 with probability p, else 0,    dy/dx = 0"""

    name = "BernoulliBackward2"


class BernoulliTensor(Rule):
    """y = 1 with probability p, each of its own, else 0,    dy/dx = 0,    dy/dp = 0"""

    name = "BernoulliBackward1"
    inputs = 2

    @staticmethod
    def forward(ctx, x, p, sampler, generator):
        sampler(x, p, generator)
        return x

    @staticmethod
    def backward(ctx, grad):
        need_x, need_p = ctx.needs_input_grad
        return Zero.apply(grad, 0) if need_x else None, Zero.apply(grad, 0) if need_p else None


# ---- in-place methods ------------------------------------------------------------------------------------------------


def fill(target: Tensor, rule: type[Rule], sampler: Callable, *args: Any) -> Tensor:
    """Let `sampler` write random numbers into the memory of `target`."""
    if state.recording and target.requires_grad:
        return views.write(target, rule.apply, sampler, *args)
    views.check_writable(target, False)
    sampler(target._array, *args)
    target._bump()
    return target


def as_generator(function: str, generator: Any, args: tuple | None = None) -> Generator | None:
    """A generator= argument. `args`: the other arguments of a function with several forms, whose error lists them."""
    if generator is None or isinstance(generator, Generator):
        return generator
    if args is not None:
        raise arguments.no_such_form(function, args, {"generator": generator})
    raise arguments.wrong_type(function, "generator", None, "torch.Generator", generator)


@public(function=False, out=False)
def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of the given mean and standard deviation.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.normal_.html

    >>> torch.zeros(2).normal_(5, 0.1, generator=torch.Generator().manual_seed(1))
    tensor([5.0661, 5.0267])
    """
    mean, std = arguments.as_real("normal_", "mean", 1, mean), arguments.as_real("normal_", "std", 2, std)
    return fill(self, Normal, draws.normal, mean, std, as_generator("normal_", generator))


@public(function=False, out=False)
def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers whose logarithms are normal, of the given mean and standard deviation.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.log_normal_.html

    >>> torch.zeros(2).log_normal_(generator=torch.Generator().manual_seed(1))
    tensor([10.2032,  4.6360])
    """
    mean, std = arguments.as_real("log_normal_", "mean", 1, mean), arguments.as_real("log_normal_", "std", 2, std)
    return fill(self, LogNormal, draws.log_normal, mean, std, as_generator("log_normal_", generator))


@public(function=False, out=False)
def uniform_(
    self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **keywords: Any
) -> Tensor:
    """Fill with numbers from [from, to), all equally likely.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.uniform_.html

    >>> torch.zeros(2).uniform_(5, 6, generator=torch.Generator().manual_seed(1))
    tensor([5.7576, 5.2793])
    """
    if keywords:
        from_ = _from("uniform_", from_, keywords)
    low, high = arguments.as_real("uniform_", "from", 1, from_), arguments.as_real("uniform_", "to", 2, to)
    return fill(self, Uniform, draws.uniform, low, high, as_generator("uniform_", generator))


def _from(function: str, given: Any, keywords: dict[str, Any]) -> Any:
    """The argument called `from`, which Python does not allow as the name of a parameter."""
    found = keywords.pop("from", given)
    if keywords:
        raise TypeError(f"{function}() got an unexpected keyword argument '{next(iter(keywords))}'")
    return found


@public(function=False, out=False)
def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of the density  lambd * exp(-lambd * x),  x >= 0.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.exponential_.html

    >>> torch.zeros(2).exponential_(generator=torch.Generator().manual_seed(1))
    tensor([0.0630, 0.2543])
    """
    rate = arguments.as_real("exponential_", "lambd", 1, lambd)
    return fill(self, Exponential, draws.exponential, rate, as_generator("exponential_", generator))


@public(function=False, out=False)
def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of the density  1 / (pi * sigma * (1 + ((x - median) / sigma)^2)).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.cauchy_.html

    >>> torch.zeros(2).cauchy_(generator=torch.Generator().manual_seed(1))
    tensor([-5.1495, -1.1742])
    """
    median, sigma = arguments.as_real("cauchy_", "median", 1, median), arguments.as_real("cauchy_", "sigma", 2, sigma)
    return fill(self, Cauchy, draws.cauchy, median, sigma, as_generator("cauchy_", generator))


@public(function=False, out=False)
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of trials up to the first success, each with probability p.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.geometric_.html

    >>> torch.zeros(4).geometric_(0.2, generator=torch.Generator().manual_seed(1))
    tensor([13.,  7.,  7.,  8.])
    """
    p = arguments.as_real("geometric_", "p", 1, p)
    return fill(self, Geometric, draws.geometric, p, as_generator("geometric_", generator))


_RANDOM_FORMS = (
    "(*, torch.Generator generator = None)",
    "(int from, int to, *, torch.Generator generator = None)",
    "(int to, *, torch.Generator generator = None)",
)


@public(function=False, out=False)
def random_(self: Tensor, *args: Any, generator: Generator | None = None, **keywords: Any) -> Tensor:
    """Fill with integers, all equally likely: random_(), random_(to), random_(from, to); `to` itself does not occur.

    Without bounds: all integers from 0 that the dtype holds exactly.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.random_.html

    >>> torch.zeros(4).random_(10, 20, generator=torch.Generator().manual_seed(1))
    tensor([15., 19., 14., 18.])
    """
    bounds = _bounds(args, keywords)
    if bounds is None or not (generator is None or isinstance(generator, Generator)):
        named = keywords if generator is None else {**keywords, "generator": generator}
        raise arguments.no_such_form("random_", args, named, _RANDOM_FORMS)
    rule = (RandomAny, RandomBelow, RandomBetween)[len(args) + len(keywords)]
    return fill(self, rule, draws.random, *bounds, generator)


def _bounds(args: tuple, keywords: dict[str, Any]) -> tuple[int | None, int | None] | None:
    """`from` and `to` of random_, as draws.random takes them; None if the call has no such form."""
    given = [*args]
    if "from" in keywords and not args:
        given.append(keywords["from"])
    if "to" in keywords:
        given.append(keywords["to"])
    if len(given) > 2 or len(given) != len(args) + len(keywords) or ("from" in keywords and len(given) == 1):
        return None
    whole = [arguments.as_int(bound) for bound in given]
    if not given:
        return None, None
    if whole[0] is None or (whole[-1] is None and given[-1] is not None):
        return None
    return (0, whole[0]) if len(given) == 1 else (whole[0], whole[1])


@public(function=False, out=False)
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with ones, each with probability p, and zeros; p is a number, or a tensor that broadcasts to this one.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.bernoulli_.html

    >>> torch.zeros(6).bernoulli_(0.3, generator=torch.Generator().manual_seed(1))
    tensor([1., 1., 1., 1., 0., 1.])
    """
    generator = as_generator("bernoulli_", generator, (p,))
    if isinstance(p, Tensor):
        each = p.expand(self._array.shape)
        if state.recording and (self.requires_grad or p.requires_grad):
            return views.write(self, BernoulliTensor.apply, each, draws.bernoulli, generator)
        views.check_writable(self, False)
        draws.bernoulli(self._array, each._array, generator)
        self._bump()
        return self
    if not isinstance(p, (int, float, np.number)):
        raise arguments.no_such_form(
            "bernoulli_", (p,), {}, ("(Tensor p, *, torch.Generator generator = None)",
            "(float p = 0.5, *, torch.Generator generator = None)"),
        )  # fmt: skip
    p = arguments.as_real("bernoulli_", "p", 1, p)
    return fill(self, BernoulliNumber, draws.bernoulli, p, generator)
