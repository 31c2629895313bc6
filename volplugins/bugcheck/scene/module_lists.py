"""The lists of loaded and unloaded modules: a small dump's own, else the kernel's."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.dumpfile.triage import TriageDump
from volplugins.dumpfile.triage_drivers import DRIVER_NOTES
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.loader.kernel_modules import walk_loaded_modules
from volplugins.loader.module import Module, ModuleTable
from volplugins.loader.unloaded_modules import read_unloaded_modules
from volplugins.memory.reader import MemoryReader
from volplugins.target.target import Target


@dataclass(frozen=True, slots=True)
class ModuleLists:
    """Loaded and unloaded modules; ``notes``: what is wrong with the list of those that are loaded."""

    loaded: ModuleTable
    unloaded: ModuleTable
    notes: tuple[str, ...]


def module_lists(target: Target, memory: MemoryReader, data: DebuggerData | None) -> ModuleLists:
    """The lists of the target; the kernel's by the target's anchor first, then by KDBG."""
    if target.triage is not None:
        return _of_small_dump(target, target.triage)
    heads = [target.anchors.loaded_modules, data.addresses.get("PsLoadedModuleList", 0) if data else 0]
    modules: tuple[Module, ...] = ()
    notes: list[str] = []
    for head in dict.fromkeys(head for head in heads if head):
        found = walk_loaded_modules(memory, head, target.bits)
        notes.extend(found.notes)
        if found.modules:
            modules = found.modules
            break
    pointer = data.addresses.get("MmUnloadedDrivers", 0) if data else 0
    gone = read_unloaded_modules(memory, pointer, target.bits) if pointer else ()
    return ModuleLists(ModuleTable(modules), ModuleTable(gone), tuple(notes))


def _of_small_dump(target: Target, triage: TriageDump) -> ModuleLists:
    loaded = [
        Module(d.base, d.size, d.name.rsplit("\\", 1)[-1], d.name if "\\" in d.name else "", d.timestamp,
               d.checksum, "triage", None, d.note)
        for d in triage.drivers
        if d.base and d.size
    ]  # fmt: skip
    gone = [Module(u.start, u.end - u.start, u.name, "", None, None, "unloaded") for u in triage.unloaded]
    bare = len(triage.drivers) - len(loaded)
    notes = [f"{bare:,} entries of the list of drivers have no base or no size"] if bare else []
    notes += [note.text for note in target.notes if note.field in DRIVER_NOTES]
    return ModuleLists(ModuleTable(loaded), ModuleTable(gone), tuple(notes))
