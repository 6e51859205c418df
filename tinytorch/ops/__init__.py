"""Operations: a rule each, forward over backward, their public functions below. In the order to read them."""

# number by number
from tinytorch.ops import elementwise, operators, arithmetic, exponential, power, trigonometric, hyperbolic, remainder
from tinytorch.ops import rounding, magnitude, clamping, fused, comparison, logical, representation, where
from tinytorch.ops import complex, complex_views, polar

# the same memory in another shape; several tensors as one
from tinytorch.ops import detach, memory, shape, expansion, squeezing, transposition, slicing, strided, view_copies
from tinytorch.ops import resizing, joining, padding, rearranging, triangles

# many numbers to one
from tinytorch.ops import dims, reduction, statistics, extrema, truth, cumulative, softmax, norms, distances
from tinytorch.ops import sorting, quantiles, sets, histograms

# some of the elements
from tinytorch.ops import index_parsing, index_rules, indexing, assignment, selection, gathering, finding
from tinytorch.ops import writing, masking, scattering, scatter_reductions, index_writing, applying

# matrices
from tinytorch.ops import matmul, addmm, cross, linear_systems, triangular_systems, determinants, svd, decompositions
from tinytorch.ops import matrix_functions

# what neural networks need
from tinytorch.ops import activating, rectifiers, smooth, piecewise, loss, normalization, filling

# special functions
from tinytorch.ops import special, error_function, gamma, bessel, polynomials
