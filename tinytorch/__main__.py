"""`python -m tinytorch script.py`: run a PyTorch script on tinytorch."""

from tinytorch.runner import main

if __name__ == "__main__":
    main()
