"""The double refuses what CuPy refuses, and has nothing that CuPy has not."""

import sys

import numpy as np
import pytest

# the fixture `doubled` gives them their meaning
cupy = None
cupyx = None
special = None

IMPLICIT = "Implicit conversion to a NumPy array is not allowed"
HOST = "Unsupported type <class 'numpy.ndarray'>"
REFUSED = [
    (lambda x: np.asarray(x), TypeError, IMPLICIT),
    (lambda x: np.array([1.0]).dot(x), TypeError, None),
    (lambda x: np.empty((2, 3))[:].__setitem__(..., x), TypeError, IMPLICIT),
    (lambda x: memoryview(x), TypeError, "a bytes-like object is required"),
    (lambda x: x + np.ones(3), TypeError, HOST),
    (lambda x: np.ones(3) * x, TypeError, HOST),
    (lambda x: np.add(x, np.array(1.0)), TypeError, HOST),
    (lambda x: np.add(np.ones(3), 1, out=x[0]), TypeError, HOST),
    (lambda x: np.add(x, 1, out=np.empty((2, 3))), TypeError, None),
    (lambda x: np.concatenate([x, np.ones((1, 3))]), TypeError, HOST),
    (lambda x: np.where(np.ones(3, bool), x, 0), TypeError, HOST),
    (lambda x: x[np.array([0])], TypeError, HOST),
    (lambda x: x.__setitem__(0, np.ones(3)), TypeError, HOST),
    (lambda x: x.__setitem__(0, [1.0, 2.0, 3.0]), TypeError, "Unsupported type <class 'list'>"),
    (lambda x: x[cupy.ones(3)], IndexError, "must be of integer or boolean type"),
    (lambda x: np.einsum("ij->i", x, out=cupy.empty(2, "f")), TypeError, "out"),
    (lambda x: np.add(x, 1, where=x > 1), TypeError, "where"),
    (lambda x: np.sum(x, where=x > 1), TypeError, "where"),
    (lambda x: np.max(x, initial=3), TypeError, "initial"),
    (lambda x: cupy.sum([1.0, 2.0]), TypeError, "Unsupported type <class 'list'>"),
    (lambda x: np.block([[x]]), TypeError, None),
    (lambda x: np.maximum.reduce(x), NotImplementedError, "reduce"),
    (lambda x: np.divide.at(x, 0, 1), NotImplementedError, "at"),
    (lambda x: np.spacing(x), TypeError, None),
    (lambda x: np.float32(1).astype("f") + "a" + x, Exception, None),
    (lambda x: x.astype(object), ValueError, "Unsupported dtype"),
    (lambda x: cupy.array(["a"]), ValueError, "Unsupported dtype"),
    (lambda x: x.partially, AttributeError, None),
    (lambda x: x.setflags(write=False), AttributeError, None),
    (lambda x: x.flags.writeable, AttributeError, None),
    (lambda x: x.__array_interface__, AttributeError, None),
    (lambda x: cupy.vecdot, AttributeError, None),
    (lambda x: special.hyp2f1, AttributeError, None),
    (lambda x: cupy.random.Generator(cupy.random.XORWOW(1)).normal, AttributeError, None),
    (lambda x: cupy.random.rand(2, dtype="e"), TypeError, "float32 and float64"),
    (lambda x: bool(x), ValueError, "ambiguous"),
    (lambda x: range(x.astype("l")[0, 1]), TypeError, "cannot be interpreted as an integer"),
    (lambda x: iter(x[0, 0]), TypeError, "0-d"),
    (lambda x: cupy.less(x, 1, out=cupy.empty(3, bool)), ValueError, "Out shape is mismatched"),
    (lambda x: cupy.add(x, 0.5, out=cupy.empty((2, 3), "i")), TypeError, "casting rule 'same_kind'"),
    (lambda x: cupy.bitwise_and(x, 1), TypeError, "Wrong type"),
    (lambda x: x + cupy.zeros(4), ValueError, r"shapes \(2, 3\), \(4,\)"),
    (lambda x: x.get(out=np.empty((2, 3))), TypeError, "float64 array cannot be obtained from float32 array"),
    (lambda x: x.set(np.ones((2, 3))), TypeError, "cannot be set"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refused(x, number):
    program, error, words = REFUSED[number]
    with pytest.raises(error, match=words):
        program(x)


def test_arrays_of_two_devices(x):
    with cupy.cuda.Device(1):
        y = cupy.ones(3, "f")
        assert y.device.id == 1
        for program in (lambda: x + y, lambda: cupy.concatenate([x[0], y]), lambda: y.__setitem__(0, x[0, 0])):
            with pytest.raises(ValueError, match=r"array resides \(0\) is different from the current device \(1\)"):
                program()
        assert cupy.asarray(x).device.id == 1  # a copy
        assert (y + 1).device.id == 1
    with pytest.raises(ValueError, match="Peer access is unavailable"):
        y + 1
    assert x.copy().device.id == 0


CLASSES = {
    "ndarray": lambda: cupy.ndarray,
    "ufunc": lambda: cupy.ufunc,
    "random.Generator": lambda: cupy.random.Generator,
    "random.RandomState": lambda: cupy.random.RandomState,
    "cuda.Device": lambda: cupy.cuda.Device,
    "cuda.Event": lambda: cupy.cuda.Event,
    "cuda.Graph": lambda: cupy.cuda.Graph,
    "cuda.MemoryPointer": lambda: cupy.cuda.MemoryPointer,
    "cuda.MemoryPool": lambda: cupy.cuda.MemoryPool,
    "cuda.Stream": lambda: cupy.cuda.Stream,
}
MODULES = (
    "cupy", "cupy.cuda", "cupy.cuda.runtime", "cupy.fft", "cupy.linalg", "cupyx", "cupyx.scipy.linalg",
    "cupyx.scipy.special",
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_modules_have_nothing_that_cupy_has_not(name):
    from cupy import _surface

    module = sys.modules[name]
    public = {n for n in dir(module) if not n.startswith("_") and not isinstance(getattr(module, n), type(sys))}
    assert public - set(_surface.MODULES[name]) <= {"annotations"}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_have_nothing_that_cupys_have_not(name):
    from cupy import _surface

    assert not {n for n in dir(CLASSES[name]()) if not n.startswith("_")} - set(_surface.CLASSES[name])


def test_functions_have_cupys_parameters(x):
    from cupy import _surface

    unknown = 0
    for name, entry in _surface.MODULES["cupy"].items():
        if entry["kind"] == "function" and entry["parameters"] and hasattr(cupy, name):
            if any(p[0].startswith("**") for p in entry["parameters"]) or str(entry["from"]).startswith("numpy"):
                continue
            with pytest.raises(TypeError, match=r"unexpected keyword|missing|too many"):
                getattr(cupy, name)(x, no_such_parameter=1)
            unknown += 1
    assert unknown > 200


def test_triangular_systems(x):
    from cupyx.scipy.linalg import solve_triangular

    a = cupy.array([[2.0, 5.0], [1.0, 4.0]])
    b = cupy.array([2.0, 9.0])
    assert solve_triangular(a, b, lower=True).get().tolist() == [1, 2]
    assert solve_triangular(cupy.stack([a, a]), cupy.stack([b, b]), lower=True).get().tolist() == [[1, 2]] * 2
    assert np.isnan(solve_triangular(cupy.zeros((2, 2)), b).get()).all()


def test_errors_of_linear_algebra_on_demand():
    with cupyx.errstate(linalg="raise"), pytest.raises(np.linalg.LinAlgError):
        cupy.linalg.inv(cupy.zeros((2, 2)))
    assert cupyx.geterr()["linalg"] == "ignore"
