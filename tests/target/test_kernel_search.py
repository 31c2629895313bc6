"""The search for the kernel: strategies, files without one, five levels, and what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from volplugins.dumpfile.source import BytesSource, FileSource
from volplugins.imagefile.open_image import open_image
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.machines.five_levels import with_five_levels
from volplugins.lab.writers import write
from volplugins.lab.writers.live_memory import live_memory
from volplugins.paging.mode import PagingMode
from volplugins.target.kernel_search import Hint
from volplugins.target.of_image import NoKernel, target_of_image
from volplugins.target.search_log import SearchLog
from volplugins.target.target import Target


def found(path: Path, known: tuple[Hint, ...] = ()) -> Target:
    image = open_image(FileSource(path), None, str(path))
    assert image is not None
    return target_of_image(image, known)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_strategy_leads_to_the_same_kernel(machine: str, tmp_path: Path) -> None:
    snapshot = live_memory(build(machine))
    path = write(snapshot, "raw", tmp_path / "x.raw")
    first = found(path)
    start = snapshot.truth["live_memory"]["start_block"]
    if start:
        assert "start block" in first.how("DirectorySource")
        with path.open("r+b") as file:
            file.seek(start)
            file.write(bytes(0x1000))
    second = found(path)
    assert "maps itself" in second.how("DirectorySource")
    by_registers = found(write(snapshot, "elf-core", tmp_path / "x.elf"))
    assert "CR3" in by_registers.how("DirectorySource")
    for each in (first, second, by_registers):
        assert each.kernel_base == snapshot.truth["modules"][0]["base"]
        assert each.directory_table_base == snapshot.truth["processes"][0]["dtb"]
        assert each.bugcheck.code == snapshot.header["BugCheckCode"]


def test_five_levels(tmp_path: Path) -> None:
    target = found(write(with_five_levels(build("win10-x64")), "raw", tmp_path / "x.raw"))
    assert target.mode is PagingMode.X64_LA57 and target.build == 19041


def test_what_is_remembered_is_proved(tmp_path: Path) -> None:
    path = write(build("win10-x64"), "raw", tmp_path / "x.raw")
    wrong = Hint(PagingMode.X64, 0x5000, "remembered wrongly", 0xFFFFF80000000000)
    assert found(path, (wrong,)).kernel_base == 0xFFFFF80276400000


@pytest.mark.parametrize(
    "data", [bytes(1 << 20), b"\xff" * (1 << 20), bytes(range(256)) * 4096], ids=["0", "f", "ramp"]
)
def test_no_kernel_says_what_was_tried(data: bytes) -> None:
    image = open_image(BytesSource(data), None, "x.raw")
    assert image is not None
    with pytest.raises(NoKernel, match="processor start block: none below 1 MiB"):
        target_of_image(image)


def test_the_time_ends_the_search(tmp_path: Path) -> None:
    path = tmp_path / "x.raw"
    path.write_bytes(bytes(1 << 20))
    image = open_image(FileSource(path), None, str(path))
    assert image is not None
    with pytest.raises(NoKernel, match=r"given up|stopped"):
        target_of_image(image, (), SearchLog(seconds=0.0))


def test_a_block_search_that_was_cut_off_is_said(tmp_path: Path) -> None:
    """The clock passes the time once the kernel is found: the target is there, without a block, and says why."""
    late: list[float] = []

    class Log(SearchLog):
        def next_part(self) -> None:
            super().next_part()
            late.append(100.0)

    path = write(build("win10-x64"), "raw", tmp_path / "x.raw")
    image = open_image(FileSource(path), None, str(path))
    assert image is not None
    target = target_of_image(image, (), Log(clock=lambda: sum(late)))
    said = "the search for the debugger data block in the kernel's data stopped when its time was up"
    assert target.kernel_base == 0xFFFFF80276400000 and target.debugger_data is None
    assert said in {note.text for note in target.notes} and said in target.how("KdDebuggerDataBlock")
