"""What is said when somebody asks for a name that PyTorch has and tinytorch does not, or for one that nobody has."""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType

# Where a name may live that was looked for in the wrong module: `torch.Linear` is found in `torch.nn`.
PLACES = (
    "",
    ".nn",
    ".nn.functional",
    ".nn.init",
    ".optim",
    ".autograd",
    ".utils.data",
    ".linalg",
)


def getattr_for(module_name: str) -> Callable[[str], object]:
    """The module-level `__getattr__` of the module of that name, called for names that it does not have.

    >>> torch.nn.Linaer
    Traceback (most recent call last):
        ...
    AttributeError: module 'tinytorch.nn' has no attribute 'Linaer'
    <BLANKLINE>
    tinytorch does not have torch.nn.Linaer; the nearest name it has is torch.nn.Linear
    """

    def __getattr__(name: str) -> object:
        text = f"module {module_name!r} has no attribute {name!r}"
        module = sys.modules[module_name]
        # `from tinytorch import ops` asks for the attribute before it imports the submodule, many times while the
        # package is imported: no time for a search then. Names with underscores in front are probes of tools.
        if not name.startswith("_") and not is_being_imported(module):
            text += "\n\n" + sentence(module, name)
        # with `obj` left out Python does not add a "Did you mean" of its own
        raise AttributeError(text, name=name)

    return __getattr__


def is_being_imported(module: ModuleType) -> bool:
    return getattr(module.__spec__, "_initializing", False)


def sentence(module: ModuleType, name: str) -> str:
    """Says that tinytorch does not have `name` in `module`, and which of its names is nearest."""
    text = f"tinytorch does not have {as_torch(module.__name__)}.{name}"
    found = elsewhere(name) or nearest(name, public_names(module), as_torch(module.__name__))
    return f"{text}; the nearest name it has is {found}" if found else text


def nearest(name: str, candidates: list[str], place: str) -> str | None:
    """The candidate spelled most like `name`, capitals aside, with its place in front; None when none is like it."""
    import difflib

    spelled = {candidate.lower(): candidate for candidate in candidates}
    best = difflib.get_close_matches(name.lower(), spelled, n=1, cutoff=0.6)
    return f"{place}.{spelled[best[0]]}" if best else None


def elsewhere(name: str) -> str | None:
    """Where tinytorch has just this name, if it does. Imports the modules: most are not until somebody needs them."""
    for place in PLACES:
        found = vars(importlib.import_module(f"tinytorch{place}")).get(name)
        if found is not None and not isinstance(found, ModuleType):
            return f"torch{place}.{name}"
    return None


def public_names(module: ModuleType) -> list[str]:
    return [name for name in vars(module) if not name.startswith("_")]


def as_torch(name: str) -> str:
    """`tinytorch.nn` as the user calls it: `torch.nn`."""
    return name.removeprefix("tiny")
