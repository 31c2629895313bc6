"""The debug record that names an image's PDB: CodeView RSDS, and NB10 of images from Windows 2000 and XP.

Record layouts: LLVM's "PDB file format" pages and Microsoft's "PE Format" (debug directory).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from volplugins.image.headers import DIRECTORY_DEBUG, ImageHeaders
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

_CODEVIEW, _REPRODUCIBLE = 2, 16  # IMAGE_DEBUG_TYPE_*
_ENTRY = 28
MOST_ENTRIES = 4096  # linkers write fewer than ten
_LONGEST_PATH = 3 * 32767  # bytes of UTF-8: the longest path that Windows can have
# pages of read-only data searched where the debug directory is of no use; linkers put the record near the start
_SCANNED_PAGES = 64
_SCANNED_PLACES = 256  # where the search finds the tag and looks for a record behind it; most images have one
_LONGEST_SCANNED_PATH = 1024  # bytes; build machines' paths stay below Windows' usual 260 characters
_LARGEST_AGE = 0xFFFF


@dataclass(frozen=True, slots=True)
class DebugRecord:
    """Identity of an image's PDB.

    Attributes:
        pdb_name: file name only, such as ``ntkrnlmp.pdb``.
        pdb_path: path as the linker stored it.
        guid: RSDS: 32 upper-case hexadecimal digits, as volatility3 names its symbol files. NB10: the PDB's time
            stamp, 8 digits, which takes the GUID's place on a symbol server.
        age: the record's age.
        source: ``debug-directory`` or ``scan``.
    """

    pdb_name: str
    pdb_path: str
    guid: str
    age: int
    source: str = "debug-directory"

    @property
    def guid_age(self) -> str:
        """GUID and age in hexadecimal, the directory name on a symbol server (spelled as Breakpad's tools do)."""
        return f"{self.guid}{self.age:x}"

    @property
    def symbol_path(self) -> str:
        """Path of the PDB below a symbol server or in a symbol store."""
        return f"{self.pdb_name}/{self.guid_age}/{self.pdb_name}"


def read_debug_record(memory: MemoryReader, headers: ImageHeaders) -> DebugRecord | None:
    """The image's CodeView record: by its debug directory, else by a bounded search; None where there is none."""
    view = headers.view(memory)
    room = _LONGEST_PATH  # for the paths of all entries: thousands may lead to long ones that are no path
    for entry in _entries(view, headers.directories[DIRECTORY_DEBUG]):
        kind, _, rva = struct.unpack_from("<III", entry, 12) if entry else (0, 0, 0)
        if kind != _CODEVIEW or not rva:
            continue
        raw = _record_at(view, rva, _LONGEST_PATH)
        if raw is None or len(raw.path) > room:
            continue
        room -= len(raw.path)
        record = _checked(raw, "debug-directory")
        if record is not None:
            return record
    return _scan(view, headers)


def is_reproducible(memory: MemoryReader, headers: ImageHeaders) -> bool | None:
    """Whether the image says that its time stamps are hashes; None where headers or debug directory are not whole."""
    if headers.notes:
        return None
    entries = list(_entries(headers.view(memory), headers.directories[DIRECTORY_DEBUG]))
    if any(entry and struct.unpack_from("<I", entry, 12)[0] == _REPRODUCIBLE for entry in entries):
        return True
    return None if b"" in entries else False


def _entries(view: ImageView, directory: tuple[int, int]) -> Iterator[bytes]:
    """The entries of the debug directory; empty for one that is not in memory."""
    start, size = directory
    count = min(size // _ENTRY, MOST_ENTRIES) if start else 0
    data, present = view.read_sparse(start, count * _ENTRY)
    for at in range(0, count * _ENTRY, _ENTRY):
        yield data[at : at + _ENTRY] if present[at : at + _ENTRY].all() else b""


def cut_entries(headers: ImageHeaders) -> str:
    """That entries of the debug directory are not looked at, in words; empty where all of them are."""
    start, size = headers.directories[DIRECTORY_DEBUG]
    count = size // _ENTRY if start else 0
    return f"of {count} debug records the first {MOST_ENTRIES} are looked at" if count > MOST_ENTRIES else ""


class _Raw(NamedTuple):
    """A record as it lies there, its path not looked at."""

    guid: str
    age: int
    path: bytes


def _record_at(view: ImageView, rva: int, longest: int) -> _Raw | None:
    """The record at ``rva`` with a path of at most ``longest`` bytes, its NUL among them."""
    try:
        signature = view.read(rva, 4)
        if signature == b"RSDS":
            body = view.read(rva + 4, 20)
            guid, age = _guid_text(body[:16]), int.from_bytes(body[16:], "little")
            return _Raw(guid, age, view.text(rva + 24, longest))
        if signature == b"NB10":
            stamp, age = struct.unpack("<II", view.read(rva + 8, 8))
            return _Raw(f"{stamp:08X}", age, view.text(rva + 16, longest))
    except ReadError:
        pass
    return None


def _guid_text(guid: bytes) -> str:
    first, second, third = struct.unpack_from("<IHH", guid)
    return f"{first:08X}{second:04X}{third:04X}" + guid[8:].hex().upper()


def _checked(raw: _Raw, source: str) -> DebugRecord | None:
    """The record, unless its path is no path: it becomes part of file names and URLs."""
    text = raw.path.decode("utf-8", "backslashreplace")
    name = text.replace("\\", "/").rsplit("/", 1)[-1]
    if not name or name in {".", ".."} or not text.isprintable():
        return None
    return DebugRecord(name, text, raw.guid, raw.age, source)


def _scan(view: ImageView, headers: ImageHeaders) -> DebugRecord | None:
    """Search the first pages of ``.rdata`` for an RSDS record of a ``.pdb``."""
    for rva in islice(_tags(view, headers), _SCANNED_PLACES):
        raw = _record_at(view, rva, _LONGEST_SCANNED_PATH)
        if raw is None or raw.age > _LARGEST_AGE or not raw.path.lower().endswith(b".pdb"):
            continue
        record = _checked(raw, "scan")
        if record is not None:
            return record
    return None


def _tags(view: ImageView, headers: ImageHeaders) -> Iterator[int]:
    """Where the tag of an RSDS record is in the first pages of ``.rdata``, as relative virtual addresses."""
    pages = _SCANNED_PAGES
    for section in headers.sections:
        if section.name != ".rdata":
            continue
        size = min(section.virtual_size, pages * PAGE_SIZE)
        pages -= -(-size // PAGE_SIZE)
        data, _ = view.read_sparse(section.rva, size)
        at = data.find(b"RSDS")
        while at >= 0:
            yield section.rva + at
            at = data.find(b"RSDS", at + 1)
