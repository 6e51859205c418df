"""torch.load: read the archive, run its pickle on the whitelist's machine, put the storages where they belong."""

from __future__ import annotations

import io
import mmap as memory_map
import os
import pickle
import sys
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import IO, Any

import numpy as np

from tinytorch.device import as_device, device, device_count
from tinytorch.dtypes import uint8
from tinytorch.serialization import messages
from tinytorch.serialization.archive import ArchiveReader
from tinytorch.serialization.storage import StorageType, TypedStorage, UntypedStorage
from tinytorch.serialization.unpickler import WhitelistUnpickler, python_3_name
from tinytorch.serialization.whitelist import whitelist


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """What was saved in `f`, a path or an object with `read`, `seek` and `tell`, by `torch.save`, PyTorch's or ours.

    - `map_location`: where storages go: a device, a dict from the saved location to another one, or a function of
      (storage, location) that gives a storage or None;
    - `weights_only=True` (the default): only tensors, containers, numbers, texts and what `add_safe_globals` was given;
      `weights_only=False` admits tinytorch's own classes as well, for modules saved whole, and **nothing else**, other
      than PyTorch: a class of yours must be given to `add_safe_globals`;
    - `mmap=True`: leave the storages in the file until they are used; `f` must be a path.

    Errors: pickle.UnpicklingError that names what is not allowed; RuntimeError for a damaged archive.

    >>> import io
    >>> file = io.BytesIO()
    >>> torch.save([torch.ones(2), "text"], file)
    >>> position = file.seek(0)
    >>> torch.load(file, map_location="cpu")
    [tensor([1., 1.]), 'text']

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.load.html
    """
    if weights_only is None:
        weights_only = pickle_module is None
    if weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if weights_only and pickle_load_args:
        warnings.warn("pickle_load_args only works if `weights_only=False`.", stacklevel=2)
    is_path = isinstance(f, (str, os.PathLike))
    with open(f, "rb") if is_path else nullcontext(f) as file:
        _check_seekable(file)
        _check_is_zip(file)
        archive = ArchiveReader(file)
        if "constants.pkl" in archive:
            raise RuntimeError(messages.torchscript(weights_only))
        if mmap and not is_path:
            raise ValueError("f must be a file path in order to use the mmap argument")
        mapped = memory_map.mmap(file.fileno(), 0, access=memory_map.ACCESS_COPY) if mmap else None
        storages = _Storages(archive, restorer(map_location), mapped)
        machine = WhitelistUnpickler(
            archive.read("data.pkl"),
            whitelist(weights_only),
            storages.load,
            newer_protocols=not weights_only,
            encoding=pickle_load_args.get("encoding", "utf-8"),
        )
        try:
            return machine.load()
        except pickle.UnpicklingError as error:
            raise pickle.UnpicklingError(messages.refused(str(error), weights_only)) from error.__cause__


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The full names in the file's pickle that `torch.load(f)` would refuse. Nothing is loaded."""
    import pickletools

    with open(f, "rb") if isinstance(f, (str, os.PathLike)) else nullcontext(f) as file:
        _check_seekable(file)
        _check_is_zip(file)
        pickled = ArchiveReader(file).read("data.pkl")
    allowed = whitelist(weights_only=True)
    named = {
        python_3_name(*str(argument).split(" "))
        for opcode, argument, _ in pickletools.genops(pickled)
        if opcode.name == "GLOBAL"
    }
    return [name for name in named if name not in allowed]


# ---- storages --------------------------------------------------------------------------------------------------------


