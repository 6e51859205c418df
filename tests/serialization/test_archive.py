"""The archive: what is written can be read by everybody, what is read is checked."""

import io
import struct
import zipfile
from unittest import mock

import numpy as np
import pytest

from tinytorch.serialization import archive
from tinytorch.serialization.archive import ArchiveReader, ArchiveWriter

RECORDS = {
    "data.pkl": b"\x80\x02N.",
    ".format_version": b"1",
    "data/0": bytes(range(200)),
    "data/1": b"",
    "data/2": b"x" * 1000,
    "data/a-much-longer-name-than-the-others": b"1234",
}


def written(records=RECORDS, start=b""):
    file = io.BytesIO()
    file.write(start)
    writer = ArchiveWriter(file, "folder")
    for name, data in records.items():
        writer.write(name, data)
    writer.close()
    file.seek(len(start))
    return file


def test_zipfile_reads_what_is_written():
    with zipfile.ZipFile(written()) as opened:
        assert opened.testzip() is None
        assert {n: opened.read(f"folder/{n}") for n in RECORDS} == RECORDS
        assert opened.read("folder/version") == b"3\n"


@pytest.mark.parametrize("start", [b"", b"something before"])
def test_reader_reads_what_is_written(start):
    reader = ArchiveReader(written(start=start))
    for name, data in RECORDS.items():
        assert name in reader
        assert (reader.size(name), reader.read(name)) == (len(data), data)
    assert "data/3" not in reader


def test_every_record_is_aligned():
    reader = ArchiveReader(written())
    for name in RECORDS:
        assert reader.offset(name) % 64 == 0


def test_arrays_of_bytes_are_written_without_a_copy_of_them():
    array = np.arange(100, dtype=np.uint8)
    array.flags.writeable = False
    assert ArchiveReader(written({"data/0": array})).read("data/0") == array.tobytes()


@pytest.mark.parametrize("limit", [1, 150, 500, 1500])
def test_sizes_and_offsets_beyond_four_bytes(limit):
    """With the limit of four-byte numbers set low, the 64-bit fields come into play without gigabytes of data."""
    saturated = struct.pack("<L", 0xFFFFFFFF)

    def pack_saturated(structure):
        """Numbers at the limit stand in the file as 0xFFFFFFFF, which is what tells a reader to look elsewhere."""
        return lambda *values: structure.pack(*[0xFFFFFFFF if value == limit else value for value in values])

    with mock.patch.object(archive, "_LIMIT", limit):
        for name in ("_CENTRAL", "_END"):
            layout = getattr(archive, name)
            fake = mock.Mock(wraps=layout, size=layout.size, pack=pack_saturated(layout))
            mock.patch.object(archive, name, fake).start()
        try:
            file = written({f"data/{i}": bytes([i]) * 173 for i in range(5)})
        finally:
            mock.patch.stopall()
    assert saturated in file.getvalue()
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None
    file.seek(0)
    reader = ArchiveReader(file)
    assert [reader.read(f"data/{i}") for i in range(5)] == [bytes([i]) * 173 for i in range(5)]


class Grudging(io.RawIOBase):
    """A file that takes, and gives, seven bytes at a time."""

    def __init__(self, data=b""):
        self.inner = io.BytesIO(data)

    def writable(self):
        return True

    def readable(self):
        return True

    def seekable(self):
        return True

    def write(self, data):
        return self.inner.write(bytes(data[:7]))

    def readinto(self, view):
        return self.inner.readinto(memoryview(view)[:7])

    def seek(self, *place):
        return self.inner.seek(*place)

    def tell(self):
        return self.inner.tell()


def test_files_that_write_a_part_only():
    file = Grudging()
    writer = ArchiveWriter(file, "folder")
    for name, data in RECORDS.items():
        writer.write(name, data)
    writer.close()
    assert file.inner.getvalue() == written().getvalue()


class OnlyRead:
    """Nothing but what torch.load asks of a file; long reads come short."""

    def __init__(self, data):
        inner = io.BytesIO(data)
        self.seek, self.tell = inner.seek, inner.tell
        self.read = lambda count=-1: inner.read(count if count < 1000 else 1000)


def test_files_that_read_a_part_only():
    data = written({"data/0": bytes(5000)}).getvalue()
    assert ArchiveReader(OnlyRead(data)).read("data/0") == bytes(5000)
    assert ArchiveReader(io.BufferedReader(Grudging(data))).read("data/0") == bytes(5000)


