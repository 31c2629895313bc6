"""VMware's saved machines: memory in NAME.vmem, and NAME.vmss beside it that says what lies where.

Layout: the names, tags and magics that volatility and crash-utility (vmware_vmss.c, by VMware) publish. A tag is its
flags (bits 0 to 5: size of the value, 6 and 7: number of indices), the length of its name, name, indices, value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers.cpu_registers import GENERAL, SEGMENTS, cpus_of, registers_of
from volplugins.lab.writers.image_file import merged_runs, write_pieces

_HEADER, _GROUP = struct.Struct("<III"), struct.Struct("<64sQQ")
_MAGIC, _VERSION = 0xBED2BED2, 8
_ALIGNMENT = 0xFFFF
_END = b"\0\0"


def write_vmware(snapshot: Snapshot, path: Path) -> Path:
    """Write memory, its runs closed up, and the sidecar; gives the path of the memory."""
    write_pieces(path, merged_runs(snapshot), snapshot)
    write_vmss(snapshot, sidecar_of(path))
    return path


def sidecar_of(path: Path) -> Path:
    """Where the machine's state lies beside its memory."""
    return path.with_suffix(".vmss")


def write_vmss(snapshot: Snapshot, path: Path) -> Path:
    """Write the state alone; raises OSError as writing a file does."""
    groups = {"cpu": b"".join(_cpu_tags(snapshot)) + _END, "memory": b"".join(_memory_tags(snapshot)) + _END}
    at = _HEADER.size + _GROUP.size * len(groups)
    table = []
    for name, data in groups.items():
        table.append(_GROUP.pack(name.encode(), at, len(data)))
        at += len(data)
    path.write_bytes(_HEADER.pack(_MAGIC, _VERSION, len(groups)) + b"".join(table) + b"".join(groups.values()))
    return path


def _tag(name: str, value: int, *indices: int, size: int = 4) -> bytes:
    head = bytes((len(indices) << 6 | size, len(name))) + name.encode()
    return head + struct.pack(f"<{len(indices)}I", *indices) + (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def _memory_tags(snapshot: Snapshot) -> Iterator[bytes]:
    """Regions in pages: where each lies in memory (PPN) and in the file (page number)."""
    runs = merged_runs(snapshot)
    yield _tag("align_mask", _ALIGNMENT)
    yield _tag("regionsCount", len(runs))
    position = 0
    for index, (base, count) in enumerate(runs):
        yield _tag("regionPPN", base, index)
        yield _tag("regionPageNum", position, index)
        yield _tag("regionSize", count, index)
        position += count


def _cpu_tags(snapshot: Snapshot) -> Iterator[bytes]:
    cpus = cpus_of(snapshot)
    yield _tag("cpu:numVCPUs", len(cpus))
    for number, cpu in enumerate(cpus):
        known = registers_of(snapshot, cpu)
        for name in (*GENERAL, "rip"):
            yield _tag(name, known.values[name], number, size=8)
        yield _tag("eflags", known.flags, number)
        for index, value in enumerate((cpu.cr0, 0, cpu.cr2, cpu.cr3, cpu.cr4)):
            yield _tag("CR64", value, number, index, size=8)
        for index, name in enumerate(SEGMENTS):
            yield _tag("S", known.selectors[name], number, index)
            yield _tag("S.base64", known.bases[name], number, index, size=8)
        base, limit = cpu.idt
        for index, value in enumerate((limit, base & 0xFFFFFFFF, base >> 32)):
            yield _tag("IDTR", value, number, index)
