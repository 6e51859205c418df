"""torch.return_types: the named tuples that functions with several results return, `torch.max(x, dim)` for one.

They are tuples whose items also have names; they print as PyTorch's do.

>>> values, indices = torch.tensor([1., 3., 2.]).max(0)
>>> torch.tensor([1., 3., 2.]).max(0)
torch.return_types.max(
values=tensor(3.),
indices=tensor(1))
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tinytorch.printing import return_type_repr


class ReturnType(tuple):
    """Base of the named tuples: made from one sequence that has an item for every name in `__match_args__`."""

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()
    n_fields = n_sequence_fields = n_unnamed_fields = 0
    out_type: type[ReturnType]  # what torch.<name>(..., out=...) returns

    def __new__(cls, sequence: Iterable[Any]) -> ReturnType:
        items = tuple(sequence)
        if len(items) != cls.n_fields:
            raise TypeError(
                f"torch.return_types.{cls.__name__}() takes a {cls.n_fields}-sequence ({len(items)}-sequence given)"
            )
        return tuple.__new__(cls, items)

    def __repr__(self) -> str:
        return return_type_repr(type(self).__name__, list(zip(self.__match_args__, self)))

    def __reduce__(self) -> tuple:
        return type(self), (tuple(self),)

    def into(self, targets: Iterable[Any]) -> ReturnType:
        """The named tuple of the out= tensors `targets` that this result was written to."""
        return self.out_type(targets)


def _define(name: str, fields: str) -> type[ReturnType]:
    names = tuple(fields.split())
    members: dict[str, Any] = {field: property(itemgetter(i)) for i, field in enumerate(names)}
    members |= {"__match_args__": names, "n_fields": len(names), "n_sequence_fields": len(names)}
    members |= {"__slots__": (), "__module__": __name__, "__doc__": f"The named tuple ({', '.join(names)})."}
    kind = type(name, (ReturnType,), members)
    kind.out_type = kind if name.endswith("_out") else _define(name + "_out", fields)  # type: ignore[attr-defined]
    globals()[name] = kind
    return kind


for _names, _fields in (
    ("cummax cummin kthvalue max median min mode nanmedian sort topk", "values indices"),
    ("aminmax", "min max"),
    ("frexp", "mantissa exponent"),
    ("geqrf", "a tau"),
    ("histogram histogramdd", "hist bin_edges"),
    ("linalg_cholesky_ex", "L info"),
    ("linalg_eig linalg_eigh", "eigenvalues eigenvectors"),
    ("linalg_inv_ex", "inverse info"),
    ("linalg_ldl_factor", "LD pivots"),
    ("linalg_ldl_factor_ex", "LD pivots info"),
    ("linalg_lstsq", "solution residuals rank singular_values"),
    ("linalg_lu lu_unpack", "P L U"),
    ("linalg_lu_factor", "LU pivots"),
    ("linalg_lu_factor_ex", "LU pivots info"),
    ("linalg_qr qr", "Q R"),
    ("linalg_slogdet slogdet", "sign logabsdet"),
    ("linalg_solve_ex", "result info"),
    ("linalg_svd", "U S Vh"),
    ("svd", "U S V"),
    ("triangular_solve", "solution cloned_coefficient"),
):
    for _name in _names.split():
        _define(_name, _fields)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...  # the types made above
