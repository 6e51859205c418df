"""torch.load: what PyTorch saved comes back as it was, and nothing comes that is not on the list."""

import collections
import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinytorch as tt
from tests.serialization.saved_objects import DTYPES, OBJECTS, saved, shared
from tinytorch.serialization import (
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    get_unsafe_globals_in_checkpoint,
    load,
    safe_globals,
    save,
)

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def no_safe_globals():
    yield
    clear_safe_globals()
    torch.serialization.clear_safe_globals()


def as_plain(obj):
    """Tensors of either library as what can be asked about them, everything else as its type and `repr`."""
    if isinstance(obj, (torch.Tensor, tt.Tensor)):
        values = obj.detach().to(torch.float32 if isinstance(obj, torch.Tensor) else tt.float32).tolist()
        if "complex" in str(obj.dtype):
            values = obj.tolist()
        facts = str(obj.dtype), tuple(obj.shape), tuple(obj.stride()), obj.storage_offset(), obj.requires_grad
        return type(obj).__name__, *facts, getattr(obj, "note", None), values
    if isinstance(obj, dict):
        return type(obj), getattr(obj, "_metadata", None), {key: as_plain(value) for key, value in obj.items()}
    if type(obj) in (list, tuple, set):
        return type(obj), [as_plain(each) for each in obj]
    return type(obj).__name__, repr(obj)


LIBRARIES = {"PyTorch": torch, "tinytorch": tt}


@pytest.mark.filterwarnings("ignore:Casting complex values to real discards the imaginary part")
@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_everything_that_was_saved_comes_back(make, library):
    data = saved(library, make(library))
    assert as_plain(load(io.BytesIO(data))) == as_plain(torch.load(io.BytesIO(data)))


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_shared_memory_is_shared_again(library):
    loaded = load(io.BytesIO(saved(library, shared(library))))
    assert loaded["base"] is loaded["again"]
    loaded["base"][5] = 100
    assert loaded["part"].tolist() == [2, 100]
    assert loaded["matrix"].tolist()[1] == [4, 100, 6, 7]
    assert loaded["column"].tolist() == [1, 100, 9]


@st.composite
def views(draw):
    """How to make a view: a shape, an order of its dimensions, a piece of each."""
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    order = draw(st.permutations(range(len(shape))))
    pieces = [slice(draw(st.integers(0, 2)), draw(st.integers(0, 4)), draw(st.integers(1, 3))) for _ in shape]
    return draw(st.sampled_from(DTYPES)), shape, order, tuple(pieces)


@settings(max_examples=150)
@given(views(), st.booleans())
def test_any_view_goes_there_and_back(recipe, ours_first):
    dtype, shape, order, pieces = recipe
    count = int(np.prod(shape))

    def make(t):
        return t.arange(count).to(getattr(t, dtype)).view(*shape).permute(*order)[pieces] if shape else t.tensor(1.5)

    source, reader = (tt, torch.load) if ours_first else (torch, load)
    loaded = reader(io.BytesIO(saved(source, make(source))))
    expected = make(torch)
    assert str(loaded.dtype) == str(expected.dtype)
    assert tuple(loaded.shape) == tuple(expected.shape)
    if expected.numel():
        assert loaded.stride() == expected.stride() and loaded.storage_offset() == expected.storage_offset()
    assert loaded.tolist() == expected.tolist()


def test_lazily_conjugated_and_negated_tensors():
    numbers = torch.tensor([1 + 2j, -3j])
    for tensor in (numbers.conj(), numbers.conj().imag, numbers.conj().imag[1:]):
        assert tensor.is_conj() or tensor.is_neg()
        assert load(io.BytesIO(saved(torch, tensor))).tolist() == tensor.tolist()


def test_paths_and_files(tmp_path):
    path = tmp_path / "x.pt"
    save(tt.ones(2), path)
    with open(path, "rb") as file, open(path, "rb", buffering=0) as unbuffered:
        for source in (path, str(path), file, unbuffered, io.BytesIO(path.read_bytes())):
            assert load(source).tolist() == [1, 1]


def test_a_file_object_is_read_from_its_position(tmp_path):
    stream = io.BytesIO()
    torch.save("first", stream)
    start = stream.tell()
    torch.save([1, 2, "second"], stream)
    stream.seek(start)
    assert load(stream) == [1, 2, "second"]
    stream.seek(0)
    with pytest.raises(RuntimeError, match="does not begin at the file's position"):
        load(stream)


