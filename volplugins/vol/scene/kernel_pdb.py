"""Which PDB the images of a scene name, and which table of the kernel was taken, how it was recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.image.debug_record import DebugRecord
from volplugins.loader.module import Module
from volplugins.threads.module_code import with_image_file
from volplugins.vol.scene.crash_scene import debug_record, kernel_choice
from volplugins.vol.symbols.symbol_files import PdbSymbols

_IDENTITY = re.compile(r"([^/]+)/([0-9A-F]{32}|[0-9A-F]{8})-([0-9]{1,9})")
_MOST_NAMED = 8

# how the kernel's PDB was recognised
DEBUG_RECORD, IMAGE_FILE, HEADER_ADDRESSES = "debug-record", "image-file", "header-addresses"
MEANINGS = {
    DEBUG_RECORD: "by the debug record in the dump",
    IMAGE_FILE: "by the debug record of the image's file",
    HEADER_ADDRESSES: "by the addresses that the header and KDBG give: it fits; other updates of this build may have "
    "the same addresses",
}


@dataclass(frozen=True, slots=True)
class KernelPdb:
    """The kernel's PDB; ``recognised``: a word above, ``used``: whether its table is at hand and in use."""

    record: DebugRecord
    recognised: str
    used: bool


def module_record(scene: CrashScene, module: Module) -> tuple[DebugRecord | None, str]:
    """The debug record of a module and where it is from: in memory, else in its image's file."""
    record = debug_record(scene.memory, module)
    if record is not None:
        return record, DEBUG_RECORD
    record = debug_record(with_image_file(scene.memory, module, scene.code.image_file), module)
    return record, IMAGE_FILE if record is not None else ""


def kernel_pdb(scene: CrashScene) -> KernelPdb | None:
    """The kernel's PDB; None where neither dump nor image file name it and no table at hand fits, or several do."""
    kernel = scene.modules.kernel
    if kernel is None:
        return None
    table = scene.symbolizer.table(kernel)
    record, recognised = module_record(scene, kernel)
    if record is not None:
        return KernelPdb(record, recognised, table is not None and table.kind == "pdb")
    record = record_of_table(table.identity) if isinstance(table, PdbSymbols) else None
    return KernelPdb(record, HEADER_ADDRESSES, True) if record is not None else None


def others_alike(scene: CrashScene, kernel: Module) -> int:
    """How many more tables at hand fit as the one that was recognised so does; they have the same symbols."""
    return max(len(kernel_choice(scene.target, scene.memory, kernel).fitting) - 1, 0)


def why_unnamed(scene: CrashScene, kernel: Module) -> str:
    """Why `kernel_pdb` gives none, where the kernel is known: one clause."""
    fitting = kernel_choice(scene.target, scene.memory, kernel).fitting
    if len(fitting) < 2:
        return f"the debug record of {kernel.image_name} is not in the dump, and no table at hand fits"
    named = ", ".join(fitting[:_MOST_NAMED]) + (" and more" if len(fitting) > _MOST_NAMED else "")
    return (
        f"the debug record of {kernel.image_name} is not in the dump; {len(fitting)} tables at hand fit and have other "
        f"symbols, so that none is used ({named})"
    )


def record_of_table(identity: str) -> DebugRecord | None:
    """The record for a table's ``name.pdb/GUID-age``; None where that is not one."""
    found = _IDENTITY.fullmatch(identity)
    return DebugRecord(found[1], found[1], found[2], int(found[3]), HEADER_ADDRESSES) if found else None
