"""Storages, compared with PyTorch's: bytes, elements, sharing, the classes of the first years."""

import pytest

import tinytorch as tt
from tests.functions.beside import same

FORMS = [
    lambda lib, x, s: [s.tolist(), len(s), s.size(), s.nbytes(), s.element_size(), s[0], s[-1], str(s), repr(s)],
    lambda lib, x, s: [s.is_cuda, s.is_shared(), s.is_pinned(), s.device, s.is_sparse, s.data_ptr() == x.data_ptr()],
    lambda lib, x, s: [list(s), s.clone().tolist(), s.cpu().tolist(), s.untyped() is s, s == x.untyped_storage()],
    lambda lib, x, s: s[100],
    lambda lib, x, s: s["a"],
    lambda lib, x, s: [s.fill_(0).tolist(), x],
    lambda lib, x, s: [s.copy_(lib.tensor([5.0, 6.0]).untyped_storage()).tolist(), x],
    lambda lib, x, s: [s.__setitem__(0, 7), s.tolist()],
    lambda lib, x, s: s[0:4].tolist(),
    lambda lib, x, s: [lib.UntypedStorage(3).size(), lib.UntypedStorage([1, 2]).tolist(), lib.UntypedStorage().size()],
    lambda lib, x, s: x[1:].untyped_storage().tolist(),
    lambda lib, x, s: x.clone()[1:].untyped_storage() == s,
    lambda lib, x, s: lib.tensor([]).set_(x.untyped_storage(), 1, (1,)),
    lambda lib, x, s: [x.storage().tolist(), x.storage().dtype, len(x.storage()), x.storage()[1], x.storage().nbytes()],
    lambda lib, x, s: [str(x.storage()), x.storage().element_size(), x.storage().size(), x.storage().device],
    lambda lib, x, s: x.storage()[9],
    lambda lib, x, s: [x.storage().fill_(3).tolist(), x],
    lambda lib, x, s: x.storage().untyped().tolist(),
    lambda lib, x, s: x.storage().type(),
    lambda lib, x, s: x.storage_type().__name__,
    lambda lib, x, s: lib.FloatStorage([1, 2, 3]).tolist(),
    lambda lib, x, s: [lib.FloatStorage(3).size(), lib.LongStorage().size(), lib.DoubleStorage([1]).dtype],
    lambda lib, x, s: lib.FloatTensor(lib.FloatStorage([1, 2, 3])),
    lambda lib, x, s: [isinstance(x.storage(), lib.FloatStorage), isinstance(x.storage(), lib.LongStorage)],
    lambda lib, x, s: isinstance(x.storage(), lib.TypedStorage),
    lambda lib, x, s: lib.TypedStorage([1, 2], dtype=lib.int32).tolist(),
    lambda lib, x, s: [lib.is_storage(s), lib.is_storage(x.storage()), lib.is_storage(x)],
]


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    def call(lib):
        x = lib.tensor([1.0, 2.0])
        return form(lib, x, x.untyped_storage())

    same(call)


def test_a_storage_shares_the_memory_of_its_tensors():
    x = tt.arange(6).reshape(2, 3)
    view = x[1]
    assert view.untyped_storage() == x.untyped_storage()
    assert view.untyped_storage().nbytes() == 48
    assert hash(view.untyped_storage()) == hash(x.untyped_storage())
    view.untyped_storage().fill_(0)
    assert not x.any()
