"""What do the kernels for matrix products win over NumPy's: small ones, a bias, few rows by a transposed weight?"""

from tests.benchmarks.questions import BEST, Question, asked, numbers

SMALL = [(4, 3, 3), (15, 1, 1), (100, 2, 1), (2, 100, 1), (8, 8, 8), (64, 100, 10)]
LAYERS = [(1, 784, 256), (8, 1000, 1000), (16, 784, 256), (64, 1000, 100), (256, 784, 256)]


def matmul(m, k, n):
    return Question(
        "kernels", f"matmul {m}x{k}; {k}x{n}", lambda: [numbers((m, k)), numbers((k, n), 1)], kernel="matmul.matmul",
        numpy=lambda a, b: a @ b, torch=lambda torch, a, b: a @ b, reach={"twin": 1, BEST: 1.05},
    )  # fmt: skip


def layer(m, k, n):
    """A bias, rows of numbers, and a weight of (n, k) as Linear has it"""
    return Question(
        "kernels", f"bias + {m}x{k}; ({n}x{k}).T", lambda: [numbers(n, 2), numbers((m, k)), numbers((n, k), 1).T],
        kernel="matmul.addmm", numpy=lambda c, a, b: a @ b + c, torch=lambda torch, c, a, b: torch.addmm(c, a, b),
        reach={BEST: 1.05}, rtol=1e-3, atol=1e-3,
    )  # fmt: skip


QUESTIONS = [*[matmul(*sizes) for sizes in SMALL], *[layer(*sizes) for sizes in SMALL + LAYERS]]


@asked(QUESTIONS)
def test_matmul(answer, benchmark):
    answer(benchmark)
