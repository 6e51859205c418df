"""Runs PyTorch programs unmodified: alias.py decides what `import torch` means, program.py runs the program."""

from .alias import install as install
from .program import main as main
