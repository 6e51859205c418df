"""The version of this package: setup.py, `tinytorch.__version__` and `tinytorch.version` read it here."""

__version__ = "0.1.0"