def test_memory_mapping(tmp_path):
    path = tmp_path / "x.pt"
    torch.save({"a": torch.arange(1000.0), "empty": torch.zeros(0), "b": torch.ones(3, dtype=torch.bfloat16)}, path)
    loaded = load(path, mmap=True)
    assert loaded["a"].tolist() == list(range(1000)) and loaded["b"].tolist() == [1, 1, 1]
    assert loaded["empty"].tolist() == []
    loaded["a"].zero_()  # a private copy: the file stays
    assert load(path)["a"].tolist() == list(range(1000))
    with pytest.raises(ValueError, match=r"^f must be a file path in order to use the mmap argument$"):
        load(io.BytesIO(path.read_bytes()), mmap=True)


# ---- map_location ----------------------------------------------------------------------------------------------------

LOCATIONS = {
    "None": None, "cpu": "cpu", "cpu:0": "cpu:0", "cuda": "cuda:0", "foo": "foo", "a dict": {"cpu": "cuda:1"},
    "an empty dict": {}, "the storage": lambda storage, location: storage,
    "no answer": lambda storage, location: None, "another answer": lambda storage, location: 5, "a number": 5,
    "on the cpu": lambda storage, location: storage.cpu(),
}  # fmt: skip


@pytest.mark.without_gpu
@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
def test_map_location(location):
    data = saved(torch, torch.ones(2))
    try:
        expected = torch.load(io.BytesIO(data), map_location=location).tolist()
    except Exception as theirs:
        with pytest.raises(type(theirs)) as ours:
            load(io.BytesIO(data), map_location=location)
        if location != LOCATIONS["another answer"]:
            assert str(ours.value).split("\n")[0] == str(theirs).split("\n")[0]
    else:
        assert load(io.BytesIO(data), map_location=location).tolist() == expected


def test_map_location_is_asked_once_for_each_storage():
    asked = []
    base = torch.arange(4.0)
    load(
        io.BytesIO(saved(torch, [base, base[1:], torch.ones(1)])),
        map_location=lambda storage, location: asked.append((storage.nbytes(), location)),
    )
    assert asked == [(16, "cpu"), (4, "cpu")]


@pytest.mark.without_gpu
def test_a_file_from_a_gpu():
    with zipfile.ZipFile(io.BytesIO(saved(tt, tt.ones(2)))) as opened:
        pickled = opened.read("archive/data.pkl").replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
        data = repacked(opened, {"archive/data.pkl": pickled})
    for location, device in (("cpu", tt.device("cpu")), ({"cuda:0": "cpu"}, tt.device("cpu"))):
        assert load(io.BytesIO(data), map_location=location).device == device
    for module in (torch.load, load):
        with pytest.raises(
            RuntimeError, match=r"^Attempting to deserialize object on a CUDA device but torch.cuda.is_avail"
        ):
            module(io.BytesIO(data))


# ---- arguments -------------------------------------------------------------------------------------------------------


def test_arguments():
    data = saved(torch, [1])
    for function in (torch.load, load):
        with pytest.raises(
            RuntimeError, match=r"^Can not safely load weights when explicit pickle_module is specified$"
        ):
            function(io.BytesIO(data), pickle_module=pickle, weights_only=True)
        with pytest.warns(UserWarning, match=r"^pickle_load_args only works if `weights_only=False`.$"):
            assert function(io.BytesIO(data), encoding="latin1") == [1]
        assert function(io.BytesIO(data), pickle_module=pickle) == [1]
        with pytest.raises(FileNotFoundError):
            function("/no/such/file.pt")
        with pytest.raises(AttributeError, match=r"You can only torch.load from a file that is seekable"):
            function(None)


# ---- what is refused -------------------------------------------------------------------------------------------------


class Attacker:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


UNSAFE = {
    "posix.system": lambda: Attacker(__import__("os").system, ("true",)),
    "eval": lambda: Attacker(eval, ("1",)),
    "functools.partial": lambda: __import__("functools").partial(int),
    "numpy._core.multiarray.scalar": lambda: np.float32(1),
    "frozenset": lambda: frozenset({1}),
    "range": lambda: range(3),
    "collections.defaultdict": lambda: collections.defaultdict(dict),
    "torch.nn.modules.linear.Linear": lambda: torch.nn.Linear(1, 1),
    f"{__name__}.Attacker": lambda: {
        "deep": [Attacker.__new__(Attacker), object.__new__(Attacker)].__getitem__ and Attacker
    },
}


