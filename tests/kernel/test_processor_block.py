"""A KPRCB that grew: ready lists and timer table found in the block, the row moved with them, the rest left out."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.calibration.processor_block import judge_processor_block, with_processor_block
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.layouts import built_in, with_debugger_data
from volplugins.memory.reader import SegmentReader

PRCB = {64: 0xFFFFF80012345180, 32: 0x82930120}


def block(layouts, bits, grown, full=False):
    """A KPRCB of the row, everything from the timer table on ``grown`` bytes later."""
    width, row = bits // 8, layouts.waits.processor
    code = "<QQ" if bits == 64 else "<II"
    data, base = bytearray(0xD000), PRCB[bits]
    timers = row.offset("TimerTable") + layouts.waits.timer_table.offset("TimerEntries") + grown
    heads = [row.offset("DispatcherReadyListHead") + grown + 2 * width * number for number in range(32)]
    entry = layouts.waits.timer_entry
    heads += [timers + entry.size * number + entry.offset("Entry") for number in range(256)]
    for at in heads:
        struct.pack_into(code, data, at, base + at, base + at)
    if full:
        struct.pack_into(code, data, heads[3], base | 0x5000, base | 0x5000)
    return SegmentReader({base: bytes(data)})


def known(bits, build):
    stated = DebuggerData(
        0, 0x360, {}, {"OffsetPrcbProcStateContext": built_in(bits, build).processor.offset("ContextFrame")}
    )
    return with_debugger_data(built_in(bits, build), stated, bits)


@pytest.mark.parametrize(
    ("bits", "build"), [(64, 7601), (64, 14393), (64, 19041), (64, 26100), (32, 19041), (32, 7601)]
)
def test_a_row_that_fits_stays(bits, build):
    layouts = known(bits, build)
    for memory in (block(layouts, bits, 0), block(layouts, bits, 0, True), SegmentReader({PRCB[bits]: bytes(0xD000)})):
        assert with_processor_block(layouts, memory, PRCB[bits], bits) is layouts
    said = judge_processor_block(layouts, block(layouts, bits, 0), PRCB[bits], bits)
    assert said.fits and judge_processor_block(layouts, block(layouts, bits, 0x80), PRCB[bits], bits).fits is False


@pytest.mark.parametrize("grown", [0x800, 0x80, -0x40])
@pytest.mark.parametrize(("bits", "build"), [(64, 9600), (64, 19041), (64, 26100), (32, 19041)])
def test_a_block_that_grew_moves_the_row(bits, build, grown):
    layouts = known(bits, build)
    row = layouts.waits.processor
    found = with_processor_block(layouts, block(layouts, bits, grown, True), PRCB[bits], bits).waits.processor
    assert f"moved by {grown:#x}" in found.source
    for name in ("TimerTable", "DispatcherReadyListHead", "ReadySummary"):
        assert found.offset(name) == row.offset(name) + grown, name
    if bits == 64:
        assert found.offset("KernelTime") == row.offset("KernelTime") + grown
        assert found.offset("Cr8") == row.offset("Cr8")
    assert not found.has("DpcData") or found.offset("DpcData") > row.offset("TimerTable")
    assert not found.has("SharedReadyQueue")


def test_where_nothing_is_found_nothing_is_claimed():
    layouts = known(64, 19041)
    noise = SegmentReader({PRCB[64]: b"\x5a" * 0xD000})
    found = with_processor_block(layouts, noise, PRCB[64], 64)
    assert set(found.waits.processor.members) == {"NextThread", "IdleThread", "NestingLevel", "MHz", "Cr8"}
    assert found.waits.processor.source.startswith("found in")
    short = SegmentReader({PRCB[64]: bytes(0x680)})
    assert with_processor_block(layouts, short, PRCB[64], 64) is layouts


def test_symbols_are_not_corrected():
    layouts = known(64, 19041)
    said = replace(layouts, waits=replace(layouts.waits, processor=replace(layouts.waits.processor, source="symbols")))
    assert with_processor_block(said, SegmentReader({PRCB[64]: b"\x5a" * 0xD000}), PRCB[64], 64) is said


def test_a_few_lists_in_the_middle_of_a_change_disprove_nothing():
    layouts = known(64, 19041)
    whole = bytearray(block(layouts, 64, 0).read(PRCB[64], 0xD000))
    row, entry = layouts.waits.processor, layouts.waits.timer_entry
    first = row.offset("TimerTable") + layouts.waits.timer_table.offset("TimerEntries") + entry.offset("Entry")
    for number in (7, 150):
        struct.pack_into("<QQ", whole, first + entry.size * number, 0x41, 0)
    memory = SegmentReader({PRCB[64]: bytes(whole)})
    assert with_processor_block(layouts, memory, PRCB[64], 64) is layouts


def test_a_real_block_fits_its_row():
    """The KPRCB of the real 19041.804 that rizin's tests have, in its small dump."""
    path = Path(__file__).parents[2].parent / "shared" / "data" / "triage" / "triage_x64.dmp"
    if not path.exists():
        pytest.skip("needs the real small dump of ../shared")
    scene = build_scene(open_dump(FileSource(path)))
    said = judge_processor_block(scene.layouts, scene.memory, scene.processors[0].prcb, 64)
    assert set(said.right) == {"DispatcherReadyListHead", "TimerTable"} and not said.wrong
