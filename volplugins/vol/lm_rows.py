"""Rows of windows.kd.lm: modules by base address, put together from the loader's lists, the VADs and the images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from volplugins.kernel.process import Process
from volplugins.kernel.vads import Vad
from volplugins.loader.load_time import read_load_time
from volplugins.loader.loader_lists import LISTS, LoaderEntry, in_order, read_loader_lists
from volplugins.loader.module import Module
from volplugins.loader.peb import read_peb
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.threads.user_modules import IMAGE_VAD, user_modules
from volplugins.threads.wow64 import peb32_of
from volplugins.vol.directory_judge import WALKABLE, DirectoryJudge, process_space, vads_of
from volplugins.vol.image_facts import PDB, ImageFactsReader
from volplugins.vol.process_selection import Progress, choose, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene

_PAGE = 0x1000


class LmRow(NamedTuple):
    """One module. ``end`` is exclusive; times and checksums as the image's header has them; None: not known.

    ``linked`` is the time stamp where it is a time; ``loaded`` and ``unloaded`` are FILETIMEs.
    """

    pid: int | None
    process: str
    start: int | None
    end: int | None
    module: str
    status: str
    path: str
    timestamp: int | None
    checksum: int | None
    pdb: str
    guid_age: str
    version: str
    in_load: bool | None
    in_memory: bool | None
    in_init: bool | None
    mapped: bool | None
    source: str
    note: str
    linked: int | None = None
    loaded: int | None = None
    unloaded: int | None = None


def failure_row(why: str, process: Process | None = None) -> LmRow:
    """A row that says what could not be done."""
    pid, name = (process.pid, process.name) if process is not None else (None, "error")
    return LmRow(pid, name, None, None, "", "", "", None, None, "", "", "", None, None, None, None, "", why)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown: ``kernel`` instead of processes; ``addresses``: only modules that hold one of them."""

    who: Sequence[str] = ()
    kernel: bool = False
    addresses: Sequence[int] = ()
    scan: bool | None = None

    def takes(self, start: int, end: int) -> bool:
        return not self.addresses or any(start <= address < end for address in self.addresses)


def lm_rows(scene: CrashScene, wanted: Wanted, progress: Progress | None = None) -> Iterator[LmRow]:
    """The rows; those of the kernel too where an address lies in its half."""
    reader = ImageFactsReader()
    above = [address for address in wanted.addresses if address >> (scene.bits - 1)]
    sought = set(wanted.addresses)
    if wanted.kernel or above:
        yield from _noting(_kernel(scene, wanted, reader), sought)
    if not wanted.kernel and not (above and len(above) == len(wanted.addresses)):
        yield from _noting(_processes(scene, wanted, reader, progress), sought)
    for address in sorted(sought):
        yield failure_row(f"no module holds {address:#x}")


def _noting(rows: Iterator[LmRow], sought: set[int]) -> Iterator[LmRow]:
    """The rows; takes the addresses that they hold from ``sought``."""
    for row in rows:
        if row.start is not None and row.end is not None:
            sought -= {address for address in sought if row.start <= address < row.end}
        yield row


def _kernel(scene: CrashScene, wanted: Wanted, reader: ImageFactsReader) -> Iterator[LmRow]:
    for module in (*scene.modules, *scene.unloaded):
        if not wanted.takes(module.base, module.end):
            continue
        if module.source == "unloaded":
            yield _row(None, module, None)._replace(note=module.note, unloaded=module.unloaded)
            continue
        made = _with_image(reader, scene.memory, _row(None, module, True))
        table = scene.symbolizer.table(module) if module.is_kernel else None
        # the kernel's own table may be known where its debug record is not: by three addresses of the header
        yield made._replace(status=PDB) if table is not None and table.kind == "pdb" else made
    if not len(scene.modules):
        yield failure_row("; ".join(scene.notes) or "no module list in the dump")


def _row(process: Process | None, module: Module, in_load: bool | None) -> LmRow:
    pid, name = (process.pid, process.name) if process is not None else (None, "kernel")
    return LmRow(
        pid, name, module.base, module.end, module.image_name, "", module.path, module.timestamp, module.checksum,
        "", "", "", in_load, None, None, None, module.source, module.note,
    )  # fmt: skip


def _with_image(reader: ImageFactsReader, memory: MemoryReader, row: LmRow) -> LmRow:
    """The row with what the image itself says; where the list disagrees with the image, Note says so."""
    start, end = row.start or 0, row.end or 0
    facts = reader.read(memory, start, row.module)
    notes = [row.note, *facts.missing]
    row = row._replace(status=facts.status, version=facts.version, linked=facts.linked)
    if facts.headers is not None:
        if facts.headers.size_of_image and facts.headers.size_of_image != end - start:
            notes.append(f"SizeOfImage is {facts.headers.size_of_image:#x} in the header")
        row = row._replace(timestamp=facts.headers.timestamp, checksum=facts.headers.checksum)
    if facts.record is not None:
        row = row._replace(pdb=facts.record.pdb_name, guid_age=facts.record.guid_age)
    return row._replace(note=_joined(*notes))


def _joined(*notes: str) -> str:
    return "; ".join(dict.fromkeys(note for note in notes if note))


