"""Rows of windows.kd.dumpinfo: Group, Field, Value, Note."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from volplugins.kernel.layout_choice import first_links
from volplugins.kernel.system_process import directory_test, system_faults
from volplugins.vol.commands.dumpinfo.row import DumpinfoRow
from volplugins.vol.output.rows import NOT_AVAILABLE, Cell, uptime, utc

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.dumpfile.completeness import Completeness
    from volplugins.dumpfile.header import DumpHeader
    from volplugins.dumpfile.header_fields import HeaderField
    from volplugins.dumpfile.physical_memory import PhysicalMemory
    from volplugins.dumpfile.triage import TriageDump
    from volplugins.target.target import Target

SHOWN_RUNS = 64
PAGE_SIZE = 0x1000


def dumpinfo_rows(target: Target, scene: CrashScene | None, layers: str = "") -> Iterator[DumpinfoRow]:
    """All rows of an opened target, in the order of the contract."""
    from volplugins.vol.commands.dumpinfo.blobs import blob_rows
    from volplugins.vol.commands.dumpinfo.layout_rows import layout_rows
    from volplugins.vol.commands.dumpinfo.target_rows import target_rows

    dump = target.dump
    if dump is not None:
        yield from _header(dump.header)
    if target.memory is not None:
        yield from _runs(target.memory)
    yield from completeness_rows(target.completeness)
    if scene is not None:
        yield from _crosscheck(scene)
    yield from target_rows(target, scene, layers)
    if scene is not None:
        yield from layout_rows(scene)
    if target.triage is not None:
        yield from _triage(target.triage)
    if dump is not None and dump.secondary is not None:
        yield from blob_rows(dump.secondary, dump.header.bits)
    for note in target.notes:
        yield DumpinfoRow("notes", note.field, note.severity, note.text)


def _header(header: DumpHeader) -> Iterator[DumpinfoRow]:
    """The header's fields in file order; times as times, their counts in the note."""
    times = {
        "SystemTime": (utc(header.system_time), "FILETIME"),
        "SystemUpTime": (uptime(header.system_uptime), "100 ns"),
    }
    for row in _fields("header", header.fields):
        value, unit = times.get(row.field, (row.value, ""))
        if unit and isinstance(row.value, str) and isinstance(value, str):
            yield DumpinfoRow("header", row.field, value, f"{unit} {row.value}")
        else:
            yield row


def _fields(group: str, fields: Iterable[HeaderField]) -> Iterator[DumpinfoRow]:
    for field in fields:
        yield DumpinfoRow(group, field.name, _text(field.value if field.value is not None else field.raw), field.note)


def _text(value: int | str | None) -> Cell:
    if value is None:
        return NOT_AVAILABLE
    return f"{value:#x}" if isinstance(value, int) else value


def _runs(memory: PhysicalMemory) -> Iterator[DumpinfoRow]:
    """A row each for the first runs in the file, then a row that sums up the rest."""
    runs = memory.runs()
    for number, (base, count, offset) in enumerate(islice(runs, SHOWN_RUNS)):
        start, end = base * PAGE_SIZE, (base + count) * PAGE_SIZE
        yield DumpinfoRow("runs", str(number), f"{start:#x} {end:#x}", f"{count} pages at file offset {offset:#x}")
    rest = next(runs, None)
    if rest is not None:
        shown = memory.pages_in_file
        yield DumpinfoRow("runs", "summary", f"more than {SHOWN_RUNS} runs", f"{shown} pages in the file in all")


def completeness_rows(found: Completeness) -> Iterator[DumpinfoRow]:
    """The completeness group."""
    score = f"{found.score}" if found.score is not None else NOT_AVAILABLE
    for field, value, note in (
        ("ExpectedFileSize", _number(found.expected_file_size), "bytes"),
        ("ActualFileSize", _number(found.actual_file_size), "bytes"),
        ("Truncated", str(found.truncated), ""),
        ("PagesDescribed", _number(found.pages_described), "pages of RAM that the dump describes"),
        ("PagesInFile", _number(found.pages_in_file), "of them in the file"),
        ("PagesMissing", _number(found.pages_missing), ""),
        ("Score", score, found.note),
    ):
        yield DumpinfoRow("completeness", field, value, note)


def _number(value: int | None) -> Cell:
    return NOT_AVAILABLE if value is None else str(value)


