"""Public functions that need no rule of their own, and Tensor's methods beside the operations."""

# tensors from elsewhere, and back
from tinytorch.functions import nested, from_data, ranges, grids, legacy, interop, conversion

# questions and Python's protocols
from tinytorch.functions import attributes, protocol, comparing, promoting, settings, strided_only

# random numbers
from tinytorch.functions import rng_state, sampling

# mathematics
from tinytorch.functions import einsum, contractions, matrix_products, calculus, quantiles, covariance, windows
