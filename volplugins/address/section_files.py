"""What a mapped range maps: the section's control area and the file behind it.

Source: _SUBSECTION, _CONTROL_AREA (FilePointer is an EX_FAST_REF since Vista) and _FILE_OBJECT of public symbol tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.kernel.layouts import KernelLayouts
from volplugins.kernel.vads import Vad
from volplugins.loader.kernel_modules import read_unicode_string
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import read_structure

_COUNT_BITS = {64: 0xF, 32: 0x7}  # the low bits of an EX_FAST_REF count references


@dataclass(frozen=True, slots=True)
class Section:
    """One section: address of its control area (None where not known), path of its file (empty for none).

    ``backed_by_file`` is None where it cannot be told.
    """

    control_area: int | None
    path: str
    backed_by_file: bool | None
    note: str


_MOST_KEPT = 1 << 24  # characters of paths; what comes after them is read again each time
NOTHING = Section(None, "", None, "")


@dataclass(slots=True)
class SectionFiles:
    """Sections by control area, each read once."""

    memory: MemoryReader
    layouts: KernelLayouts
    bits: int
    _sections: dict[int, Section] = field(default_factory=dict)
    _control_areas: dict[int, int | str] = field(default_factory=dict)
    _kept: int = 0

    def of(self, vad: Vad) -> Section:
        """What ``vad`` maps; nothing for a private range. Never raises."""
        if vad.private or not vad.section:
            return NOTHING
        area: int | str = vad.section
        if not self.layouts.vad.has("ControlArea"):
            area = self._control_areas.get(vad.section) or self._control_area(vad.section)
        if isinstance(area, str):
            return Section(None, "", None, area)
        found = self._sections.get(area)
        if found is None:
            found = self._read(area)
            self._kept += len(found.path)
            if self._kept <= _MOST_KEPT:
                self._sections[area] = found
        return found

    def path_of(self, vad: Vad) -> str:
        """The path of the file that ``vad`` maps; empty where there is none, or it cannot be read."""
        return self.of(vad).path

    def _control_area(self, subsection: int) -> int | str:
        """Address of a subsection's control area, or why it cannot be told."""
        found: int | str
        try:
            structure = read_structure(self.memory, subsection, self.layouts.subsection)
            found = structure.unsigned("ControlArea") or f"subsection {subsection:#x} leads to no control area"
        except (ReadError, KeyError) as error:
            found = f"subsection {subsection:#x} cannot be read ({_reason(error)})"
        self._control_areas[subsection] = found
        return found

    def _read(self, area: int) -> Section:
        try:
            structure = read_structure(self.memory, area, self.layouts.control_area)
            pointer = structure.unsigned("FilePointer") & ~_COUNT_BITS[self.bits]
        except (ReadError, KeyError) as error:
            return Section(None, "", None, f"control area {area:#x} cannot be read ({_reason(error)})")
        if not pointer:
            return Section(area, "", False, "")
        try:
            path = self._path(pointer)
        except (ReadError, KeyError) as error:
            return Section(area, "", True, f"file object {pointer:#x}: its name cannot be read ({_reason(error)})")
        return Section(area, path, True, "" if path else f"file object {pointer:#x} has no name")

    def _path(self, file_object: int) -> str:
        structure = read_structure(self.memory, file_object, self.layouts.file_object)
        return read_unicode_string(self.memory, structure.raw("FileName"))


def _reason(error: ReadError | KeyError) -> str:
    return error.reason if isinstance(error, ReadError) else "its layout is not known"
