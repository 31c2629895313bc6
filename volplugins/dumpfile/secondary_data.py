"""Secondary data: what drivers asked to have added, appended to the dump as a chain of tagged blobs.

Layout as the two real triage dumps of the tests have it, whose chains end with the file to the byte: a file header
``DumpBlob``, its own size, the build; then per blob its header's size, a GUID, the data's size, padding before it and
padding behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import unpack_from
from uuid import UUID

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource

_SIGNATURE = b"DumpBlob"
_FILE_HEADER, _BLOB_HEADER = 16, 32
_LARGEST_HEADER = 0x1000
MAX_BLOBS = 4096


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob: the GUID that says whose it is, and where its data lie in the file; size in bytes, as it claims."""

    tag: UUID
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class SecondaryData:
    """The chain at ``offset``; it ends at ``end``, which lies behind the file's end where that was cut.

    Nothing says how many blobs there should be: a file cut right between two of them looks whole.
    """

    offset: int
    end: int
    blobs: tuple[Blob, ...]
    source: ByteSource = field(repr=False, compare=False)


def read_secondary_data(source: ByteSource, offset: int, notes: list[Note]) -> SecondaryData | None:
    """Read the chain at ``offset``; None where there is none. A chain that breaks gives what was good, and a note."""
    head = source.read(offset, _FILE_HEADER)
    if head[:8] != _SIGNATURE:
        return None
    size = int.from_bytes(head[8:12], "little")
    if not _FILE_HEADER <= size <= _LARGEST_HEADER:
        notes.append(Note("SecondaryData", f"its header claims {size} bytes"))
        return SecondaryData(offset, offset + len(head), (), source)
    blobs: list[Blob] = []
    at = offset + size
    while at < source.size and len(blobs) < MAX_BLOBS:
        entry = source.read(at, _BLOB_HEADER)
        if len(entry) < _BLOB_HEADER:
            return SecondaryData(offset, at + _BLOB_HEADER, tuple(blobs), source)
        header_size, tag, data_size, before, behind = unpack_from("<I16sIII", entry)
        if not _BLOB_HEADER <= header_size <= _LARGEST_HEADER:
            notes.append(Note("SecondaryData", f"no blob header at {at:#x}; the chain ends there", "info"))
            break
        start = at + header_size + before
        blobs.append(Blob(UUID(bytes_le=tag), start, data_size))
        at = start + data_size + behind
    if len(blobs) == MAX_BLOBS:
        notes.append(Note("SecondaryData", f"more than {MAX_BLOBS} blobs; the rest is left out"))
    return SecondaryData(offset, at, tuple(blobs), source)
