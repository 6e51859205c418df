"""The list of what CuPy has (surface.json), and functions made from it that compute with NumPy and SciPy."""

import inspect
import json
from pathlib import Path

SURFACE = json.loads(Path(__file__).parent.parent.joinpath("surface.json").read_text())
MODULES, CLASSES = SURFACE["modules"], SURFACE["classes"]


class Default:
    """The default of a recorded parameter, which is only ever shown."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def signature(parameters):
    """The signature that survey.py wrote down; None where it could not be read."""
    if parameters is None:
        return None
    kind, found = inspect.Parameter.POSITIONAL_OR_KEYWORD, []
    for entry in parameters:
        name = entry[0]
        if name == "*":
            kind = inspect.Parameter.KEYWORD_ONLY
        elif name.startswith("**"):
            found.append(inspect.Parameter(name[2:], inspect.Parameter.VAR_KEYWORD))
        elif name.startswith("*"):
            found.append(inspect.Parameter(name[1:], inspect.Parameter.VAR_POSITIONAL))
            kind = inspect.Parameter.KEYWORD_ONLY
        else:
            default = inspect.Parameter.empty if entry[1] is None else Default(entry[1])
            found.append(inspect.Parameter(name, kind, default=default))
    return inspect.Signature(found)


def checked(name, parameters):
    """A function that raises TypeError for arguments that CuPy's function of this name does not have.

    `subok` is there by name only.
    """
    known = signature(parameters)

    def check(args, kwargs):
        if known is not None:
            try:
                given = known.bind(*args, **kwargs).arguments
            except TypeError as e:
                raise TypeError(f"{name}() {e}") from None
            if name.endswith("_like") and given.get("subok") is not None:
                raise TypeError("subok is not supported yet")

    return check