@pytest.mark.parametrize("name, make", UNSAFE.items(), ids=UNSAFE)
def test_the_same_refusals_as_pytorch(name, make):
    data = saved(torch, make())
    with pytest.raises(pickle.UnpicklingError) as theirs:
        torch.load(io.BytesIO(data))
    with pytest.raises(pickle.UnpicklingError) as ours:
        load(io.BytesIO(data))
    assert str(ours.value).split("\n")[0] == str(theirs.value).split("\n")[0]
    assert f"GLOBAL {name} " in str(ours.value) and f"GLOBAL {name} " in str(theirs.value)
    theirs_unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data))
    assert sorted(get_unsafe_globals_in_checkpoint(io.BytesIO(data))) == sorted(theirs_unsafe)


@pytest.mark.parametrize("name", ["posix.system", "eval", "functools.partial", f"{__name__}.Attacker"])
def test_without_weights_only_the_list_still_rules(name):
    """The house rule: no file runs code of its choice, whatever the argument."""
    with pytest.raises(pickle.UnpicklingError, match=f"GLOBAL {name} "):
        load(io.BytesIO(saved(torch, UNSAFE[name]())), weights_only=False)


def test_plain_containers_without_weights_only():
    made = collections.defaultdict(list, a=[1])
    loaded = load(io.BytesIO(saved(torch, made)), weights_only=False)
    assert loaded == made and loaded.default_factory is list
    for factory in (eval, print, torch.save):
        with pytest.raises(pickle.UnpicklingError):
            load(io.BytesIO(saved(torch, collections.defaultdict(factory))), weights_only=False)


class Settings:
    def __init__(self, rate):
        self.rate = rate


def make_settings(rate):
    return Settings(rate)


def test_safe_globals():
    data = saved(torch, Settings(0.5))
    for module in (torch.serialization, tt.serialization):
        function = torch.load if module is torch.serialization else load
        module.add_safe_globals([Settings])
        assert module.get_safe_globals() == [Settings]
        assert function(io.BytesIO(data)).rate == 0.5
        module.clear_safe_globals()
        assert module.get_safe_globals() == []
        with module.safe_globals([Settings]):
            assert function(io.BytesIO(data)).rate == 0.5
        with pytest.raises(pickle.UnpicklingError):
            function(io.BytesIO(data))


def test_safe_globals_under_another_name():
    data = saved(torch, Attacker(make_settings, (3,)))
    renamed = data.replace(b"make_settings", b"mock_settings")
    name = f"{__name__}.mock_settings"
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        pickled = opened.read("archive/data.pkl").replace(b"make_settings", b"mock_settings")
        renamed = repacked(opened, {"archive/data.pkl": pickled})
    add_safe_globals([(make_settings, name)])
    assert load(io.BytesIO(renamed)).rate == 3
    with pytest.raises(pickle.UnpicklingError):
        load(io.BytesIO(data))
    for entry, error in {(make_settings, "a", "b"): ValueError, (make_settings, 5): TypeError}.items():
        with safe_globals([entry]), pytest.raises(error) as ours:
            load(io.BytesIO(data))
        with torch.serialization.safe_globals([entry]), pytest.raises(error) as theirs:
            torch.load(io.BytesIO(data))
        assert str(ours.value) == str(theirs.value)


def test_blocked_modules_stay_blocked():
    import os

    data = saved(torch, UNSAFE["posix.system"]())
    with safe_globals([os.system, (os.system, "posix.system")]):
        for weights_only in (True, False):
            with pytest.raises(pickle.UnpicklingError, match="whose module posix is blocked"):
                load(io.BytesIO(data), weights_only=weights_only)
    assert get_safe_globals() == []


# ---- other files, and damaged ones -----------------------------------------------------------------------------------


