#!/usr/bin/env python3
"""One command each for a newcomer and for a developer, from a fresh clone and with nothing but a Python 3.10 to 3.13:

    python3 dev.py demo              set up, then train a classifier on real data (tutorials/first_steps.py)
    python3 dev.py test [ARGS ...]   set up with the test tools, then run the tests; ARGS go to pytest
    python3 dev.py site              set up, then build the tutorials' site into build/site (needs Python 3.11)
    python3 dev.py setup             the set-up of `test` alone

The set-up makes a virtual environment in .venv and installs the project there, editable, with its compiled kernels
where a C compiler is found. It is done again only when something it depends on has changed, or with --again.
"""

from __future__ import annotations  # so that even an older Python gets as far as saying that it is too old

import argparse
import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SUPPORTED = [(3, 10), (3, 11), (3, 12), (3, 13)]
TORCH = "torch==2.13.0"  # the reference of the differential tests
FOR_TORCH = "torchviz==0.0.3"  # draws PyTorch's graphs; of no use without it
FOR_OPERATORS = "expecttest~=0.3"  # imported by PyTorch's database of operators, see tests/opdb
BUILD_SETTINGS = ("CC", "CFLAGS", "TINYTORCH_DEBUG_KERNELS", "TINYTORCH_NATIVE")


class Failed(Exception):
    """What went wrong and what to do about it, for the person at the terminal."""


def say(text: str) -> None:
    print(f"dev.py: {text}", flush=True)


def fingerprint() -> str:
    """A hash of everything that an installation depends on."""
    files = [ROOT / "pyproject.toml", ROOT / "setup.py", ROOT / "dev.py", ROOT / "tinytorch" / "version.py"]
    files += sorted(path for path in (ROOT / "_ext").iterdir() if path.suffix in (".pyx", ".pxd", ".pxi", ".h"))
    # Not the Python files of the core: where one was changed, they all run as Python until they are compiled again.
    files += [ROOT / "tinytorch" / "compiled.py", *sorted((ROOT / "tinytorch").rglob("*.pxd"))]
    digest = hashlib.sha256(repr([sys.version_info[:2], *map(os.environ.get, BUILD_SETTINGS)]).encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def stamp(extra: str) -> Path:
    """Where the fingerprint of a finished installation is kept."""
    return VENV / f"tinytorch-{extra}.stamp"


def is_done(extra: str) -> bool:
    return PYTHON.exists() and stamp(extra).exists() and stamp(extra).read_text() == fingerprint()


def run(*command: str, why: str) -> None:
    """Run a step of the set-up; its errors reach the terminal as they are."""
    if subprocess.call(command, cwd=ROOT) != 0:
        raise Failed(why)


def make_environment() -> None:
    """A virtual environment in .venv whose Python is this one."""
    if sys.version_info[:2] not in SUPPORTED:
        found = ".".join(map(str, sys.version_info[:2]))
        raise Failed(f"needs Python 3.10 to 3.13, this is {found}: run `python3.12 dev.py ...` or another of them")
    if PYTHON.exists():
        check = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
        if subprocess.call([str(PYTHON), "-c", check]) == 0:
            return
    say(f"making the virtual environment {VENV}")
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError, ImportError) as error:
        raise Failed(
            f"could not make a virtual environment ({error}); on Debian and Ubuntu `apt install python3-venv` helps"
        ) from error


def install(extra: str, again: bool = False) -> None:
    """Install the project with one of its extras into .venv, unless that has been done."""
    if is_done(extra) and not again:
        return
    start = time.monotonic()
    make_environment()
    for leftover in VENV.glob("tinytorch-*.stamp"):
        leftover.unlink()
    say(f"installing the project and its '{extra}' packages; this takes a few minutes the first time")
    why = "pip could not install the project: its messages above say why (no network? try again)"
    run(str(PYTHON), "-m", "pip", "install", "-qq", "--editable", f".[{extra}]", why=why)
    if extra == "dev":
        install_reference()
    sources = [path.stem for path in (ROOT / "_ext").glob("*.pyx")]
    built = {path.name.split(".")[0] for path in (ROOT / "_ext").iterdir() if path.suffix in (".so", ".pyd")}
    say(
        f"installed in {time.monotonic() - start:.0f} s, {len(built & set(sources))} of {len(sources)} kernels compiled"
    )
    stamp(extra).write_text(fingerprint())
    if extra == "dev":
        for included in ("demo", "tutorials"):
            stamp(included).write_text(fingerprint())


def install_reference() -> None:
    """PyTorch for the tests that compare with it. They are skipped, and say so, where it cannot be had."""
    done = subprocess.run(
        [str(PYTHON), "-m", "pip", "install", "-qq", TORCH], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        say(f"{TORCH} could not be installed ({reason}); the tests that compare with it will be skipped")
        return
    for package in (FOR_TORCH, FOR_OPERATORS):
        why = f"pip could not install {package}"
        run(str(PYTHON), "-m", "pip", "install", "-qq", "--no-deps", package, why=why)


def demo(arguments: list[str]) -> int:
    return subprocess.call([str(PYTHON), str(ROOT / "tutorials" / "first_steps.py"), *arguments], cwd=ROOT)


def test(arguments: list[str]) -> int:
    return subprocess.call([str(PYTHON), "-m", "pytest", *arguments], cwd=ROOT)


def site(arguments: list[str]) -> int:
    return subprocess.call([str(PYTHON), "-m", "tutorials.build", *arguments], cwd=ROOT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", action="store_true", help="install again even if nothing has changed")
    parser.add_argument("command", choices=["demo", "test", "site", "setup"])
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="for the command: pytest's, for instance")
    options = parser.parse_args()
    try:
        if options.command == "site" and sys.version_info < (3, 11):
            raise Failed("the site's tools need Python 3.11: run `python3.12 dev.py site` or another of them")
        install({"demo": "demo", "site": "tutorials"}.get(options.command, "dev"), options.again)
    except Failed as failure:
        print(f"dev.py: {failure}", file=sys.stderr)
        return 1
    if options.command == "setup":
        say(f"ready: {PYTHON}")
        return 0
    return {"demo": demo, "site": site, "test": test}[options.command](options.arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
