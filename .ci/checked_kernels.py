#!/usr/bin/env python3
"""Builds the kernels with checks in a copy of the tree and runs their tests there; the kernels of this tree stay.

    python .ci/checked_kernels.py bounds            every index is checked (TINYTORCH_DEBUG_KERNELS=1)
    python .ci/checked_kernels.py sanitizers        AddressSanitizer and UndefinedBehaviorSanitizer of gcc (Linux)

Further arguments go to pytest, in place of tests/ext. Run it with the Python of an environment made by dev.py.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SANITIZE = "-fsanitize=address,undefined -fno-omit-frame-pointer"


def copy_sources(folder: Path) -> None:
    """All files that git knows or would know, without what was built"""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.split(b"\0")
    for name in map(os.fsdecode, filter(None, listed)):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())


def environment(kind: str, log: Path) -> tuple[dict[str, str], dict[str, str]]:
    """(what the compiler needs in the environment, what the tests need)"""
    kernels = ",".join(sorted(path.stem for path in (ROOT / "_ext").glob("*.pyx")))  # not the core: it indexes nothing
    build, test = {"TINYTORCH_DEBUG_KERNELS": "1", "TINYTORCH_KERNELS": kernels}, {"TINYTORCH_PURE": "0"}
    if kind == "sanitizers":
        # libstdc++ beside it, or the first C++ exception (of PyTorch, which the tests compare with) ends the run
        find = ["gcc", "-print-file-name=libasan.so"], ["gcc", "-print-file-name=libstdc++.so"]
        libraries = [subprocess.run(each, capture_output=True, text=True, check=True).stdout.strip() for each in find]
        build["CC"] = f"gcc {SANITIZE}"  # for the linker, too
        test |= {
            "LD_PRELOAD": ":".join(libraries),
            "PYTHONMALLOC": "malloc",  # Python's own allocator would hide what lies beyond an object
            # What Python and NumPy keep to the end is no leak; memory that nobody has is a MemoryError, as ever.
            "ASAN_OPTIONS": f"detect_leaks=0:allocator_may_return_null=1:log_path={log}",
            "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={log}",
        }
    return build, test


def check(kind: str, tests: list[str], folder: Path) -> int:
    """Build, run, and print what the sanitizers wrote; the exit code."""
    copy_sources(folder)
    # An editable installation would find these two in the tree that it belongs to.
    (folder / "tinytorch" / "_ext").symlink_to(folder / "_ext")
    (folder / "tinytorch" / "viz").symlink_to(folder / "viz")
    reports = folder / "reports"
    reports.mkdir()
    build, test = environment(kind, reports / "report")
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace", "--parallel", str(os.cpu_count() or 1)]
    subprocess.run(command, cwd=folder, env={**os.environ, **build}, check=True)
    where = "import tinytorch._ext.reduce as r, tinytorch.kernels as k; print(r.__file__, set(k.picked.values()))"
    found = subprocess.run(
        [sys.executable, "-c", where],
        cwd=folder,
        env={**os.environ, **test},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    if not found.startswith(str(folder)) or not found.endswith("{'compiled'}"):
        print(f"not the kernels that were built, or not all of them: {found}", file=sys.stderr)
        return 1
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(tests or ["tests/ext"])],
        cwd=folder, env={**os.environ, **test}, check=False,
    )  # fmt: skip
    written = sorted(path for path in reports.iterdir() if path.stat().st_size)
    for path in written:
        print(f"---- {path.name}\n{path.read_text(errors='replace')}", file=sys.stderr)
    return done.returncode or (1 if written else 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["bounds", "sanitizers"])
    parser.add_argument("tests", nargs=argparse.REMAINDER, help="for pytest; tests/ext if there are none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            return check(options.kind, options.tests, Path(folder))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"checked_kernels: {error}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
