"""Are matrix products as fast as the better one of NumPy's and PyTorch's, in every layout?"""

import numpy as np

from tests.benchmarks.questions import BEST, Question, asked, numbers

DTYPES = [np.float32, np.float64]
SQUARES = [64, 128, 256, 512, 1024, 2048]
SHAPES = [
    *[((n, n), (n, n)) for n in SQUARES],
    ((64, 1000), (1000, 100)),
    ((1000, 64), (64, 100)),
    ((32, 64, 64), (32, 64, 64)),
]


def plain(shape, seed, dtype):
    return numbers(shape, seed, dtype)


def transposed(shape, seed, dtype):
    return numbers((*shape[:-2], shape[-1], shape[-2]), seed, dtype).swapaxes(-1, -2)


def strided(shape, seed, dtype):
    return numbers((*shape[:-1], 2 * shape[-1]), seed, dtype)[..., ::2]


LAYOUTS = {
    "a @ b": (plain, plain),
    "a.T @ b": (transposed, plain),
    "a @ b.T": (plain, transposed),
    "a[:, ::2] @ b": (strided, plain),
    "a @ b[:, ::2]": (plain, strided),
}


def question(shapes, dtype, layout):
    left, right = shapes
    first, second = LAYOUTS[layout]
    sizes = "; ".join("x".join(map(str, shape)) for shape in shapes)
    return Question(
        "matmul", f"{np.dtype(dtype).name} {sizes}: {layout}",
        lambda: [first(left, 0, dtype), second(right, 1, dtype)],
        public=lambda torch, a, b: a @ b, numpy=lambda a, b: a @ b,
        reach={BEST: 1.05}, large=max(left) > 512, rtol=1e-3, atol=1e-3,
    )  # fmt: skip


QUESTIONS = [question(shapes, dtype, layout) for shapes in SHAPES for dtype in DTYPES for layout in LAYOUTS]


@asked(QUESTIONS)
def test_products(answer, benchmark):
    answer(benchmark)
