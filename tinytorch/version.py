"""The version of this package (setup.py reads it here), and that of the PyTorch whose behaviour it has."""

__version__ = "0.1.0"
pytorch = "2.13.0"

# The GPU toolkits that PyTorch tells the versions of, and that are not here.
cuda = None
hip = None
