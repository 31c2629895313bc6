"""Image files laid out as the loader would, and what is refused; pefile and the lab are the judges."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.image.pe_files import BASE, pe_file, with_field
from volplugins.image.image_files import ImageFiles, file_name, store_key
from volplugins.image.pe_file import NoImage, laid_out, read_pe_file
from volplugins.lab.code.pe_link import link
from volplugins.lab.machine.image_sources import machine_images

SECTIONS_64 = 24 + 240


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x86-pae", "xp-x86"])
@pytest.mark.parametrize("stem", ["nt", "acmedrv", "ntdll"])
def test_a_file_becomes_the_memory_that_it_was_made_of(tmp_path, machine, stem):
    image = machine_images(machine)[stem]
    path = tmp_path / "x"
    path.write_bytes(pe_file(image))
    found = read_pe_file(path)
    assert (found.timestamp, found.size_of_image) == (image.timestamp, image.size)
    data = laid_out(found)
    assert len(data) == image.size
    for start, content in link(image, BASE if image.bits == 64 else 0x400000, lambda _: 0).values():
        assert data[start : start + len(content)] == content
    with pefile.PE(str(path), fast_load=True) as judge:
        mapped = judge.get_memory_mapped_image()
        assert data[: len(mapped)] == mapped


@pytest.fixture
def driver():
    return pe_file(machine_images("win10-x64")["acmedrv"])


def refused(folder: Path, data: bytes) -> str:
    path = folder / "x.sys"
    path.write_bytes(data)
    with pytest.raises(NoImage) as error:
        read_pe_file(path)
    return str(error.value)


def test_what_is_no_whole_image_is_refused(tmp_path, driver):
    assert "cut short" in refused(tmp_path, driver[:-0x200])
    assert "cut short" in refused(tmp_path, driver[:0x120])
    assert "no PE" in refused(tmp_path, b"MZ" + bytes(200))
    assert "no PE" in refused(tmp_path, b"")
    assert "sense" in refused(tmp_path, with_field(driver, 6, 0xFFFF, 2))
    assert "sense" in refused(tmp_path, with_field(driver, 24 + 56, 0xFFFFFFFF))
    assert "sense" in refused(tmp_path, with_field(driver, 24 + 56, 0))
    assert "one over another" in refused(tmp_path, with_field(driver, SECTIONS_64 + 40 + 12, 0x1000))
    assert "one over another" in refused(tmp_path, with_field(driver, SECTIONS_64 + 12, 0xFFFFF000))


def test_a_huge_section_takes_no_time(tmp_path, driver):
    """96 sections that each span the whole of a large image would be copied one over another elsewhere."""
    start = time.perf_counter()
    large = with_field(with_field(driver, 24 + 56, 0x0FFFF000), 6, 96, 2)
    (pe,) = struct.unpack_from("<I", large, 0x3C)
    row = struct.pack("<8sIIII16x", b".text", 0x0FFFE000, 0x1000, 0x0FFFE000, 0x400)
    large = (large[: pe + SECTIONS_64] + row * 96).ljust(0x2000, b"\0")
    refused(tmp_path, large)
    assert time.perf_counter() - start < 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 0x3FF), st.binary(min_size=1, max_size=8)), max_size=4), st.integers(0, 0x2000)
)
def test_nothing_but_the_named_error_comes_out(tmp_path_factory, changes, length):
    data = bytearray(pe_file(machine_images("win10-x64")["acmedrv"]))
    for at, piece in changes:
        data[at : at + len(piece)] = piece
    path = tmp_path_factory.mktemp("x") / "x.sys"
    path.write_bytes(data[: len(data) - length])
    try:
        found = read_pe_file(path)
    except NoImage:
        return
    assert len(laid_out(found)) == found.size_of_image


def test_names_of_files_and_keys():
    assert store_key(0x0D8333E6, 0x1046000) == "0D8333E61046000"
    assert file_name(r"\SystemRoot\System32\Drivers\dump_storahci.sys") == "storahci.sys"
    assert file_name("Dump_x.sys") == "x.sys" and file_name("dump_") == "dump_" and file_name("a/b.sys") == "b.sys"


def test_a_copy_for_the_dump_is_found_by_the_file_it_is_of(tmp_path, driver):
    image = machine_images("win10-x64")["acmedrv"]
    (tmp_path / "acmedrv.sys").write_bytes(driver)
    assert ImageFiles([tmp_path]).find("dump_acmedrv.sys", image.timestamp, image.size) is not None
    assert ImageFiles([tmp_path]).find("dump_acmedrv.sys", image.timestamp + 1, image.size) is None


def test_images_that_are_too_large_together_are_read_again(tmp_path, driver, monkeypatch):
    image = machine_images("win10-x64")["acmedrv"]
    monkeypatch.setattr("volplugins.image.image_files._MOST_KEPT", 2 * image.size)
    for number in range(4):
        (tmp_path / f"{number}.sys").write_bytes(driver)
    files = ImageFiles([tmp_path])
    for number in (0, 1, 2, 3, 0, 3):
        assert files.find(f"{number}.sys", image.timestamp, image.size) is not None
        assert files.find("none.sys", image.timestamp, image.size) is None
        assert sum(len(each or b"") for each in files._found.values()) <= 2 * image.size
