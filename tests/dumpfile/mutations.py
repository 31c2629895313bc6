"""Damage done to made-up dumps at random: the two fuzzers share it, and what has to hold whatever comes of it."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Mapping

import numpy as np
from made_dumps import EVERY_TYPE, FIELDS, MEMORY_BLOCK, PAGE, SIZE
from made_triage import secondary, triage, triage_fields

from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.errors import DumpError
from volplugins.dumpfile.source import BytesSource
from volplugins.memory.reader import ReadError

SEEDS: Mapping[str, bytes] = {
    **EVERY_TYPE,
    "triage-64": triage(64) + secondary(b"one", b"two"),
    "triage-32": triage(32) + secondary(b"one", b"two"),
}
HOSTILE = [0, 1, 2, 0x45474150, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 1 << 40, 1 << 52, 1 << 62,
           (1 << 63) - 1, 1 << 63, (1 << 64) - 1, PAGE, PAGE - 1, 0x2000, 0x1000]  # fmt: skip
# reading a dump of n bytes takes no more than a few times n, and a fixed part for tables and records
BYTES_PER_BYTE = 12
FIXED_BYTES = 4 << 20
SECONDS = 2.0


def places_of(name: str) -> list[tuple[int, int]]:
    """Offset and size of every number that the format has in this seed."""
    bits = 32 if name.endswith("32") else 64
    base = SIZE[bits]
    width = 8 if bits == 64 else 4
    places = [(offset, 8 if form == "<Q" else 4) for offset, form in FIELDS[bits].values()]
    places += [(MEMORY_BLOCK[bits] + at, width) for at in range(0, 16 * width, width)]
    if name.startswith("triage"):
        places += [(base + offset, size) for offset, size in triage_fields(bits).values()]
        places += [(at, 4) for at in range(base + 0x80, len(SEEDS[name]) - 4, 4)]
    else:
        places += [(base + at, size) for at in range(0, 0x80, 4) for size in (4, 8)]
    return places


PLACES = {name: places_of(name) for name in SEEDS}


def damaged(name: str, chance: random.Random) -> bytes:
    """A seed with a few numbers replaced, and perhaps cut or extended."""
    data = bytearray(SEEDS[name])
    size = len(data)
    for _ in range(chance.randint(1, 6)):
        offset, width = chance.choice(PLACES[name])
        near = chance.choice([size, size - 1, size // 2, chance.getrandbits(16), chance.getrandbits(width * 8)])
        value = chance.choice(HOSTILE) if chance.random() < 0.6 else near
        data[offset : offset + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "little")
    if chance.random() < 0.3:
        offset = chance.randrange(size)
        data[offset : offset + 8] = chance.randbytes(8)
    ending = chance.random()
    if ending < 0.15:
        del data[chance.randrange(size) :]
    elif ending < 0.2:
        data += chance.randbytes(chance.randrange(64))
    return bytes(data)


def open_and_use(data: bytes) -> Dump | None:
    """Open a dump and ask it everything; None where it could not be opened. Only DumpError may come out of opening."""
    try:
        dump = open_dump(BytesSource(data))
    except DumpError as error:
        assert error.reason
        assert "\n" not in error.reason
        return None
    assert dump.completeness.score is None or 0 <= dump.completeness.score <= 100
    dump.header.system_time_utc()
    dump.header.attribute_names()
    if dump.memory is not None:
        _use_memory(dump, len(data))
    if dump.triage is not None:
        end = 0
        for virtual, offset, size in dump.triage.virtual_memory.segments():
            assert size > 0
            assert end <= virtual
            assert offset + size <= len(data)
            end = virtual + size
        assert len(dump.triage.drivers) <= len(data) // 0x4C
    return dump


def _use_memory(dump: Dump, size: int) -> None:
    assert dump.memory is not None
    held, end = 0, 0
    for base, count, offset in dump.memory.runs():
        assert count > 0
        assert end <= base
        assert offset + count * PAGE <= size
        held, end = held + count, base + count
        assert len(dump.memory.read(base * PAGE, 16)) == 16
        assert dump.memory.has(base)
        assert dump.memory.describes(base)
    assert held == dump.memory.pages_in_file == dump.completeness.pages_in_file
    asked = [-1, 0, 1, dump.memory.lowest_pfn, dump.memory.highest_pfn, dump.memory.highest_pfn + 1, 1 << 40, 1 << 60]
    each = dump.memory.describes_each(np.array(asked, np.int64)).tolist()
    assert each == [dump.memory.describes(pfn) for pfn in asked]
    for pfn in (0, 1, dump.memory.lowest_pfn, dump.memory.highest_pfn, 1 << 40, 1 << 60):
        run = dump.memory.next_run(pfn)
        assert run is None or run[0] + run[1] > pfn
        try:
            dump.memory.read(pfn * PAGE, 2 * PAGE)
        except ReadError as error:
            assert error.reason in ("not-in-dump", "outside-memory", "truncated")


def check_bounds(data: bytes) -> None:
    """Open ``data`` with time and memory watched."""
    tracemalloc.start()
    start = time.perf_counter()
    try:
        open_and_use(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= FIXED_BYTES + BYTES_PER_BYTE * len(data), f"{peak} bytes for a file of {len(data)}"
    assert time.perf_counter() - start < SECONDS
