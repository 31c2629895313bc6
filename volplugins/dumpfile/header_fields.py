"""Header layouts: every field of DUMP_HEADER and DUMP_HEADER64 with its offset, size and kind, in file order.

Sources: volatility3's crash and crash64 tables; kdmp-parser and Microsoft's metadata for windows-rs (Attributes and
BootId, which are in neither of those); the real headers that the tests compare with. Windows fills what it does not
write with the text PAGE.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

FILLER = b"PAGE"


class Kind(str, Enum):
    """How a field's bytes read."""

    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class FieldLayout:
    """Where a header field is."""

    name: str
    offset: int
    size: int
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True, slots=True)
class HeaderField:
    """A field as the file has it.

    ``value`` is None where it was never written or lies past the end of the file; ``raw`` is the number that the
    bytes of a numeric field read as, filler or not.
    """

    name: str
    offset: int
    size: int
    value: int | str | None
    note: str = ""
    raw: int | None = None


@dataclass(frozen=True, slots=True)
class HeaderLayout:
    """One header: its fields, its size in bytes, and where its parts are."""

    bits: int
    size: int
    fields: tuple[FieldLayout, ...]
    physical_memory: int
    context: int
    context_size: int
    exception: int
    exception_size: int


PHYSICAL_MEMORY_SIZE = 700


def _fields(rows: str) -> tuple[FieldLayout, ...]:
    """Rows of ``name offset size``; a size followed by ``t`` is text."""
    made = []
    for row in rows.split("\n"):
        if row.strip():
            name, offset, size = row.split()
            made.append(
                FieldLayout(name, int(offset, 16), int(size.rstrip("t")), Kind.TEXT if "t" in size else Kind.NUMBER)
            )
    return tuple(made)


HEADER64 = HeaderLayout(
    64,
    0x2000,
    _fields("""
        Signature            0x0    4t
        ValidDump            0x4    4t
        MajorVersion         0x8    4
        MinorVersion         0xc    4
        DirectoryTableBase   0x10   8
        PfnDataBase          0x18   8
        PsLoadedModuleList   0x20   8
        PsActiveProcessHead  0x28   8
        MachineImageType     0x30   4
        NumberProcessors     0x34   4
        BugCheckCode         0x38   4
        BugCheckParameter1   0x40   8
        BugCheckParameter2   0x48   8
        BugCheckParameter3   0x50   8
        BugCheckParameter4   0x58   8
        VersionUser          0x60   32t
        KdDebuggerDataBlock  0x80   8
        PhysicalMemoryBlock.NumberOfRuns   0x88  4
        PhysicalMemoryBlock.NumberOfPages  0x90  8
        Exception.ExceptionCode            0xf00 4
        Exception.ExceptionFlags           0xf04 4
        Exception.ExceptionRecord          0xf08 8
        Exception.ExceptionAddress         0xf10 8
        Exception.NumberParameters         0xf18 4
        DumpType             0xf98  4
        RequiredDumpSpace    0xfa0  8
        SystemTime           0xfa8  8
        Comment              0xfb0  128t
        SystemUpTime         0x1030 8
        MiniDumpFields       0x1038 4
        SecondaryDataState   0x103c 4
        ProductType          0x1040 4
        SuiteMask            0x1044 4
        WriterStatus         0x1048 4
        KdSecondaryVersion   0x104d 1
        Attributes           0x1050 4
        BootId               0x1054 4
    """),
    0x88,
    0x348,
    3000,
    0xF00,
    0x98,
)
HEADER32 = HeaderLayout(
    32,
    0x1000,
    _fields("""
        Signature            0x0    4t
        ValidDump            0x4    4t
        MajorVersion         0x8    4
        MinorVersion         0xc    4
        DirectoryTableBase   0x10   4
        PfnDataBase          0x14   4
        PsLoadedModuleList   0x18   4
        PsActiveProcessHead  0x1c   4
        MachineImageType     0x20   4
        NumberProcessors     0x24   4
        BugCheckCode         0x28   4
        BugCheckParameter1   0x2c   4
        BugCheckParameter2   0x30   4
        BugCheckParameter3   0x34   4
        BugCheckParameter4   0x38   4
        VersionUser          0x3c   32t
        PaeEnabled           0x5c   1
        KdSecondaryVersion   0x5d   1
        KdDebuggerDataBlock  0x60   4
        PhysicalMemoryBlock.NumberOfRuns   0x64  4
        PhysicalMemoryBlock.NumberOfPages  0x68  4
        Exception.ExceptionCode            0x7d0 4
        Exception.ExceptionFlags           0x7d4 4
        Exception.ExceptionRecord          0x7d8 4
        Exception.ExceptionAddress         0x7dc 4
        Exception.NumberParameters         0x7e0 4
        Comment              0x820  128t
        Attributes           0x8a0  4
        BootId               0x8a4  4
        DumpType             0xf88  4
        MiniDumpFields       0xf8c  4
        SecondaryDataState   0xf90  4
        ProductType          0xf94  4
        SuiteMask            0xf98  4
        WriterStatus         0xf9c  4
        RequiredDumpSpace    0xfa0  8
        SystemUpTime         0xfb8  8
        SystemTime           0xfc0  8
    """),
    0x64,
    0x320,
    1200,
    0x7D0,
    0x50,
)


def read_field(data: bytes, layout: FieldLayout) -> HeaderField:
    """Decode one field from the header's bytes."""
    raw = data[layout.offset : layout.offset + layout.size]
    if len(raw) < layout.size:
        return HeaderField(layout.name, layout.offset, layout.size, None, "past the end of the file")
    if is_filler(raw, layout):
        number = int.from_bytes(raw, "little") if layout.kind is Kind.NUMBER else None
        return HeaderField(layout.name, layout.offset, layout.size, None, "never written (filler)", number)
    if layout.kind is Kind.TEXT:
        text = raw.split(b"\0", 1)[0].decode("latin-1")
        return HeaderField(layout.name, layout.offset, layout.size, text)
    number = int.from_bytes(raw, "little")
    return HeaderField(layout.name, layout.offset, layout.size, number, "", number)


def is_filler(raw: bytes, layout: FieldLayout) -> bool:
    """Whether a field holds the filler; the signature reads PAGE by right, and so may a text that is not all PAGE."""
    if layout.name == "Signature":
        return False
    start = layout.offset % len(FILLER)
    repeated = FILLER * (len(raw) // 4 + 2)
    return raw == repeated[start : start + len(raw)]
