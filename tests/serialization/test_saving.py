"""torch.save: the files are PyTorch's, byte for byte, and they are there as a whole or not at all."""

import io
import os
import pickle
import stat
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest

import tinytorch as tt
from tests.serialization.saved_objects import OBJECTS, saved, shared
from tinytorch.serialization import load, save
from tinytorch.serialization import saving as saving_module

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_the_same_bytes_as_pytorch(make):
    ours, theirs = saved(tt, make(tt)), saved(torch, make(torch))
    with zipfile.ZipFile(io.BytesIO(ours)) as our_zip, zipfile.ZipFile(io.BytesIO(theirs)) as their_zip:
        assert our_zip.namelist() == their_zip.namelist()
        for record in our_zip.namelist()[:-1]:
            assert our_zip.read(record) == their_zip.read(record), record
        last = our_zip.namelist()[-1]
        assert last.endswith("/.data/serialization_id")
        assert our_zip.read(last).isdigit() and len(our_zip.read(last)) == len(their_zip.read(last)) == 40
    # The last record identifies the contents, by other numbers than PyTorch's: it and its checksums are left out.
    digits = ours.index(b".data/serialization_id") + len(".data/serialization_id")
    differing = [i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
    assert len(ours) == len(theirs)
    assert all(position > digits for position in differing)
    assert len(differing) <= 40 + 2 * 4


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_pytorch_loads_what_we_save(make):
    loaded = torch.load(io.BytesIO(saved(tt, make(tt))), weights_only=True)
    same_objects(loaded, make(torch))


def same_objects(ours, theirs):
    """Both from PyTorch: equal types, values, strides and flags, all the way down."""
    assert type(ours) is type(theirs)
    if isinstance(theirs, torch.Tensor):
        assert (ours.dtype, ours.shape, ours.stride(), ours.requires_grad) == (
            theirs.dtype, theirs.shape, theirs.stride(), theirs.requires_grad
        )  # fmt: skip
        assert torch.equal(ours, theirs)
        assert getattr(ours, "note", None) == getattr(theirs, "note", None)
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            same_objects(ours[key], theirs[key])
        assert getattr(ours, "_metadata", None) == getattr(theirs, "_metadata", None)
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs):
            same_objects(one, other)
    else:
        assert ours == theirs


def test_shared_memory_is_shared_in_pytorch():
    loaded = torch.load(io.BytesIO(saved(tt, shared(tt))))
    loaded["base"][5] = 100
    assert loaded["part"].tolist() == [2, 100] and loaded["matrix"][1, 1] == 100 and loaded["column"][1] == 100


@pytest.mark.parametrize("debug", ["0", "1"])
def test_pytorch_maps_our_files_into_memory(tmp_path, monkeypatch, debug):
    """With mmap it reckons where each storage is, and under this variable it checks its reckoning."""
    monkeypatch.setenv("TORCH_SERIALIZATION_DEBUG", debug)
    from torch.utils.serialization import config

    made = {"a": tt.arange(5.0), "empty": tt.zeros(0), "b": tt.ones(3, 3), "c": tt.zeros(1000)}
    save(made, tmp_path / "x.pt")
    for reckon in (False, True):
        config.load.calculate_storage_offsets = reckon
        try:
            loaded = torch.load(tmp_path / "x.pt", mmap=True)
        finally:
            config.load.calculate_storage_offsets = False
        assert {name: tensor.tolist() for name, tensor in loaded.items()} == {n: x.tolist() for n, x in made.items()}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickle_protocols(protocol):
    make = OBJECTS["an optimizer's state"]
    data = saved(tt, make(tt), pickle_protocol=protocol)
    same_objects(torch.load(io.BytesIO(data), weights_only=False), make(torch))


@pytest.mark.parametrize("name", ["x.pt", "a.b.pt", "noext", "a b.pt", "\u00e4.pt", ".x.y"])
def test_the_folder_inside_the_archive(tmp_path, name):
    (tmp_path / "ours").mkdir()
    save(1, tmp_path / "ours" / name)
    torch.save(1, tmp_path / name)
    with zipfile.ZipFile(tmp_path / "ours" / name) as ours, zipfile.ZipFile(tmp_path / name) as theirs:
        assert ours.namelist() == theirs.namelist()


# ---- errors ----------------------------------------------------------------------------------------------------------


class NoFlush:
    def write(self, data):
        return len(data)


class NoWrite:
    write = 5


def unpicklable():
    def local():
        pass

    return local


ERRORS = {
    "a number as file": lambda t, folder: (1, 5),
    "no file": lambda t, folder: (1, None),
    "no flush": lambda t, folder: (1, NoFlush()),
    "write is a number": lambda t, folder: (1, NoWrite()),
    "no such folder": lambda t, folder: (1, folder / "no" / "x.pt"),
    "a local function": lambda t, folder: (unpicklable(), folder / "x.pt"),
    "one memory under two dtypes": lambda t, folder: ([x := t.zeros(4), x.view(t.int32)], folder / "x.pt"),
}


