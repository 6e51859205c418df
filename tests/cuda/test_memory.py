"""How much memory tensors take up, now and at most."""

import gc

import pytest

import tinytorch as tt
from tinytorch.cuda import memory

cuda = tt.cuda
MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def clean():
    gc.collect()
    cuda.empty_cache()
    cuda.reset_peak_memory_stats()


def test_memory_of_a_tensor():
    before = cuda.memory_allocated()
    x = tt.zeros(MEGABYTE, dtype=tt.uint8, device="cuda")
    assert cuda.memory_allocated() - before == MEGABYTE
    assert cuda.memory_reserved() >= cuda.memory_allocated()
    del x
    assert cuda.memory_allocated() == before
    small = tt.zeros(1, device="cuda")
    assert cuda.memory_allocated() - before == 512
    del small


def test_the_peak():
    before = cuda.memory_allocated()
    x = tt.zeros(MEGABYTE, dtype=tt.uint8, device="cuda")
    y = x + 1
    z = y + 1
    del y, z
    assert cuda.max_memory_allocated() - before == 3 * MEGABYTE
    assert cuda.memory_allocated() - before == MEGABYTE
    assert cuda.max_memory_reserved() >= cuda.max_memory_allocated()
    assert tt.accelerator.max_memory_allocated() == cuda.max_memory_allocated("cuda:0") == cuda.max_memory_allocated(0)
    cuda.reset_peak_memory_stats()
    assert cuda.max_memory_allocated() - before == MEGABYTE
    del x


def test_gpus_are_counted_apart():
    if cuda.device_count() < 2:
        pytest.skip("one GPU only")
    before, other = cuda.memory_allocated(0), cuda.memory_allocated(1)
    x = tt.zeros(MEGABYTE, dtype=tt.uint8, device="cuda:1")
    assert (cuda.memory_allocated(0), cuda.memory_allocated(1)) == (before, other + MEGABYTE)
    assert cuda.max_memory_allocated(1) >= other + MEGABYTE
    assert x.get_device() == 1


def test_what_is_kept_is_given_back():
    x = tt.zeros(MEGABYTE, dtype=tt.uint8, device="cuda")
    del x
    kept = cuda.memory_reserved()
    cuda.empty_cache()
    assert cuda.memory_reserved() <= kept - MEGABYTE


def test_statistics():
    stats = cuda.memory_stats()
    assert stats["allocated_bytes.all.current"] == cuda.memory_allocated()
    assert stats["allocated_bytes.all.peak"] == cuda.max_memory_allocated() == tt.accelerator.max_memory_allocated()
    assert stats["reserved_bytes.all.current"] == cuda.memory_reserved() == tt.accelerator.memory_reserved()
    assert stats["reserved_bytes.all.peak"] == cuda.max_memory_reserved()
    assert "allocated" in cuda.memory_summary() and "GPU 0" in cuda.memory_summary()
    free, total = cuda.mem_get_info()
    assert 0 < free <= total
    assert tt.accelerator.get_memory_info()[1] == total


def test_memory_of_a_graph_is_counted():
    x = tt.zeros(MEGABYTE, dtype=tt.uint8, device="cuda")
    before, graph = cuda.memory_allocated(), cuda.CUDAGraph()
    with cuda.graph(graph):
        y = x + 1
    assert cuda.memory_allocated() - before >= MEGABYTE
    del graph
    graph_is_gone = cuda.memory_allocated()
    assert graph_is_gone - before >= MEGABYTE  # y's memory stays while y does
    del y
    assert cuda.memory_allocated() <= graph_is_gone - MEGABYTE


def test_a_limit():
    with pytest.raises(TypeError, match="Invalid type for fraction argument, must be `float`"):
        cuda.set_per_process_memory_fraction(1)
    with pytest.raises(ValueError, match=r"Invalid fraction value: 1\.5"):
        cuda.set_per_process_memory_fraction(1.5)
    cuda.set_per_process_memory_fraction(0.5)
    cuda.set_per_process_memory_fraction(1.0)


def test_no_memory_left(monkeypatch):
    import cupy

    def refuse(self, size):
        raise cupy.cuda.memory.OutOfMemoryError(f"Out of memory allocating {size} bytes")

    monkeypatch.setattr(type(cupy.get_default_memory_pool()), "malloc", refuse)
    with pytest.raises(tt.cuda.OutOfMemoryError, match=r"^CUDA out of memory. Tried to allocate 64.00 MiB. GPU 0 has"):
        memory.allocate(64 << 20)  # what CuPy calls for memory; its double takes no allocator
    assert tt.OutOfMemoryError is tt.cuda.OutOfMemoryError
