"""Rows of windows.kd.lm: modules by base address, put together from the loader's lists, the VADs and the images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from volplugins.address.section_files import SectionFiles
from volplugins.kernel.process import Process
from volplugins.loader.module import Module
from volplugins.memory.reader import MemoryReader
from volplugins.threads.image_ranges import whole_images
from volplugins.threads.module_code import ImageFile, ImageOverlay
from volplugins.threads.wow64 import peb32_of
from volplugins.vol.commands.lm.merge import MergedModules
from volplugins.vol.commands.lm.row import LmRow, failure_row, joined, row_of
from volplugins.vol.scene.directory_verdicts import WALKABLE, DirectoryJudge, judge_of, process_space
from volplugins.vol.scene.given_directory import select
from volplugins.vol.scene.mapped_files import mapped_files
from volplugins.vol.scene.owned_structures import lists_reader, vads_of
from volplugins.vol.scene.process_selection import Progress, gather
from volplugins.vol.symbols.image_facts import PDB, ImageFactsReader

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown: ``kernel`` instead of processes; ``addresses``: only modules that hold one of them.

    ``times``: when each was loaded is wanted too. ``names``: only modules whose name or path fits one of these
    patterns (``*``, ``?``, ``[…]``), whatever its letter case. ``dirbase``: the directory that processes are read
    through.
    """

    who: Sequence[str] = ()
    kernel: bool = False
    addresses: Sequence[int] = ()
    scan: bool | None = None
    times: bool = False
    names: Sequence[str] = ()
    dirbase: str | None = None

    @property
    def some(self) -> bool:
        """Whether only some modules are wanted."""
        return bool(self.addresses or self.names)

    def takes(self, start: int, end: int, *names: str) -> bool:
        """Whether a module with these addresses, known by these names, is wanted."""
        held = not self.addresses or any(start <= address < end for address in self.addresses)
        return held and (not self.names or any(fits(pattern, *names) for pattern in self.names))


def fits(pattern: str, *names: str) -> bool:
    """Whether one of a module's names (file name, path) fits the pattern."""
    return any(fnmatchcase(name.lower(), pattern.lower()) for name in names)


@dataclass(frozen=True, slots=True)
class _Images:
    """What is known of images: from memory, from files of --image-path, and the files behind ranges."""

    reader: ImageFactsReader
    sections: SectionFiles
    image_file: ImageFile | None


def lm_rows(
    scene: CrashScene, wanted: Wanted, progress: Progress | None = None, image_file: ImageFile | None = None
) -> Iterator[LmRow]:
    """The rows; those of the kernel too where an address is none of programs.

    Args:
        image_file: looks for a module's file, for what memory lacks of it.
    """
    images = _Images(ImageFactsReader(), mapped_files(scene), image_file)
    above = [address for address in wanted.addresses if address >= scene.user_end]
    sought, unmet = set(wanted.addresses), set(wanted.names)
    if wanted.kernel or above:
        yield from _noting(_kernel(scene, wanted, images), sought, unmet)
    if not wanted.kernel and not (above and len(above) == len(wanted.addresses)):
        yield from _noting(_processes(scene, wanted, images, progress), sought, unmet)
    for address in sorted(sought):
        yield failure_row(f"no module holds {address:#x}{' and fits --module' if wanted.names else ''}")
    for pattern in sorted(unmet):
        yield failure_row(f"no module's name or path fits {pattern}")


def _noting(rows: Iterator[LmRow], sought: set[int], unmet: set[str]) -> Iterator[LmRow]:
    """The rows; takes the addresses that they hold from ``sought``, and the patterns that they fit from ``unmet``."""
    for row in rows:
        if row.start is not None and row.end is not None:
            sought -= {address for address in sought if row.start <= address < row.end}
            unmet -= {pattern for pattern in unmet if fits(pattern, row.module, row.path)}
        yield row


def _kernel(scene: CrashScene, wanted: Wanted, images: _Images) -> Iterator[LmRow]:
    for module in (*scene.modules, *scene.unloaded):
        if not wanted.takes(module.base, module.end, module.image_name, module.path):
            continue
        if module.source == "unloaded":
            yield row_of(None, module, None)._replace(note=module.note, unloaded=module.unloaded)
            continue
        made = _with_image(images, scene.memory, row_of(None, module, True))
        table = scene.symbolizer.table(module) if module.is_kernel else None
        # the kernel's own table may be known where its debug record is not: by the addresses of header and KDBG
        yield made._replace(status=PDB) if table is not None and table.kind == "pdb" else made
    if not len(scene.modules):
        yield failure_row("; ".join(scene.notes) or "no module list in the dump")
        return
    yield from map(failure_row, scene.module_notes)


