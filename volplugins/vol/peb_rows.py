"""Rows of windows.kd.peb: a process as its own memory describes it, each list of modules checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from volplugins.kernel.process import Process
from volplugins.kernel.thread import walk_threads
from volplugins.kernel.vads import Vad
from volplugins.loader.loader_lists import LoaderLists, in_order, read_loader_lists
from volplugins.loader.peb import heaps, read_peb
from volplugins.loader.process_parameters import environment, parameter_strings, read_parameters
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Structure
from volplugins.threads.teb import teb_fields
from volplugins.threads.user_modules import IMAGE_VAD, user_modules
from volplugins.threads.wow64 import peb32_of
from volplugins.vol.directory_judge import WALKABLE, DirectoryJudge, process_space, vads_of
from volplugins.vol.process_selection import Progress, choose, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene

_BOOLEANS = ("InheritedAddressSpace", "ReadImageFileExecOptions", "BeingDebugged")
_BEFORE_LDR = ("ImageBaseAddress", "NtGlobalFlag", "Ldr")
_AFTER_LDR = ("SubSystemData", "ProcessHeap", "ProcessParameters", "NumberOfProcessors", "SessionId")
_VERSION = ("OSMajorVersion", "OSMinorVersion", "OSBuildNumber")
_HIGHEST_32 = 1 << 32


class PebRow(NamedTuple):
    """One field. ``bits`` is 64 or 32: a 32-bit process on x64 has a PEB of each."""

    pid: int | None
    process: str
    bits: int | None
    section: str
    field: str
    value: str
    note: str


def failure_row(why: str, process: Process | None = None, bits: int | None = None) -> PebRow:
    """A row that says what could not be done."""
    if process is None:
        return PebRow(None, "error", None, "error", "", "", why)
    return PebRow(process.pid, process.name, bits, "peb", "", "", why)


def peb_rows(
    scene: CrashScene, who: Sequence[str], teb: bool = False, scan: bool | None = None, progress: Progress | None = None
) -> Iterator[PebRow]:
    """The rows of every process, or of those that ``who`` means; ``teb`` adds each thread's TEB."""
    if scene.dump.triage is not None or scene.space is None:
        yield failure_row("user memory is not in this kind of dump")
        return
    gathered = gather(scene, scan, progress)
    court = DirectoryJudge(scene, gathered.processes)
    chosen, problems = choose(gathered.processes, who)
    for number, (process, note) in enumerate(chosen):
        if progress is not None:
            progress(100.0 * number / len(chosen), f"Reading the PEB of {process.name}")
        yield from _of_process(scene, court, process, note, teb)
    for problem in (*problems, *gathered.notes):
        yield failure_row(problem)
    if not gathered.processes:
        yield failure_row("; ".join(scene.notes) or "no process is in the list")


def _of_process(scene: CrashScene, court: DirectoryJudge, process: Process, note: str, teb: bool) -> Iterator[PebRow]:
    bits = scene.bits
    if not process.peb:
        why = "has no PEB" + (f" ({process.life})" if process.life != "running" else " (no user memory)")
        yield failure_row("; ".join(each for each in (why, note) if each), process, bits)
        return
    word = court.verdict(process).word
    if word not in WALKABLE:
        yield failure_row(f"page-directory:{word}", process, bits)
        return
    memory = process_space(scene, process)
    vads = vads_of(scene, process).ranges
    yield from _PebReport(process, memory, vads, bits, process.peb).rows(note)
    if process.wow64:
        low = peb32_of(scene.memory, process.wow64)
        if low is None:
            yield failure_row("the 32-bit PEB is not known: what leads to it cannot be read", process, 32)
        else:
            yield from _PebReport(process, memory, vads, 32, low, below=_HIGHEST_32).rows("")
    if teb:
        yield from _tebs(scene, process, memory)


def _tebs(scene: CrashScene, process: Process, memory: MemoryReader) -> Iterator[PebRow]:
    for thread in walk_threads(scene.memory, process.eprocess, scene.layouts.process, scene.layouts.thread):
        if not thread.teb:
            continue
        title = f"{thread.tid:x}" if thread.tid is not None else f"{thread.ethread:#x}"
        try:
            fields = teb_fields(memory, thread.teb, scene.bits)
        except ReadError as error:
            why = f"TEB cannot be read: {error.address:#x} {error.reason}"
            yield PebRow(process.pid, process.name, scene.bits, "teb", f"{title}.Teb", f"{thread.teb:#x}", why)
            continue
        yield PebRow(process.pid, process.name, scene.bits, "teb", f"{title}.Teb", f"{thread.teb:#x}", "")
        for name, value in fields.items():
            yield PebRow(process.pid, process.name, scene.bits, "teb", f"{title}.{name}", f"{value:#x}", "")


