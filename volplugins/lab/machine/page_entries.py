"""How a machine's kernel writes entries that are not valid, and what each says of its page.

Entry bits: _MMPTE_TRANSITION, _MMPTE_SOFTWARE, _MMPTE_PROTOTYPE and _MMPTE_SUBSECTION of the public symbol tables of
these builds. Protections are indexes into MmProtectToValue. An entry whose page file offset is all ones leaves the
prototype entry to the VAD.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.machine.page_tables import PAE, PRESENT, USER, X86, valid_word
from volplugins.lab.machine.profiles import Profile

NO_ACCESS, READ_ONLY, EXECUTE_READ, READ_WRITE, WRITE_COPY, EXECUTE_READ_WRITE, EXECUTE_WRITE_COPY = 0, 1, 3, 4, 5, 6, 7
NO_CACHE, GUARD, WRITE_COMBINE = 8, 0x10, 0x18  # added to one of these; alone, 0x10 is decommitted, 0x18 no access
DECOMMITTED = 0x10
PAGE_FILE, FILE_OFFSET = 1, 0x4321
_PROTOTYPE, _TRANSITION = 1 << 10, 1 << 11
_WORDS = (
    "PAGE_NOACCESS", "PAGE_READONLY", "PAGE_EXECUTE", "PAGE_EXECUTE_READ", "PAGE_READWRITE", "PAGE_WRITECOPY",
    "PAGE_EXECUTE_READWRITE", "PAGE_EXECUTE_WRITECOPY",
)  # fmt: skip
_MODIFIERS = ("", "|PAGE_NOCACHE", "|PAGE_GUARD", "|PAGE_WRITECOMBINE")


@dataclass(frozen=True, slots=True)
class PageFact:
    """What an entry says of its page.

    Attributes:
        word: what it allows, in PAGE_ words; empty for a page that was decommitted.
        resident: whether the page is in memory: valid, in transition, or reached through a prototype entry.
        valid: whether the entry itself is valid, so that the processor reads it.
    """

    word: str
    resident: bool
    valid: bool = False

    @property
    def committed(self) -> bool:
        """Whether a private page with this entry is committed."""
        return bool(self.word)


def protection_word(protection: int) -> str:
    """The PAGE_ words of a protection index."""
    if not protection & 7:
        return _WORDS[0]
    return _WORDS[protection & 7] + _MODIFIERS[protection >> 3]


def software_fact(protection: int, resident: bool = False) -> PageFact:
    """The fact of an entry that holds a protection index."""
    return PageFact("" if protection == DECOMMITTED else protection_word(protection), resident)


class PageEntries:
    """Entries of one machine; ``size`` is an entry's size in bytes."""

    def __init__(self, profile: Profile) -> None:
        self.mode = profile.mode
        self.size = profile.mode.entry
        self._narrow = profile.mode is X86
        self._pae = profile.mode is PAE
        self._new = profile.build >= 10240
        self._kernel_start = profile.user_end

    def transition(self, pfn: int, protection: int = READ_WRITE) -> int:
        """A page on its way out of memory, or back."""
        return pfn << 12 | _TRANSITION | protection << 5

    def page_file(self, protection: int = READ_WRITE) -> int:
        """A page in the page file PAGE_FILE, at page FILE_OFFSET of it."""
        low = PAGE_FILE << (12 if self._new else 1)
        return FILE_OFFSET << (12 if self._narrow else 32) | low | protection << 5

    def software(self, protection: int = READ_WRITE) -> int:
        """A page that was never touched, or that may not be: its protection alone."""
        return protection << 5

    def by_vad(self, protection: int = 0) -> int:
        """The prototype entry is the one that the VAD names; the protection is where the software form has it."""
        return (0xFFFFF000 if self._narrow else 0xFFFFFFFF00000000) | _PROTOTYPE | protection << 5

    def by_address(self, address: int) -> int | None:
        """None on x86 without PAE, where the address is told from the start of paged pool."""
        if self._narrow:
            return None
        return (address << 32 if self._pae else (address & 0xFFFFFFFFFFFF) << 16) | _PROTOTYPE

    def by_subsection(self, subsection: int, protection: int) -> int:
        """A prototype entry of a page that is in its file only.

        On x86 without PAE the subsection is told by its distance from the system's range, in units of eight bytes.
        """
        if not self._narrow:
            address = subsection << 32 if self._pae else (subsection & 0xFFFFFFFFFFFF) << 16
            return address | _PROTOTYPE | protection << 5
        units = (subsection - self._kernel_start) >> 3
        return 1 << 31 | units >> 4 << 11 & 0x7FFFF800 | _PROTOTYPE | protection << 5 | (units & 15) << 1

    def any_access(self, pfn: int) -> tuple[int, PageFact]:
        """A valid entry without a no-execute bit."""
        return pfn << 12 | PRESENT | USER | 0x62, PageFact(valid_word(self.mode, "rwx"), True, True)

    def pack(self, entry: int) -> bytes:
        """The entry's bytes."""
        return entry.to_bytes(self.size, "little")
