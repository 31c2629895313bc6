"""What was read of a mapped file does not stay with the process."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from volplugins.dumpfile import mapped_pages, source
from volplugins.dumpfile.mapped_pages import MappedPages, resident_of_files
from volplugins.dumpfile.source import FileSource

SIZE = 32 << 20
pytestmark = pytest.mark.skipif(
    not (resident_of_files() and hasattr(mmap, "MADV_DONTNEED")), reason="this system does not say what is resident"
)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.dmp"
    path.write_bytes(b"".join(number.to_bytes(4, "little") * 1024 for number in range(SIZE // 4096)))
    return path


def read_all(dump: FileSource) -> None:
    for offset in range(0, SIZE, 4096):
        assert dump.read(offset, 4) == (offset // 4096).to_bytes(4, "little")


def test_pages_are_given_back_above_the_bound(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FileSource(large) as dump:
        before = resident_of_files()
        monkeypatch.setattr(dump, "_pages", MappedPages(dump._map, before + 2 * SIZE))
        read_all(dump)
        assert resident_of_files() - before > SIZE // 2, "below the bound nothing is given back"
        monkeypatch.setattr(dump, "_pages", MappedPages(dump._map, before + SIZE // 8))
        read_all(dump)
        read_all(dump)
        assert resident_of_files() - before < SIZE // 2


def test_a_view_looks_as_well_and_stays_good(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_VIEW", source._BETWEEN_LOOKS)
    with FileSource(large) as dump:
        monkeypatch.setattr(dump, "_pages", MappedPages(dump._map, 0))
        view = dump.view()
        before = resident_of_files()
        total = sum(view[::4096])
        assert resident_of_files() - before > SIZE // 2
        dump.view()
        assert resident_of_files() - before < SIZE // 2
        assert sum(view[::4096]) == total
        view.release()


def test_where_the_system_says_nothing_nothing_is_done(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FileSource(large) as dump:
        monkeypatch.setattr(mapped_pages, "_SIZES", "/nowhere")
        assert resident_of_files() == 0 and not MappedPages(dump._map, 0).relieve()
