"""cupy.random: CuPy's generators by name and argument; the numbers are NumPy's, another stream for each bit generator.

State that lives on the device draws anew in every launch of a captured graph, as here.
"""

import numpy as _np

from cupy import _double as double
from cupy._array import ndarray as _ndarray
from cupy._surface import CLASSES as _CLASSES
from cupy._surface import MODULES as _MODULES
from cupy._surface import checked as _checked


class BitGenerator:
    """A source of random bits, bound to the device on which it was made."""

    _number = 0

    def __init__(self, seed=None, *, size=1000 * 256):
        sequence = seed if isinstance(seed, _np.random.SeedSequence) else _np.random.SeedSequence(seed)
        self._current_device = double.current_device()
        own = _np.random.SeedSequence((*sequence.generate_state(4), self._number))
        self._host = _np.random.Generator(_np.random.PCG64(own))

    def _check_device(self):
        if double.current_device() != self._current_device:
            raise RuntimeError("This Generator state is allocated in a different device")

    def random_raw(self, size=None, out=False):
        raw = double.launch(self._host.integers, 0, 2**32, size, _np.uint32)
        return raw if out else None


class XORWOW(BitGenerator):
    """cuRAND's default."""

    _number = 1


class MRG32k3a(BitGenerator):
    """L'Ecuyer's combined generator."""

    _number = 2


class Philox4x3210(BitGenerator):
    """Ten rounds of Philox."""

    _number = 3


def _parameter(value):
    """A parameter of a distribution: a number or an array of the device."""
    if isinstance(value, _np.ndarray):
        raise TypeError(f"the parameter is required to be a cupy.ndarray or a scalar, not {type(value)}")
    return value


def _drawn(host, args, kwargs, dtype, out):
    """A launch that draws: `host` of the arguments, in a dtype, into `out` if there is one."""

    def draw(target, *a, **k):
        made = _np.asarray(host(*a, **k))
        if dtype is not None:
            made = made.astype(dtype, copy=False)
        if target is None:
            return made
        target[...] = made
        return target

    return double.launch(draw, out, *map(_parameter, args), **{k: _parameter(v) for k, v in kwargs.items()})


class Generator:
    """Distributions over one of the bit generators."""

    def __init__(self, bit_generator):
        self.bit_generator = bit_generator

    def _check_out(self, dtype, size, out):
        if out.dtype != dtype:
            raise TypeError(
                f"Supplied output array has the wrong type. Expected {_np.dtype(dtype).name}, got {out.dtype.name}"
            )
        if not out.flags.forc:
            raise ValueError("Supplied output array is not contiguous, writable or aligned.")
        if size is not None and (tuple(size) if isinstance(size, (tuple, list)) else (size,)) != out.shape:
            raise ValueError("size must match out.shape when used together")


def _generator_method(name, entry):
    check = _checked(name, entry["parameters"])
    names = [p[0] for p in entry["parameters"]][1:]

    def call(self, *args, **kwargs):
        check((self, *args), kwargs)
        self.bit_generator._check_device()
        kwargs = {**dict(zip(names, args, strict=False)), **kwargs}
        out, dtype = kwargs.pop("out", None), _np.dtype(kwargs.pop("dtype", _np.int64 if name == "integers" else float))
        if kwargs.pop("method", "inv") != "inv":
            raise NotImplementedError("only the method 'inv' is there")
        if out is not None:
            self._check_out(dtype, kwargs.get("size"), out)
            kwargs["size"] = out.shape
        given = "dtype" in names
        if name == "integers":
            for bound in ("low", "high"):
                if isinstance(kwargs.get(bound), _ndarray):
                    kwargs[bound] = int(kwargs[bound])
            if given and dtype.kind in "iub":
                kwargs["dtype"] = dtype
        return _drawn(getattr(self.bit_generator._host, name), (), kwargs, dtype if given else None, out)

    call.__name__ = name
    return call


for _name, _entry in _CLASSES["random.Generator"].items():
    if not _name.startswith("_"):
        setattr(Generator, _name, _generator_method(_name, _entry))


class RandomState:
    """The generator behind cupy.random's functions."""

    def __init__(self, seed=None, method=100):
        self.method = method
        self.seed(seed)

    def seed(self, seed=None):
        if seed is not None and not isinstance(seed, _np.ndarray):
            if _np.asarray(seed).dtype.kind not in "biu":
                raise TypeError("Seed must be an integer.")
            if not 0 <= int(seed) < 2**64:
                raise ValueError("Seed must be an integer between 0 and 2**64 - 1")
            seed = [int(seed) & 0xFFFFFFFF, int(seed) >> 32]
        self._host = _np.random.RandomState(seed)

    def shuffle(self, a):
        if not isinstance(a, _ndarray):
            raise TypeError("The array must be cupy.ndarray")
        double.launch(self._host.shuffle, a)

    def permutation(self, a):
        return double.launch(lambda x: _np.asarray(self._host.permutation(x)), a)

    def rand(self, *size, dtype=float):
        return self.random_sample(size, dtype)

    def randn(self, *size, dtype=float):
        return self.normal(size=size, dtype=dtype)


def _state_method(name, entry):
    check = _checked(name, entry["parameters"])
    names = [p[0] for p in entry["parameters"]][1:]
    floats = dict(entry["parameters"][1:]).get("dtype") in ("float", "<class 'float'>")

    def call(self, *args, **kwargs):
        check((self, *args), kwargs)
        kwargs = {**dict(zip(names, args, strict=False)), **kwargs}
        dtype = _np.dtype(kwargs.pop("dtype", float if floats else _np.int64))
        if floats and dtype.char not in "fd":
            raise TypeError("cupy.random only supports float32 and float64")
        if name == "randint":
            kwargs["dtype"] = dtype
        return _drawn(getattr(self._host, name), (), kwargs, dtype if "dtype" in names else None, None)

    call.__name__ = name
    return call


for _name, _entry in _CLASSES["random.RandomState"].items():
    if not _name.startswith("_") and not hasattr(RandomState, _name) and hasattr(_np.random.RandomState, _name):
        setattr(RandomState, _name, _state_method(_name, _entry))


def _states():
    """The states of this thread, by device."""
    return double.local.__dict__.setdefault("random_states", {})


def get_random_state():
    device = double.current_device()
    if device not in _states():
        _states()[device] = RandomState()
    return _states()[device]


def set_random_state(rs):
    if not isinstance(rs, RandomState):
        raise TypeError(f"Random state must be an instance of RandomState. Actual: {type(rs)}")
    _states()[double.current_device()] = rs


def seed(seed=None):
    get_random_state().seed(seed)


def reset_states():
    _states().clear()


def default_rng(seed=None):
    if isinstance(seed, BitGenerator):
        return Generator(seed)
    return seed if isinstance(seed, Generator) else Generator(XORWOW(seed))


def bytes(length):
    double.synchronised()
    return get_random_state()._host.bytes(length)


def _module_function(name):
    def call(*args, **kwargs):
        return getattr(get_random_state(), {"sample": "random_sample", "ranf": "random_sample"}.get(name, name))(
            *args, **kwargs
        )

    call.__name__ = name
    return call


for _name, _entry in _MODULES["cupy.random"].items():
    if _entry["kind"] == "function" and _name not in globals():
        globals()[_name] = _module_function(_name)
