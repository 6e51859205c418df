"""`python -m tinytorch.viz script.py`: the command tinytorch-viz."""

from tinytorch.viz.cli import entry

if __name__ == "__main__":
    entry()
