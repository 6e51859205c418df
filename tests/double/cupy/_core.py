"""cupy._core: the one switch of it that is used, which says in what precision matrices are multiplied."""

_compute_types = {}


def set_compute_type(dtype, compute_type):
    if compute_type not in range(8):
        raise ValueError(f"Unknown compute type: {compute_type}")
    _compute_types[dtype] = compute_type


def get_compute_type(dtype):
    return _compute_types.get(dtype, 1)
