"""torch.jit marks code for a compiler that tinytorch does not have: everything marked runs as it is."""

import pytest

import tinytorch as torch
from tinytorch import jit, nn


def twice(x):
    return 2 * x


@pytest.mark.parametrize(
    "mark", [jit.script, jit.script_if_tracing, jit.unused, jit.export, jit.ignore, jit.ignore(drop=True)]
)
def test_functions_and_modules_stay_as_they_are(mark):
    layer = nn.Linear(2, 1)
    assert mark(twice) is twice
    assert mark(layer) is layer


def test_compile_leaves_it_as_it_is():
    layer = nn.Linear(2, 1)
    assert torch.compile(layer) is layer
    assert torch.compile(twice, fullgraph=True, mode="max-autotune") is twice
    assert torch.compile(dynamic=True)(twice) is twice


def test_scripting_never_happens():
    assert not jit.is_scripting() and not jit.is_tracing()
    assert jit.annotate(int, 3) == 3
    assert not isinstance(jit.script(nn.Linear(2, 1)), jit.ScriptModule)


def test_what_is_missing_says_so():
    class Compiled(jit.ScriptModule):
        pass

    with pytest.raises(NotImplementedError, match="tinytorch does not compile modules"):
        Compiled()
    with pytest.raises(AttributeError, match=r"tinytorch does not have torch\.jit\.trace"):
        jit.trace(twice, torch.ones(1))
    with pytest.raises(NotImplementedError, match=r"tinytorch does not have torch\.nn\.MultiheadAttention"):
        nn.MultiheadAttention(4, 2)
