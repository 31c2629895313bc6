"""A debugger data block that names no processors, or names something else: the next source is taken, and said."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.sampling import sampled
from volplugins.bugcheck.analysis import Analysis, analyse
from volplugins.bugcheck.culprit.culprit import Confidence
from volplugins.bugcheck.scene.find_processors import find_processor_block
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.damage.files import apply
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build, hard_faults_of
from volplugins.lab.writers import write
from volplugins.memory.reader import SegmentReader
from volplugins.vol.commands.analyze.rows import later_rows
from volplugins.vol.scene.crash_scene import scene_of

DEFECTS = ("kdbg-processors-at-modules", "kdbg-no-processors")
# crashes on the thread's own stack, on a processor's, and one in which another processor hangs
FAULTS = ("driver-read", "dpc-read", "isr-read", "clock-watchdog")
CASES = [(name, fault) for name in MACHINES for fault in FAULTS if fault in ("driver-read", *hard_faults_of(name))]


def damaged(snapshot: Snapshot, kind: str, defect: str, path: Path) -> Analysis:
    apply(defect, write(snapshot, kind, path))
    return analyse(scene_of(open_dump(BytesSource(path.read_bytes()))))


def evidence(analysis: Analysis) -> str:
    return next(row.evidence for row in later_rows(analysis) if row.field == "PROCESSOR")


def agrees(snapshot: Snapshot, found: Analysis) -> None:
    """The thread, its process, the processor and the driver are those that were built."""
    truth, scene = snapshot.truth, found.scene
    assert scene.thread is not None and scene.process is not None and found.culprit is not None
    assert scene.thread.ethread == truth["thread"]["ethread"]
    assert scene.process.eprocess == truth["process"]["eprocess"]
    assert scene.crashed is not None and scene.crashed.processor.index == truth["processor"]
    assert found.culprit.image_name == "acmedrv.sys"
    wanted = Confidence.MEDIUM if truth["fault"] == "clock-watchdog" else Confidence.CERTAIN
    assert found.culprit.confidence is wanted


@pytest.mark.parametrize(
    ("machine", "fault", "defect", "sparse"),
    sampled([(*pair, defect, sparse) for pair in CASES for defect in DEFECTS for sparse in (False, True)], 3),
)
def test_the_next_source_is_taken_and_said(machine: str, fault: str, defect: str, sparse: bool, tmp_path: Path) -> None:
    snapshot = build(machine, fault, 1, 1, sparse=sparse, processor=1)
    found = damaged(snapshot, "bitmap-kernel", defect, tmp_path / "a.dmp")
    agrees(snapshot, found)
    source = "a search of the kernel's data" if sparse else "the kernel's symbols"
    assert evidence(found).endswith(f"; KiProcessorBlock by {source}")
    wanted = "names no KiProcessorBlock" if defect == DEFECTS[1] else "of the debugger data block leads to no processor"
    assert any(note.endswith(wanted) for note in found.scene.notes)


@pytest.mark.parametrize("machine", MACHINES)
def test_without_damage_nothing_is_said(machine: str, tmp_path: Path) -> None:
    path = write(build(machine), "bitmap-kernel", tmp_path / "a.dmp")
    found = analyse(scene_of(open_dump(BytesSource(path.read_bytes()))))
    assert "KiProcessorBlock" not in evidence(found) + " ".join(found.scene.notes)


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("fault", ["driver-read", "system-thread"])
@pytest.mark.parametrize("machine", MACHINES)
def test_a_small_dump_holds_its_processor_itself(machine: str, fault: str, defect: str, tmp_path: Path) -> None:
    snapshot = build(machine, fault, processor=1)
    found = damaged(snapshot, "triage", defect, tmp_path / "a.dmp")
    agrees(snapshot, found)
    assert evidence(found) == "the small dump holds its KPRCB"


# -- the search alone

KERNEL, DATA, PCR = 0xFFFF_F800_0000_0000, 0x2000, 0xFFFF_D000_0000_0000
PRCBS = [PCR + 0x1000 * number + 0x180 for number in range(3)]


def kernel_with(words: list[int], processors: int = 3) -> SegmentReader:
    """An image with one page of data that begins with ``words``, and the KPCRs of some processors."""
    image = bytearray(0x3000)
    struct.pack_into("<2s58xI", image, 0, b"MZ", 0x80)
    struct.pack_into("<4sHHIIIHH", image, 0x80, b"PE\0\0", 0x8664, 1, 0, 0, 0, 0xF0, 0x22)
    struct.pack_into("<H54xI", image, 0x98, 0x20B, 0x3000)
    struct.pack_into("<8s4I12xI", image, 0x188, b".data", 0x1000, DATA, 0x1000, 0x400, 0xC0000040)
    struct.pack_into(f"<{len(words)}Q", image, DATA, *words)
    blocks = {KERNEL: bytes(image)}
    for prcb in PRCBS[:processors]:
        block = bytearray(0x1000)
        struct.pack_into("<QQ", block, 0x18, prcb - 0x180, prcb)
        blocks[prcb - 0x180] = bytes(block)
    return SegmentReader(blocks)


def test_the_array_is_the_one_with_all_processors_in_a_row() -> None:
    lone = [0, PRCBS[0], 0, PRCBS[1], PRCBS[1], PRCBS[0], 7]
    memory = kernel_with([*lone, *PRCBS])
    assert find_processor_block(memory, KERNEL, 3, 64) == KERNEL + DATA + 8 * len(lone)
    assert find_processor_block(memory, KERNEL, 1, 64) == KERNEL + DATA + 8


@pytest.mark.parametrize("count", [0, 4, 1 << 31])
def test_a_count_that_the_data_cannot_show_finds_nothing(count: int) -> None:
    assert find_processor_block(kernel_with(PRCBS), KERNEL, count, 64) is None


def test_the_same_processor_again_or_one_that_is_not_there_is_no_array() -> None:
    assert find_processor_block(kernel_with([PRCBS[0]] * 500), KERNEL, 2, 64) is None
    assert find_processor_block(kernel_with(PRCBS, processors=2), KERNEL, 3, 64) is None
    assert find_processor_block(SegmentReader({}), KERNEL, 2, 64) is None