class _Storages:
    """The storages of an archive, each read when it is first asked for."""

    def __init__(
        self,
        archive: ArchiveReader,
        restore: Callable[[UntypedStorage, str], UntypedStorage],
        mapped: memory_map.mmap | None,
    ):
        self._archive = archive
        self._restore = restore
        self._mapped = mapped
        self._loaded: dict[str, TypedStorage] = {}
        byteorder = archive.read("byteorder").decode("ascii", "replace") if "byteorder" in archive else "little"
        if byteorder not in ("little", "big"):
            raise ValueError(f"Unknown endianness type: {byteorder}")
        self._swap = byteorder != sys.byteorder

    def load(self, saved_id: tuple) -> TypedStorage:
        """The storage that the pickle calls `("storage", storage type, key, location, number of elements)`."""
        if len(saved_id) != 5 or saved_id[0] != "storage":
            raise pickle.UnpicklingError(f"Only persistent_load of storage is allowed, but got {saved_id}")
        storage_type, key, location, count = saved_id[1:]
        is_typed = isinstance(storage_type, StorageType)
        are_texts = type(key) is str and type(location) is str
        if not (is_typed or storage_type is UntypedStorage) or not are_texts or type(count) is not int:
            raise pickle.UnpicklingError(f"{saved_id} does not describe a storage")
        if key not in self._loaded:
            of = storage_type.dtype if is_typed else uint8
            memory = self._read(f"data/{key}", count * of.itemsize)
            if self._swap:
                part = of.itemsize // 2 if of.is_complex else of.itemsize
                memory.view(f"u{part}").byteswap(inplace=True)
            self._loaded[key] = TypedStorage(self._restore(UntypedStorage(memory), location), of)
        return self._loaded[key]

    def _read(self, record: str, expected: int) -> np.ndarray:
        size = self._archive.size(record)
        if size != expected:
            raise RuntimeError(
                f"record size ({size} bytes) does not match expected size ({expected} bytes = {expected} elements * 1 "
                "bytes/element) for dtype Byte\n\nThe file says two things about one storage: it is damaged."
            )
        if self._mapped is not None and size:
            return np.frombuffer(self._mapped, np.uint8, size, self._archive.offset(record))
        memory = np.empty(size, np.uint8)
        self._archive.read_into(record, memory.data)
        return memory


def restorer(map_location: Any) -> Callable[[UntypedStorage, str], UntypedStorage]:
    """`map_location` as a function that puts a storage, saved at a location, where it is to be."""
    if map_location is None:
        return _restore
    if isinstance(map_location, dict):
        return lambda storage, location: _restore(storage, map_location.get(location, location))
    if isinstance(map_location, (str, device)):
        return lambda storage, location: _restore(storage, str(map_location))

    def ask(storage: UntypedStorage, location: str) -> UntypedStorage:
        answer = map_location(storage, location)
        if answer is None:
            return _restore(storage, location)
        if not isinstance(answer, UntypedStorage):
            raise TypeError(f"map_location must give the storage or None, but gave {type(answer)}")
        return answer

    return ask


def _restore(storage: UntypedStorage, location: str) -> UntypedStorage:
    """The storage at that location: `cpu`, `cuda` for the GPU in use, `cuda:1`."""
    if location == "cpu":
        return storage.cpu()
    if location.startswith("cuda"):
        place, count = device(location), device_count()
        if not count:
            raise RuntimeError(
                "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are "
                "running on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map "
                "your storages to the CPU."
            )
        if (place.index or 0) >= count:
            raise RuntimeError(
                f"Attempting to deserialize object on CUDA device {place.index} but torch.cuda.device_count() is "
                f"{count}. Please use torch.load with map_location to map your storages to an existing device."
            )
        return storage._on(as_device(place))
    raise RuntimeError(
        f"don't know how to restore data location of torch.storage.UntypedStorage (tagged with {location})"
    )


# ---- is it such a file at all? ---------------------------------------------------------------------------------------


def _check_seekable(file: Any) -> None:
    try:
        file.seek(file.tell())
    except (io.UnsupportedOperation, AttributeError) as error:
        raise type(error)(
            f"{error}. You can only torch.load from a file that is seekable. Please pre-load the data into a buffer "
            "like io.BytesIO and try to load from it instead."
        ) from None


def _check_is_zip(file: IO[bytes]) -> None:
    """Raise, with what can be told from its first bytes, unless the file is a zip archive."""
    start = file.tell()
    head = file.read(512)
    file.seek(start)
    if not head:
        raise EOFError("the file is empty: there is nothing to load")
    if head.startswith(messages.LEGACY_MAGIC) or head[257:262] == messages.TAR_MAGIC:
        raise RuntimeError(messages.legacy(is_tar=head[257:262] == messages.TAR_MAGIC))
    if not head.startswith(messages.ZIP_MAGIC):
        raise pickle.UnpicklingError(messages.not_a_zip(head))
