"""Kernels of one's own on the double: they compute, and what CUDA and CuPy refuse does not compile."""

import numpy as np
import pytest

# the fixture `doubled` gives them their meaning
cupy = None

HOST = "Unsupported type <class 'numpy.ndarray'>"


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
