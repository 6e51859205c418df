"""torch.cuda and torch.accelerator without a GPU: PyTorch's answers and errors, and which part is missing."""

import subprocess
import sys
import textwrap

import pytest

from tests.autograd.stories import failure, story


@pytest.mark.without_gpu
@pytest.mark.torch
@story
def test_questions(lib):
    cuda = lib.cuda
    yield cuda.is_available(), cuda.device_count(), cuda.is_initialized(), cuda.is_bf16_supported()
    yield cuda.memory_allocated(), cuda.max_memory_allocated(), cuda.memory_reserved(), cuda.max_memory_reserved()
    yield cuda.manual_seed(0), cuda.manual_seed_all(0), cuda.empty_cache(), cuda.seed(), cuda.seed_all()
    yield failure(cuda.current_device), failure(cuda.synchronize), failure(cuda.get_device_name)
    yield failure(lib.ones(1).cuda), failure(lib.ones, 1, device="cuda")
    yield failure(cuda.init), failure(cuda.get_device_capability), failure(cuda.get_device_properties)
    yield failure(cuda.ipc_collect), failure(cuda.mem_get_info), failure(cuda.can_device_access_peer, 0, 1)
    yield failure(cuda.current_stream), failure(cuda.default_stream), failure(cuda.Stream), failure(cuda.Event)
    yield failure(cuda.CUDAGraph), failure(cuda.graph_pool_handle), failure(cuda.graph, None)
    yield failure(cuda.make_graphed_callables, lib.sin, (lib.ones(1),))
    yield failure(cuda.initial_seed), failure(cuda.get_rng_state), cuda.get_rng_state_all(), cuda.get_arch_list()
    yield cuda.set_rng_state(lib.zeros(16, dtype=lib.uint8)), cuda.default_generators, dict(cuda.memory_stats())
    yield failure(cuda.set_per_process_memory_fraction, 0.5), failure(cuda.FloatTensor, 3)
    yield cuda.set_device(-1)
    for block in (cuda.device(-1), cuda.device_of(lib.ones(1)), cuda.stream(None)):
        with block:
            yield lib.ones(1)


@pytest.mark.without_gpu
@pytest.mark.torch
@story
def test_accelerator(lib):
    accelerator = lib.accelerator
    yield accelerator.is_available(), accelerator.device_count(), accelerator.current_accelerator()
    for name in (
        "current_device_index", "synchronize", "current_stream", "empty_cache", "memory_stats", "memory_allocated",
        "max_memory_allocated", "memory_reserved", "max_memory_reserved", "reset_peak_memory_stats", "get_memory_info",
        "get_device_capability",
    ):  # fmt: skip
        yield name, failure(getattr(accelerator, name))
    yield failure(accelerator.set_device_index, 0), failure(accelerator.device_index(0).__enter__)
    with accelerator.device_index(None):
        yield lib.ones(1)


@pytest.mark.without_gpu
@pytest.mark.torch
@story
def test_backends(lib):
    cuda, cudnn = lib.backends.cuda, lib.backends.cudnn
    yield cuda.is_built(), cuda.matmul.allow_tf32, cudnn.is_available(), cudnn.enabled, cudnn.version()
    yield cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32
    cuda.matmul.allow_tf32 = True
    yield cuda.matmul.allow_tf32, lib.get_float32_matmul_precision()
    cuda.matmul.allow_tf32 = False
    yield lib.get_float32_matmul_precision()


# ---- what is missing -------------------------------------------------------------------------------------------------

NO_CUPY = """
    import sys
    sys.modules["cupy"] = None  # cannot be imported
"""
NO_DRIVER = """
    import sys, types
    class CUDARuntimeError(RuntimeError):
        pass
    def fails():
        raise CUDARuntimeError("cudaErrorInsufficientDriver: CUDA driver version is insufficient")
    cupy = types.ModuleType("cupy")
    cupy.__version__ = "14.2.0"
    cupy.cuda = types.SimpleNamespace(
        runtime=types.SimpleNamespace(getDeviceCount=fails, CUDARuntimeError=CUDARuntimeError)
    )
    sys.modules["cupy"] = cupy
"""
NO_GPU = NO_DRIVER.replace("cupy = types.ModuleType", "fails = lambda: 0\n    cupy = types.ModuleType")


def told(setting, call):
    """The error's class and text in a process of its own."""
    program = (
        textwrap.dedent(setting)
        + "import tinytorch as torch\n"
        + "assert not torch.cuda.is_available() and torch.cuda.device_count() == 0\n"
        + f"try:\n    {call}\nexcept Exception as error:\n    print(type(error).__name__)\n    print(error)\n"
    )
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    return result.stdout.split("\n", 1)


CALLS = [
    'torch.ones(1, device="cuda")',
    "torch.cuda.current_device()",
    "torch.ones(1).cuda()",
    "torch.cuda.mem_get_info()",
]


@pytest.mark.parametrize("call", CALLS)
def test_no_cupy(call):
    name, text = told(NO_CUPY, call)
    assert name == "AssertionError"
    assert text.startswith("Torch not compiled with CUDA enabled\n\n")
    assert "CuPy, which cannot be imported" in text and "pip install 'tinytorch-readalong[cuda12]'" in text


@pytest.mark.parametrize("call", CALLS)
def test_no_driver(call):
    name, text = told(NO_DRIVER, call)
    assert name == "RuntimeError"
    assert text.startswith("Found no NVIDIA driver on your system.")
    assert "CuPy 14.2.0 is installed" in text and "cudaErrorInsufficientDriver" in text


def test_no_gpu():
    name, text = told(NO_GPU, CALLS[0])
    assert name == "RuntimeError"
    assert text.startswith("No CUDA GPUs are available\n\nCuPy and a driver are there")


@pytest.mark.parametrize(
    "call, first",
    [
        ("torch.cuda.Stream()", "torch.cuda.Stream requires CUDA support"),
        ("torch.cuda.Event()", "Tried to instantiate dummy base class Event"),
        ("torch.cuda.CUDAGraph()", "Tried to instantiate dummy base class CUDAGraph"),
        ("torch.accelerator.synchronize()", "Cannot access accelerator device when none is available."),
    ],
)
def test_pytorchs_line_and_then_what_is_missing(call, first):
    for setting, missing in ((NO_CUPY, "CuPy, which cannot be imported"), (NO_GPU, "the driver shows no GPU")):
        name, text = told(setting, call)
        assert name == "RuntimeError" and text.startswith(first + "\n\n") and missing in text


def test_torch_cuda_is_not_imported_before_somebody_asks():
    program = "import tinytorch, sys; assert 'tinytorch.cuda' not in sys.modules and 'cupy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
