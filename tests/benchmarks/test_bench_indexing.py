"""Reading and writing elements by their indices: what do the kernels win, and how far is PyTorch?

    python -m pytest tests/benchmarks/test_bench_indexing.py --benchmark-enable --benchmark-group-by=group

Small tensors show what a call costs, (1000, 1000) what the loops and the memory do. The embedding has 10000 rows of 64
numbers, of which 4096 are looked up.
"""

import numpy as np

from tests.benchmarks.questions import Question, asked, integers, numbers, sized

SHAPES = [(4, 3), (64, 1000), (1000, 1000)]
EMBEDDING = (10000, 64)
REACH = {"twin": 1, "PyTorch": 1}


def along(shape, axis):
    """A tensor and indices along an axis, of its shape"""
    return [numbers(shape), integers(shape[axis], shape)]


def picks(shape, axis):
    """A tensor and as many indices as the axis is long"""
    return [numbers(shape), integers(shape[axis], shape[axis])]


def kernels():
    """Kernels beside their twins"""
    for shape in SHAPES:
        for axis in (0, 1):
            name = f"{sized(shape)}, axis {axis}"
            x, many, one = numbers(shape), integers(shape[axis], shape), integers(shape[axis], shape[axis])
            for kernel, arguments, written in [
                ("gather.gather", [x, axis, many], ()),
                ("gather.index_select", [x, axis, one], ()),
                ("scatter.scatter", [x, axis, many, numbers(shape, 1)], (0,)),
                ("scatter.scatter_add", [x, axis, many, numbers(shape, 1)], (0,)),
                ("scatter.index_add", [x, axis, one, numbers(shape, 1)], (0,)),
            ]:
                yield Question(
                    "indexing kernels", f"{kernel} {name}",
                    lambda arguments=arguments: [a.copy() if isinstance(a, np.ndarray) else a for a in arguments],
                    kernel=kernel, written=written, large=shape == (1000, 1000), reach={"twin": 1},
                )  # fmt: skip
        yield Question(
            "indexing kernels", f"triangles.triangle {sized(shape)}", lambda shape=shape: [numbers(shape)],
            kernel="triangles.triangle", numpy=np.tril, large=shape == (1000, 1000), reach={"twin": 1, "NumPy": 1},
        )  # fmt: skip
        for kernel in ("layout.concatenate", "layout.stack"):
            yield Question(
                "indexing kernels", f"{kernel} {sized(shape)}, axis 1",
                lambda shape=shape: [(numbers(shape), numbers(shape, 1)), 1],
                kernel=kernel, large=shape == (1000, 1000), reach={"twin": 1},
            )  # fmt: skip


def functions():
    """Functions beside PyTorch's"""
    for shape in SHAPES:
        for name, arguments, function in [
            ("gather, dim 0", along(shape, 0), lambda lib, x, i: lib.gather(x, 0, i)),
            ("gather, dim 1", along(shape, 1), lambda lib, x, i: lib.gather(x, 1, i)),
            ("take", [numbers(shape), integers(np.prod(shape), shape)], lambda lib, x, i: lib.take(x, i)),
            ("take_along_dim", along(shape, 1), lambda lib, x, i: lib.take_along_dim(x, i, 1)),
            ("index_select, dim 0", picks(shape, 0), lambda lib, x, i: lib.index_select(x, 0, i)),
            ("index_select, dim 1", picks(shape, 1), lambda lib, x, i: lib.index_select(x, 1, i)),
            ("x[i]", picks(shape, 0), lambda lib, x, i: x[i]),
            ("x[:, i]", picks(shape, 1), lambda lib, x, i: x[:, i]),
            ("scatter_add, dim 0", along(shape, 0), lambda lib, x, i: lib.scatter_add(x, 0, i, x)),
            ("scatter_add, dim 1", along(shape, 1), lambda lib, x, i: lib.scatter_add(x, 1, i, x)),
            ("index_add, dim 0", picks(shape, 0), lambda lib, x, i: lib.index_add(x, 0, i, x)),
            ("sort", [numbers(shape)], lambda lib, x: lib.sort(x, stable=True)[1]),
            ("tril", [numbers(shape)], lambda lib, x: lib.tril(x)),
            ("triu", [numbers(shape)], lambda lib, x: lib.triu(x, 1)),
        ]:
            yield Question(
                "indexing", f"{name}, {sized(shape)}", lambda arguments=arguments: [a.copy() for a in arguments],
                public=function, large=shape == (1000, 1000), reach={"PyTorch": 1},
            )  # fmt: skip


def with_gradient(function):
    """The function and its backward, as what a step of a training does"""

    def prepare(lib, x, *arguments):
        x = x.clone().requires_grad_()
        grad = lib.ones_like(function(lib, x, *arguments))

        def step():
            x.grad = None
            function(lib, x, *arguments).backward(grad)
            return x.grad

        return step

    return prepare


def gradients():
    """Forward and backward beside PyTorch's"""
    for shape in SHAPES:
        for name, arguments, function in [
            ("gather, dim 1", along(shape, 1), lambda lib, x, i: lib.gather(x, 1, i)),
            ("x[i]", picks(shape, 0), lambda lib, x, i: x[i]),
            ("tril", [numbers(shape)], lambda lib, x: lib.tril(x)),
        ]:
            yield Question(
                "indexing with gradient", f"{name}, {sized(shape)}",
                lambda arguments=arguments: [a.copy() for a in arguments],
                public=with_gradient(function), prepare=True, large=shape == (1000, 1000), reach={"PyTorch": 1},
            )  # fmt: skip


def embeddings():
    """Rows of a table, forward, and with the table's gradient"""

    def look_up(lib, table, index):
        return lib.nn.functional.embedding(index, table)

    def arguments():
        return [numbers(EMBEDDING), integers(EMBEDDING[0], 4096)]

    yield Question(
        "indexing", f"embedding, 4096 of {sized(EMBEDDING)}", arguments, public=look_up, reach={"PyTorch": 1}
    )
    yield Question(
        "indexing with gradient", f"embedding, 4096 of {sized(EMBEDDING)}", arguments, public=with_gradient(look_up),
        prepare=True, reach={"PyTorch": 1},
    )  # fmt: skip
    for mode in ("sum", "mean", "max"):

        def bags(lib, table, index, mode=mode):
            return lib.nn.functional.embedding_bag(index.view(512, 8), table, mode=mode)

        yield Question("indexing", f"embedding_bag, {mode} of 512 x 8", arguments, public=bags, reach={"PyTorch": 1})


QUESTIONS = [*kernels(), *functions(), *gradients(), *embeddings()]


@asked(QUESTIONS)
def test_indexing(answer, benchmark):
    answer(benchmark)
