"""torch.save: pickle the object, put the storages aside, write both into an archive."""

from __future__ import annotations

import io
import os
import pickle
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FunctionType
from typing import IO, Any

from tinytorch.device import device, host
from tinytorch.dtypes import dtype, uint8
from tinytorch.kernels.memory import address
from tinytorch.serialization.archive import ALIGNMENT, ArchiveWriter
from tinytorch.serialization.rebuild import reduce_tensor
from tinytorch.serialization.storage import STORAGE_TYPE_OF, TypedStorage, UntypedStorage
from tinytorch.serialization.whitelist import torch_names
from tinytorch.tensor import Tensor


def save(
    obj: object,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write `obj` (a tensor, a state dict, whatever can be pickled) to `f`, a path or an object with `write`.

    PyTorch can load the file. A path is written atomically: the bytes go into a new file beside it, which takes its
    place when it is complete and on the disk, so that a crash leaves the old file as it was.

    Errors: RuntimeError if the folder does not exist, AttributeError if `f` cannot be written to, NotImplementedError
    for another pickle module and for the format that PyTorch wrote before version 1.6.

    >>> import io
    >>> file = io.BytesIO()
    >>> torch.save({"w": torch.ones(2), "epoch": 3}, file)
    >>> position = file.seek(0)
    >>> torch.load(file)
    {'w': tensor([1., 1.]), 'epoch': 3}

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.save.html
    """
    is_path = isinstance(f, (str, os.PathLike))
    if not is_path and not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
    if not is_path and not callable(f.write):
        raise TypeError(f"Buffer of {str(type(f)).strip('<>')} has no callable attribute 'write'")
    if pickle_module is not pickle or not _use_new_zipfile_serialization:
        raise NotImplementedError("torch.save: tinytorch writes zip archives only, with Python's own pickle")

    pickled = io.BytesIO()
    pickler = Pickler(pickled, pickle_protocol)
    pickler.dump(obj)

    path = os.fspath(f) if is_path else ""
    folder = os.path.splitext(os.path.basename(path))[0] if path.isascii() else ""  # inside of the archive
    with written_whole(path) if is_path else nullcontext(f) as file:
        archive = ArchiveWriter(file, folder or "archive")
        archive.write("data.pkl", pickled.getbuffer())
        archive.write(".format_version", b"1")
        archive.write(".storage_alignment", b"%d" % ALIGNMENT)
        if not _disable_byteorder_record:
            archive.write("byteorder", sys.byteorder.encode())
        for key, memory in pickler.storages.items():
            archive.write(f"data/{key}", host(memory))
        archive.close()
        file.flush()


_PythonPickler: Any = pickle._Pickler


class Pickler(_PythonPickler):
    """Python's pickler, except that storages are put aside and that what PyTorch has, too, gets PyTorch's name.

    It is the pickler written in Python, not the one in C, because only there is the naming (`save_global`) a method.
    """

    def __init__(self, file: IO[bytes], protocol: int):
        super().__init__(file, protocol)
        names = torch_names()
        self._torch_names = {
            id(thing): name for part in (names.values, names.functions) for name, thing in part.items()
        }
        self._keys: dict[tuple[int, int], str] = {}
        self._dtypes: dict[int, dtype] = {}
        self.storages: dict[str, Any] = {}  # the bytes of each storage by its key, in the order of the keys

    def persistent_id(self, obj: Any) -> Any:
        """How the pickle refers to a storage: by its key in the archive. None for everything else."""
        if not isinstance(obj, TypedStorage):
            return None
        memory = obj.untyped.array
        start = address(memory)
        storage_type: Any = STORAGE_TYPE_OF.get(obj.dtype, UntypedStorage)
        of = uint8 if storage_type is UntypedStorage else obj.dtype
        if memory.size and self._dtypes.setdefault(start, of) is not of:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        # Tensors share a storage where they share its memory. An empty one has none, it is known by its array.
        identity = (start, memory.size) if memory.size else (id(memory), -1)
        key = self._keys.setdefault(identity, str(len(self._keys)))
        self.storages[key] = memory
        return "storage", storage_type, key, str(obj.untyped.device), memory.size // of.itemsize

    def reducer_override(self, obj: Any) -> Any:
        """The name of `obj`, or the function that makes it and its arguments; NotImplemented to leave it to Python."""
        if id(obj) in self._torch_names:
            return self._torch_names[id(obj)]
        if isinstance(obj, Tensor):
            for hook in (obj._hooks or {}).values():
                warnings.warn(
                    f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate "
                    "the function with @torch.utils.hooks.unserializable_hook to suppress this warning",
                    stacklevel=2,
                )
            return reduce_tensor(obj)
        if isinstance(obj, device):
            return device, (obj.type,) if obj.index is None else (obj.type, obj.index)
        return NotImplemented

    def save_global(self, obj: Any, name: str | None = None) -> None:
        """Write the name of a class, of a function or of another thing that is known by its name."""
        torch_name = self._torch_names.get(id(obj))
        if torch_name is None:
            own_name = name or str(getattr(obj, "__qualname__", ""))
            if "<locals>" in own_name:
                raise AttributeError(f"Can't pickle local object '{own_name}'")
            super().save_global(obj, name)
            return
        module, _, own_name = torch_name.rpartition(".")
        if self.proto >= 4:
            self.save(module)
            self.save(own_name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{module}\n{own_name}\n".encode())
        self.memoize(obj)

    dispatch = _PythonPickler.dispatch | {FunctionType: save_global}  # functions do not come to save_global otherwise


@contextmanager
def written_whole(path: str) -> Iterator[IO[bytes]]:
    """A file to write into that becomes `path` when the block is left without an error, and vanishes otherwise."""
    path = os.path.realpath(path)  # through a symbolic link to the file that it stands for
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    if os.path.exists(path) and not os.path.isfile(path):
        if os.path.isdir(path):
            raise RuntimeError(f"open file failed with strerror: Is a directory\n\n{path} is a folder, not a file.")
        with open(path, "wb") as file:  # a pipe or a device cannot be replaced
            yield file
        return
    temporary = os.path.join(folder, f".torch-save-{os.urandom(8).hex()}.part")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Let the new name reach the disk as well; Windows cannot open folders and needs no such call."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
