"""dtypes, their limits and the default one, compared with PyTorch's."""

import copy
import pickle

import pytest

import tinytorch as tt
from tests.functions.beside import same

NAMES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32",
    "float64", "complex64", "complex128", "half", "float", "double", "cfloat", "cdouble", "short", "int", "long",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_facts(name):
    def call(lib):
        kind = getattr(lib, name)
        facts = [kind, repr(kind), str(kind), kind.itemsize, kind.is_floating_point, kind.is_complex, kind.is_signed]
        return [*facts, isinstance(kind, lib.dtype), kind == getattr(lib, name), {kind: 1}[kind], kind == "float32"]

    same(call)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("float16", "bfloat16", "half")])
def test_real_and_complex_counterparts(name):
    same(lambda lib: getattr(lib, name).to_real())
    same(lambda lib: getattr(lib, name).to_complex())


@pytest.mark.parametrize("name", NAMES)
def test_copies_are_the_dtype_itself(name):
    kind = getattr(tt, name)
    assert copy.copy(kind) is copy.deepcopy(kind) is pickle.loads(pickle.dumps(kind)) is kind


@pytest.mark.parametrize("name", NAMES)
def test_finfo(name):
    def call(lib):
        info = lib.finfo(getattr(lib, name))
        facts = [info.bits, info.eps, info.max, info.min, info.tiny, info.smallest_normal, info.resolution, info.dtype]
        return [*facts, repr(info), info == lib.finfo(getattr(lib, name)), info == lib.finfo(lib.float64)]

    same(call)


@pytest.mark.parametrize("name", NAMES)
def test_iinfo(name):
    def call(lib):
        info = lib.iinfo(getattr(lib, name))
        return [info.bits, info.max, info.min, info.dtype, repr(info), info == lib.iinfo(lib.int64)]

    same(call)


LIMITS = [
    lambda lib: lib.finfo().dtype,
    lambda lib: lib.finfo("float32"),
    lambda lib: lib.iinfo(5),
    lambda lib: lib.finfo(type=lib.float64).eps,
    lambda lib: lib.iinfo(type=lib.int8).max,
]


@pytest.mark.parametrize("call", LIMITS)
def test_forms_of_limits(call):
    same(call)


DEFAULTS = [
    lambda lib: lib.set_default_dtype(lib.int64),
    lambda lib: lib.set_default_dtype("float64"),
    lambda lib: lib.set_default_dtype(None),
    lambda lib: lib.set_default_dtype(lib.complex64),
    lambda lib: lib.set_default_tensor_type(lib.DoubleTensor),
    lambda lib: lib.set_default_tensor_type("torch.DoubleTensor"),
    lambda lib: lib.set_default_tensor_type(lib.HalfTensor),
    lambda lib: lib.set_default_tensor_type(lib.LongTensor),
    lambda lib: lib.set_default_tensor_type(lib.float64),
    lambda lib: lib.set_default_dtype(lib.float64),
    lambda lib: lib.set_default_dtype(lib.bfloat16),
]


@pytest.mark.parametrize("call", DEFAULTS)
def test_defaults(call):
    def changed(lib):
        kept = lib.get_default_dtype()
        try:
            call(lib)
            made = (
                lib.zeros(1),
                lib.tensor(2.5),
                lib.Tensor(2).dtype,
                (lib.tensor([1]) / 2).dtype,
                lib.ones(1).int() * 1.5,
            )
            return [lib.get_default_dtype(), made]
        finally:
            lib.set_default_dtype(kept)

    same(changed)