@dataclass(slots=True)
class _PebReport:
    """The report on one PEB. ``below`` bounds the images that belong to it: those of 32 bits lie below 4 GiB."""

    process: Process
    memory: MemoryReader
    vads: Sequence[Vad]
    bits: int
    peb: int
    below: int = 0

    def row(self, section: str, field: str, value: str = "", note: str = "") -> PebRow:
        return PebRow(self.process.pid, self.process.name, self.bits, section, field, value, note)

    def rows(self, note: str) -> Iterator[PebRow]:
        yield self.row("peb", "Peb", f"{self.peb:#x}", note)
        try:
            peb = read_peb(self.memory, self.peb, self.bits)
        except ReadError as error:
            yield self.row("peb", "", "", f"the PEB cannot be read: page {error.address & ~0xFFF:#x} {error.reason}")
            yield from self._rebuilt("the PEB cannot be read")
            return
        lists, why = self._lists(peb)
        yield from self._peb(peb, lists, why)
        yield from self._modules(lists, why)
        yield from self._parameters(peb)
        if lists is not None:
            yield from self._integrity(lists)

    def _lists(self, peb: Structure) -> tuple[LoaderLists | None, str]:
        ldr = peb.unsigned("Ldr")
        if not ldr:
            return None, "Ldr is null: the loader has not run yet"
        try:
            return read_loader_lists(self.memory, ldr, self.bits), ""
        except ReadError as error:
            return None, f"Ldr cannot be read: page {error.address & ~0xFFF:#x} {error.reason}"

    def _peb(self, peb: Structure, lists: LoaderLists | None, why: str) -> Iterator[PebRow]:
        for name in _BOOLEANS:
            yield self.row("peb", name, "Yes" if peb.unsigned(name) else "No")
        for name in _BEFORE_LDR:
            yield self.row("peb", name, f"{peb.unsigned(name):#x}", why if name == "Ldr" else "")
        if lists is not None:
            yield self.row("peb", "Ldr.Initialized", "Yes" if lists.ldr.unsigned("Initialized") else "No")
            for each in lists.lists:
                yield self.row("peb", f"Ldr.{each.name}ModuleList", f"{each.first:#x} . {each.last:#x}")
        for name in _AFTER_LDR:
            value = peb.unsigned(name)
            counted = name in ("NumberOfProcessors", "SessionId")
            yield self.row("peb", name, str(value) if counted else f"{value:#x}")
        yield self.row("peb", "OSVersion", ".".join(str(peb.unsigned(name)) for name in _VERSION))
        found, note = heaps(self.memory, peb, self.bits)
        yield self.row("peb", "NumberOfHeaps", str(peb.unsigned("NumberOfHeaps")), note)
        for number, heap in enumerate(found):
            yield self.row("peb", f"ProcessHeaps[{number}]", f"{heap:#x}")

    def _modules(self, lists: LoaderLists | None, why: str) -> Iterator[PebRow]:
        if lists is None:
            yield from self._rebuilt(why)
            return
        listed = set()
        for entry, names in in_order(lists):
            listed.add(entry.base)
            usual = names[:2] == ("InLoadOrder", "InMemoryOrder")
            notes = [entry.note, "" if usual else "only in " + ", ".join(names)]
            text = "; ".join(each for each in notes if each)
            yield self.row("modules", f"{entry.base:#x}", f"{_time(entry.timestamp)} {entry.path or entry.name}", text)
        yield from self._mapped(listed, "mapped, in none of the lists (from the VADs)")

    def _rebuilt(self, why: str) -> Iterator[PebRow]:
        """The modules by their VADs alone."""
        yield from self._mapped(set(), f"from the VADs: {why}")

    def _mapped(self, listed: set[int], note: str) -> Iterator[PebRow]:
        images = [vad for vad in self.vads if vad.kind == IMAGE_VAD and vad.start not in listed]
        if self.below:
            images = [vad for vad in images if vad.start < self.below]
        for module in user_modules(self.memory, None, images, self.bits):
            time = _time(module.timestamp) if module.timestamp is not None else "unknown time"
            yield self.row("modules", f"{module.base:#x}", f"{time} {module.image_name}", note)

    def _parameters(self, peb: Structure) -> Iterator[PebRow]:
        at = peb.unsigned("ProcessParameters")
        if not at:
            yield self.row("parameters", "", "", "ProcessParameters is null")
            return
        try:
            parameters = read_parameters(self.memory, at, self.bits)
        except ReadError as error:
            why = f"ProcessParameters cannot be read: page {error.address & ~0xFFF:#x} {error.reason}"
            yield self.row("parameters", "", "", why)
            return
        for name, text, why in parameter_strings(self.memory, parameters):
            yield self.row("parameters", name, text, why)
        yield self.row("parameters", "Environment", f"{parameters.unsigned('Environment'):#x}")
        variables, why = environment(self.memory, parameters)
        for variable in variables:
            name, sign, value = variable[1:].partition("=")  # names of drives' directories begin with =
            yield self.row("environment", variable[:1] + name, value, "" if sign else "has no =")
        if why:
            yield self.row("environment", "", "", why)

    def _integrity(self, lists: LoaderLists) -> Iterator[PebRow]:
        mapped = {vad.start for vad in self.vads if vad.kind == IMAGE_VAD}
        for each in lists.lists:
            field = f"{each.name}ModuleList"
            state = "complete" if each.complete else "broken"
            yield self.row("integrity", field, f"{len(each.entries)} entries, {state}")
            for problem in each.problems:
                yield self.row("integrity", field, "damaged", problem)
            for entry in lists.absent(each.name):
                yield self.row("integrity", field, "missing", f"{entry.base:#x} {entry.name} is in another list")
        if not mapped:
            return  # no VAD tree to compare with
        for entry in lists.entries.values():
            if entry.base not in mapped:
                note = f"{entry.base:#x} {entry.name} is listed, but no image is mapped there"
                yield self.row("integrity", "image", "not mapped", note)


def _time(timestamp: int) -> str:
    """A header's time stamp as !peb writes it: hexadecimal, then UTC."""
    return f"{timestamp:08x} {datetime.fromtimestamp(timestamp, timezone.utc):%Y-%m-%d %H:%M:%S}"