def _crosscheck(scene: CrashScene) -> Iterator[DumpinfoRow]:
    """What the header says against what memory says."""
    target, header = scene.target, scene.target.dump.header if scene.target.dump is not None else None
    if header is not None:
        yield _directory_check(scene, header)
    if target.triage is None:
        yield _layout_check(scene)
    data = scene.debugger_data
    if data is None:
        yield DumpinfoRow("crosscheck", "KdDebuggerDataBlock", "not readable", f"{target.anchors.debugger_data:#x}")
    else:
        yield DumpinfoRow("crosscheck", "KdDebuggerDataBlock", "ok", f"tag KDBG at {data.address:#x}")
        who = "header" if header is not None else "found"
        for field, ours in (
            ("PsLoadedModuleList", target.anchors.loaded_modules),
            ("PsActiveProcessHead", target.anchors.active_processes),
        ):
            said = data.addresses.get(field)
            if said is not None:
                word = "ok" if said == ours else "differs"
                yield DumpinfoRow("crosscheck", field, word, f"{who} {ours:#x}, KDBG {said:#x}")
    count = len(scene.processors)
    if count and header is not None and target.triage is None:
        word = "ok" if count == header.number_processors else "differs"
        note = f"header {header.number_processors}, KiProcessorBlock leads to {count}"
        yield DumpinfoRow("crosscheck", "NumberProcessors", word, note)
    modules = len(scene.modules)
    yield DumpinfoRow("crosscheck", "Modules", str(modules), "; ".join(scene.notes))


def _directory_check(scene: CrashScene, header: DumpHeader) -> DumpinfoRow:
    """The header's DirectoryTableBase against System's and the crashing process's: only neither is a fault."""
    low = 0x1F if header.pae else 0xFFF
    ours = header.directory_table_base & ~low
    if scene.target.triage is not None:
        return DumpinfoRow("crosscheck", "DirectoryTableBase", NOT_AVAILABLE, "a triage dump holds no page tables")
    candidates = [("System's", scene.system_process), ("the crashing process's", scene.process)]
    said = [(name, p.directory_table_base & ~low) for name, p in candidates if p and p.directory_table_base]
    if not said:
        return DumpinfoRow(
            "crosscheck", "DirectoryTableBase", NOT_AVAILABLE, "no process could be read to compare with"
        )
    equal = [name for name, value in said if value == ours]
    text = f"header {header.directory_table_base:#x}; " + ", ".join(f"{name} {value:#x}" for name, value in said)
    if equal:
        return DumpinfoRow("crosscheck", "DirectoryTableBase", "ok", f"equals {' and '.join(equal)}; {text}")
    return DumpinfoRow(
        "crosscheck", "DirectoryTableBase", "differs", f"neither System's nor the crashing process's: {text}"
    )


def _layout_check(scene: CrashScene) -> DumpinfoRow:
    """The layout of EPROCESS against the System process: its place, id, name, parent, PEB and directory."""
    target, layout = scene.target, scene.layouts.process
    head = target.anchors.active_processes
    links = first_links(scene.memory, head, scene.bits)
    if not links:
        return DumpinfoRow("crosscheck", "EPROCESS", "not readable", f"the list of processes at {head:#x}")
    space = scene.space.space if scene.space is not None else None
    test = directory_test(space, target.directory_table_base, head) if space is not None else None
    faults = system_faults(scene.memory, links, layout, scene.bits, test)
    if faults:
        text = "; ".join(fault.text for fault in faults)
        return DumpinfoRow("crosscheck", "EPROCESS", "differs", f"layout {layout.source}: {text}")
    text = f"System at {links - layout.offset('ActiveProcessLinks'):#x} is as it must be; layout {layout.source}"
    return DumpinfoRow("crosscheck", "EPROCESS", "ok", text)


def _triage(triage: TriageDump) -> Iterator[DumpinfoRow]:
    yield from _fields("triage", triage.fields)
    for name, block in (
        ("KPRCB", triage.prcb),
        ("EPROCESS", triage.process),
        ("ETHREAD", triage.thread),
        ("call stack", triage.call_stack),
        ("debugger data", triage.debugger_data),
    ):
        if block is None:
            yield DumpinfoRow("triage", f"block {name}", NOT_AVAILABLE, "not in the file")
        else:
            where = f" at {block.virtual:#x}" if block.virtual is not None else ""
            yield DumpinfoRow(
                "triage", f"block {name}", f"{len(block.data)} bytes", f"file offset {block.offset:#x}{where}"
            )
    yield DumpinfoRow("triage", "drivers", str(len(triage.drivers)), "")
    yield DumpinfoRow("triage", "unloaded drivers", str(len(triage.unloaded)), "")
    segments = triage.virtual_memory.segments()
    total = sum(size for _, _, size in segments)
    yield DumpinfoRow("triage", "memory", f"{total} bytes", f"in {len(segments)} pieces of virtual memory")
