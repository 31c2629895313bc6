"""Message queues of Windows 7: threads with windows that read what comes, that wait for it, and one that does not.

tagTHREADINFO and tagCLIENTTHREADINFO: win32k's public types of 7600 and 7601, as volatility 2 lists them; QS_:
winuser.h. Offsets are written here because they are no structures of the kernel's symbol table.
"""

from __future__ import annotations

import struct

from volplugins.lab.kernel.processes import Thread
from volplugins.lab.waits.hang import Hang
from volplugins.lab.waits.wait_blocks import write_member

_SIZE, _CLIENT_AT, _SENT_AT = {64: 0x3A8, 32: 0x208}, {64: 0x170, 32: 0xC4}, {64: 0x1B8, 32: 0xE8}
_KEY, _POSTED, _SENT, _ALL_INPUT = 0x1, 0x8, 0x40, 0x4FF


def message_queues(hang: Hang) -> None:
    """explorer.exe leaves keys and sent messages unread; others wait for input, or have just looked."""
    first, second = hang.program("explorer.exe"), hang.program("explorer.exe", 1)
    third = hang.program("winlogon.exe")
    _late(hang, first, 42, _KEY | _POSTED | _SENT, 0)
    _late(hang, second, 300, _POSTED, _ALL_INPUT)
    _late(hang, third, 2, _POSTED, 0)
    hang.unread = [first]


def _late(hang: Hang, thread: Thread, seconds: int, waiting: int, mask: int) -> None:
    hang.late.append(lambda: _queue(hang, thread, seconds, waiting, mask))


def _queue(hang: Hang, thread: Thread, seconds: int, waiting: int, mask: int) -> None:
    """Both structures of one thread."""
    machine = hang.machine
    bits = 8 * machine.width
    info = machine.system_block(_SIZE[bits])
    client = machine.system_block(0x10)
    machine.write_pointer(info, thread.address)
    machine.write_pointer(info + _CLIENT_AT[bits], client)
    machine.write_pointer(info + _SENT_AT[bits], client if waiting & _SENT else 0)
    looked = (machine.host.uptime // 10_000 - seconds * 1000) & 0xFFFFFFFF
    machine.write(client, struct.pack("<IHHHHI", 0, waiting, waiting, 0, mask, looked))
    write_member(machine, thread.address, "_ETHREAD", "Tcb.Win32Thread", info)
