"""tinytorch: PyTorch's tensors, autograd, nn and optim, small enough to read."""
