"""Each type of dump opens, and every page reads from where it was put."""

import numpy as np
import pytest
from made_dumps import EVERY_TYPE, FILETIME, PAGE, bitmap, full, live, old_summary, page
from made_triage import secondary

from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.source import BytesSource
from volplugins.memory.reader import ReadError

PFNS = {
    "full-64": [1, 2, 3, 0x10, 0x11],
    "full-32": [1, 2, 3, 0x10, 0x11],
    "bitmap-64": [1, 2, 3, 0x41, 0x3FF],
    "bitmap-32": [1, 2, 3, 0x41, 0x3FF],
    "kernel-64": [0, 7, 8, 0x200],
    "kernel-32": [0, 7, 8, 0x200],
    "summary-64": [5, 6, 0x100],
    "old-summary-64": [5, 6, 0x100],
    "old-summary-32": [5, 6, 0x100],
    "live-8": [2, 3, 0x20],
    "live-9": [2, 3, 0x20],
    "live-a": [2, 3, 0x20],
}


def opened(data: bytes) -> Dump:
    return open_dump(BytesSource(data))


def faults(dump: Dump) -> list[str]:
    return [f"{note.field}: {note.text}" for note in dump.notes if note.severity == "fault"]


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_every_page_reads_from_where_it_was_put(name: str) -> None:
    dump = opened(EVERY_TYPE[name])
    assert not faults(dump)
    memory = dump.memory
    assert memory is not None
    assert dump.triage is None
    for pfn in PFNS[name]:
        assert memory.read(pfn * PAGE, PAGE) == page(pfn)
        assert memory.has(pfn)
        offset = memory.file_offset(pfn * PAGE + 0x123)
        assert offset is not None
        assert EVERY_TYPE[name][offset - 0x123 :][:PAGE] == page(pfn)
    others = [pfn for pfn in range(0x420) if pfn not in PFNS[name]]
    assert not any(memory.has(pfn) or memory.file_offset(pfn * PAGE) for pfn in others)
    assert [base + i for base, count, _ in memory.runs() for i in range(count)] == PFNS[name]
    assert (memory.lowest_pfn, memory.highest_pfn) == (PFNS[name][0], PFNS[name][-1])


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_completeness(name: str) -> None:
    dump = opened(EVERY_TYPE[name])
    found = dump.completeness
    described = 5 if name.startswith("full") else 0x400
    assert found.expected_file_size == found.actual_file_size == len(EVERY_TYPE[name])
    assert not found.truncated
    assert found.pages_described == described
    assert found.pages_in_file == len(PFNS[name])
    assert found.pages_missing == described - len(PFNS[name])
    assert found.score == 100 * len(PFNS[name]) // described


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_read_pages_gathers_many_at_once(name: str) -> None:
    memory = opened(EVERY_TYPE[name]).memory
    assert memory is not None
    wanted = [0x3F0, *PFNS[name], 0x7FFFFFFF, PFNS[name][0], -1]
    pages, present = memory.read_pages(np.array(wanted))
    assert pages.shape == (len(wanted), PAGE)
    for pfn, row, there in zip(wanted, pages, present, strict=True):
        assert there == (pfn in PFNS[name])
        assert row.tobytes() == (page(pfn) if there else bytes(PAGE))


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_header_of_every_type(name: str) -> None:
    header = opened(EVERY_TYPE[name]).header
    assert header.bits == (32 if name.endswith("32") else 64)
    assert header.bugcheck_code == 0xD1
    assert header.system_time == FILETIME
    assert header.context is not None
    assert header.exception is not None
    assert header.dump_type in list(DumpType)


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_read_pages_of_a_truncated_dump(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = BytesSource(EVERY_TYPE[name][: -PAGE - 1])  # the last page is gone, and a byte of the one before it
    for mapped in (True, False):
        if not mapped:
            monkeypatch.setattr(source, "view", lambda: None, raising=True)
        memory = open_dump(source).memory
        assert memory is not None
        rows, present = memory.read_pages(np.array(PFNS[name], dtype=np.uint64))
        assert present.tolist() == [True] * (len(PFNS[name]) - 2) + [False, False]
        assert [row.tobytes() for row in rows[:-2]] == [page(pfn) for pfn in PFNS[name][:-2]]
        assert not rows[-2:].any()


def test_reads_across_pages_and_runs() -> None:
    memory = opened(full(64, [(1, 3), (4, 1), (0x10, 1)])).memory
    assert memory is not None
    assert memory.read(0x1FF8, 0x2010) == page(1)[-8:] + page(2) + page(3) + page(4)[:8]
    with pytest.raises(ReadError) as error:
        memory.read(0x4FF0, 0x100)
    assert (error.value.address, error.value.reason) == (0x5000, "outside-memory")
    assert memory.read(0x1000, 0) == b""


def test_reasons_for_absent_pages() -> None:
    data = bitmap(64, [1, 2, 9], 6, covered=0x400, runs=((1, 0x10), (0x100, 1)))
    cut = opened(data[: -PAGE - 0x800]).memory
    assert cut is not None

    def reason(physical: int) -> tuple[int, str]:
        with pytest.raises(ReadError) as error:
            cut.read(physical, PAGE)
        return error.value.address, error.value.reason

    assert reason(0x3000) == (0x3000, "not-in-dump")
    assert reason(0x50000) == (0x50000, "outside-memory")
    assert reason(1 << 70) == (1 << 70, "outside-memory")
    assert reason(-PAGE) == (-PAGE, "outside-memory")
    assert reason(0x9000) == (0x9000, "truncated")
    # half of this page is still there
    assert cut.read(0x2000, 0x800) == page(2)[:0x800]
    assert reason(0x2000) == (0x2800, "truncated")
    assert not cut.has(2)
    assert cut.describes(2)
    assert cut.describes(0x100)
    assert not cut.describes(0x101)
    asked = [-1, 0, *range(0x200), 1 << 40, 1 << 60]
    assert cut.describes_each(np.array(asked, np.int64)).tolist() == [cut.describes(pfn) for pfn in asked]
    assert list(cut.runs()) == [(1, 1, 0x3000)]


def test_runs_between_two_pages() -> None:
    for data in (bitmap(64, [1, 2, 3, 8, 0x3FF]), full(64, [(1, 3), (8, 1), (0x3FF, 1)])):
        memory = opened(data).memory
        assert memory is not None
        first = memory.next_run(0)
        assert first is not None
        start = first[2]
        assert list(memory.runs(2, 8)) == [(2, 2, start + PAGE), (8, 1, start + 3 * PAGE)]
        assert list(memory.runs(3, 3)) == [(3, 1, start + 2 * PAGE)]
        assert list(memory.runs(4, 7)) == []
        assert list(memory.runs(0x400)) == []
        assert list(memory.runs(1 << 50)) == []
        assert memory.next_run(4) == (8, 1, start + 3 * PAGE)
        assert memory.next_run(2) == (2, 2, start + PAGE)
        assert memory.next_run(0x400) is None
        assert memory.next_run(1 << 80) is None


def test_kernel_dump_without_runs_scores_by_the_bitmap() -> None:
    kernel = opened(bitmap(64, [1, 2], 6, covered=0x400, runs=())).completeness
    assert (kernel.pages_described, kernel.score) == (0x400, 0)
    assert "holes" in kernel.note
    complete = opened(bitmap(64, [1, 2], 5, covered=0x400, runs=())).completeness
    assert (complete.pages_described, complete.score) == (2, 100)
    assert opened(live(8, [(2, 2)], runs=())).completeness.pages_described == 4
    assert opened(live(0xA, [(2, 2)], runs=())).completeness.pages_described == 2


def test_header_that_describes_less_than_the_dump_holds() -> None:
    found = opened(bitmap(64, [1, 2, 3], runs=((0, 2),))).completeness
    assert (found.pages_described, found.pages_in_file, found.score) == (3, 3, 100)
    assert "2 pages only" in found.note


def test_layout_of_the_summary_is_named() -> None:
    def layout(data: bytes) -> str:
        return next(note.text for note in opened(data).notes if note.field == "Summary")

    assert layout(EVERY_TYPE["summary-64"]) == "layout: Windows 8 and later"
    assert layout(EVERY_TYPE["old-summary-64"]) == "layout: before Windows 8"
    assert layout(EVERY_TYPE["old-summary-32"]) == "layout: before Windows 8"


def test_old_summary_whose_bitmap_reads_as_a_new_header() -> None:
    # the bitmap of the old x86 layout lies where the new layout has its numbers, and here they make sense there:
    # first page 0x10000, one page in the file, 0x400 bits
    numbers = (0x10000).to_bytes(8, "little") + (1).to_bytes(8, "little") + (0x400).to_bytes(8, "little")
    pfns = [bit for bit in range(192) if numbers[bit // 8] >> bit % 8 & 1]
    dump = opened(old_summary(32, pfns))
    assert not faults(dump)
    assert dump.memory is not None
    assert dump.memory.read(pfns[2] * PAGE, PAGE) == page(pfns[2])


def test_live_dumps_are_called_experimental() -> None:
    texts = [note.text for note in opened(EVERY_TYPE["live-a"]).notes]
    assert any("experimental" in text for text in texts)


def test_live_dump_keeps_pages_in_the_order_of_its_ranges() -> None:
    memory = opened(live(0xA, [(0x20, 2), (2, 1)])).memory
    assert memory is not None
    assert [memory.read(pfn * PAGE, 8) for pfn in (2, 0x20, 0x21)] == [page(pfn)[:8] for pfn in (2, 0x20, 0x21)]


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_secondary_data_behind_the_pages(name: str) -> None:
    data = EVERY_TYPE[name] + secondary(b"first", b"second blob")
    dump = opened(data)
    assert dump.secondary is not None
    assert [data[blob.offset :][: blob.size] for blob in dump.secondary.blobs] == [b"first", b"second blob"]
    assert not dump.completeness.truncated
    cut = opened(data[:-4])
    assert cut.completeness.truncated
    assert cut.completeness.expected_file_size == len(data)
    assert cut.completeness.score == dump.completeness.score


def test_physical_addresses_above_4_gib_on_pae() -> None:
    memory = opened(full(32, [(1, 1), (0x123456, 1)], PaeEnabled=1)).memory
    assert memory is not None
    assert memory.read(0x123456008, 8) == page(0x123456)[8:16]
