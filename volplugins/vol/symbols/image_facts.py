"""What an image in memory says of itself, for lists of modules: identity, PDB, version, and what names it can give."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.image.debug_record import DebugRecord, cut_entries, is_reproducible, read_debug_record
from volplugins.image.exports import read_export_name
from volplugins.image.headers import DIRECTORY_EXPORT, ImageHeaders, read_headers
from volplugins.image.version import read_version
from volplugins.memory.reader import PAGE_SIZE, MemoryReader
from volplugins.paging.address_space import AddressSpace
from volplugins.vol.symbols.symbol_files import is_there

PDB, EXPORT, NONE, DEFERRED = "pdb symbols", "export symbols", "no symbols", "deferred"
_Key = tuple[str, int, int, int | None]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """``status`` in WinDbg's words: ``deferred`` where headers are absent or cut, so that nobody can tell yet.

    ``linked``: the time stamp (seconds since 1970) where it is known to be one, and not a reproducible build's hash.
    """

    headers: ImageHeaders | None
    record: DebugRecord | None
    version: str
    status: str
    missing: tuple[str, ...]
    linked: int | None = None


_UNREADABLE = ImageFacts(None, None, "", DEFERRED, ("headers are not in memory",))


@dataclass(slots=True)
class ImageFactsReader:
    """Reads the facts of images; those of one image are read once for all processes that have it."""

    _known: dict[_Key, ImageFacts] = field(default_factory=dict)
    _by_page: dict[int, ImageFacts] = field(default_factory=dict)  # physical address of the headers
    _tables: dict[tuple[str, str, int], bool] = field(default_factory=dict)

    def read(self, memory: MemoryReader, base: int, name: str) -> ImageFacts:
        """The facts of the image at ``base`` in ``memory``; never raises."""
        page = memory.page_in_memory(base) if isinstance(memory, AddressSpace) and not base % PAGE_SIZE else None
        shared = self._by_page.get(page) if page is not None else None
        if shared is not None:
            return shared
        found = self._of_image(memory, base, name)
        if page is not None and not found.missing:
            self._by_page[page] = found
        return found

    def _of_image(self, memory: MemoryReader, base: int, name: str) -> ImageFacts:
        headers = read_headers(memory, base)
        if headers is None:
            return _UNREADABLE
        key = (name.lower(), headers.timestamp, headers.size_of_image, headers.checksum)
        found = self._known.get(key)
        if found is None:
            found = self._read(memory, headers)
            if not found.missing:  # another process may have the pages that this one lacks
                self._known[key] = found
        return found

    def _read(self, memory: MemoryReader, headers: ImageHeaders) -> ImageFacts:
        record, version = read_debug_record(memory, headers), read_version(memory, headers)
        missing = list(headers.notes)
        if record is None:
            missing.append("no debug record, or its page is not in memory")
        if cut_entries(headers):
            missing.append(cut_entries(headers))
        if version is None:
            missing.append("no version resource, or its page is not in memory")
        status = DEFERRED if headers.cut else NONE
        if record is not None and self._has_table(record):
            status = PDB
        elif read_export_name(memory, headers):
            status = EXPORT
        elif headers.directories[DIRECTORY_EXPORT][0]:
            missing.append("its exports are not in memory")
        linked = headers.timestamp if is_reproducible(memory, headers) is False else None
        return ImageFacts(headers, record, version.file_version if version else "", status, tuple(missing), linked)

    def _has_table(self, record: DebugRecord) -> bool:
        key = (record.pdb_name, record.guid, record.age)
        if key not in self._tables:
            self._tables[key] = is_there(record)
        return self._tables[key]
