"""Questions to a tensor, compared with PyTorch's: sizes, strides, memory, what it is and where."""

import pytest

import tinytorch as tt
from tests.functions.beside import same

SOURCES = [
    lambda lib: lib.arange(24.0).reshape(2, 3, 4),
    lambda lib: lib.arange(24).reshape(4, 6).t(),
    lambda lib: lib.arange(24)[3:20:4],
    lambda lib: lib.zeros(3).expand(2, 3),
    lambda lib: lib.zeros(2, 0, 3),
    lambda lib: lib.tensor(5.0),
    lambda lib: lib.tensor([1 + 2j]),
    lambda lib: lib.tensor([True]),
    lambda lib: lib.ones(2, dtype=lib.bfloat16, requires_grad=True),
    lambda lib: lib.ones(2, requires_grad=True) * 2,
    lambda lib: lib.zeros(2, 3, 4, 5).to(memory_format=lib.channels_last),
]
METHODS = [
    "size", "stride", "dim", "ndimension", "numel", "nelement", "element_size", "is_contiguous", "storage_offset",
    "get_device", "is_shared", "is_pinned", "is_floating_point", "is_complex", "is_signed", "is_inference", "is_conj",
    "is_neg", "dense_dim", "sparse_dim", "is_distributed", "is_coalesced", "values", "indices", "coalesce", "__len__",
    "type", "__nonzero__", "__long__", "_is_view",
]  # fmt: skip
PROPERTIES = [
    "shape", "ndim", "dtype", "device", "is_cuda", "is_cpu", "requires_grad", "is_leaf", "output_nr", "grad",
    "nbytes", "itemsize", "layout", "is_sparse", "is_quantized", "is_meta", "is_mkldnn", "is_mps", "is_xpu",
    "is_nested", "is_xla", "is_ipu", "_version", "retains_grad", "name", "names", "is_sparse_csr", "is_vulkan",
    "is_maia", "is_mtia",
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", METHODS)
def test_methods(source, name):
    same(lambda lib: getattr(source(lib), name)())


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", [name for name in PROPERTIES if name != "grad"])
def test_properties(source, name):
    same(lambda lib: getattr(source(lib), name))


FORMS = [
    lambda lib, x: [x.size(0), x.size(-1), x.size(dim=1), x.size(None)],
    lambda lib, x: [x.stride(0), x.stride(-1), x.stride(dim=1)],
    lambda lib, x: x.size(5),
    lambda lib, x: x.size("a"),
    lambda lib, x: x.size(1.0),
    lambda lib, x: x.stride(-4),
    lambda lib, x: lib.tensor(1).size(0),
    lambda lib, x: x.is_contiguous(memory_format=lib.channels_last),
    lambda lib, x: lib.numel(x),
    lambda lib, x: lib.numel(5),
    lambda lib, x: [lib.is_tensor(x), lib.is_tensor([1]), lib.is_storage(x.untyped_storage()), lib.is_storage(x)],
    lambda lib, x: [lib.is_floating_point(x), lib.is_complex(x), lib.is_nonzero(lib.tensor([2])), lib.is_signed(x)],
    lambda lib, x: lib.is_floating_point(2.5),
    lambda lib, x: lib.is_nonzero(x),
    lambda lib, x: [lib.get_device(x), lib.is_distributed(x), lib.is_inference(x), lib.is_same_size(x, x)],
    lambda lib, x: lib.is_same_size(x, 5),
    lambda lib, x: [x.is_set_to(x), x.is_set_to(x.t()), x.is_set_to(x.clone()), x.is_same_size(x.t())],
    lambda lib, x: [x.const_data_ptr() == x.data_ptr(), x[:0].data_ptr(), x[1].data_ptr() - x.data_ptr()],
    lambda lib, x: [x[1:].storage_offset(), x[1:].untyped_storage().nbytes(), x.t().untyped_storage().nbytes()],
    lambda lib, x: [x.to_dense() is x, x.to_dense(lib.float64)],
    lambda lib, x: x.__delitem__(0),
    lambda lib, x: [x.t()._base is x, x._base, x.t()._is_view()],
    lambda lib, x: x.pin_memory(),
    lambda lib, x: x.nothing,
    lambda lib, x: setattr(x, "note", 5) or x.note,
    lambda lib, x: x.requires_grad_().volatile,
    lambda lib, x: [x.T.shape, x.mT.shape, x.H.shape, x.real is x, x.itemsize],
    lambda lib, x: lib.tensor([1.0]).imag,
    lambda lib, x: [lib.sym_int(2.7), lib.sym_float(2), lib.sym_not(True), lib.sym_max(1, 2), lib.sym_min(1, 2.5)],
    lambda lib, x: [lib.is_autocast_enabled(), lib.is_autocast_enabled("cpu")],
    lambda lib, x: [lib.legacy_contiguous_format, lib.has_lapack, lib.has_mkl, lib.has_openmp, lib.has_spectral],
]


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    same(lambda lib: form(lib, lib.arange(6.0).reshape(2, 3)))


@pytest.mark.parametrize("name", ["shape", "dtype", "is_leaf", "device"])
def test_what_cannot_be_set(name):
    with pytest.raises(AttributeError):
        setattr(tt.zeros(2), name, 5)


def test_views_share_memory_and_version():
    x = tt.zeros(4)
    view = x[1:]
    view.add_(1)
    assert x._version == view._version == 1
    assert view._base is x
    assert x.data_ptr() + 4 == view.data_ptr()
