"""Dumps opened from bytes, what is noted on them, and everything asked of them."""

from made_dumps import PAGE

from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.memory.reader import ReadError


def opened(data: bytes) -> Dump:
    return open_dump(BytesSource(data))


def notes_on(dump: Dump, field: str) -> list[str]:
    return [note.text for note in dump.notes if note.field == field]


def use(dump: Dump) -> None:
    """Ask an opened dump everything; only ReadError may come out."""
    assert dump.completeness.score is None or 0 <= dump.completeness.score <= 100
    dump.header.system_time_utc()
    if dump.memory is not None:
        for base, count, offset in list(dump.memory.runs())[:50]:
            assert offset + count * PAGE <= dump.completeness.actual_file_size
            assert len(dump.memory.read(base * PAGE, PAGE)) == PAGE
        for physical in (0, 0x1000, 0x41000, 0x3FF000, 1 << 40, 1 << 63):
            try:
                dump.memory.read(physical, 16)
            except ReadError as error:
                assert error.reason in ("not-in-dump", "outside-memory", "truncated")
    if dump.triage is not None:
        for virtual, offset, size in dump.triage.virtual_memory.segments():
            assert offset + size <= dump.completeness.actual_file_size
            assert len(dump.triage.virtual_memory.read(virtual, size)) == size