def _with_image(images: _Images, memory: MemoryReader, row: LmRow) -> LmRow:
    """The row with what the image itself says; where the list disagrees with the image, Note says so."""
    start, end = row.start or 0, row.end or 0
    facts, from_file = images.reader.read(memory, start, row.module), ""
    if facts.missing and images.image_file is not None:
        module = Module(start, end - start, row.module, row.path, row.timestamp, row.checksum, row.source)
        data = images.image_file(module)
        if data:
            facts = images.reader.read(ImageOverlay(memory, start, data), start, row.module)
            from_file = "what memory lacks is from the image's file"
    notes = [row.note, from_file, *facts.missing]
    said: dict[str, Any] = {"status": facts.status, "version": facts.version, "linked": facts.linked}
    if facts.headers is not None:
        stated, checksum = facts.headers.stated_size, facts.headers.checksum
        if stated and stated == facts.headers.size_of_image and stated != end - start:
            notes.append(f"SizeOfImage is {stated:#x} in the header")
        # what memory has no more of is as the list says it
        said["timestamp"] = facts.headers.timestamp
        said |= {"checksum": checksum} if checksum is not None else {}
    if facts.record is not None:
        said |= {"pdb": facts.record.pdb_name, "guid_age": facts.record.guid_age}
    return row._replace(note=joined(*notes), **said)


def _processes(scene: CrashScene, wanted: Wanted, images: _Images, progress: Progress | None) -> Iterator[LmRow]:
    if scene.target.triage is not None or scene.space is None:
        yield failure_row("user memory is not in this kind of dump; --kernel-modules shows the kernel's modules")
        return
    gathered = gather(scene, wanted.scan, progress)
    court = judge_of(scene, gathered.processes)
    selection = select(gathered.processes, wanted.who, wanted.dirbase)
    chosen, problems = selection.processes, selection.wrong("where modules are")
    for number, (process, taken) in enumerate(chosen):
        if progress is not None:
            progress(100.0 * number / len(chosen), f"Modules of {process.name}")
        for index, row in enumerate(_of_process(scene, court, process, wanted, images)):
            yield row if index else row._replace(note=joined(taken, row.note))
    for problem in (*problems, *gathered.notes):
        yield failure_row(problem)
    if not gathered.processes:
        yield failure_row("; ".join(scene.notes) or "no process is in the list")


def _of_process(
    scene: CrashScene, court: DirectoryJudge, process: Process, wanted: Wanted, images: _Images
) -> Iterator[LmRow]:
    if not process.peb and not process.vad_root:
        if not wanted.some:
            yield failure_row(process.absent or "has no user memory", process)
        return
    word = court.word(process)
    if word not in WALKABLE:
        yield failure_row(f"page-directory:{word}", process)
        return
    vads = vads_of(scene, process)
    memory = process_space(scene, process, vads=vads)
    ranges = whole_images(memory, vads.ranges, images.sections.path_of)
    build = scene.target.build
    lists = lists_reader(scene, process, memory)
    merged = MergedModules(process, memory, ranges, not vads.notes, images.sections, build, wanted.times, lists)
    if process.peb:
        merged.add_lists(process.peb, scene.bits, "ldr")
    else:
        merged.unread = "the process has no PEB, and so no lists"  # System, into which Windows maps ntdll
    low = peb32_of(scene.memory, process.wow64)
    if low is not None:
        merged.add_lists(low, 32, "ldr32")
    elif process.wow64:
        merged.problems.append("ldr32: the 32-bit PEB is not known; its modules from the VADs")
    merged.add_mapped()
    for start in sorted(merged.rows):
        row = merged.rows[start]
        if row.end is not None and wanted.takes(start, row.end, row.module, row.path):
            yield _with_image(images, memory, row)
    if not wanted.some:
        problems = [*merged.problems, *vads.notes]
        if not merged.rows and not problems:
            problems.append("no image is mapped in its user memory")
        yield from (failure_row(problem, process) for problem in problems)
