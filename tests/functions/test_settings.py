"""Switches that are only remembered, compared with PyTorch's: what they take, give back and refuse."""

import pytest

import tinytorch as tt
from tests.functions.beside import outcome, same, torch
from tinytorch.functions.settings import Settings


@pytest.fixture(autouse=True)
def kept():
    """The settings of both libraries as they were, after each test."""
    ours = {name: value for name, value in vars(Settings).items() if not name.startswith("_")}
    precision, mode = torch.get_float32_matmul_precision(), torch.get_deterministic_debug_mode()
    tt.set_float32_matmul_precision(precision)
    yield
    tt.set_float32_matmul_precision(precision)
    for name, value in ours.items():
        setattr(Settings, name, value)
    torch.set_float32_matmul_precision(precision)
    torch.set_deterministic_debug_mode(mode)


def told(lib):
    facts = [lib.are_deterministic_algorithms_enabled(), lib.is_deterministic_algorithms_warn_only_enabled()]
    return [*facts, lib.get_deterministic_debug_mode(), lib.get_float32_matmul_precision()]


CALLS = [
    lambda lib: lib.use_deterministic_algorithms(True),
    lambda lib: lib.use_deterministic_algorithms(True, warn_only=True),
    lambda lib: lib.use_deterministic_algorithms(False),
    lambda lib: lib.use_deterministic_algorithms(1),
    lambda lib: lib.set_deterministic_debug_mode("warn"),
    lambda lib: lib.set_deterministic_debug_mode(2),
    lambda lib: lib.set_deterministic_debug_mode("all"),
    lambda lib: lib.set_deterministic_debug_mode(3),
    lambda lib: lib.set_deterministic_debug_mode(None),
    lambda lib: lib.set_float32_matmul_precision("high"),
    lambda lib: lib.set_float32_matmul_precision("medium"),
    lambda lib: lib.set_float32_matmul_precision("all"),
    lambda lib: lib.set_float32_matmul_precision(3),
    lambda lib: lib.set_flush_denormal(False) in (True, False),
    lambda lib: lib.set_flush_denormal(3),
    lambda lib: lib.set_num_interop_threads(0),
    lambda lib: lib.set_num_interop_threads("a"),
    lambda lib: lib.get_num_interop_threads() > 0,
    lambda lib: lib.get_default_device(),
    lambda lib: [lib.set_default_device("cpu"), lib.get_default_device(), lib.zeros(1).device],
    lambda lib: [lib.set_default_device(None), lib.get_default_device()],
    lambda lib: lib.is_warn_always_enabled() in (True, False),
    lambda lib: lib.compiled_with_cxx11_abi(),
]


@pytest.mark.parametrize("call", CALLS)
def test_calls(call):
    same(lambda lib: [call(lib), told(lib)])
    same(told)


def test_the_count_of_interop_threads_is_set_once():
    tt.set_num_interop_threads(3)
    assert tt.get_num_interop_threads() == 3
    with pytest.raises(RuntimeError, match="cannot set number of interop threads"):
        tt.set_num_interop_threads(2)


@pytest.mark.without_gpu
def test_a_gpu_is_no_default_device():
    assert outcome(lambda lib: lib.set_default_device("cuda"), tt)[1][0] == "AssertionError"


def test_warn_always():
    tt.set_warn_always(True)
    assert tt.is_warn_always_enabled()
    assert outcome(lambda lib: lib.set_warn_always(3), tt)[1] == outcome(lambda lib: lib.set_warn_always(3), torch)[1]
