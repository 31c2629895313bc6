"""Memory written as a dump and read again: pages, holes, runs, limits, and nothing left of what went wrong."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from volplugins.dumpfile.context import AMD64, I386, decode_context
from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.exception_record import ExceptionRecord, decode_exception_record32, decode_exception_record64
from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.dumpfile.run_index import RunIndex
from volplugins.dumpfile.source import BytesSource
from volplugins.dumpwriter.context_writer import encode_context, encode_exception
from volplugins.dumpwriter.dump_plan import DoesNotFit, OutputKind, plan_dump
from volplugins.dumpwriter.header_writer import HeaderFacts, header_bytes, runs_that_fit
from volplugins.dumpwriter.new_file import new_file
from volplugins.dumpwriter.writer import Written, write_dump
from volplugins.memory.reader import ReadError

PAGE = 0x1000
# what these headers do not say
UNKNOWN = ("DirectoryTableBase", "ContextRecord", "PsLoadedModuleList", "PsActiveProcessHead", "KdDebuggerDataBlock",
           "NumberProcessors", "Exception")  # fmt: skip
FACTS = {64: HeaderFacts(64, {"MachineImageType": AMD64}), 32: HeaderFacts(32, {"MachineImageType": I386})}


def page(pfn: int) -> bytes:
    """Every third page is zeros."""
    return (pfn * 7 + 1).to_bytes(8, "little") * (PAGE // 8) if pfn % 3 else bytes(PAGE)


def memory_of(runs: list[tuple[int, int]], lost: int = 0, source: BytesSource | None = None) -> PhysicalMemory:
    """RAM in these runs, the last ``lost`` pages of the file cut off."""
    data = b"".join(page(base + number) for base, count in runs for number in range(count))
    source = source or BytesSource(data[: len(data) - lost * PAGE])
    bases, counts = (np.array(column, dtype=np.int64) for column in zip(*runs, strict=True))
    index = RunIndex(bases, counts, (np.cumsum(counts) - counts) * PAGE, source.size)
    return PhysicalMemory(source, index, tuple(runs))


def written(
    memory: PhysicalMemory, bits: int = 64, kind: OutputKind | None = None, **patches: bytes
) -> tuple[Dump, Written]:
    plan = plan_dump(memory, FACTS[bits], kind)
    out = io.BytesIO()
    done = write_dump(memory, plan, {int(at, 16): data for at, data in patches.items()}, out)
    out.seek(0, 2)
    assert out.tell() <= plan.size == (len(plan.header) if not plan.pages else plan.first_page + plan.pages * PAGE)
    return open_dump(BytesSource(out.getvalue().ljust(plan.size, b"\0"))), done


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("kind", list(OutputKind))
def test_every_page_comes_back(bits: int, kind: OutputKind) -> None:
    runs = [(1, 9), (0x40, 5000), (0x9000, 1)]
    dump, done = written(memory_of(runs), bits, kind)
    assert dump.header.dump_type == {"full": DumpType.FULL, "bitmap": DumpType.BITMAP_FULL}[kind.value]
    assert dump.memory is not None and dump.memory.described == tuple(runs)
    assert not [note for note in dump.notes if note.field not in (*UNKNOWN, "Summary")]
    for base, count in runs:
        assert dump.memory.read(base * PAGE, count * PAGE) == b"".join(page(base + at) for at in range(count))
    assert done == Written(5010, sum(bool(pfn % 3) for base, count in runs for pfn in range(base, base + count)), 0)
    with pytest.raises(ReadError):
        dump.memory.read(10 * PAGE, 1)


def test_pages_that_are_lost() -> None:
    memory = memory_of([(4, 10), (0x20, 10)], lost=12)
    bitmap, _ = written(memory)
    assert bitmap.header.dump_type == DumpType.BITMAP_FULL and bitmap.memory is not None
    assert [run[:2] for run in bitmap.memory.runs()] == [(4, 8)] and bitmap.memory.describes(0x20)
    assert plan_dump(memory, FACTS[64], OutputKind.FULL).absent == 12
    full, _ = written(memory, kind=OutputKind.FULL)
    assert full.memory is not None and full.memory.pages_in_file == 20
    assert full.memory.read(0x20 * PAGE, 10 * PAGE) == bytes(10 * PAGE)
    assert full.memory.read(5 * PAGE, PAGE) == page(5)


@pytest.mark.parametrize(("bits", "room"), [(64, 42), (32, 86)])
def test_more_runs_than_fit(bits: int, room: int) -> None:
    assert runs_that_fit(bits) == room
    fits, over = (memory_of([(2 * number + 1, 1) for number in range(count)]) for count in (room, room + 1))
    assert written(fits, bits)[0].header.dump_type == DumpType.FULL
    dump, _ = written(over, bits)
    assert dump.header.dump_type == DumpType.BITMAP_FULL and dump.memory is not None
    assert dump.memory.pages_in_file == room + 1 and dump.memory.has(2 * room + 1)
    with pytest.raises(DoesNotFit, match=f"more than {room} runs"):
        plan_dump(over, FACTS[bits], OutputKind.FULL)
    with pytest.raises(ValueError, match="has room for"):
        header_bytes(FACTS[bits], 1, 0, over.described, room + 1)


def test_runs_that_touch_are_one() -> None:
    plan = plan_dump(memory_of([(number, 1) for number in range(1, 200)]), FACTS[64], None)
    assert plan.kind is OutputKind.FULL and plan.runs == ((1, 199),)


def test_pages_too_high_for_a_bitmap_or_a_header() -> None:
    high = memory_of([(1, 2), (1 << 39, 2)])
    dump, _ = written(high)
    assert dump.header.dump_type == DumpType.FULL and dump.memory is not None
    assert dump.memory.read((1 << 39) * PAGE, PAGE) == page(1 << 39)
    with pytest.raises(DoesNotFit, match="higher than a bitmap reaches"):
        plan_dump(high, FACTS[64], OutputKind.BITMAP)
    with pytest.raises(DoesNotFit, match="32-bit header"):
        plan_dump(high, FACTS[32], OutputKind.FULL)
    with pytest.raises(DoesNotFit, match="higher than a bitmap reaches"):
        plan_dump(high, FACTS[32], None)


def test_no_page_at_all() -> None:
    with pytest.raises(DoesNotFit, match="no page"):
        plan_dump(memory_of([(1, 2)], lost=2), FACTS[64], None)


@pytest.mark.parametrize("kind", list(OutputKind))
def test_patches_replace_what_memory_has(kind: OutputKind) -> None:
    dump, _ = written(memory_of([(1, 2), (9, 2)]), 64, kind, **{"1ffc": b"abcdEFGH", "9010": b"x", "5000": b"nowhere"})
    assert dump.memory is not None
    assert dump.memory.read(0x1FFC, 8) == b"abcd" + page(2)[:4]  # a patch ends with its page
    assert dump.memory.read(0x9010, 2) == b"x\0" and not dump.memory.has(5)


class _Faulty(BytesSource):
    """A source whose second page cannot be read, whatever was promised."""

    def read(self, offset: int, size: int) -> bytes:
        if offset <= PAGE < offset + size:
            return super().read(offset, max(PAGE - offset, 0))
        return super().read(offset, size)

    def view(self) -> memoryview | None:
        return None


def test_a_page_that_cannot_be_read_after_all() -> None:
    source = _Faulty(b"".join(page(pfn) for pfn in (1, 2, 4)))
    memory = memory_of([(1, 2), (4, 1)], source=source)
    dump, done = written(memory)
    assert done.unreadable == 1 and dump.memory is not None
    assert dump.memory.read(0x1000, 0x2000) == page(1) + bytes(PAGE) and dump.memory.read(0x4000, PAGE) == page(4)


def test_what_is_not_known_keeps_the_filler() -> None:
    fields = {"MachineImageType": AMD64, "NumberProcessors": 4, "Comment": "a comment", "BugCheckCode": 0x161}
    dump = open_dump(BytesSource(header_bytes(HeaderFacts(64, fields), 1, 0x4000, [(1, 2)], 2) + bytes(0x2000)))
    said = {field.name: field.value for field in dump.header.fields if field.value is not None}
    assert said == fields | {
        "Signature": "PAGE", "ValidDump": "DU64", "DumpType": 1, "RequiredDumpSpace": 0x4000,
        "PhysicalMemoryBlock.NumberOfRuns": 1, "PhysicalMemoryBlock.NumberOfPages": 2,
    }  # fmt: skip
    assert dump.header.context is None and dump.header.exception is None


@pytest.mark.parametrize("machine", [AMD64, I386])
def test_a_context_comes_back(machine: int) -> None:
    size, at = (0x4D0, 0x30) if machine == AMD64 else (0x2CC, 0)
    data = bytearray((number * 37 + 11) & 0xFF for number in range(size))
    data[at : at + 4] = (0x10000F if machine == AMD64 else 0x1000F).to_bytes(4, "little")
    context = decode_context(bytes(data), machine)
    assert context is not None and decode_context(encode_context(context), machine) == context


@pytest.mark.parametrize(("bits", "decode"), [(64, decode_exception_record64), (32, decode_exception_record32)])
def test_an_exception_comes_back(bits: int, decode: object) -> None:
    record = ExceptionRecord(0xC0000005, 1, 0, 0x8000_1234, (0, 0xFFFF_0000))
    assert decode(encode_exception(record, bits)) == record  # type: ignore[operator]


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.dmp"
    with pytest.raises(OSError, match="No space"), new_file(path) as out:
        out.write(b"half")
        raise OSError(28, "No space left on device")
    with pytest.raises(KeyboardInterrupt), new_file(path) as out:
        raise KeyboardInterrupt
    assert [*tmp_path.iterdir()] == []
    with new_file(path) as out:
        out.write(b"whole")
        assert not path.exists()
    assert [*tmp_path.iterdir()] == [path] and path.read_bytes() == b"whole"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.dmp"
    with pytest.raises(FileExistsError), new_file(path) as out:
        path.write_bytes(b"another's")  # meanwhile
        out.write(b"ours")
    with pytest.raises(FileExistsError), new_file(path):
        pass
    assert [*tmp_path.iterdir()] == [path] and path.read_bytes() == b"another's"
