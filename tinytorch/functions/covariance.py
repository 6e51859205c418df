"""Statistics of several variables: cov, corrcoef."""

from __future__ import annotations

from tinytorch.dtypes import FLOAT, INTEGER
from tinytorch.errors import warn
from tinytorch.public import public
from tinytorch.tensor import Tensor


@public(out=False)
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of variables (rows) over observations (columns).

    c_xy = sum w (x - mean)(y - mean)* / (sum w - correction)

    `fweights` says how often each observation occurs, `aweights` how much it weighs.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cov.html

    >>> torch.cov(torch.tensor([[0., 1., 2.], [2., 1., 0.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    _check_dims("cov", input)
    if input._array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input.reshape(1, -1) if input._array.ndim < 2 else input
    observations = x.shape[1]
    weights = _weights(observations, fweights, aweights)
    if weights is None:
        mean = x.sum(1, keepdim=True) / observations
        freedom = observations - correction
    else:
        total = weights.sum()
        if total.item() == 0:
            raise RuntimeError("cov(): weights sum to zero, can't be normalized")
        mean = (x * weights).sum(1, keepdim=True) / total
        if aweights is not None and correction != 0:
            freedom = total - correction * (weights * aweights).sum() / total
        else:
            freedom = total - correction
    if freedom <= 0:
        warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.")
        freedom = 0
    centered = x - mean
    weighted = centered if weights is None else centered * weights
    products = centered.mm(weighted.t().conj())
    return (products / freedom).squeeze()


def _check_dims(name: str, input: Tensor) -> None:
    if input._array.ndim > 2:
        raise RuntimeError(
            f"{name}(): expected input to have two or fewer dimensions but got an input with "
            f"{input._array.ndim} dimensions"
        )


def _weights(observations: int, fweights: Tensor | None, aweights: Tensor | None) -> Tensor | None:
    """The product of both kinds of weights, checked; None without any."""
    weights = None
    for name, given, category, kind in (
        ("fweights", fweights, INTEGER, "integral"),
        ("aweights", aweights, FLOAT, "floating point"),
    ):
        if given is None:
            continue
        if given._array.ndim > 1:
            raise RuntimeError(
                f"cov(): expected {name} to have one or fewer dimensions but got {name} with "
                f"{given._array.ndim} dimensions"
            )
        if given.dtype.category != category:
            raise RuntimeError(
                f"cov(): expected {name} to have {kind} dtype but got {name} with {given.dtype.legacy} dtype"
            )
        if given._array.size != observations:
            raise RuntimeError(
                f"cov(): expected {name} to have the same numel as there are observations in the input but got "
                f"{given._array.size} != {observations}"
            )
        if given._array.size and given._array.min() < 0:
            raise RuntimeError(f"cov(): {name} cannot be negative")
        weights = given if weights is None else weights * given
    return weights


@public(out=False)
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables (rows) over observations (columns): covariances by both standard deviations.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.corrcoef.html

    >>> torch.corrcoef(torch.tensor([[0., 1., 2.], [2., 1., 0.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    _check_dims("corrcoef", input)
    c = cov(input)
    if not c._array.ndim:
        return c / c
    diagonal = c.diagonal()
    deviation = (diagonal.real if c.is_complex() else diagonal).sqrt()
    c = c / deviation.reshape(-1, 1) / deviation.reshape(1, -1)
    if c.is_complex():
        from tinytorch.ops.polar import complex

        return complex(c.real.clamp(-1, 1), c.imag.clamp(-1, 1))
    return c.clamp(-1, 1)
