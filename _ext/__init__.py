"""The compiled kernels, one .pyx file each; tinytorch/kernels chooses between them and their NumPy twins."""