def _processes(
    scene: CrashScene, wanted: Wanted, reader: ImageFactsReader, progress: Progress | None
) -> Iterator[LmRow]:
    if scene.dump.triage is not None or scene.space is None:
        yield failure_row("user memory is not in this kind of dump; --kernel-modules shows the kernel's modules")
        return
    gathered = gather(scene, wanted.scan, progress)
    court = DirectoryJudge(scene, gathered.processes)
    chosen, problems = choose(gathered.processes, wanted.who)
    for number, (process, _) in enumerate(chosen):
        if progress is not None:
            progress(100.0 * number / len(chosen), f"Modules of {process.name}")
        yield from _of_process(scene, court, process, wanted, reader)
    for problem in (*problems, *gathered.notes):
        yield failure_row(problem)
    if not gathered.processes:
        yield failure_row("; ".join(scene.notes) or "no process is in the list")


def _of_process(
    scene: CrashScene, court: DirectoryJudge, process: Process, wanted: Wanted, reader: ImageFactsReader
) -> Iterator[LmRow]:
    if not process.peb and not process.vad_root:
        if not wanted.addresses:
            yield failure_row("has no user memory", process)
        return
    word = court.verdict(process).word
    if word not in WALKABLE:
        yield failure_row(f"page-directory:{word}", process)
        return
    memory = process_space(scene, process)
    vads, build = vads_of(scene, process), scene.dump.header.minor_version
    merged = _Merged(process, memory, {vad.start: vad for vad in vads.ranges}, build, not vads.notes)
    if process.peb:
        merged.add_lists(process.peb, scene.bits, "ldr")
    low = peb32_of(scene.memory, process.wow64)
    if low is not None:
        merged.add_lists(low, 32, "ldr32")
    elif process.wow64:
        merged.problems.append("ldr32: the 32-bit PEB is not known; its modules from the VADs")
    merged.add_mapped(scene.bits)
    for start in sorted(merged.rows):
        row = merged.rows[start]
        if row.end is not None and wanted.takes(start, row.end):
            yield _with_image(reader, memory, row)
    if not wanted.addresses:
        yield from (failure_row(problem, process) for problem in (*merged.problems, *vads.notes))


@dataclass(slots=True)
class _Merged:
    """Modules of one process by base: a base that several sources name is one row. ``whole``: of the VAD tree."""

    process: Process
    memory: MemoryReader
    vads: dict[int, Vad]
    build: int
    whole: bool
    rows: dict[int, LmRow] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add_lists(self, peb: int, bits: int, source: str) -> None:
        try:
            ldr = read_peb(self.memory, peb, bits).unsigned("Ldr")
            if not ldr:
                return
            lists = read_loader_lists(self.memory, ldr, bits)
        except ReadError as error:
            self.problems.append(
                f"{source}: page {error.address & ~(_PAGE - 1):#x} {error.reason}; modules from the VADs"
            )
            return
        for each in lists.lists:
            self.problems.extend(f"{source} {each.name}ModuleList: {problem}" for problem in each.problems)
        absent = {
            each.name: {entry.address for entry in lists.absent(each.name)} for each in lists.lists if each.complete
        }
        for entry, names in in_order(lists):
            lacking = [name for name, addresses in absent.items() if entry.address in addresses]
            loaded = read_load_time(self.memory, entry.address, bits, self.build)
            row = self._listed(entry, names, source, lacking)._replace(loaded=loaded)
            before = self.rows.get(entry.base)
            if before is None:
                self.rows[entry.base] = row
            elif before.source != source:  # the program of a 32-bit process is in the lists of both widths
                self.rows[entry.base] = row._replace(
                    in_load=row.in_load or before.in_load, in_memory=row.in_memory or before.in_memory,
                    in_init=row.in_init or before.in_init, note=_joined(before.note, row.note),
                )  # fmt: skip

    def _listed(self, entry: LoaderEntry, names: tuple[str, ...], source: str, lacking: Sequence[str]) -> LmRow:
        module = Module(entry.base, entry.size, entry.name, entry.path, entry.timestamp, None, source, entry.address,
                        entry.note)  # fmt: skip
        vad = self.vads.get(entry.base)
        mapped = vad is not None and vad.kind == IMAGE_VAD
        notes = [entry.note, "not in " + ", ".join(lacking) if lacking else ""]
        if not mapped:
            notes.append("listed, but no image is mapped there" if self.whole else "")
        elif vad is not None and vad.end - vad.start != (entry.size + _PAGE - 1) & -_PAGE:
            notes.append(f"the list says {entry.size:#x} bytes, {vad.end - vad.start:#x} are mapped")
        held = [name in names for name in LISTS]
        return _row(self.process, module, held[0])._replace(
            in_memory=held[1], in_init=held[2], mapped=mapped or (None if not self.whole else False),
            note=_joined(*notes),
        )  # fmt: skip

    def add_mapped(self, bits: int) -> None:
        rest = [vad for vad in self.vads.values() if vad.kind == IMAGE_VAD and vad.start not in self.rows]
        for module in user_modules(self.memory, None, rest, bits):
            row = _row(self.process, module, False)._replace(in_memory=False, in_init=False, mapped=True)
            self.rows[module.base] = row._replace(note="mapped, in none of the lists")
