"""cupy.cuda.profiler: nothing to start or stop."""


def start():
    """Nothing to start."""


def stop():
    """Nothing to stop."""
