"""summary: torchsummary's text, what it leaves as it was, and what is said when a model does not fit its input."""

import subprocess
import sys

import pytest

import tinytorch as tt
from tinytorch.summary import summary

# ---- the text of torchsummary with the real torch --------------------------------------------------------------------


def mlp(torch):
    nn = torch.nn
    return nn.Sequential(nn.Linear(784, 1000), nn.ReLU(), nn.Sequential(nn.Linear(1000, 10), nn.Softmax(dim=1)))


def nested(torch):
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(90, 90, bias=False), nn.PReLU(3)])

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(3 * 100 * 90, 5)  # made first, called last
            self.blocks = nn.Sequential(Block(), nn.Softmax(dim=-1), Block())
            self.flatten = nn.Flatten()

        def forward(self, x):
            return self.head(self.flatten(self.blocks(x)))

    return Net()


def two_inputs(torch):
    nn = torch.nn

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(4, 2), nn.Linear(3, 2, bias=False)

        def forward(self, x, y):
            return self.first(x) + self.second(y)

    return Two()


def embedding(torch):
    """torchsummary 1.5.1 knows no dtypes, so the model makes indices of any input."""
    nn = torch.nn

    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.out = nn.Embedding(5000, 64), nn.Linear(64, 3)

        def forward(self, x):
            assert torch is not tt or x.dtype == tt.long
            return self.out(self.embed(x.long()).sum(1))

    return Words()


def frozen(torch):
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head, self.unused = nn.Linear(900, 900), nn.Linear(900, 2), nn.Linear(7, 7)
            self.drop, self.twice = nn.Dropout(0.5), nn.Tanh()
            self.body.requires_grad_(False)

        def forward(self, x):
            return self.twice(self.head(self.drop(self.twice(self.body(x)))))

    return Net()


@pytest.mark.torch
@pytest.mark.parametrize("batch_size", [-1, 64])
@pytest.mark.parametrize(
    ("make", "size", "dtypes"),
    [
        (mlp, (784,), None),
        (nested, (3, 100, 90), None),
        (two_inputs, [(4,), (3,)], None),
        (embedding, (20,), [tt.long]),
        (frozen, (900,), tt.float32),
    ],
)
def test_the_text_is_that_of_torchsummary(make, size, dtypes, batch_size, capsys):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torchsummary").summary
    theirs(make(torch), size, batch_size=batch_size, device="cpu")
    expected = capsys.readouterr().out
    assert summary(make(tt), size, batch_size, "cpu", dtypes) is None
    assert capsys.readouterr().out == expected


# ---- where torchsummary's numbers are wrong, or it fails -------------------------------------------------------------


class Gate(tt.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain, self.weights = tt.nn.Parameter(tt.ones(4)), tt.nn.ParameterDict({"a": tt.ones(4, 4)})

    def forward(self, x):
        x = self.gain * (x @ self.weights["a"])
        return x, [x[:, 0], x.mean()]


class Odd(tt.nn.Module):
    """A layer used twice, parameters of other names, several outputs, a parameter of the model's own."""

    def __init__(self):
        super().__init__()
        nn = tt.nn
        self.shared, self.alias = [nn.Linear(4, 4)] * 2
        self.shared.bias.requires_grad_(False)
        self.gate = Gate()
        self.scale = nn.Parameter(tt.ones(100))
        self.more = nn.ParameterList([tt.ones(10)])

    def forward(self, x):
        x, _ = self.gate(self.alias(self.shared(x)))
        return {"out": x, "scale": self.scale}


def lines(capsys):
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_each_parameter_counts_once_and_all_outputs_are_listed(capsys):
    summary(Odd(), (6, 4))
    found = lines(capsys)
    assert [line.split()[0] for line in found[3:6]] == ["Linear-1", "Linear-2", "Gate-3"]
    assert [line.split()[-1] for line in found[3:6]] == ["20", "20", "20"]
    assert "[[-1, 6, 4], [-1, 4], []]" in found[5]
    assert found[7:10] == ["Total params: 150", "Trainable params: 146", "Non-trainable params: 4"]


def test_sizes_of_several_inputs_add_up(capsys):
    summary(two_inputs(tt), ((4,), (3,)), batch_size=2**18)
    found = lines(capsys)
    assert "Input size (MB): 7.00" in found
    assert "Forward/backward pass size (MB): 8.00" in found


def test_a_model_that_is_one_layer_or_returns_a_number(capsys):
    summary(tt.nn.Linear(3, 4), [3])
    assert lines(capsys)[3].split() == ["Linear-1", "[-1,", "4]", "16"]
    summary(tt.nn.MSELoss(), [tt.Size([3]), [3]])
    assert lines(capsys)[3].split() == ["MSELoss-1", "[]", "0"]


# ---- what stays, and errors ------------------------------------------------------------------------------------------


def test_the_model_and_the_random_numbers_are_as_before():
    net = tt.nn.Sequential(tt.nn.Linear(4, 4), tt.nn.Dropout(0.5), tt.nn.Sequential(tt.nn.RReLU()))
    net[2].eval()
    modes = [module.training for module in net.modules()]
    state = tt.get_rng_state()
    summary(net, (4,))
    assert tt.equal(tt.get_rng_state(), state)
    assert [module.training for module in net.modules()] == modes == [True, True, True, False, False]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    assert all(parameter.grad is None for parameter in net.parameters())


def test_a_model_that_fails():
    net = tt.nn.Sequential(tt.nn.Linear(4, 3), tt.nn.Sequential(tt.nn.ReLU(), tt.nn.Linear(5, 1)))
    with pytest.raises(RuntimeError) as caught:
        summary(net, (4,))
    assert str(caught.value) == (
        "summary: 1.1 (Linear) failed: mat1 and mat2 shapes cannot be multiplied (2x3 and 5x1)\n\n"
        "The model's input, a batch of 2, had the shape (2, 4). Layers that it had passed: Linear-1, ReLU-2."
    )
    assert caught.value.__cause__ is not None
    assert all(module.training for module in net.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    with pytest.raises(RuntimeError, match=r"^summary: the model failed: .*\n\n.* had passed: none\.$"):
        summary(two_inputs(tt), (4,))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((lambda x: x, (1, 2)), "needs a torch.nn.Module, got function"),
        ((tt.nn.ReLU(), 3), "needs the shape of the input without its batch dimension, such as .* got 3"),
        ((tt.nn.ReLU(), "ab"), "needs the shape of the input"),
        ((tt.nn.ReLU(), (1.5, 2)), "needs the shape of the input"),
        ((tt.nn.ReLU(), [(1, 2)], -1, "cpu", [tt.long, tt.long]), "got 2 dtypes for 1 inputs"),
    ],
)
def test_wrong_arguments(arguments, text):
    with pytest.raises(TypeError, match=text):
        summary(*arguments)


@pytest.mark.parametrize(
    "program",
    [
        "import tinytorch as torch; torch.summary(torch.nn.ReLU(), (28,))",
        "from tinytorch.summary import summary; import tinytorch as t; t.summary(t.nn.ReLU(), (28,))",
        "import tinytorch.summary; import tinytorch as torch; torch.summary(torch.nn.ReLU(), (28,))",
        "from tinytorch import summary, nn; summary(nn.ReLU(), (28,))",
    ],
)
def test_the_name_means_the_function_and_the_module(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ReLU-1" in done.stdout


def test_the_module_is_documented_as_one():
    assert tt.summary.__doc__.startswith("summary: a table")
