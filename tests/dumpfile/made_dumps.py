"""Tiny dumps of every type, put together with struct alone: the parser's tests share no table with the parser."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

PAGE = 0x1000
SIZE = {32: 0x1000, 64: 0x2000}
MACHINE = {32: 0x14C, 64: 0x8664}
FILETIME = 132583451029877657  # 2021-02-21

# name: (offset, struct format)
FIELDS64 = {
    "MajorVersion": (0x8, "<I"), "MinorVersion": (0xC, "<I"), "DirectoryTableBase": (0x10, "<Q"),
    "PfnDataBase": (0x18, "<Q"), "PsLoadedModuleList": (0x20, "<Q"), "PsActiveProcessHead": (0x28, "<Q"),
    "MachineImageType": (0x30, "<I"), "NumberProcessors": (0x34, "<I"), "BugCheckCode": (0x38, "<I"),
    "BugCheckParameter1": (0x40, "<Q"), "BugCheckParameter2": (0x48, "<Q"), "BugCheckParameter3": (0x50, "<Q"),
    "BugCheckParameter4": (0x58, "<Q"), "KdDebuggerDataBlock": (0x80, "<Q"), "DumpType": (0xF98, "<I"),
    "RequiredDumpSpace": (0xFA0, "<Q"), "SystemTime": (0xFA8, "<Q"), "SystemUpTime": (0x1030, "<Q"),
    "MiniDumpFields": (0x1038, "<I"), "SecondaryDataState": (0x103C, "<I"), "ProductType": (0x1040, "<I"),
    "SuiteMask": (0x1044, "<I"), "WriterStatus": (0x1048, "<I"), "KdSecondaryVersion": (0x104D, "<B"),
    "Attributes": (0x1050, "<I"), "BootId": (0x1054, "<I"),
}  # fmt: skip
FIELDS32 = {
    "MajorVersion": (0x8, "<I"), "MinorVersion": (0xC, "<I"), "DirectoryTableBase": (0x10, "<I"),
    "PfnDataBase": (0x14, "<I"), "PsLoadedModuleList": (0x18, "<I"), "PsActiveProcessHead": (0x1C, "<I"),
    "MachineImageType": (0x20, "<I"), "NumberProcessors": (0x24, "<I"), "BugCheckCode": (0x28, "<I"),
    "BugCheckParameter1": (0x2C, "<I"), "BugCheckParameter2": (0x30, "<I"), "BugCheckParameter3": (0x34, "<I"),
    "BugCheckParameter4": (0x38, "<I"), "PaeEnabled": (0x5C, "<B"), "KdSecondaryVersion": (0x5D, "<B"),
    "KdDebuggerDataBlock": (0x60, "<I"), "Attributes": (0x8A0, "<I"), "BootId": (0x8A4, "<I"),
    "DumpType": (0xF88, "<I"), "MiniDumpFields": (0xF8C, "<I"), "SecondaryDataState": (0xF90, "<I"),
    "ProductType": (0xF94, "<I"), "SuiteMask": (0xF98, "<I"), "WriterStatus": (0xF9C, "<I"),
    "RequiredDumpSpace": (0xFA0, "<Q"), "SystemUpTime": (0xFB8, "<Q"), "SystemTime": (0xFC0, "<Q"),
}  # fmt: skip
FIELDS = {32: FIELDS32, 64: FIELDS64}
MEMORY_BLOCK = {32: 0x64, 64: 0x88}
CONTEXT = {32: 0x320, 64: 0x348}
EXCEPTION = {32: 0x7D0, 64: 0xF00}
USUAL: Mapping[int, Mapping[str, int]] = {
    64: {
        "MajorVersion": 15, "MinorVersion": 19041, "DirectoryTableBase": 0x1AD000, "PfnDataBase": 0xFFFFFA8000000000,
        "PsLoadedModuleList": 0xFFFFF8047C62A390, "PsActiveProcessHead": 0xFFFFF8047C61E200, "MachineImageType": 0x8664,
        "NumberProcessors": 4, "BugCheckCode": 0xD1, "BugCheckParameter1": 0xFFFF850429891ED8,
        "KdDebuggerDataBlock": 0xFFFFF8047C600B20, "SystemTime": FILETIME, "SystemUpTime": 37470697,
        "ProductType": 1, "SuiteMask": 0x110, "WriterStatus": 0, "Attributes": 0,
    },
    32: {
        "MajorVersion": 15, "MinorVersion": 2600, "DirectoryTableBase": 0x39000, "PsLoadedModuleList": 0x8055A620,
        "PsActiveProcessHead": 0x80560BD8, "MachineImageType": 0x14C, "NumberProcessors": 1, "BugCheckCode": 0xD1,
        "KdDebuggerDataBlock": 0x8054C260, "SystemTime": FILETIME, "SystemUpTime": 37470697, "ProductType": 1,
        "PaeEnabled": 0,
    },
}  # fmt: skip

Runs = Sequence[tuple[int, int]]


def page(pfn: int) -> bytes:
    """A page whose every byte tells its number."""
    return struct.pack("<Q", pfn | 0xABCD << 48) * 512


def pages(pfns: Sequence[int]) -> bytes:
    return b"".join(page(pfn) for pfn in pfns)


def pfns_of(runs: Runs) -> list[int]:
    return [pfn for base, count in runs for pfn in range(base, base + count)]


def put(data: bytearray, bits: int, name: str, value: int) -> None:
    offset, form = FIELDS[bits][name]
    struct.pack_into(form, data, offset, value)


def amd64_context(rip: int = 0xFFFFF80411112222, rsp: int = 0xFFFF850400001000, flags: int = 0x10001F) -> bytes:
    data = bytearray(0x4D0)
    struct.pack_into("<I", data, 0x30, flags)
    struct.pack_into("<H", data, 0x38, 0x10)  # cs
    struct.pack_into("<I", data, 0x44, 0x50246)
    for number in range(16):  # rax rcx rdx rbx rsp rbp rsi rdi r8 ...
        struct.pack_into("<Q", data, 0x78 + 8 * number, 0x1000 + number)
    struct.pack_into("<Q", data, 0x98, rsp)
    struct.pack_into("<Q", data, 0xF8, rip)
    return bytes(data)


def x86_context(eip: int = 0x80501234, esp: int = 0x8054A000, flags: int = 0x1003F) -> bytes:
    data = bytearray(0x2CC)
    struct.pack_into("<I", data, 0, flags)
    for number, offset in enumerate(range(0x8C, 0xCC, 4)):  # gs fs es ds edi esi ebx edx ecx eax ebp eip cs efl esp ss
        struct.pack_into("<I", data, offset, 0x100 + number)
    struct.pack_into("<I", data, 0xB8, eip)
    struct.pack_into("<I", data, 0xC4, esp)
    return bytes(data)


def exception(bits: int, code: int = 0xC0000005, information: Sequence[int] = (0, 0x10)) -> bytes:
    words = [*information, *[0] * (15 - len(information))]
    if bits == 64:
        return struct.pack("<IIQQII15Q", code, 1, 0, 0xFFFFF80411112222, len(information), 0, *words)
    return struct.pack("<IIIII15I", code, 1, 0, 0x80501234, len(information), *words)


def header(bits: int, dump_type: int, runs: Runs = (), records: bool = True, **fields: int) -> bytearray:
    """A dump header; what is not named keeps the filler."""
    data = bytearray(b"PAGE" * (SIZE[bits] // 4))
    data[:8] = b"PAGEDU64" if bits == 64 else b"PAGEDUMP"
    for name, value in {**USUAL[bits], "DumpType": dump_type, **fields}.items():
        put(data, bits, name, value)
    if records:
        context = amd64_context() if bits == 64 else x86_context()
        data[CONTEXT[bits] : CONTEXT[bits] + len(context)] = context
        record = exception(bits)
        data[EXCEPTION[bits] : EXCEPTION[bits] + len(record)] = record
    if runs:
        block = memory_block(bits, runs)
        data[MEMORY_BLOCK[bits] : MEMORY_BLOCK[bits] + len(block)] = block
    return data


def memory_block(bits: int, runs: Runs, claimed: int | None = None, total: int | None = None) -> bytes:
    count = len(runs) if claimed is None else claimed
    number = sum(pages for _, pages in runs) if total is None else total
    head, run = ("<IxxxxQ", "<QQ") if bits == 64 else ("<II", "<II")
    return struct.pack(head, count, number) + b"".join(struct.pack(run, *one) for one in runs)


def full(bits: int, runs: Runs, **fields: int) -> bytes:
    """Type 1."""
    return bytes(header(bits, 1, runs, **in_dump(pfns_of(runs), fields))) + pages(pfns_of(runs))


def in_dump(pfns: Sequence[int], fields: Mapping[str, int]) -> dict[str, int]:
    """``fields`` with a page directory that is in the dump (and below 4 GiB), unless they name one."""
    return {"DirectoryTableBase": max((pfn for pfn in pfns if pfn < 1 << 20), default=0) * PAGE, **fields}


def bitmap_bytes(pfns: Sequence[int], bits: int) -> bytes:
    data = bytearray(-(-bits // 8))
    for pfn in pfns:
        data[pfn // 8] |= 1 << pfn % 8
    return bytes(data)


def bitmap(
    bits: int, pfns: Sequence[int], dump_type: int = 5, covered: int = 0x400, runs: Runs = ((0, 0x400),),
    signature: bytes = b"FDMP", **fields: int,
) -> bytes:  # fmt: skip
    """Types 5, 6 and 2 as Windows 8 and later write them."""
    first = -(-(SIZE[bits] + 0x38 + covered // 8) // PAGE) * PAGE
    summary = struct.pack("<4s4s24xQQQ", signature, b"DUMP", first, len(pfns), covered)
    head = bytes(header(bits, dump_type, runs, **in_dump(pfns, fields))) + summary + bitmap_bytes(pfns, covered)
    return head.ljust(first, b"\0") + pages(sorted(pfns))


def old_summary(bits: int, pfns: Sequence[int], covered: int = 0x400, runs: Runs = ((0, 0x400),)) -> bytes:
    """Type 2 as older Windows wrote it."""
    at = 0x28 if bits == 64 else 0x20
    first = -(-(SIZE[bits] + at + covered // 8) // PAGE) * PAGE
    summary = struct.pack("<4s4sIIIII", b"SDMP", b"DUMP", 1, first, covered, len(pfns), covered)
    pointer = struct.pack("<4xQ", 0xFFFFFA8001234000) if bits == 64 else struct.pack("<I", 0x81234000)
    head = bytes(header(bits, 2, runs, **in_dump(pfns, {}))) + summary + pointer + bitmap_bytes(pfns, covered)
    return head.ljust(first, b"\0") + pages(sorted(pfns))


def live(dump_type: int, ranges: Runs, runs: Runs = ((0, 0x400),), **fields: int) -> bytes:
    """Types 8, 9 and 0xA."""
    table = b"".join(struct.pack("<QQ", *one) for one in ranges) + bytes(16)
    first = -(-(0x2030 + len(table)) // PAGE) * PAGE
    head = struct.pack("<I4s4sIQQ", 0x40, b"RDMP", b"DUMP", 0, first - 0x2020, first)
    total = sum(count for _, count in ranges)
    counts = struct.pack("<IHHQ", len(ranges), 0, 0, total) if dump_type == 0xA else bytes(16)
    data = bytes(header(64, dump_type, runs, **in_dump(pfns_of(ranges), fields))) + head + counts + table
    return data.ljust(first, b"\0") + pages(pfns_of(ranges))


EVERY_TYPE: Mapping[str, bytes] = {
    "full-64": full(64, [(1, 3), (0x10, 2)]),
    "full-32": full(32, [(1, 3), (0x10, 2)], PaeEnabled=1),
    "bitmap-64": bitmap(64, [1, 2, 3, 0x41, 0x3FF]),
    "bitmap-32": bitmap(32, [1, 2, 3, 0x41, 0x3FF]),
    "kernel-64": bitmap(64, [0, 7, 8, 0x200], 6, signature=b"SDMP"),
    "kernel-32": bitmap(32, [0, 7, 8, 0x200], 6, signature=b"SDMP"),
    "summary-64": bitmap(64, [5, 6, 0x100], 2, signature=b"SDMP"),
    "old-summary-64": old_summary(64, [5, 6, 0x100]),
    "old-summary-32": old_summary(32, [5, 6, 0x100]),
    "live-8": live(8, [(2, 2), (0x20, 1)]),
    "live-9": live(9, [(2, 2), (0x20, 1)]),
    "live-a": live(0xA, [(2, 2), (0x20, 1)]),
}
