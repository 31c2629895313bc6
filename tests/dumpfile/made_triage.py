"""Tiny triage dumps, put together with struct alone."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from made_dumps import CONTEXT, EXCEPTION, SIZE, USUAL, header

NAMES = (
    "ServicePackBuild SizeOfDump ValidOffset ContextOffset ExceptionOffset MmOffset UnloadedDriversOffset PrcbOffset "
    "ProcessOffset ThreadOffset CallStackOffset SizeOfCallStack DriverListOffset DriverCount StringPoolOffset "
    "StringPoolSize BrokenDriverOffset TriageOptions"
).split()
TAIL = "DataPageOffset DataPageSize DebuggerDataOffset DebuggerDataSize DataBlocksOffset DataBlocksCount".split()
STACK = {32: 0xF7A00000, 64: 0xFFFF850429890EE8}
PRCB_AT = {32: 0x8054D120, 64: 0xFFFFF804782D4180}
PROCESS_AT = {32: 0x812345D0, 64: 0xFFFFC08BDCE94180}
DATA_AT = {32: 0x81000000, 64: 0xFFFFC08B00000000}


@dataclass
class Made:
    """A triage dump under construction: block contents, then the numbers that point to them."""

    bits: int
    drivers: Sequence[tuple[str, int, int]] = (("ntoskrnl.exe", 0x804D7000, 0x214000), ("acme.sys", 0xF7B00000, 0x6000))
    unloaded: Sequence[tuple[str, int, int]] = (("gone.sys", 0xF7C00000, 0xF7C05000),)
    blocks: Sequence[tuple[int, bytes]] = ()
    changed: Mapping[str, int] = field(default_factory=dict)

    def build(self) -> bytes:
        data = header(self.bits, 4)
        base = SIZE[self.bits]
        triage_size = 0x80 if self.bits == 64 else 0x68
        data += bytes(triage_size)
        numbers: dict[str, int] = {"TriageOptions": 0xFFFFFFFF, "TopOfStack": STACK[self.bits]}
        numbers |= {"ContextOffset": CONTEXT[self.bits], "ExceptionOffset": EXCEPTION[self.bits]}

        def place(name: str, content: bytes, size_name: str = "") -> None:
            data.extend(bytes(-len(data) % 8))
            numbers[name] = len(data)
            if size_name:
                numbers[size_name] = len(content)
            data.extend(content)

        prcb, process = b"PRCB" * 64, b"EPROCESS" * 40
        place("MmOffset", b"MM" * 26)
        place("UnloadedDriversOffset", self._unloaded())
        place("PrcbOffset", prcb)
        place("ProcessOffset", process)
        place("ThreadOffset", b"ETHREAD." * 30)
        place("CallStackOffset", bytes(range(256)) * 2, "SizeOfCallStack")
        place("DebuggerDataOffset", b"KDBG" * 40, "DebuggerDataSize")
        list_size = len(self.drivers) * (0x90 if self.bits == 64 else 0x4C)
        pool_at = len(data) + -len(data) % 8 + list_size + -list_size % 8
        entries, pool = self._drivers(pool_at)
        place("DriverListOffset", entries)
        numbers["DriverCount"] = len(self.drivers)
        place("StringPoolOffset", pool, "StringPoolSize")
        blocks = [*self.blocks, (PRCB_AT[self.bits], prcb), (PROCESS_AT[self.bits], process[:128]),
                  (DATA_AT[self.bits], b"DATA" * 100)]  # fmt: skip
        record = "<QII" if self.bits == 64 else "<III"
        at = len(data) + -len(data) % 8 + len(blocks) * struct.calcsize(record)
        table = b""
        for address, content in blocks:
            table += struct.pack(record, address, at, len(content))
            at += len(content)
        place("DataBlocksOffset", table)
        numbers["DataBlocksCount"] = len(blocks)
        data.extend(b"".join(content for _, content in blocks))
        place("ValidOffset", b"TRGD")
        numbers["SizeOfDump"] = len(data)
        for name, value in {**numbers, **self.changed}.items():
            offset, size = self.offset(name)
            data[base + offset : base + offset + size] = value.to_bytes(size, "little")
        return bytes(data)

    def offset(self, name: str) -> tuple[int, int]:
        """Where a field of the triage header is, from its start."""
        return triage_fields(self.bits)[name]

    def _unloaded(self) -> bytes:
        wide = self.bits == 64
        entries = b""
        for name, start, end in self.unloaded:
            text = name.encode("utf-16-le")
            string = struct.pack("<HHxxxxQ" if wide else "<HHI", len(text), len(text), 0)
            entries += string + text.ljust(24, b"\0") + struct.pack("<QQ" if wide else "<II", start, end)
        return struct.pack("<Q" if wide else "<I", len(self.unloaded)) + entries

    def _drivers(self, pool_at: int) -> tuple[bytes, bytes]:
        entries, pool = b"", b""
        for name, start, size in self.drivers:
            entry = bytearray(0x90 if self.bits == 64 else 0x4C)
            struct.pack_into("<I", entry, 0, pool_at + len(pool))
            if self.bits == 64:
                struct.pack_into("<QQI", entry, 0x38, start, start + 0x100, size)
                struct.pack_into("<IH", entry, 0x70, 0x9104000, 7)
                struct.pack_into("<I4xI", entry, 0x80, 0xC0DE, 0x5F000000)
            else:
                struct.pack_into("<III", entry, 0x1C, start, start + 0x100, size)
                struct.pack_into("<IH", entry, 0x38, 0x9104000, 7)
                struct.pack_into("<II", entry, 0x44, 0xC0DE, 0x5F000000)
            entries += entry
            text = name.encode("utf-16-le")
            pool += struct.pack("<I", len(name)) + text + b"\0\0"
            pool += bytes(-len(pool) % 8)
        return entries, pool


def triage_fields(bits: int) -> dict[str, tuple[int, int]]:
    """Offset and size of every field of the triage header."""
    middle = (
        [("TopOfStack", 8), ("BStoreOffset", 4), ("SizeOfBStore", 4), ("LimitOfBStore", 8), ("DataPageAddress", 8)]
        if bits == 64
        else [("TopOfStack", 4), ("DataPageAddress", 4)]
    )
    found, at = {}, 0
    for name, size in [*((name, 4) for name in NAMES), *middle, *((name, 4) for name in TAIL)]:
        found[name] = (at, size)
        at += size
    return found


def triage(bits: int, **changed: int) -> bytes:
    """A triage dump, with numbers of its triage header changed."""
    return Made(bits, changed=changed).build()


def secondary(*blobs: bytes) -> bytes:
    """A chain of secondary data."""
    chain = struct.pack("<8sII", b"DumpBlob", 16, 19041)
    for number, blob in enumerate(blobs):
        padding = -len(blob) % 8
        chain += struct.pack("<I16sIII", 32, bytes([number]) * 16, len(blob), 0, padding) + blob + bytes(padding)
    return chain


KDBG_AT = {bits: USUAL[bits]["KdDebuggerDataBlock"] for bits in (32, 64)}
