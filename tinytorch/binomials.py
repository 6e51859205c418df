"""Binomial numbers: of n trials, each with chance p, how many succeed?

Few expected successes (n p < 10) are counted one by one; more come from a transformed rejection. Chances above 1/2
count the failures. The order of operations is PyTorch's, so the numbers are too.
"""

from __future__ import annotations

import math

import numpy as np

from tinytorch.generator import Generator


def draw(n: np.floating, p: np.floating, generator: Generator) -> np.floating:
    """One binomial number, from the stream of `generator`; n and p are NumPy's numbers of one dtype."""
    one = type(n)(1)
    if n <= 0 or p <= 0:
        return one * 0
    if p >= 1:
        return n
    if not np.isfinite(n) or np.isnan(p):
        return n + p
    if p > 0.5:
        return n - draw_small_chance(n, one - p, generator)
    return draw_small_chance(n, p, generator)


def draw_small_chance(n: np.floating, p: np.floating, generator: Generator) -> np.floating:
    return by_rejection(n, p, generator) if n * p >= 10 else by_waiting(n, p, generator)


def unit(generator: Generator) -> float:
    """A number from [0, 1)."""
    number = np.empty(1)
    generator.draw("uniform", number, 0.0, 1.0)
    return float(number[0])


def by_waiting(n: np.floating, p: np.floating, generator: Generator) -> np.floating:
    """Adds up the trials up to each success, which are geometric numbers, until n of them are used up.

    Source: Devroye, Non-Uniform Random Variate Generation (1986), X.4.3
    """
    trials = successes = 0.0
    log_failure = math.log1p(-p)
    while True:
        u = unit(generator)
        trials += math.ceil(math.log(u) / log_failure) if u else math.inf
        if trials > n:
            return type(n)(successes)
        successes += 1


def by_rejection(n: np.floating, p: np.floating, generator: Generator) -> np.floating:
    """The transformed rejection BTRS, for n p >= 10.

    What is made of n, p and the result k alone is rounded to their precision, the rest is in double precision.
    Source: Hörmann, The generation of binomial random variates (1993), https://doi.org/10.1080/00949659308811496
    """
    one = type(n)(1)
    spread = math.sqrt(n * p * (one - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * float(p)
    c = float(n * p) + 0.5
    quick = 0.92 - 4.2 / b
    odds = float(p / (one - p))
    alpha = (2.83 + 5.1 / b) * spread
    mode = float(np.floor((n + one) * p))
    above = float(n) - mode
    while True:
        u, v = unit(generator) - 0.5, unit(generator)
        us = 0.5 - abs(u)
        k = type(n)(math.floor((2 * a / us + b) * u + c) if us else -math.inf)
        if us >= 0.07 and v <= quick:
            return k
        if k < 0 or k > n:
            continue
        score = math.log(v * alpha / (a / (us * us) + b)) if v else -math.inf
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (above + 1)))
            + float(n + one) * math.log((above + 1) / float(n - k + one))
            + (float(k) + 0.5) * math.log(odds * float(n - k + one) / float(k + one))
            + tail(type(n)(mode))
            + tail(type(n)(above))
            - tail(k)
            - tail(n - k)
        )
        if score <= bound:
            return k


def tail(k: np.floating) -> float:
    """What Stirling's formula lacks: log(k!) - ((k + 1/2) log(k + 1) - (k + 1) + log(2 pi) / 2)."""
    if k < len(TAILS):
        return TAILS[int(k)]
    next_ = k + type(k)(1)
    square = float(next_ * next_)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / float(next_)


TAILS = [
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
    0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
]  # fmt: skip
