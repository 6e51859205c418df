"""Tensors and their storages: what is taken out of memory, and what a tensor may claim of a storage."""

from pickle import UnpicklingError

import numpy as np
import pytest

import tinytorch as tt
from tinytorch import dtypes
from tinytorch.serialization.storage import TypedStorage, UntypedStorage, from_storage, to_storage
from tinytorch.tensor import wrap

BASE = np.arange(24, dtype=np.float32)

# array, and what PyTorch would call its number of bytes, its offset and its strides
ARRAYS = {
    "contiguous": (BASE.reshape(4, 6), 96, 0, (6, 1)),
    "transposed": (BASE.reshape(4, 6).T, 96, 0, (1, 6)),
    "with gaps": (BASE[2:20:3], 64, 0, (3,)),
    "expanded": (np.broadcast_to(BASE[:3], (5, 3)), 12, 0, (0, 1)),
    "a number": (np.array(2.5, np.float32), 4, 0, ()),
    "Fortran order": (np.asfortranarray(BASE.reshape(4, 6)), 96, 0, (1, 4)),
    "backwards, copied": (BASE.reshape(4, 6)[::-1], 96, 0, (6, 1)),
    "imaginary parts": (BASE.view(np.complex64).imag, 92, 0, (2,)),
    "between two elements, copied": (np.zeros(3, [("a", "i1"), ("b", "f4")])["b"], 12, 0, (1,)),
    "empty": (np.empty((2, 0, 3), np.float32), 0, 0, (3, 3, 1)),
}


@pytest.mark.parametrize("array, nbytes, offset, strides", ARRAYS.values(), ids=ARRAYS)
def test_storage_of_an_array(array, nbytes, offset, strides):
    storage, *place = to_storage(wrap(array))
    assert (storage.nbytes(), *place) == (nbytes, offset, array.shape, strides)
    again = from_storage(TypedStorage(storage, dtypes.float32), *place)
    np.testing.assert_array_equal(again._array, array)


def test_a_view_brings_its_whole_storage():
    whole = tt.arange(24.0).view(4, 6)
    view = whole[1:, ::2]
    storage, offset, size, strides = to_storage(view)
    assert (storage.nbytes(), offset, size, strides) == (96, 6, (3, 3), (6, 2))
    assert np.shares_memory(storage.array, whole._array)
    assert (view.storage_offset(), view.stride()) == (offset, strides)
    again = from_storage(TypedStorage(storage, dtypes.float32), offset, size, strides)
    assert np.shares_memory(again._array, whole._array)
    assert again.storage_offset() == 6


OUT_OF_BOUNDS = {
    "too long": (0, (7,), (1,)),
    "stride too large": (0, (3,), (3,)),
    "offset too large": (6, (1,), (1,)),
    "overflow": (0, (2**40, 2**40), (2**40, 1)),
    "negative offset": (-1, (2,), (1,)),
    "negative size": (0, (-2,), (1,)),
    "negative stride": (3, (2,), (-1,)),
    "too many dimensions": (0, (1,) * 100, (1,) * 100),
    "more elements than addresses": (0, (2**62, 2**62), (0, 0)),
    "an empty tensor of impossible size": (0, (2**62, 2**62, 0), (0, 0, 0)),
}


@pytest.mark.parametrize("offset, size, stride", OUT_OF_BOUNDS.values(), ids=OUT_OF_BOUNDS)
def test_claims_beyond_the_storage_are_refused(offset, size, stride):
    storage = TypedStorage(UntypedStorage(np.zeros(24, np.uint8)), dtypes.float32)
    assert from_storage(storage, 0, (6,), (1,)).tolist() == [0.0] * 6
    with pytest.raises(RuntimeError):
        from_storage(storage, offset, size, stride)


@pytest.mark.parametrize(
    "place", [(0, (2,), (1, 1)), (0, (2.0,), (1,)), ("0", (2,), (1,)), (True, (2,), (1,))], ids=str
)
def test_claims_of_the_wrong_kind_are_refused(place):
    storage = TypedStorage(UntypedStorage(np.zeros(24, np.uint8)), dtypes.float32)
    with pytest.raises(UnpicklingError, match="do not describe a tensor"):
        from_storage(storage, *place)


def test_storage_object():
    storage = UntypedStorage(np.zeros(24, np.uint8))
    assert len(storage) == storage.nbytes() == storage.size() == 24
    assert repr(storage).endswith("[torch.storage.UntypedStorage(device=cpu) of size 24]")
    assert storage.cpu() is storage


@pytest.mark.without_gpu
def test_storage_object_for_a_gpu():
    storage = UntypedStorage(np.zeros(24, np.uint8))
    with pytest.raises(AssertionError, match=r"^Torch not compiled with CUDA enabled"):
        storage.cuda()
