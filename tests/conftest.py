"""Set-up of the whole suite: the groups of tests, Hypothesis' profiles, and what the last lines say about skips.

A test that needs something that may be missing (or, `without_gpu`, must be) carries a marker (`@pytest.mark.torch`,
`gpu`, `browser`, `dot`), or its module begins with `pytest.importorskip("torch")`; without the thing it is skipped, and
the summary counts those tests by reason. Hypothesis draws the same examples in each run, others with
HYPOTHESIS_PROFILE=dev.
"""

import collections
import functools
import gc
import importlib.metadata
import importlib.util
import itertools
import os
import shutil
import sys

import pytest
from hypothesis import settings

from tests.places import DEVICE, gpu_here
from tinytorch import kernels
from tinytorch.device import library

TORCH_VERSION = "2.13.0"  # the PyTorch whose behaviour is the reference
UNCOVERED = pytest.StashKey[bool]()

settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=False)
settings.register_profile("dev", deadline=None, max_examples=300)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@functools.cache
def why_not(marker: str) -> str | None:
    """Why tests with this marker cannot run here; None when they can."""
    if marker == "torch":
        try:
            found = importlib.metadata.version("torch")
        except importlib.metadata.PackageNotFoundError:
            return f"PyTorch {TORCH_VERSION} is not installed"
        return None if found.split("+")[0] == TORCH_VERSION else f"needs PyTorch {TORCH_VERSION}, found {found}"
    if marker == "gpu":
        return gpu_missing()
    if marker == "without_gpu":
        return "about a machine without a GPU" if gpu_here() else None
    if marker == "browser":
        if importlib.util.find_spec("playwright") is None:
            return "playwright, which drives the browser, is not installed"
        return None if chromium_path() else "no Chromium or Chrome on the path"
    if marker == "dot":
        return None if shutil.which("dot") else "the dot program of graphviz is not installed"
    raise ValueError(marker)


def chromium_path() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for found in map(shutil.which, names) if found), None)


@pytest.fixture(scope="session")
def browser_path():
    """The headless browser's program; only tests marked `browser` have one."""
    return chromium_path()


def gpu_missing() -> str | None:
    try:
        found = library()
    except AssertionError:
        return "CuPy is not installed"
    except RuntimeError as error:
        return f"CuPy finds no GPU ({str(error).splitlines()[0]})"
    return "CuPy's double has no GPU" if hasattr(found, "_double") else None


def pytest_addoption(parser):
    text = "of the cases of each test, the first and every Nth after it"
    parser.addoption("--one-in", type=int, default=1, metavar="N", help=text)
    text = "coverage follows, of the cases of each test, the first and every Nth after it"
    parser.addoption("--cover-one-in", type=int, default=1, metavar="N", help=text)


def pytest_collection_modifyitems(config, items):
    spread_out(config, items)
    for item in items:
        if DEVICE != "cpu" and item.get_closest_marker("host"):
            item.add_marker(pytest.mark.skip(reason="about the memory of the CPU"))
        for marker in ("torch", "gpu", "without_gpu", "browser", "dot"):
            if item.get_closest_marker(marker) and why_not(marker):
                item.add_marker(pytest.mark.skip(reason=why_not(marker)))


def spread_out(config, items):
    """Leave out what --one-in says; mark what --cover-one-in leaves out."""
    kept, left_out = one_in(config.getoption("--one-in", 1), items)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
    for item in one_in(config.getoption("--cover-one-in", 1), items)[1]:
        item.stash[UNCOVERED] = True


def one_in(step, items):
    """(the first case of each test and every `step`-th after it, the other cases)"""
    seen = collections.defaultdict(itertools.count)
    chosen, others = [], []
    for item in items:
        (others if next(seen[item.nodeid.partition("[")[0]]) % step else chosen).append(item)
    return chosen, others


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Coverage more than doubles the time of what it follows, so it rests during the tests that it shall not follow."""
    module = sys.modules.get("coverage") if item.stash.get(UNCOVERED, False) else None
    coverage = module and module.Coverage.current()
    if coverage is None:
        return (yield)
    coverage.stop()
    try:
        return (yield)
    finally:
        coverage.start()


def pytest_collection_finish(session):
    """One thread for the reference: its sums then come out the same on every machine. Tens of thousands of collected
    tests are no garbage: without them a test that asks for a collection takes a fraction of the time."""
    wanted = any(item.get_closest_marker("torch") for item in session.items) and not why_not("torch")
    if wanted or "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter):
    """Say which groups of tests did not run, and why."""
    reasons = collections.Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.section("tests that did not run here")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5d}  {reason}")


def pytest_report_header(config):
    compiled = sum(choice == "compiled" for choice in kernels.picked.values())
    reference = why_not("torch") or f"PyTorch {TORCH_VERSION}"
    return [f"kernels: {compiled} of {len(kernels.picked)} compiled", f"reference: {reference}"]
