"""What does a call cost, when there is hardly anything to compute?"""

from tests.benchmarks.questions import Question, asked, numbers

SMALL = (4, 3)


def question(name, make, reach=None):
    """`make(torch, a, b)` returns the function to time; a and b are 4 x 3 tensors without gradient."""
    return Question(
        "overhead", name, lambda: [numbers(SMALL), numbers(SMALL, 1)], public=make, prepare=True,
        reach={"PyTorch": reach} if reach else {},
    )  # fmt: skip


def small(name, function):
    return question(name, lambda torch, a, b: lambda: function(torch, a, b))


def add(torch, a, b):
    return lambda: a + b


def add_with_gradient(torch, a, b):
    a.requires_grad_()
    b.requires_grad_()
    return lambda: a + b


def add_sum_backward(torch, a, b):
    a.requires_grad_()
    b.requires_grad_()

    def step():
        (a + b).sum().backward()
        return a.grad

    return step


def chain(torch, a, b):
    x = torch.tensor(1.0, requires_grad=True)

    def step():
        y = x
        for _ in range(1000):
            y = y + x
        y.backward()
        return x.grad

    return step


QUESTIONS = [
    question("a + b", add, 1),
    question("a + b with gradient", add_with_gradient, 1),
    question("(a + b).sum().backward()", add_sum_backward, 0.5),
    question("1000 scalar additions and backward", chain, 0.5),
    small("a * 2.0", lambda torch, a, b: a * 2.0),
    small("a > b", lambda torch, a, b: a > b),
    small("a.exp()", lambda torch, a, b: a.exp()),
    small("torch.relu(a)", lambda torch, a, b: torch.relu(a)),
    small("a.sum()", lambda torch, a, b: a.sum()),
    small("a.mean(0)", lambda torch, a, b: a.mean(0)),
    small("a.max(1)", lambda torch, a, b: a.max(1)),
    small("a @ b.t()", lambda torch, a, b: a @ b.t()),
    small("a[1]", lambda torch, a, b: a[1]),
    small("a.reshape(3, 4)", lambda torch, a, b: a.reshape(3, 4)),
    small("a.clone()", lambda torch, a, b: a.clone()),
    small("torch.cat([a, b])", lambda torch, a, b: torch.cat([a, b])),
    small("torch.zeros(4, 3)", lambda torch, a, b: torch.zeros(4, 3)),
    small("torch.tensor([1., 2.])", lambda torch, a, b: torch.tensor([1.0, 2.0])),
    small("a.add_(b, alpha=0)", lambda torch, a, b: a.add_(b, alpha=0)),
    small("a[0, 0].item()", lambda torch, a, b: a[0, 0].item()),
]


@asked(QUESTIONS)
def test_overhead(answer, benchmark):
    answer(benchmark)
