"""How far are reductions of 16M numbers from the time that reading the memory takes, once, or twice where they need it?

The limit is measured beside them: each thread lets NumPy look for the greatest byte of its part of the memory, which
takes one SIMD instruction for 64 bytes and so waits for nothing but memory. Of a sliced array all of the memory
between its first and its last number is read, since memory comes in lines of 64 bytes.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from tests.benchmarks.questions import Question
from tests.benchmarks.test_bench_reductions import AXES, FUNCTIONS, KINDS, LARGE, LAYOUTS, data

READS = {
    "sum": 1, "mean": 1, "prod": 1, "max": 1, "min": 1, "argmax": 1, "argmin": 1, "any": 1, "all": 1, "norm": 1,
    "var": 2, "std": 2, "logsumexp": 2,
}  # fmt: skip
THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))


@lru_cache(maxsize=1)
def pool():
    return ThreadPoolExecutor(THREADS)


def read(x, times):
    """Read all of the memory that `x` lies in, by all threads"""
    whole = x if x.base is None else x.base
    flat = whole.ravel(order="K").view(np.uint8)
    first, *others = np.array_split(flat, THREADS)
    for _ in range(times):
        reading = [pool().submit(np.max, part) for part in others]
        first.max()
        for part in reading:
            part.result()


def question(name, axis, layout):
    both, numpy, _ = FUNCTIONS[name]
    reads = READS[name]
    return Question(
        "reads", f"{name}, axis {axis}, {layout}: {reads} read{'s' * (reads > 1)}",
        lambda: [data(name if name in KINDS else "", LARGE, layout)],
        public=lambda torch, x: both(torch, x, AXES[axis]), numpy=lambda x: numpy(x, AXES[axis]),
        limit=lambda x: read(x, reads), reach={"limit": 1.5}, large=True, rtol=0.03, atol=0.05,
    )  # fmt: skip


# Large arrays that several functions read are made once: they come one after the other.
QUESTIONS = [
    question(name, axis, layout)
    for kind in ("", *KINDS)
    for layout in LAYOUTS
    for name in READS
    if name == kind or (not kind and name not in KINDS)
    for axis in FUNCTIONS[name][2]
]
