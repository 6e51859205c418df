"""torch.special: the special functions under one roof, those too that torch has under the same or another name.

Their formulas and derivatives:

    ops/special.py         sigmoid (here expit), logit, xlogy, xlog1py, entr
    ops/error_function.py  erf and the normal distribution
    ops/gamma.py           the gamma function and its derivatives, zeta
    ops/bessel.py          Bessel and Airy functions
    ops/polynomials.py     orthogonal polynomials

Source: https://docs.pytorch.org/docs/2.13/special.html

>>> torch.special.expit(torch.tensor([0.])), torch.special.psi(torch.tensor([1.]))
(tensor([0.5000]), tensor([-0.5772]))
"""

from __future__ import annotations

from typing import Any

from tinytorch.missing import getattr_for
from tinytorch.ops import bessel, error_function, exponential, gamma, rounding, trigonometric
from tinytorch.ops import softmax as softmaxes
from tinytorch.ops import special as logistic
from tinytorch.ops.bessel import (
    airy_ai,
    bessel_j0,
    bessel_j1,
    bessel_y0,
    bessel_y1,
    i0e,
    i1,
    i1e,
    modified_bessel_i0,
    modified_bessel_i1,
    modified_bessel_k0,
    modified_bessel_k1,
    scaled_modified_bessel_k0,
    scaled_modified_bessel_k1,
    spherical_bessel_j0,
)  # fmt: skip
from tinytorch.ops.elementwise import SAME_DTYPE
from tinytorch.ops.error_function import erfcx, log_ndtr, ndtr, ndtri
from tinytorch.ops.gamma import zeta
from tinytorch.ops.polynomials import (
    chebyshev_polynomial_t,
    chebyshev_polynomial_u,
    chebyshev_polynomial_v,
    chebyshev_polynomial_w,
    hermite_polynomial_h,
    hermite_polynomial_he,
    laguerre_polynomial_l,
    legendre_polynomial_p,
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
)  # fmt: skip
from tinytorch.ops.special import entr, xlog1py
from tinytorch.public import public


def _as(name: str, function: Any, out: bool | str = True) -> Any:
    """A function of torch as torch.special.<name>, which its error messages call special_<name>."""
    return public(name=f"special_{name}", function=False, method=False, out=out)(function.__wrapped__)


digamma = _as("digamma", gamma.digamma)
psi = _as("psi", gamma.digamma)
erf = _as("erf", error_function.erf)
erfc = _as("erfc", error_function.erfc)
erfinv = _as("erfinv", error_function.erfinv)
exp2 = _as("exp2", exponential.exp2)
expit = _as("expit", logistic.sigmoid)
expm1 = _as("expm1", exponential.expm1)
gammainc = _as("gammainc", gamma.igamma)
gammaincc = _as("gammaincc", gamma.igammac)
gammaln = _as("gammaln", gamma.lgamma)
i0 = _as("i0", bessel.i0)
log1p = _as("log1p", exponential.log1p)
log_softmax = _as("log_softmax", softmaxes.log_softmax, out="same")
logit = _as("logit", logistic.logit)
logsumexp = _as("logsumexp", softmaxes.logsumexp, out="same")
multigammaln = _as("multigammaln", gamma.mvlgamma)
polygamma = _as("polygamma", gamma.polygamma)
round = _as("round", rounding.round, out=SAME_DTYPE)
sinc = _as("sinc", trigonometric.sinc)
softmax = _as("softmax", softmaxes.softmax, out="same")
xlogy = _as("xlogy", logistic.xlogy)

__all__ = [
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "chebyshev_polynomial_t", "chebyshev_polynomial_u",
    "chebyshev_polynomial_v", "chebyshev_polynomial_w", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2",
    "expit", "expm1", "gammainc", "gammaincc", "gammaln", "hermite_polynomial_h", "hermite_polynomial_he", "i0", "i0e",
    "i1", "i1e", "laguerre_polynomial_l", "legendre_polynomial_p", "log1p", "log_ndtr", "log_softmax", "logit",
    "logsumexp", "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1",
    "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round", "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1", "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v", "shifted_chebyshev_polynomial_w", "sinc", "softmax", "spherical_bessel_j0",
    "xlog1py", "xlogy", "zeta",
]  # fmt: skip

__getattr__ = getattr_for(__name__)
