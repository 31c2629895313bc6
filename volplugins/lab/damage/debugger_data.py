"""Damage to the debugger data block, wherever a dump of any kind holds it.

Members: KDDEBUGGER_DATA64 as the debugger SDK's public header wdbgexts.h has it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from volplugins.lab.damage.dump_editor import DumpEditor

_MODULE_LIST, _PROCESSOR_BLOCK = 0x48, 0x218
_STEP = 1 << 20


def _find(dump: DumpEditor) -> int:
    """Where the block begins in the file: its list entry leads to itself, and its tag follows."""
    address = dump.get("KdDebuggerDataBlock")
    if dump.layout.word == 4 and address >> 31:
        address |= 0xFFFFFFFF00000000  # pointers are kept sign-extended
    wanted = struct.pack("<QQ", address, address) + b"KDBG"
    for start in range(0, dump.size, _STEP):
        at = dump.read(start, _STEP + len(wanted)).find(wanted)
        if at >= 0:
            return start + at
    raise ValueError("no debugger data block in this dump")


def _processors_at_modules(dump: DumpEditor) -> None:
    # KiProcessorBlock is said to be where the list of modules is.
    block = _find(dump)
    dump.put(block + _PROCESSOR_BLOCK, 8, dump.number(block + _MODULE_LIST, 8))


def _no_processors(dump: DumpEditor) -> None:
    dump.put(_find(dump) + _PROCESSOR_BLOCK, 8, 0)


EDITS: Mapping[str, Callable[[DumpEditor], None]] = {
    "kdbg-processors-at-modules": _processors_at_modules,
    "kdbg-no-processors": _no_processors,
}
