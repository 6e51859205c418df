"""The double of CuPy: it refuses what CuPy refuses, counts what it promises to count, and its kernels compute."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = str(Path(__file__).parent)


@pytest.fixture(scope="module", autouse=True)
def doubled():
    """The double as `cupy` and `cupyx` while these tests run, and no longer: others ask whether there is a GPU."""
    global cupy, cupyx, double, special
    before = {n: m for n, m in sys.modules.items() if n.partition(".")[0] in ("cupy", "cupyx")}
    known = hasattr(before.get("cupy"), "_double")
    if not known:
        for name in before:
            del sys.modules[name]
        sys.path.insert(0, HERE)
    import cupy
    import cupyx
    from cupy import _double as double
    from cupyx.scipy import special

    yield
    if not known:
        sys.path.remove(HERE)
        for name in [n for n in sys.modules if n.partition(".")[0] in ("cupy", "cupyx")]:
            del sys.modules[name]
        sys.modules.update(before)


@pytest.fixture
def x():
    return cupy.arange(6, dtype="f").reshape(2, 3)


@pytest.fixture
def compiler():
    from cupy import _compile

    if _compile.why_not():
        pytest.skip(_compile.why_not())


# ---- what is refused -------------------------------------------------------------------------------------------------

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


# ---- what comes out --------------------------------------------------------------------------------------------------


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


# ---- what is counted -------------------------------------------------------------------------------------------------

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


# ---- streams and graphs ----------------------------------------------------------------------------------------------


def test_a_captured_graph_computes_again(x):
    stream = cupy.cuda.Stream(non_blocking=True)
    weight = cupy.ones(3, "f")
    with stream:
        stream.begin_capture()
        assert stream.is_capturing()
        loss = ((x * weight).sum(axis=1) ** 2).sum()
        weight -= 0.5
        noise = cupy.random.rand(2)
        graph = stream.end_capture()
    assert weight.get().tolist() == [1, 1, 1]  # nothing ran yet
    graph.launch()
    first = noise.get()
    assert loss.item() == 153 and weight.get().tolist() == [0.5, 0.5, 0.5]
    graph.launch(stream)
    assert loss.item() == 153 / 4 and weight.get().tolist() == [0, 0, 0]
    assert noise.get().tolist() != first.tolist()
    x[...] = 0
    graph.launch()
    assert loss.item() == 0


def test_a_captured_graph_reads_indices_again(x):
    index, found = cupy.array([0, 1]), cupy.zeros(3, "f")
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        columns = x[:, index]
        found[index] = 7
        graph = stream.end_capture()
    index += 1
    graph.launch()
    assert columns.get().tolist() == [[1, 2], [4, 5]] and found.get().tolist() == [0, 7, 7]


def test_the_host_must_not_wait_for_a_captured_stream(x):
    stream = cupy.cuda.Stream(non_blocking=True)
    error = cupy.cuda.runtime.CUDARuntimeError
    with stream:
        stream.begin_capture()
        with pytest.raises(error, match="cudaErrorStreamCaptureUnsupported"):
            x.sum().item()
        with pytest.raises(error, match="cudaErrorStreamCaptureInvalidated"):
            stream.end_capture()
    with pytest.raises(error):
        cupy.cuda.Stream.null.begin_capture()
    assert x.sum().item() == 15


def test_streams_events_devices():
    start, end = cupy.cuda.Event(), cupy.cuda.Event()
    start.record()
    stream = cupy.cuda.Stream()
    with stream:
        assert cupy.cuda.get_current_stream() == stream
    assert cupy.cuda.get_current_stream() == cupy.cuda.Stream.null
    stream.record(end)
    stream.wait_event(start)
    assert start.done and stream.done and cupy.cuda.get_elapsed_time(start, end) >= 0
    assert cupy.cuda.runtime.getDeviceCount() == 2 and cupy.cuda.Device(1).compute_capability == "90"
    with pytest.raises(cupy.cuda.runtime.CUDARuntimeError, match="invalid device ordinal"):
        cupy.cuda.Device(2).use()


# ---- kernels of one's own --------------------------------------------------------------------------------------------


def test_elementwise_kernels(x, compiler):
    scaled = cupy.ElementwiseKernel("T x, S y, float32 s", "T z", "z = max((T)(x * y), (T)s)", "scaled")
    assert scaled(x, x[0].astype("d"), 3).get().tolist() == [[3, 3, 4], [3, 4, 10]]
    assert scaled(x.astype("e"), x[0].astype("e"), 3).dtype == np.float16
    backwards = cupy.ElementwiseKernel("raw T x", "T z", "z = x[_ind.size() - 1 - i]")
    assert backwards(x[:, ::2], size=4).get().tolist() == [5, 3, 2, 0]
    corner = cupy.ElementwiseKernel(
        "raw T x, int32 n", "T z", "int at[] = {_ind.get()[1], 0}; z = x[at] + n", reduce_dims=False
    )
    assert corner(x.T, 1, cupy.empty((2, 3), "f")).get().tolist() == [[1, 2, 3], [1, 2, 3]]
    columns = cupy.zeros((3, 2), "f").T
    cupy.ElementwiseKernel(
        "T x", "T y", "if (i == 1) continue; y = twice(x)", preamble="__device__ float twice(float v) { return 2 * v; }"
    )(x, columns)
    assert columns.get().tolist() == [[0, 0, 4], [6, 8, 10]]
    added = cupy.zeros(1, "f")
    assert cupy.ElementwiseKernel("T x", "raw T y", "atomicAdd(&y[0], x)", no_return=True)(x, added) is None
    assert added.item() == 15


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_rounded_as_by_numpy(compiler, dtype):
    dtype = getattr(pytest.importorskip("ml_dtypes"), dtype) if dtype == "bfloat16" else np.float16
    every = np.arange(65536, dtype=np.uint16).view(dtype)
    widen = cupy.ElementwiseKernel("T x", "float32 y", "y = x")
    np.testing.assert_array_equal(widen(cupy.array(every)).get(), every.astype("f"))
    between = np.concatenate([every.astype("f"), np.random.default_rng(0).integers(0, 2**32, 50000, "u4").view("f")])
    with np.errstate(all="ignore"):
        between = np.concatenate([between, (between[1:65536] + between[:65535]) / 2])
        expected = between.astype(dtype)
    narrow = cupy.ElementwiseKernel("float32 x", "T y", "y = x")
    found = narrow(cupy.array(between), cupy.empty(between.shape, dtype)).get()
    np.testing.assert_array_equal(found.astype("f"), expected.astype("f"))


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (lambda k, x: k(x, x.astype("d")), TypeError, "Type is mismatched"),
        (lambda k, x: k(1, 2), ValueError, "Loop size is undecided"),
        (lambda k, x: k(x), TypeError, "Wrong number of arguments"),
        (lambda k, x: k(x, np.ones(3, "f")), TypeError, HOST),
        (lambda k, x: k(x, cupy.ones(4, "f")), ValueError, r"\(2, 3\), \(4,\)"),
        (lambda k, x: k(x, x, cupy.ones(3, "f")), ValueError, "Out shape is mismatched"),
        (lambda k, x: k(x, x, size=3), ValueError, "Specified 'size'"),
        (lambda k, x: cupy.ElementwiseKernel("T i", "T z", "z = i"), ValueError, "Can not use 'i'"),
        (lambda k, x: cupy.ElementwiseKernel("T x", "T z", "z = undefined_")(x), Exception, "undefined_"),
    ],
)
def test_elementwise_kernels_refuse(x, compiler, program, error, words):
    with pytest.raises(error, match=words):
        program(cupy.ElementwiseKernel("T x, T y", "T z", "z = x + y"), x)


def test_reduction_kernels(x, compiler):
    norm = cupy.ReductionKernel("T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "norm")
    np.testing.assert_allclose(norm(x, axis=1).get(), np.linalg.norm(x.get(), axis=1), rtol=1e-6)
    assert norm(x, axis=0, keepdims=True).shape == (1, 3) and norm(x).shape == ()
    np.testing.assert_allclose(norm(x.T, axis=0).get(), np.linalg.norm(x.get(), axis=1), rtol=1e-6)
    largest = cupy.ReductionKernel(
        "T x, raw T w", "T y", "x * w[_J]", "max(a, b)", "y = a", None, "largest", reduce_type="float"
    )
    assert largest(x, cupy.array([-1, 1, 0], "f"), axis=1).get().tolist() == [1, 4]
    with pytest.raises(ValueError, match="no identity"):
        largest(x[:0], x, axis=0)
    assert norm(x[:0], axis=0).get().tolist() == [0, 0, 0]


SUMS = r"""
extern "C" __global__ void row_sums(const float* x, float* y, int n) {
    extern __shared__ float partial[];
    float sum = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) sum += x[blockIdx.x * n + i];
    partial[threadIdx.x] = sum;
    __syncthreads();
    for (int half = blockDim.x / 2; half >= 32; half /= 2) {
        if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x < 32) {
        sum = partial[threadIdx.x];
        for (int step = 16; step; step /= 2) sum += __shfl_down_sync(0xffffffff, sum, step);
        if (threadIdx.x == 0) y[blockIdx.x] = sum;
    }
}
"""


def test_raw_kernels_have_barriers_shuffles_and_shared_memory(compiler):
    values = np.arange(3000, dtype="f").reshape(3, 1000)
    x, y = cupy.array(values), cupy.empty(3, "f")
    kernel = cupy.RawKernel(SUMS, "row_sums")
    kernel((3,), (128,), (x, y, np.int32(1000)), shared_mem=512)
    assert y.get().tolist() == values.sum(1).tolist()
    for program, error, words in (
        (lambda: kernel((3,), (2048,), (x, y, 1000)), cupy.cuda.runtime.CUDARuntimeError, "invalid argument"),
        (lambda: kernel((3,), (128,), (x, y, 1000), shared_mem=1 << 20), cupy.cuda.runtime.CUDARuntimeError, None),
        (lambda: kernel((3,), (128,), (x, y)), TypeError, "3 parameters"),
        (lambda: kernel((3,), (128,), (x, y, 1000.0)), TypeError, "misread"),
        (lambda: kernel((3,), (128,), (values, y, 1000)), TypeError, "structs of up to"),
    ):
        with pytest.raises(error, match=words):
            program()


@pytest.mark.parametrize(
    ("dtype", "body", "wrong"),
    [
        ("d", "atomicMax(&y[0], x)", None),
        ("f", "atomicSub(&y[0], x)", "atomicSub"),  # CUDA has it for integers only
        ("l", "atomicAdd(&y[0], x)", None),
        ("h", "atomicAdd(&y[0], x)", "atomicAdd"),
        ("F", "y[0] = 1 - x", "operator-"),  # complex<float> and int
        ("F", "y[0] = T(1) - x", None),
        ("e", "y[0] = x > T(0) ? x : T(0)", None),
    ],
)
def test_what_cuda_has_not_does_not_compile(compiler, dtype, body, wrong):
    from cupy._compile import CompileException

    kernel = cupy.ElementwiseKernel("T x", "raw T y", body, no_return=True)
    run = kernel, cupy.ones(3, dtype), cupy.zeros(1, dtype)
    if wrong is None:
        run[0](*run[1:])
    else:
        with pytest.raises(CompileException, match=wrong):
            run[0](*run[1:])


def test_raw_sources_include_what_they_need(compiler):
    code = 'extern "C" __global__ void f(__half* x) { x[0] = __float2half(1.5f); }'
    x = cupy.zeros(1, "e")
    with pytest.raises(Exception, match='"__half" is undefined'):
        cupy.RawKernel(code, "f")((1,), (1,), (x,))
    cupy.RawKernel("#include <cuda_fp16.h>\n" + code, "f")((1,), (1,), (x,))
    assert x.item() == 1.5


def test_atomic_maxima_of_doubles_are_kept_in_single_precision():
    x = cupy.array([0.1, 0.1, np.nan])
    np.maximum.at(x, cupy.array([0, 0, 2]), cupy.array([0.05, np.nan, 1.0]))
    assert x.get().tolist() == [float(np.float32(0.1)), 0.1, 1.0]


def test_a_missing_barrier_shows(compiler):
    kernel = cupy.RawKernel(SUMS.replace("__syncthreads();", "", 1), "row_sums")
    x, y = cupy.ones((3, 1000), "f"), cupy.empty(3, "f")
    kernel((3,), (128,), (x, y, 1000), shared_mem=512)
    assert y.get().tolist() != [1000] * 3


def test_a_barrier_that_not_all_threads_reach(compiler):
    code = 'extern "C" __global__ void stuck(int n) { if (threadIdx.x < n) __syncthreads(); else __syncwarp(); }'
    with pytest.raises(RuntimeError, match="wait for each other for ever"):
        cupy.RawKernel(code, "stuck")((1,), (32,), (3,))


def test_modules_of_templates(x, compiler):
    module = cupy.RawModule(
        code="""
        template <class T> __global__ void add(T* x, T a, long long n) {
            long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
            if (i < n) x[i] += a + EXTRA;
        }""",
        name_expressions=["add<float>", "add<double>"],
        options=("-DEXTRA=1", "--use_fast_math"),
    )
    module.get_function("add<float>")((2,), (4,), (x, np.float32(2), x.size))
    assert x.get().tolist() == [[3, 4, 5], [6, 7, 8]]
    with pytest.raises(TypeError, match="misread"):
        module.get_function("add<float>")((1,), (8,), (x, 2.0, x.size))


def test_kernels_in_a_graph(x, compiler):
    grow = cupy.RawKernel('extern "C" __global__ void grow(float* x) { x[threadIdx.x] += 1; }', "grow")
    half = cupy.ElementwiseKernel("T x", "T y", "y = x / 2")
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        grow((1,), (6,), (x,))
        halves = half(x)
        graph = stream.end_capture()
    graph.launch()
    graph.launch()
    assert x.get().tolist() == [[2, 3, 4], [5, 6, 7]] and halves[1, 2].item() == 3.5


# ---- the list --------------------------------------------------------------------------------------------------------

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
