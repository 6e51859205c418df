"""What comes out of the double: arrays of the device, CuPy's dtypes, views, numbers; and when the host waits for it."""

import pickle

import numpy as np
import pytest

# the fixture `doubled` gives them their meaning
cupy = None
cupyx = None
double = None
special = None


def test_every_result_is_an_array_of_the_device(x):
    for made in (
        x.sum(),
        x[0, 0],
        np.exp(x[0, 0]),
        np.sum(x),
        np.linalg.norm(x),
        np.zeros(2, like=x),
        np.float32(2) * x,
    ):
        assert type(made) is cupy.ndarray
    assert [type(m) for m in np.divmod(x, 2)] == [cupy.ndarray] * 2
    assert np.shape(x) == (2, 3) and np.result_type(x, 1) == np.float32


@pytest.mark.parametrize(
    ("program", "dtype"),
    [
        (lambda f, i: f + 1, "f"),
        (lambda f, i: f + np.float64(1), "d"),
        (lambda f, i: i + 1.0, "d"),
        (lambda f, i: i.astype("b") + 1.0, "d"),
        (lambda f, i: i.astype("b") + 1, "b"),
        (lambda f, i: f.astype("e") / 3, "e"),
        (lambda f, i: i.astype("b") / i.astype("b"), "d"),
        (lambda f, i: special.erf(f.astype("e")), "d"),
        (lambda f, i: special.erf(f), "f"),
        (lambda f, i: np.sqrt(i.astype("b")), "e"),
        (lambda f, i: i > 2**40, "?"),
        (lambda f, i: i.sum(), "l"),
        (lambda f, i: np.mean(i), "d"),
        (lambda f, i: cupyx.rsqrt(f + 1), "f"),
    ],
)
def test_dtypes(program, dtype):
    assert program(cupy.arange(3, dtype="f"), cupy.arange(3, dtype="i")).dtype.char == dtype


def test_negative_numbers_and_unsigned_ones():
    large = cupy.array([2**64 - 1, 0], "Q")
    assert (large > -1).all() and not (large == -1).any() and (large + 1).dtype == np.uint64


def test_bfloat16():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    x = cupy.ones(3, bfloat16)
    assert (x + x).dtype == bfloat16 and np.exp(x).dtype == bfloat16
    assert np.logical_xor(x, x).dtype == bool


def test_views_share_memory(x):
    row = x.T[:, 1]
    row += 10
    assert x.get().tolist() == [[0, 1, 2], [13, 14, 15]]
    assert row.base is x.base and row.data.ptr == x.data.ptr + 12
    assert x.reshape(-1).data.ptr == x.data.ptr and x.T.flags.f_contiguous and not row.flags.owndata
    again = cupy.ndarray((2,), "f", x.data + 8, strides=(4,))
    assert again.get().tolist() == [2, 13]


def test_indices_wrap_around(x):
    assert x[0][cupy.array([3, -4])].get().tolist() == [0, 2]
    assert x.take(cupy.array([7]), axis=1).get().tolist() == [[1], [4]]
    x[cupy.array([2]), cupy.array([0])] = 9
    assert x[0, 0].item() == 9
    with pytest.raises(IndexError):
        x[2]


def test_the_higher_array_priority_decides(x):
    class Other:
        __array_priority__ = 1000

        def __radd__(self, other):
            return "mine"

        __rmatmul__ = __radd__

        def __gt__(self, other):
            return "greater"

    assert x + Other() == "mine" and x @ Other() == "mine" and (x < Other()) == "greater"


def test_an_operand_with_ufuncs_of_its_own_is_asked(x):
    class Other:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return ufunc.__name__, method

    assert x + Other() == ("add", "__call__") and Other() is not x
    assert (x / Other(), x > Other()) == (("divide", "__call__"), ("greater", "__call__"))


def test_singular_matrices_do_not_raise():
    assert np.isnan(cupy.linalg.inv(cupy.zeros((2, 2))).get()).all()
    both = cupy.linalg.cholesky(cupy.stack([cupy.eye(2), -cupy.eye(2)])).get()
    assert both[0].tolist() == [[1, 0], [0, 1]] and np.isnan(both[1]).all()


def test_pickle_and_copies(x):
    assert (pickle.loads(pickle.dumps(x)) == x).all()
    assert x.copy().data.ptr != x.data.ptr and cupy.asarray(x) is x and x.astype("f", copy=False) is x


def test_random_numbers():
    def draw(seed):
        generator = cupy.random.Generator(cupy.random.Philox4x3210(seed))
        out = cupy.empty(4, "f")
        assert generator.standard_normal(dtype="f", out=out) is out
        return out.get().tolist(), generator.integers(0, 5, 3, "i").get().tolist()

    assert draw(1) == draw(1) != draw(2)
    with pytest.raises(TypeError, match="wrong type"):
        cupy.random.Generator(cupy.random.XORWOW(1)).random(out=cupy.empty(3, "f"))
    cupy.random.seed(5)
    first = cupy.random.rand(3, dtype="f")
    cupy.random.seed(5)
    assert (first == cupy.random.rand(3, dtype="f")).all()


WAITS = [
    (lambda x: x.get(), "synchronisations"),
    (lambda x: x[0, 0].item(), "synchronisations"),
    (lambda x: float(x[0, 0]), "synchronisations"),
    (lambda x: bool((x > 0).any()), "synchronisations"),
    (lambda x: int(x[0, 1]), "synchronisations"),
    (lambda x: repr(x), "synchronisations"),
    (lambda x: f"{x[0, 0]}", "synchronisations"),
    (lambda x: cupy.asnumpy(x), "synchronisations"),
    (lambda x: x[x > 1], "inherent"),
    (lambda x: x.__setitem__(x > 1, 0), "inherent"),
    (lambda x: np.nonzero(x), "inherent"),
    (lambda x: np.unique(x), "inherent"),
    (lambda x: cupy.bincount(x[0].astype("l")), "inherent"),
    (lambda x: np.where(x > 1), "inherent"),
]


@pytest.mark.parametrize("number", range(len(WAITS)))
def test_waits(x, number):
    program, kind = WAITS[number]
    double.counts.reset()
    program(x)
    assert (double.counts.synchronisations, double.counts.inherent) == (
        (1, 0) if kind == "synchronisations" else (0, 1)
    )
    with double.waiting_allowed(False), pytest.raises(cupyx.DeviceSynchronized):
        program(x)
    with pytest.warns(UserWarning, match="allow_synchronize"), cupyx.allow_synchronize(False):
        x + 1


def test_nobody_waits(x):
    double.counts.reset()
    with double.waiting_allowed(False):
        len(x), x.shape, x.T[0], x.sum(axis=0) + 1, np.where(x > 1, x, 0), x.reshape(3, 2)[1:], cupy.empty(3)
    assert (double.counts.synchronisations, double.counts.inherent, double.counts.launches) == (0, 0, 4)


def test_memory_in_use():
    pool = cupy.get_default_memory_pool()
    before = pool.used_bytes()
    x = cupy.zeros(1000, "d")
    y = x[3:]
    assert pool.used_bytes() == before + 8192
    del x
    assert pool.used_bytes() == before + 8192
    del y
    assert pool.used_bytes() == before and pool.total_bytes() >= before + 8192
    pool.free_all_blocks()
    assert pool.total_bytes() == before