@pytest.mark.parametrize("make", ERRORS.values(), ids=ERRORS)
def test_the_same_errors_as_pytorch(make, tmp_path):
    with pytest.raises(Exception) as theirs:
        torch.save(*make(torch, tmp_path))
    with pytest.raises(theirs.type) as ours:
        save(*make(tt, tmp_path))
    assert str(ours.value).split("\n")[0] == str(theirs.value).split("\n")[0]


def test_a_folder_as_file(tmp_path):
    with pytest.raises(RuntimeError, match="open file failed with strerror: Is a directory"):
        torch.save(1, tmp_path)
    with pytest.raises(RuntimeError, match="open file failed with strerror: Is a directory"):
        save(1, tmp_path)


def test_what_is_not_there(tmp_path):
    with pytest.raises(NotImplementedError):
        save(1, tmp_path / "x.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(NotImplementedError):
        save(1, tmp_path / "x.pt", pickle_module=object())


def test_hooks_are_not_saved_and_the_user_is_told():
    for t in (tt, torch):
        tensor = t.ones(1, requires_grad=True)
        tensor.register_hook(print)
        with pytest.warns(
            UserWarning, match="^backward hook <built-in function print> on tensor will not be serialized"
        ):
            saved(t, tensor)


# ---- atomic writing --------------------------------------------------------------------------------------------------


def test_a_crash_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.pt"
    save("old", path)
    program = (
        "import os, sys, tinytorch\n"
        "from tinytorch.serialization import saving\n"
        "saving.ArchiveWriter.close = lambda self: os._exit(7)  # the power goes off before the directory is written\n"
        "saving.save('new', sys.argv[1])\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 7
    assert load(path) == "old"


class Failing:
    def __reduce__(self):
        raise ValueError("cannot be pickled")


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "x.pt"
    save("old", path)
    with pytest.raises(ValueError, match="cannot be pickled"):
        save([tt.ones(3), Failing()], path)
    monkeypatch.setattr(saving_module.os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save("new", path)
    monkeypatch.undo()
    assert load(path) == "old"
    assert os.listdir(tmp_path) == ["x.pt"]


def test_the_file_appears_under_its_name_when_it_is_complete(tmp_path, monkeypatch):
    path, seen = tmp_path / "x.pt", []
    replace = os.replace

    def watched(source, target):
        seen.append((os.path.exists(path), os.path.dirname(source) == str(tmp_path), load(source)))
        replace(source, target)

    monkeypatch.setattr(saving_module.os, "replace", watched)
    save("new", path)
    assert seen == [(False, True, "new")]
    assert load(path) == "new"


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_permissions_and_links(tmp_path):
    path, link = tmp_path / "x.pt", tmp_path / "link.pt"
    save(1, path)
    torch.save(1, tmp_path / "torch.pt")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "torch.pt").stat().st_mode)
    path.chmod(0o640)
    link.symlink_to("x.pt")
    save(2, link)
    assert link.is_symlink() and load(path) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
def test_a_pipe_is_written_into(tmp_path):
    path, received = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()
    save("through a pipe", path)
    reader.join()
    assert load(io.BytesIO(received[0])) == "through a pipe"


def test_file_objects_are_written_at_their_position(tmp_path):
    with open(tmp_path / "x.pt", "wb") as file:
        file.write(b"before")
        save(tt.ones(2), file)
    with open(tmp_path / "x.pt", "rb") as file:
        file.seek(6)
        assert torch.load(file).tolist() == [1, 1]
        file.seek(6)
        assert load(file).tolist() == [1, 1]


def test_plain_pickle_of_the_saved_stream_needs_no_tinytorch():
    """The stream names nothing of tinytorch: where PyTorch is, its own functions are found."""
    with zipfile.ZipFile(io.BytesIO(saved(tt, [tt.ones(2), tt.Size([1]), tt.float16]))) as opened:
        stream = opened.read("archive/data.pkl")
    assert b"tinytorch" not in stream

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, saved_id):
            return torch.storage.TypedStorage(
                wrap_storage=torch.ones(2).untyped_storage(), dtype=torch.float32, _internal=True
            )

    assert Unpickler(io.BytesIO(stream)).load()[0].tolist() == [1, 1]


def test_saving_changes_nothing():
    array = np.arange(6.0)
    array.flags.writeable = False
    tensor = tt.ones(2, 3).t()
    before = tensor.clone()
    saved(tt, [tensor, tt.as_tensor(array.copy())])
    assert tensor.tolist() == before.tolist() and tensor.stride() == (1, 3)
