"""summary: what the table shows, what it leaves as it was, and what is said when a model does not fit its input."""

import subprocess
import sys

import pytest

import tinytorch as torch
from tinytorch import nn
from tinytorch.summary import Summary, bytes_text, summary


class Net(nn.Module):
    """Layers in lists, one used twice, one forgotten, a parameter of its own, several outputs."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        self.block = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
        self.forgotten = nn.Linear(100, 100)
        self.scale = nn.Parameter(torch.ones(4))
        self.drop = nn.Dropout(0.5)
        self.register_buffer("offset", torch.zeros(4))
        self.embed.requires_grad_(False)

    def forward(self, x):
        x = self.embed(x)
        for layer in self.layers:
            x = self.drop(layer(x))
        x = self.block(self.block(x)) * self.scale
        return {"out": x, "parts": [x[0], x.sum()]}


def rows(table):
    return [(row.depth, row.name, row.type, row.shape, row.parameters) for row in table.rows]


def test_rows_are_the_calls_in_their_order(capsys):
    table = summary(Net(), (2, 6), torch.long)
    shape = "(2, 6, 4)"
    block = [(1, "block", "Sequential", shape, None), (2, "0", "Linear", shape, 20), (2, "1", "Tanh", shape, None)]
    again = [row[:4] + (None,) for row in block]  # the same parameters do not count twice
    assert rows(table) == [
        (0, "", "Net", "(2, 6, 4), (6, 4), ()", 4),
        (1, "embed", "Embedding", shape, 40),
        (1, "layers.0", "Linear", shape, 20),
        (1, "drop", "Dropout", shape, None),
        (1, "layers.1", "Linear", shape, 20),
        (1, "drop", "Dropout", shape, None),
        *block,
        *again,
        (1, "forgotten", "Linear", "not called", 10_100),
    ]
    assert capsys.readouterr().out == f"{table}\n"


def test_totals():
    table = summary(Net(), (2, 6), torch.long)
    assert table.total_parameters == 40 + 3 * 20 + 4 + 10_100
    assert table.trainable_parameters == table.total_parameters - 40
    assert table.input_bytes == 12 * 8
    # embed, layers.0, layers.1 and twice two layers of the block; dropout in eval mode returns what it got
    assert table.output_bytes == 7 * 48 * 4
    assert table.parameter_bytes == 4 * (table.total_parameters + 4)  # and the buffer
    assert table.gradient_bytes == table.output_bytes + 4 * table.trainable_parameters
    assert table.total_bytes == sum((96, table.output_bytes, table.parameter_bytes, table.gradient_bytes))
    assert sum(row.parameters or 0 for row in table.rows) == table.total_parameters


def test_text():
    table = summary(nn.Sequential(nn.Linear(1000, 1000), nn.Sequential(nn.ReLU())).requires_grad_(False), (1, 1000))
    assert str(table) == (
        "Layer (type)      Output shape  Parameters\n"
        "------------------------------------------\n"
        "Sequential           (1, 1000)\n"
        "  0 (Linear)         (1, 1000)   1,001,000\n"
        "  1 (Sequential)     (1, 1000)\n"
        "    0 (ReLU)         (1, 1000)\n"
        "------------------------------------------\n"
        "Parameters                       1,001,000\n"
        "  trainable                              0\n"
        "  not trainable                  1,001,000\n"
        "Memory, about                       4.0 MB\n"
        "  input                             4.0 kB\n"
        "  layer outputs                     8.0 kB\n"
        "  parameters                        4.0 MB\n"
        "  gradients                            0 B"
    )
    assert repr(table) == "<Summary of Sequential: 1,001,000 parameters>"


@pytest.mark.parametrize(
    ("size", "dtypes"),
    [
        ([(2, 4), (2, 3)], None),
        ([[2, 4], torch.Size([2, 3])], [torch.float32, torch.float32]),
        ([(2, 4), torch.ones(2, 3)], torch.float32),
        ((torch.ones(2, 4), torch.ones(2, 3)), None),
    ],
)
def test_several_inputs(size, dtypes):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(4, 2), nn.Linear(3, 2, bias=False)

        def forward(self, x, y):
            return self.first(x) + self.second(y)

    table = summary(Two(), size, dtypes)
    assert [row.shape for row in table.rows] == ["(2, 2)"] * 3
    assert table.input_bytes == (8 + 6) * 4


def test_one_input_as_a_tensor_a_list_or_without_dimensions():
    for size in (torch.zeros(5, 2), [5, 2], torch.Size((5, 2)), (5, 2)):
        assert summary(nn.Linear(2, 1), size).rows[0].shape == "(5, 1)"
    assert summary(nn.ReLU(), ()).rows[0].shape == "()"
    assert summary(nn.Linear(2, 1).double(), (5, 2), torch.float64).output_bytes == 5 * 8


def test_the_model_and_the_random_numbers_are_as_before():
    net = Net()
    net.block.eval()
    modes = [module.training for module in net.modules()]
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    summary(net, (2, 6), torch.long)
    assert torch.rand(3).tolist() == expected.tolist()
    assert [module.training for module in net.modules()] == modes
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    assert all(parameter.grad is None for parameter in net.parameters())


def test_a_model_that_fails():
    net = nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.ReLU(), nn.Linear(5, 1)))
    with pytest.raises(RuntimeError) as caught:
        summary(net, (2, 4))
    assert str(caught.value) == (
        "summary: 1 (Linear) failed: mat1 and mat2 shapes cannot be multiplied (2x3 and 5x1)\n\n"
        "The model's input had the shape (2, 4). Layers that it had passed: 0 (Linear), 0 (ReLU)."
    )
    assert caught.value.__cause__ is not None
    assert net.training and not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((lambda x: x, (1, 2)), "needs a torch.nn.Module, got function"),
        ((nn.ReLU(), 3), "needs the shape of the input with its batch dimension, such as .* got 3"),
        ((nn.ReLU(), "ab"), "needs the shape of the input"),
        ((nn.ReLU(), (1.5, 2)), "needs the shape of the input"),
        ((nn.ReLU(), [(1, 2)], [torch.long, torch.long]), "got 2 dtypes for 1 inputs"),
    ],
)
def test_wrong_arguments(arguments, text):
    with pytest.raises(TypeError, match=text):
        summary(*arguments)


@pytest.mark.parametrize(
    ("count", "text"), [(999, "999 B"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (2e13, "20.0 TB")]
)
def test_bytes(count, text):
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    "program",
    [
        "import tinytorch as torch; table = torch.summary(torch.nn.ReLU(), (1, 28))",
        "from tinytorch.summary import summary; import tinytorch as t; table = t.summary(t.nn.ReLU(), (1, 28))",
        "import tinytorch.summary; import tinytorch as torch; table = torch.summary(torch.nn.ReLU(), (1, 28))",
        "from tinytorch import summary, nn; table = summary(nn.ReLU(), (1, 28))",
    ],
)
def test_the_name_means_the_function_and_the_module(program):
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; assert str(table).startswith('Layer')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_module_is_documented_as_one():
    assert isinstance(summary(nn.ReLU(), (1,)), Summary)
    assert torch.summary.__doc__.startswith("summary: a table")
