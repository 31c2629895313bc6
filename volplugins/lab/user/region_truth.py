"""What the lab built into a process's user memory, in the words of windows.kd.address.

State: an image's or a mapped file's page is committed; a view of the page file where its prototype entry is not zero; a
private page where its entry says so or, with a zero entry, where MemCommit is set. A decommitted page has no
protection of its own. Usage: Image, Stack, TEB, PEB (for 32-bit code on x64 Stack32, TEB32, PEB32), Heap, MappedFile,
PageFileSection, SharedData; Other for memory of devices; Unknown for private memory of no known use.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from volplugins.lab.kernel.processes import Process
from volplugins.lab.machine.page_entries import PageFact, protection_word
from volplugins.lab.machine.page_tables import X64, X86
from volplugins.lab.machine.ranges import IMAGE, Range

PAGE = 0x1000
_PLAIN = {
    "PAGE_EXECUTE_READ": "PAGE_READONLY", "PAGE_EXECUTE_READWRITE": "PAGE_READWRITE",
    "PAGE_EXECUTE_WRITECOPY": "PAGE_WRITECOPY",
}  # fmt: skip


def regions_of(process: Process) -> list[dict[str, Any]]:
    """Ascending, one for every run of pages of one state and usage within one range."""
    marks = dict(_marked_pages(process))
    ranges = (process.ranges[start] for start in sorted(process.ranges))
    return [_region(process, each, *run) for each in ranges for run in _runs(process, each, marks)]


def _runs(process: Process, each: Range, marks: dict[int, str]) -> Iterator[tuple[list[int], bool, str]]:
    """Pages, whether they are committed, and what they are used for."""

    def of(page: int) -> tuple[bool, str]:
        return _committed(process, each, page), marks.get(page, each.usage)

    for (committed, usage), run in groupby(range(each.start, each.end, PAGE), of):
        yield list(run), committed, usage


def _marked_pages(process: Process) -> Iterator[tuple[int, str]]:
    """Pages of PEB and TEBs, which lie in a range of another use on Windows 10."""
    if process.peb:
        yield process.peb, "PEB"
    if process.peb32:
        yield process.peb32, "PEB32"
    size = 2 * PAGE if process.space.tables.mode is X64 else PAGE
    for thread in process.threads:
        for page in range(thread.teb, thread.teb + size if thread.teb else 0, PAGE):
            yield page, "TEB"
        if thread.teb32:
            yield thread.teb32, "TEB32"


def _committed(process: Process, each: Range, page: int) -> bool:
    if each.section is not None:
        return each.section.committed((page - each.start) // PAGE)
    fact = process.space.facts.get(page)
    return fact.committed if fact else each.committed


def _word(process: Process, each: Range, fact: PageFact) -> str:
    """What the entry says. Without a no-execute bit it says nothing of execution, and the range does."""
    executes = each.protection & 7 in (2, 3, 6, 7)
    if process.space.tables.mode is not X86 or executes or not fact.valid:
        return fact.word
    access, bar, more = fact.word.partition("|")
    return _PLAIN.get(access, access) + bar + more


def _region(process: Process, each: Range, pages: list[int], committed: bool, usage: str) -> dict[str, Any]:
    facts = [process.space.facts[page] for page in pages if page in process.space.facts]
    return {
        "start": pages[0],
        "end": pages[-1] + PAGE,
        "type": "MEM_IMAGE" if each.kind == IMAGE else "MEM_PRIVATE" if each.private else "MEM_MAPPED",
        "state": "MEM_COMMIT" if committed else "MEM_RESERVE",
        "protect": protection_word(each.protection),
        "actual": list(dict.fromkeys(_word(process, each, fact) for fact in facts if fact.word)),
        "usage": usage,
        "file": each.file,
        "commit_pages": len(pages) if committed else 0,
        "resident_pages": sum(fact.resident for fact in facts),
    }
