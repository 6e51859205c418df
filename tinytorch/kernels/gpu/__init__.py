"""The kernels' third column, for GPUs: functions called like their NumPy twins, written with CuPy.

A function stands here where CuPy would launch several kernels for what one can do, or where NumPy's way is none of
CuPy's. What is not here runs as the twin is written: NumPy's functions hand CuPy's arrays to CuPy.
"""
