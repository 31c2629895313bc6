"""Small dumps, DumpType 4: no pages, but copies of the structures that say what crashed.

The blocks follow each other in the order of a real small dump; the real one's secondary data are left out.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers.crash_scene import KDBG_UNLOADED_DRIVERS, Piece, find_scene, header_value
from volplugins.lab.writers.data_blocks import choose_blocks
from volplugins.lab.writers.header import TRIAGE, build_header, layout_of
from volplugins.lab.writers.kernel_memory import KernelMemory
from volplugins.lab.writers.triage_drivers import loaded_drivers, pack_drivers, pack_strings, pack_unloaded
from volplugins.lab.writers.triage_layout import LAYOUTS

_VALID = b"TRGD"  # the four bytes at ValidOffset: a small dump that was finished
_ALL_OPTIONS = 0xFFFFFFFF
_MM_VERSION = 1
_THREAD_EXCEPTION = 0x7E  # SYSTEM_THREAD_EXCEPTION_NOT_HANDLED
_CONTEXT_SIZE = {64: 0x4D0, 32: 0x2CC}


def write_triage(snapshot: Snapshot, path: Path) -> Path:
    """Write a small dump; a block that cannot be had is left out, its offset zero.

    Raises:
        ValueError: a header field of the snapshot is unknown or has no room.
        OSError: as opening and writing a file raises it.
    """
    data = _Body(snapshot).assemble()
    size = layout_of(snapshot).size + len(data)
    path.write_bytes(build_header(_with_fault_context(snapshot), TRIAGE, size, with_runs=False) + data)
    return path


def _with_fault_context(snapshot: Snapshot) -> Snapshot:
    # For this bugcheck a small dump shows the registers of the fault, parameter 4, while TopOfStack stays with the
    # bugcheck itself: so does a real one of build 19041.
    if snapshot.header.get("BugCheckCode") != _THREAD_EXCEPTION:
        return snapshot
    address = header_value(snapshot, "BugCheckParameter4")
    context = KernelMemory(snapshot).read(address, _CONTEXT_SIZE[snapshot.bits]) if address else None
    return replace(snapshot, context=context) if context else snapshot


class _Body:
    """Everything after the dump header, put together block by block."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._base = layout_of(snapshot).size
        self._layout = LAYOUTS[snapshot.bits]
        self._data = bytearray(self._layout.size)
        self._fields = {"TriageOptions": _ALL_OPTIONS}

    def assemble(self) -> bytes:
        memory = KernelMemory(self._snapshot)
        scene = find_scene(self._snapshot, memory)
        header = layout_of(self._snapshot)
        self._fields |= {"ContextOffset": header.context[0], "ExceptionOffset": header.exception[0]}
        mm = struct.pack("<II", _MM_VERSION, self._layout.mm_size).ljust(self._layout.mm_size, b"\0")
        self._place("MmOffset", mm)
        pointer = scene.debugger_data.data[KDBG_UNLOADED_DRIVERS:][: memory.word]
        self._place("UnloadedDriversOffset", pack_unloaded(memory, int.from_bytes(pointer, "little")))
        self._place("PrcbOffset", scene.prcb.data)
        self._place("ProcessOffset", scene.process.data)
        self._place("ThreadOffset", scene.thread.data)
        self._place("CallStackOffset", scene.stack.data, size="SizeOfCallStack")
        self._fields["TopOfStack"] = scene.stack.address
        self._place("DebuggerDataOffset", scene.debugger_data.data, size="DebuggerDataSize")
        drivers = list(loaded_drivers(memory, header_value(self._snapshot, "PsLoadedModuleList")))
        list_size = len(drivers) * self._layout.driver_size
        name_offsets, pool = pack_strings(drivers, self._next() + list_size + -list_size % 8)
        self._place("DriverListOffset", pack_drivers(drivers, name_offsets, self._snapshot.bits))
        self._fields["DriverCount"] = len(drivers)
        self._place("StringPoolOffset", pool, size="StringPoolSize")
        self._place_blocks(choose_blocks(self._snapshot, memory, scene, drivers))
        return self._finish()

    def _next(self) -> int:
        # Offset in the file of the next block.
        return self._base + len(self._data) + -len(self._data) % 8

    def _place(self, name: str, content: bytes, size: str | None = None) -> None:
        if not content:
            return
        self._fields[name] = self._next()
        if size:
            self._fields[size] = len(content)
        self._data += bytes(-len(self._data) % 8) + content

    def _place_blocks(self, blocks: list[Piece]) -> None:
        record = "<QII" if self._snapshot.bits == 64 else "<III"
        offset = self._next() + len(blocks) * struct.calcsize(record)
        table = bytearray()
        for block in blocks:
            table += struct.pack(record, block.address, offset, len(block.data))
            offset += len(block.data)
        self._place("DataBlocksOffset", bytes(table))
        self._fields["DataBlocksCount"] = len(blocks)
        self._data += b"".join(block.data for block in blocks)

    def _finish(self) -> bytes:
        self._data += bytes(-len(self._data) % 8)
        self._fields["ValidOffset"] = self._base + len(self._data)
        self._data += _VALID
        self._fields["SizeOfDump"] = self._base + len(self._data)
        for name, value in self._fields.items():
            offset, size = self._layout.fields[name]
            self._data[offset : offset + size] = value.to_bytes(size, "little")
        return bytes(self._data)
