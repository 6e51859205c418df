"""Which kernels are picked, and that a kernel and its twin have the same names and arguments."""

import inspect
import os
import subprocess
import sys

import pytest

from tests.ext.kernel_tools import load
from tinytorch import config, kernels

FAMILIES = list(kernels.picked)


def functions(module):
    """Public functions that the module itself defines: name -> parameters."""
    found = {}
    for name, value in vars(module).items():
        own = callable(value) and not inspect.isclass(value) and getattr(value, "__module__", None) == module.__name__
        if own and not name.startswith("_"):
            found[name] = [(p.name, p.default) for p in inspect.signature(value).parameters.values()]
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_twins_have_the_same_names_and_arguments(family):
    kernel, twin = functions(load("kernel", family)), functions(load("twin", family))
    assert {name: [p for p, _ in twin[name]] for name in kernel} == {
        name: [p for p, _ in kernel[name]] for name in kernel
    }
    for name in kernel:
        assert twin[name] == kernel[name], name


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kernel_says_what_it_computes(family):
    module = load("kernel", family)
    assert [name for name in functions(module) if not getattr(module, name).__doc__] == []


def picked_in_a_new_process(prelude, **environment):
    code = (
        f"{prelude}\nfrom tinytorch import kernels, show_config\nprint(kernels.picked['softmax'])\nprint(show_config())"
    )
    environment = {**{k: v for k, v in os.environ.items() if k != "TINYTORCH_PURE"}, **environment}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return run.stdout.split("\n", 1)


def test_the_environment_forces_twins():
    first, text = picked_in_a_new_process("", TINYTORCH_PURE="1")
    assert first == "NumPy twin: forced by TINYTORCH_PURE"
    assert "softmax      NumPy twin: forced by TINYTORCH_PURE\n" in text
    assert "TINYTORCH_PURE=1" in text


def test_the_environment_may_say_no():
    load("kernel", "softmax")
    assert picked_in_a_new_process("", TINYTORCH_PURE="0")[0] == "compiled"


def test_a_kernel_that_is_not_built_is_replaced_by_its_twin():
    first, text = picked_in_a_new_process("import sys\nsys.modules['tinytorch._ext.softmax'] = None")
    assert first == "NumPy twin: not built"
    assert "softmax      NumPy twin: not built\n" in text


def test_a_kernel_that_cannot_be_loaded_is_replaced_by_its_twin():
    prelude = """
import importlib.abc, sys
class Broken(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "tinytorch._ext.softmax":
            raise ImportError("wrong ELF class")
sys.meta_path.insert(0, Broken())"""
    assert picked_in_a_new_process(prelude)[0] == "NumPy twin: cannot be loaded (wrong ELF class)"


def test_show_config_names_every_family():
    lines = config.show_config().splitlines()
    for family, choice in kernels.picked.items():
        assert f"      {family:<13}{choice}" in lines


def test_print_config(capsys):
    config.print_config()
    assert capsys.readouterr().out == config.show_config()