# ---- damage ----------------------------------------------------------------------------------------------------------


def zipped(records, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as opened:
        for name, data in records.items():
            opened.writestr(name, data)
    file.seek(0)
    return file


GOOD = {"a/data.pkl": b"N.", "a/version": b"3\n"}

REFUSED = {
    "truncated": (io.BytesIO(written().getvalue()[:-30]), "PytorchStreamReader failed reading zip archive"),
    "half": (io.BytesIO(written().getvalue()[:700]), "PytorchStreamReader failed reading zip archive"),
    "four bytes": (io.BytesIO(b"PK\3\4"), "PytorchStreamReader failed reading zip archive"),
    "no record": (zipped({}), "PytorchStreamReader failed reading zip archive"),
    "no folder": (zipped({"data.pkl": b"N."}), "file in archive is not in a subdirectory: data.pkl"),
    "no version": (zipped({"a/data.pkl": b"N."}), r'Expected hasRecord\("version"\) to be true'),
    "version 99": (zipped(GOOD | {"a/version": b"99"}), "Attempted to read a PyTorch file with version 99"),
    "version 0": (zipped(GOOD | {"a/version": b"0"}), "Attempted to read a PyTorch file with version 0"),
    "version abc": (zipped(GOOD | {"a/version": b"abc"}), "Couldn't parse the version abc as Long Long"),
    "compressed": (zipped(GOOD, zipfile.ZIP_DEFLATED), "The record a/data.pkl is compressed"),
}


@pytest.mark.parametrize("file, message", REFUSED.values(), ids=REFUSED)
def test_refused_archives(file, message):
    file.seek(0)
    with pytest.raises(RuntimeError, match=f"^{message}"):
        ArchiveReader(file)


def test_newer_and_older_versions_are_accepted():
    for version in (b"1", b"3\n", b"10"):
        assert "data.pkl" in ArchiveReader(zipped(GOOD | {"a/version": version}))
    assert "data.pkl" in ArchiveReader(zipped({"a/data.pkl": b"N.", "a/.data/version": b"3"}))


def test_a_missing_record():
    with pytest.raises(RuntimeError, match=r"^PytorchStreamReader failed locating file data/9: file not found"):
        ArchiveReader(written()).read("data/9")


def test_a_changed_byte():
    data = bytearray(written().getvalue())
    data[data.index(bytes(range(200))) + 20] ^= 1
    reader = ArchiveReader(io.BytesIO(data))
    assert reader.read("data/2") == b"x" * 1000
    with pytest.raises(RuntimeError, match=r"^PytorchStreamReader failed reading file data/0: crc-32 check failed"):
        reader.read("data/0")


def test_several_archives_in_one_stream():
    first, second = written().getvalue(), written({"data/0": b"second"}).getvalue()
    stream = io.BytesIO(first + second)
    with pytest.raises(RuntimeError, match="does not begin at the file's position"):
        ArchiveReader(stream)
    stream.seek(len(first))
    assert ArchiveReader(stream).read("data/0") == b"second"


def test_records_that_claim_one_piece_of_the_file_many_times():
    """A zip bomb: many entries of the directory, all of them naming the same bytes."""
    data = written({"data/0": bytes(100_000)}).getvalue()
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        entries = opened.infolist()
    bomb = mock.Mock(infolist=lambda: entries * 50)
    with (
        mock.patch.object(zipfile, "ZipFile", lambda file: bomb),
        pytest.raises(RuntimeError, match="claim to be larger"),
    ):
        ArchiveReader(io.BytesIO(data))


def test_a_record_that_reaches_beyond_the_end():
    data = written().getvalue()
    reader = ArchiveReader(io.BytesIO(data))
    reader._entries["data/2"].file_size = len(data)
    with pytest.raises(RuntimeError, match="reaches beyond the end"):
        reader.offset("data/2")


def test_any_single_damaged_byte_is_survived():
    """Whatever byte of the file is changed: it loads, or it is refused with a RuntimeError."""
    good = written({"data/0": b"some bytes", "data/1": b"1"}).getvalue()
    refused = 0
    for position in range(len(good)):
        for change in (0x01, 0x80, 0xFF):
            data = bytearray(good)
            data[position] ^= change
            try:
                reader = ArchiveReader(io.BytesIO(data))
                assert reader.read("data/0") == b"some bytes"
            except RuntimeError:
                refused += 1
    assert refused > len(good) // 2  # the rest is padding, and fields that nobody needs
