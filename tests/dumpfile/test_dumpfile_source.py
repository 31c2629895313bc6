"""Where the bytes come from, and files that are no dumps."""

import gc
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from made_dumps import EVERY_TYPE, PAGE, page

from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.errors import DumpError, DumpNotFound, EmptyFile, IsADirectory
from volplugins.dumpfile.source import BytesSource, FileSource


def test_a_file_and_bytes_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "some.dmp"
    path.write_bytes(bytes(range(200)))
    with FileSource(path) as source:
        for other in (source, BytesSource(bytes(range(200)))):
            assert other.size == 200
            assert other.read(0, 3) == b"\0\1\2"
            assert other.read(190, 100) == bytes(range(190, 200))
            assert other.read(200, 1) == other.read(1 << 70, 5) == other.read(-1, 5) == other.read(5, 0) == b""
            assert other.read(5, -1) == b""
            view = other.view()
            assert view is not None
            assert (len(view), view.readonly) == (200, True)
            view.release()


def test_a_dump_opens_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "MEMORY.DMP"
    path.write_bytes(EVERY_TYPE["bitmap-64"])
    with FileSource(path) as source:
        memory = open_dump(source).memory
        assert memory is not None
        assert memory.read(0x41 * PAGE, PAGE) == page(0x41)
    assert path.read_bytes() == EVERY_TYPE["bitmap-64"]
    assert os.listdir(tmp_path) == ["MEMORY.DMP"]


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(DumpNotFound, match=r"nowhere\.dmp: No such file"):
        FileSource(tmp_path / "nowhere.dmp")
    with pytest.raises(DumpNotFound):
        FileSource("a\0b")


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(IsADirectory, match="is a directory"):
        FileSource(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.dmp"
    path.touch()
    with pytest.raises(EmptyFile, match="empty"):
        FileSource(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(DumpNotFound, match="pipe"):
        FileSource(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user who is refused something")
def test_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "secret.dmp"
    path.write_bytes(b"PAGEDU64")
    path.chmod(0)
    with pytest.raises(DumpNotFound, match="denied"):
        FileSource(path)


def test_every_error_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text\nfile").mkdir()
    with pytest.raises(DumpError) as error:
        FileSource(tmp_path / "text\nfile")
    assert "\n" not in error.value.reason


def test_what_nobody_closed_is_closed_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "some.dmp"
    path.write_bytes(EVERY_TYPE["bitmap-64"])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(3):
            dump = open_dump(FileSource(path))
            assert dump.memory is not None
            held = dump.memory.read_pages(np.array([0x41]))[0]  # a view of the mapped file outlives the source
        del dump
        gc.collect()
        assert bytes(held[0]) == page(0x41)
        del held
        gc.collect()
    assert [str(warning.message) for warning in said] == []


def test_large_reads_are_the_same_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096
    path = tmp_path / "large.bin"
    path.write_bytes(data)
    with FileSource(path) as source:
        for offset, size in ((0, len(data)), (3, 1 << 18), (1 << 19, 1 << 21), (len(data) - 1, 1 << 20), (0, 1 << 40)):
            assert source.read(offset, size) == data[offset : offset + size]
