"""Tensors on a GPU and arrays of other libraries there: the same memory, by __cuda_array_interface__ and DLPack."""

import pytest

import tinytorch as tt
from tinytorch.device import library

HERE = "cuda:0"


def test_cupy_reads_and_writes_a_tensors_memory():
    x = tt.arange(6.0, device=HERE).reshape(2, 3).t()
    array = library().asarray(x)
    array[0, 1] = 9
    assert array.shape == (3, 2) and x.tolist() == [[0, 9], [1, 4], [2, 5]]


def test_what_the_interface_refuses():
    assert not hasattr(tt.ones(1), "__cuda_array_interface__")
    with pytest.raises(AttributeError, match=r"^Can't get __cuda_array_interface__ on non-CUDA tensor type"):
        tt.ones(1).__cuda_array_interface__
    with pytest.raises(RuntimeError, match=r"^Can't get __cuda_array_interface__ on Variable that requires grad"):
        tt.ones(1, device=HERE, requires_grad=True).__cuda_array_interface__


def test_a_tensor_of_cupys_array():
    array = library().arange(6, dtype="float32").reshape(2, 3).T
    for shared in (tt.as_tensor(array, device=HERE), tt.from_dlpack(array), tt.asarray(array, device=HERE)):
        assert shared.device == tt.device(HERE) and shared.data_ptr() == array.data.ptr and shared.stride() == (1, 3)
    for copied in (tt.tensor(array), tt.as_tensor(array), tt.from_dlpack(array, device="cpu")):
        assert copied.device.type == "cpu" and copied.tolist() == array.get().tolist()
    assert tt.tensor(array, device=HERE).data_ptr() != array.data.ptr
    assert tt.from_dlpack(array, copy=True).data_ptr() != array.data.ptr


def test_dlpack_there_and_back():
    x = tt.arange(6.0, device=HERE).reshape(2, 3).t()
    assert tuple(map(int, x.__dlpack_device__())) == (2, 0)
    for back in (tt.from_dlpack(x), tt.utils.dlpack.from_dlpack(tt.utils.dlpack.to_dlpack(x))):
        assert back.device == x.device and back.data_ptr() == x.data_ptr() and back.tolist() == x.tolist()
    with pytest.raises(BufferError, match=r"^Can't export tensors that require gradient"):
        x.requires_grad_().__dlpack__()