def repacked(opened, changes):
    """A copy of an archive with some of the records replaced (or, where None, left out); checksums fit."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as copy:
        for name in dict.fromkeys([*opened.namelist(), *changes]):
            data = changes.get(name, b"") if name in changes else opened.read(name)
            if data is not None:
                copy.writestr(name, data)
    return file.getvalue()


def changed(changes, obj=None):
    with zipfile.ZipFile(io.BytesIO(saved(torch, torch.arange(6.0) if obj is None else obj))) as opened:
        return repacked(opened, {f"archive/{name}": data for name, data in changes.items()})


def legacy():
    file = io.BytesIO()
    torch.save(torch.ones(2), file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def tar():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    return file.getvalue()


WHOLE = saved(torch, torch.arange(6.0))

SAME_ERROR = {
    "truncated": WHOLE[:-30],
    "half": WHOLE[:400],
    "a missing storage": changed({"data/0": None}),
    "a missing pickle": changed({"data.pkl": None}),
    "a missing version": changed({"version": None}),
    "a storage that is too short": changed({"data/0": b"1234"}),
    "a storage that is too long": changed({"data/0": b"1234" * 100}),
    "an unknown byte order": changed({"byteorder": b"weird"}),
    "a web page": b"<!DOCTYPE html><html></html>",
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1",
    "an empty zip": b"PK\5\6" + bytes(18),
}


@pytest.mark.parametrize("data", SAME_ERROR.values(), ids=SAME_ERROR)
def test_the_same_errors_as_pytorch(data):
    with pytest.raises(Exception) as theirs:
        torch.load(io.BytesIO(data))
    with pytest.raises(theirs.type) as ours:
        load(io.BytesIO(data))
    assert str(ours.value).split("\n")[0] == str(theirs.value).split("\n")[0]


OWN_ERROR = {
    "nothing": (b"", EOFError, "the file is empty"),
    "a text": (b"hello world", pickle.UnpicklingError, "^Weights only load failed"),
    "a web page": (b"<!DOCTYPE html>", pickle.UnpicklingError, "a web page"),
    "an array": (b"\x93NUMPY\1\0", pickle.UnpicklingError, "a NumPy array"),
    "safetensors": (b"\x10\0\0\0\0\0\0\0" + b'{"a":{}}', pickle.UnpicklingError, "a safetensors file"),
    "before version 1.6": (legacy(), RuntimeError, "before PyTorch 1.6"),
    "a tar": (tar(), RuntimeError, r"^Cannot use ``weights_only=True`` with files saved in the legacy .tar format"),
    "TorchScript": (changed({"constants.pkl": b""}), RuntimeError, "TorchScript archives passed to ``torch.load``"),
    "a changed number": (
        WHOLE.replace(np.float32(5).tobytes(), np.float32(6).tobytes()),
        RuntimeError,
        "crc-32 check failed",
    ),
    "protocol 0": (
        changed({"data.pkl": pickle.dumps([1, "a"], 0)}),
        pickle.UnpicklingError,
        "^Weights only load failed",
    ),
}


@pytest.mark.parametrize("data, error, message", OWN_ERROR.values(), ids=OWN_ERROR)
def test_other_files(data, error, message):
    with pytest.raises(error, match=message):
        load(io.BytesIO(data))


def test_files_without_the_newer_records():
    for changes in ({"byteorder": None}, {".format_version": None, ".storage_alignment": None}):
        assert load(io.BytesIO(changed(changes))).tolist() == list(range(6))


def test_big_endian_files():
    for dtype in ("float32", "int64", "complex64", "bfloat16", "bool"):
        tensor = torch.arange(3).to(getattr(torch, dtype))
        size = 4 if dtype == "complex64" else tensor.element_size()
        swapped = tensor.view(torch.uint8).numpy().view(f"u{size}").byteswap().tobytes()
        data = changed({"data/0": swapped, "byteorder": b"big"}, tensor)
        assert load(io.BytesIO(data)).tolist() == torch.load(io.BytesIO(data)).tolist() == tensor.tolist()


def with_place(offset=b"K\0", size=b"K\6\x85", stride=b"K\1\x85", count=b"K\6"):
    """A file in which a tensor claims this place in a storage of six floats."""
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as opened:
        pickled = opened.read("archive/data.pkl")
    place = b"K\6tq\5QK\0K\6\x85q\6K\1\x85q\7"
    assert pickled.count(place) == 1
    return changed({"data.pkl": pickled.replace(place, count + b"tq\5Q" + offset + size + b"q\6" + stride + b"q\7")})


HOSTILE = {
    "too long": {"size": b"K\7\x85"},
    "too far": {"offset": b"K\1"},
    "a large stride": {"stride": b"M\xff\xff\x85"},
    "a negative stride": {"stride": b"J\xff\xff\xff\xff\x85"},
    "a negative offset": {"offset": b"J\xff\xff\xff\xff"},
    "a negative size": {"size": b"J\xff\xff\xff\xff\x85"},
    "a fraction": {"stride": b"G?\xf0\0\0\0\0\0\0\x85"},
    "two sizes, one stride": {"size": b"K\1K\1\x86"},
    "no tuple": {"size": b"K\6"},
    "more elements than the record": {"count": b"J\xff\xff\xff\x7f"},
    "fewer elements than the record": {"count": b"K\5"},
    "a negative number of elements": {"count": b"J\xff\xff\xff\xff"},
    "no number of elements": {"count": b"N"},
}


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("place", HOSTILE.values(), ids=HOSTILE)
def test_tensors_that_reach_out_of_their_storage(place, weights_only):
    assert load(io.BytesIO(with_place())).tolist() == list(range(6))
    with pytest.raises((RuntimeError, pickle.UnpicklingError)):
        load(io.BytesIO(with_place(**place)), weights_only=weights_only)


REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
FLAGS = b"\x89ccollections\nOrderedDict\n)R"

PROGRAMS = {
    "a tensor of a number": REBUILD + b"(K\5K\0))" + FLAGS + b"tR.",
    "a tensor with too few arguments": REBUILD + b"(K\5K\0tR.",
    "a parameter of a text": b"ctorch._utils\n_rebuild_parameter\nX\1\0\0\0a\x88}\x87R.",
    "a storage that is no storage": b"(X\7\0\0\0storageK\1X\1\0\0\0" + b"0X\3\0\0\0cpuK\6tQ.",
    "a storage without a name": b"(X\7\0\0\0storagectorch\nFloatStorage\nNX\3\0\0\0cpuK\6tQ.",
    "something else that is persistent": b"X\6\0\0\0module\x85Q.",
    "a tensor made by a class": b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\nSize\nctorch\nTensor\n)}tR.",
    "a huge bytearray": b"c__builtin__\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
    "bytes in another encoding": b"c_codecs\nencode\nX\1\0\0\0aX\3\0\0\0hex\x86R.",
    "a dtype that is called": b"ctorch\nfloat32\n)R.",
    "a storage type that is called": b"ctorch\nFloatStorage\n)R.",
    "a tensor out of nothing": b"ctorch\nTensor\n)R.",
    "a new tensor": b"ctorch\nTensor\n)\x81.",
    "a new storage": b"ctorch.storage\nUntypedStorage\n)\x81.",
    "a class that gets attributes": b"ctorch\nTensor\nN}X\3\0\0\0addK\1s\x86b.",
    "a function of tinytorch": b"ctinytorch.serialization.saving\nsave\n)R.",
    "a function of tinytorch, unused": b"ctinytorch.serialization.saving\nsave\n.",
    "Python through tinytorch": b"ctinytorch.serialization.saving\nos\n.",
    "a dotted name": b"ctinytorch.serialization\nsaving.os.system\n.",
}


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_hostile_programs(program, weights_only):
    with pytest.raises(pickle.UnpicklingError):
        load(io.BytesIO(changed({"data.pkl": b"\x80\2" + program})), weights_only=weights_only)


def test_attributes_cannot_replace_what_belongs_to_the_tensor():
    for name in ("_array", "_node", "shape", "add", "__class__"):
        tensor = torch.ones(2)
        tensor.note = "x"
        text = f"X{chr(len(name))}\0\0\0{name}".encode()
        with zipfile.ZipFile(io.BytesIO(saved(torch, tensor))) as opened:
            pickled = opened.read("archive/data.pkl").replace(b"X\4\0\0\0note", text)
        with pytest.raises(pickle.UnpicklingError, match=name):
            load(io.BytesIO(changed({"data.pkl": pickled}, tensor)))


@pytest.mark.parametrize("weights_only", [True, False])
def test_any_damaged_byte_of_a_pickle_is_survived(weights_only):
    """Checksums would catch these; here they fit, as they do in a file that somebody made on purpose."""
    obj = collections.OrderedDict(
        w=torch.nn.Parameter(torch.ones(2, 3)), b=torch.arange(3)[1:], n=[1, 2.5, {"x": None}, (1j,)]
    )
    with zipfile.ZipFile(io.BytesIO(saved(torch, obj))) as opened:
        pickled = opened.read("archive/data.pkl")
        outcomes = collections.Counter()
        for position in range(len(pickled)):
            for value in (0, ord("."), ord("R"), ord("}"), ord("K"), pickled[position] ^ 1, pickled[position] ^ 0x80):
                damaged = bytearray(pickled)
                damaged[position] = value
                data = repacked(opened, {"archive/data.pkl": bytes(damaged)})
                try:
                    load(io.BytesIO(data), weights_only=weights_only)
                    outcomes["loaded"] += 1
                except (RuntimeError, pickle.UnpicklingError, UserWarning) as error:
                    outcomes[type(error).__name__] += 1
    assert outcomes["loaded"] > 50 and outcomes["UnpicklingError"] > 1000
