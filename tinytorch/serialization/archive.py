"""The zip archive that a `.pt` file is: records stored as they are, each beginning at a multiple of 64 bytes.

One record after another, then a directory of them, then the place where the directory is:

    local header | name | padding | the record's bytes | descriptor (checksum, size)       once for each record
    central header | name                                                                  once for each record
    end of directory, in its 64-bit and its 32-bit form

The padding makes it possible to map a tensor straight from the file into memory. `ArchiveWriter` writes the very bytes
that PyTorch writes; `ArchiveReader` finds its way with `zipfile` and believes nothing that it has not checked.

Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (the zip format)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import zipfile

ALIGNMENT = 64
FORMAT_VERSION = 3  # what the record "version" says; files up to MAX_VERSION can be read
MAX_VERSION = 10

_LIMIT = 0xFFFFFFFF  # sizes and offsets from here on do not fit into four bytes: they go into a "zip64" field
_STORED = 0  # compression method: none
_STREAMED = 0x08  # flag: checksum and size stand behind the record, in the descriptor
_UTF8 = 0x0800  # flag: names are UTF-8

_LOCAL = struct.Struct("<4s5H3L2H")  # signature, version, flags, method, time, date, crc, sizes, name and extra lengths
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")


class ArchiveWriter:
    """Writes records one after another into `file`, which needs nothing but `write`; `close` adds the directory."""

    def __init__(self, file: Any, folder: str):
        self._file = file
        self._folder = folder  # every record's name begins with it
        self._position = 0
        self._directory: list[bytes] = []
        self._names_crc = 0
        self._contents_crc = 0

    def write(self, record: str, data: Any) -> None:
        """Add `data` (bytes or an array of bytes) under the name `record`."""
        name = f"{self._folder}/{record}".encode()
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        size, crc, start = len(view), zlib.crc32(view), self._position
        flags = _UTF8 | _STREAMED if size else _UTF8
        zip64 = _zip64_field(size, start)
        # A field "FB" of as many Zs as bring the record to a multiple of ALIGNMENT.
        padding = -(start + _LOCAL.size + len(name) + len(zip64) + 4) % ALIGNMENT
        extra = zip64 + struct.pack("<2sH", b"FB", padding) + b"Z" * padding

        self._put(_LOCAL.pack(b"PK\3\4", 0, flags, 0, 0, 0, 0, 0, 0, len(name), len(extra)) + name + extra)
        self._put(view)
        if size:
            wide = size >= _LIMIT or start >= _LIMIT
            self._put(struct.pack("<4sLQQ" if wide else "<4sLLL", b"PK\7\10", crc, size, size))

        sizes = (min(size, _LIMIT), min(size, _LIMIT))
        lengths = (len(name), len(zip64), 0, 0, 0)
        central = _CENTRAL.pack(b"PK\1\2", 0, 0, flags, 0, 0, 0, crc, *sizes, *lengths, 0, min(start, _LIMIT))
        self._directory.append(central + name + zip64)
        self._names_crc = zlib.crc32(name, self._names_crc)
        self._contents_crc = zlib.crc32(crc.to_bytes(4, "little"), self._contents_crc)

    def close(self) -> None:
        """Write what identifies the file (format version, a number computed from the contents) and the directory."""
        self.write("version", b"%d\n" % FORMAT_VERSION)
        self.write(".data/serialization_id", f"{self._names_crc:020d}{self._contents_crc:020d}".encode())
        start = self._position
        for entry in self._directory:
            self._put(entry)
        size, count, end = self._position - start, len(self._directory), self._position
        self._put(_END_64.pack(b"PK\6\6", _END_64.size - 12, 0x031E, 45, 0, 0, count, count, size, start))
        self._put(_LOCATOR_64.pack(b"PK\6\7", 0, end, 1))
        few = min(count, 0xFFFF)
        self._put(_END.pack(b"PK\5\6", 0, 0, few, few, min(size, _LIMIT), min(start, _LIMIT), 0))

    def _put(self, data: Any) -> None:
        view = memoryview(data)
        self._position += len(view)
        while len(view):
            written = self._file.write(view)
            view = view[len(view) if written is None else written :]  # an unbuffered file may take a part only


def _zip64_field(size: int, start: int) -> bytes:
    """The numbers that are too large for the four bytes that a header has for them."""
    numbers = [size, size] if size >= _LIMIT else []
    if start >= _LIMIT:
        numbers.append(start)
    return struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""


# ---------------------------------------------------------------------------------------------------------------------


class ArchiveReader:
    """Reads the records of the archive that begins at the present position of `file`.

    RuntimeError, mostly with PyTorch's first line, for whatever is wrong with the archive. No record is compressed and
    all of them together are no larger than the file, so that a small file cannot fill the memory.
    """

    def __init__(self, file: IO[bytes]):
        import zipfile  # here, since it takes longer to import than the rest of torch.save and torch.load together

        self._file = file
        start = file.tell()
        try:
            entries = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OverflowError) as error:
            raise broken("reading zip archive", "failed finding central directory", str(error)) from error
        file.seek(0, 2)
        self._length = file.tell()
        if not entries:
            raise broken("reading zip archive", "the archive holds no record")
        if min(entry.header_offset for entry in entries) != start:
            raise broken(
                "reading zip archive",
                "the archive does not begin at the file's position",
                "Where several were written into one stream, read the part of each into an io.BytesIO of its own.",
            )
        folder, slash, _ = entries[0].filename.partition("/")
        if not slash:
            raise RuntimeError(f"file in archive is not in a subdirectory: {folder}")
        self._entries = {entry.filename[len(folder) + 1 :]: entry for entry in entries}
        self._check_sizes(entries)
        self._check_version()

    def __contains__(self, record: str) -> bool:
        return record in self._entries

    def size(self, record: str) -> int:
        """How many bytes the record has."""
        return self._entry(record).file_size

    def offset(self, record: str) -> int:
        """At which byte of the file the record begins."""
        entry = self._entry(record)
        self._file.seek(entry.header_offset)
        header = self._file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or header[:4] != b"PK\3\4":
            raise broken(f"reading file {record}", "invalid header or archive is corrupted")
        name_length, extra_length = _LOCAL.unpack(header)[-2:]
        if self._file.read(name_length) != entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8 else "cp437"):
            raise broken(
                f"reading file {record}", "invalid header or archive is corrupted", "Header and directory differ."
            )
        offset = entry.header_offset + _LOCAL.size + name_length + extra_length
        if offset + entry.file_size > self._length:
            raise broken(f"reading file {record}", "file read failed", "The record reaches beyond the end of the file.")
        return offset

    def read(self, record: str) -> bytes:
        """The record's bytes."""
        data = bytearray(self.size(record))
        self.read_into(record, memoryview(data))
        return bytes(data)

    def read_into(self, record: str, view: memoryview) -> None:
        """Fill `view`, which has the record's size, with the record's bytes, and compare their checksum."""
        self._file.seek(self.offset(record))
        fill: Callable[[memoryview], int | None] = getattr(self._file, "readinto", self._fill_by_read)
        done = 0
        while done < len(view):
            count = fill(view[done:])
            if not count:
                raise broken(f"reading file {record}", "file read failed", "The file ends inside of the record.")
            done += count
        if zlib.crc32(view) != self._entry(record).CRC:
            raise broken(
                f"reading file {record}",
                "crc-32 check failed",
                "The bytes are not those that were written. (Files that PyTorch wrote after set_crc32_options(False) "
                "have no checksums; PyTorch can save them again.)",
            )

    def _fill_by_read(self, view: memoryview) -> int:
        """`readinto` for file-like objects that only have `read`."""
        data = self._file.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _entry(self, record: str) -> zipfile.ZipInfo:
        try:
            return self._entries[record]
        except KeyError:
            raise broken(f"locating file {record}", "file not found") from None

    def _check_sizes(self, entries: list[zipfile.ZipInfo]) -> None:
        for entry in entries:
            if entry.compress_type != _STORED or entry.compress_size != entry.file_size:
                raise RuntimeError(
                    f"The record {entry.filename} is compressed\n\n"
                    "torch.save never compresses, and tinytorch does not load what could grow without bounds.\n"
                    "Fix: unpack the archive and pack it again without compression (zip -0)."
                )
        if sum(entry.file_size for entry in entries) > self._length:
            raise broken("reading zip archive", "the records claim to be larger than the file")

    def _check_version(self) -> None:
        record = ".data/version" if ".data/version" in self else "version"
        if record not in self:
            raise RuntimeError(
                'Expected hasRecord("version") to be true, but got false.  (Could this error message be improved?  '
                "If so, please report an enhancement request to PyTorch.)\n\n"
                "This zip archive was not written by torch.save."
            )
        text = self.read(record)[:20].decode("ascii", "replace").strip()
        if not text.isdecimal():
            raise RuntimeError(f"Couldn't parse the version {text} as Long Long.")
        if not 1 <= int(text) <= MAX_VERSION:
            raise RuntimeError(
                f"Attempted to read a PyTorch file with version {text}, but the maximum supported version for reading "
                f"is {MAX_VERSION}."
            )


def broken(action: str, reason: str, more: str = "") -> RuntimeError:
    """PyTorch's error for an archive that cannot be read, with a sentence more where we know more."""
    text = (
        f"PytorchStreamReader failed {action}: {reason}. This is an internal miniz error. If you are seeing this "
        "error, there is a high likelihood that your checkpoint file is corrupted. This can happen if the checkpoint "
        "was not saved properly, was transferred incorrectly, or the file was modified after saving."
    )
    return RuntimeError(f"{text}\n\n{more}" if more else text)
