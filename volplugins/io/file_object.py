"""FILE_OBJECT: one open file, pipe or device (wdm.h; layouts from the symbol tables)."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.io.system import IoSystem
from volplugins.loader.kernel_modules import read_unicode_string
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Structure

FILE_TYPE = 5  # IO_TYPE_FILE
LONGEST_NAME = 4096  # characters that are kept
_RELATED = 8  # files that were opened relative to one another


@dataclass(frozen=True, slots=True)
class FileObject:
    """One file object.

    Attributes:
        address: of the FILE_OBJECT.
        device: the device that was opened; ``vpb`` that of the volume below a file system.
        name: as it was opened, below the device; behind the name of the file that it was opened relative to.
        flags: FO_ flags. ``offset``: CurrentByteOffset.
        context, sections: FsContext and SectionObjectPointer.
        notes: what is wrong with it.
    """

    address: int
    device: int
    vpb: int
    name: str
    flags: int
    offset: int
    context: int
    sections: int
    notes: tuple[str, ...] = ()


def read_file_object(system: IoSystem, address: int) -> FileObject | None:
    """The file object at ``address``; None where what is there is none.

    Raises:
        ReadError: it cannot be read.
    """
    found = system.present(address, system.layouts.file, "Type")
    if found.unsigned("Type") != FILE_TYPE:
        return None
    notes = [found.absent] if found.absent else []
    return FileObject(
        address, found.get("DeviceObject") or 0, found.get("Vpb") or 0, _name(system, found, notes),
        found.get("Flags") or 0, found.get("CurrentByteOffset") or 0, found.get("FsContext") or 0,
        found.get("SectionObjectPointer") or 0, tuple(notes),
    )  # fmt: skip


def _name(system: IoSystem, found: Structure, notes: list[str]) -> str:
    """The whole name: a relative one stands behind that of its file."""
    parts: list[str] = []
    for _ in range(_RELATED):
        text = _own_name(system, found, notes)
        parts.append(text)
        related = found.get("RelatedFileObject")
        if text.startswith("\\") or not related:
            break
        try:
            found = system.present(related, system.layouts.file, "Type")
        except ReadError as error:
            notes.append(f"RelatedFileObject: {error}")
            break
        if found.unsigned("Type") != FILE_TYPE:
            notes.append(f"RelatedFileObject {related:#x} is no file object")
            break
    whole = "\\".join(part.rstrip("\\") if at else part for at, part in enumerate(reversed(parts)) if part)
    return whole if len(whole) <= LONGEST_NAME else f"{whole[:LONGEST_NAME]}…"


def _own_name(system: IoSystem, found: Structure, notes: list[str]) -> str:
    if not found.layout.has("FileName"):
        return ""
    try:
        return read_unicode_string(system.memory, found.raw("FileName"))
    except ReadError as error:
        notes.append(f"FileName: {error}")
        return ""
