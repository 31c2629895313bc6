"""The report on one PEB: its members, its modules, the process parameters, and whether the lists are sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.loader.loader_lists import ListsReader, LoaderLists
from volplugins.loader.peb import heaps, read_peb
from volplugins.loader.process_parameters import environment, parameter_strings, read_parameters
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Structure
from volplugins.vol.commands.peb.modules import PebModules
from volplugins.vol.commands.peb.row import PebRow, Subject

_BOOLEANS = ("InheritedAddressSpace", "ReadImageFileExecOptions", "BeingDebugged")
_BEFORE_LDR = ("ImageBaseAddress", "NtGlobalFlag", "Ldr")
_AFTER_LDR = ("SubSystemData", "ProcessHeap", "ProcessParameters", "NumberOfProcessors", "SessionId")
_VERSION = ("OSMajorVersion", "OSMinorVersion", "OSBuildNumber")


def listed_bases(memory: MemoryReader, peb: int, bits: int, read: ListsReader) -> frozenset[int]:
    """Bases of the modules in a PEB's lists; none where those cannot be read, or are another process's."""
    try:
        lists, _ = _lists_of(read_peb(memory, peb, bits), bits, read)
    except ReadError:
        return frozenset()
    return frozenset(entry.base for entry in lists.entries.values()) if lists is not None else frozenset()


@dataclass(frozen=True, slots=True)
class PebReport:
    """The report on the PEB at ``peb``."""

    subject: Subject
    modules: PebModules
    peb: int

    def rows(self, note: str) -> Iterator[PebRow]:
        """Every section; ``note`` goes with the first row."""
        row = self.subject.row
        yield row("peb", "Peb", f"{self.peb:#x}", note)
        try:
            peb = read_peb(self.subject.memory, self.peb, self.subject.bits)
        except ReadError as error:
            yield row("peb", "", "", f"the PEB cannot be read: page {error.address & ~0xFFF:#x} {error.reason}")
            yield from self.modules.rebuilt("the PEB cannot be read")
            return
        lists, why = _lists_of(peb, self.subject.bits, self.subject.read_lists)
        yield from self._peb(peb, lists, why)
        yield from self.modules.listed(lists) if lists is not None else self.modules.rebuilt(why)
        yield from self._parameters(peb)
        if lists is not None:
            yield from self.modules.integrity(lists)

    def _peb(self, peb: Structure, lists: LoaderLists | None, why: str) -> Iterator[PebRow]:
        row = self.subject.row
        for name in _BOOLEANS:
            yield row("peb", name, "Yes" if peb.unsigned(name) else "No")
        for name in _BEFORE_LDR:
            yield row("peb", name, f"{peb.unsigned(name):#x}", why if name == "Ldr" else "")
        if lists is not None:
            yield row("peb", "Ldr.Initialized", "Yes" if lists.ldr.unsigned("Initialized") else "No")
            for each in lists.lists:
                yield row("peb", f"Ldr.{each.name}ModuleList", f"{each.first:#x} . {each.last:#x}")
        for name in _AFTER_LDR:
            value = peb.unsigned(name)
            counted = name in ("NumberOfProcessors", "SessionId")
            yield row("peb", name, str(value) if counted else f"{value:#x}")
        yield row("peb", "OSVersion", ".".join(str(peb.unsigned(name)) for name in _VERSION))
        note = self.subject.listed_by(self.peb)
        found, note = ((), note) if note else heaps(self.subject.memory, peb, self.subject.bits)
        yield row("peb", "NumberOfHeaps", str(peb.unsigned("NumberOfHeaps")), note)
        for number, heap in enumerate(found):
            yield row("peb", f"ProcessHeaps[{number}]", f"{heap:#x}")

    def _parameters(self, peb: Structure) -> Iterator[PebRow]:
        row, memory = self.subject.row, self.subject.memory
        at = peb.unsigned("ProcessParameters")
        if not at:
            yield row("parameters", "", "", "ProcessParameters is null")
            return
        try:
            parameters = read_parameters(memory, at, self.subject.bits)
        except ReadError as error:
            why = f"ProcessParameters cannot be read: page {error.address & ~0xFFF:#x} {error.reason}"
            yield row("parameters", "", "", why)
            return
        for name, text, why in parameter_strings(memory, parameters):
            yield row("parameters", name, text, why)
        block = parameters.get("Environment")
        if block is None:
            yield row("parameters", "Environment", "", parameters.absent)
        else:
            yield row("parameters", "Environment", f"{block:#x}")
        variables, why = environment(memory, parameters, self.subject.taken)
        for variable in variables:
            name, sign, value = variable[1:].partition("=")  # names of drives' directories begin with =
            yield row("environment", variable[:1] + name, value, "" if sign else "has no =")
        if why:
            yield row("environment", "", "", why)


def _lists_of(peb: Structure, bits: int, read: ListsReader) -> tuple[LoaderLists | None, str]:
    """The lists, or why there are none."""
    ldr = peb.unsigned("Ldr")
    if not ldr:
        return None, "Ldr is null: the loader has not run yet"
    try:
        return read(ldr, bits), ""
    except ReadError as error:
        return None, f"Ldr cannot be read: page {error.address & ~0xFFF:#x} {error.reason}"
