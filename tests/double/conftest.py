"""pytest leaves the double's own files alone: they are imported as `cupy` and `cupyx` or not at all."""

import sys
from pathlib import Path

import pytest

HERE = str(Path(__file__).parent)

collect_ignore_glob = ["cupy/*", "cupyx/*", "survey.py"]


@pytest.fixture(scope="module", autouse=True)
def doubled(request):
    """The double as the names of a test file while its tests run, and no longer: others ask whether there is a GPU."""
    before = {n: m for n, m in sys.modules.items() if n.partition(".")[0] in ("cupy", "cupyx")}
    known = hasattr(before.get("cupy"), "_double")
    if not known:
        for name in before:
            del sys.modules[name]
        sys.path.insert(0, HERE)
    import cupy
    import cupyx
    from cupy import _double
    from cupyx.scipy import special

    vars(request.module).update(cupy=cupy, cupyx=cupyx, double=_double, special=special)
    yield
    if not known:
        sys.path.remove(HERE)
        for name in [n for n in sys.modules if n.partition(".")[0] in ("cupy", "cupyx")]:
            del sys.modules[name]
        sys.modules.update(before)


@pytest.fixture
def x():
    import cupy

    return cupy.arange(6, dtype="f").reshape(2, 3)


@pytest.fixture
def compiler():
    """Only tests with a C++ compiler can run kernels of one's own."""
    from cupy import _compile

    if _compile.why_not():
        pytest.skip(_compile.why_not())
