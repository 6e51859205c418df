"""The programs of this folder are run by test_programs.py, never imported."""


def pytest_ignore_collect(collection_path):
    """Only the tests themselves are tests: `--doctest-modules` would import, hence run, every program."""
    if collection_path.suffix == ".py" and not collection_path.name.startswith("test_"):
        return True
    return None
