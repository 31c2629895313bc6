"""Memory as it is while Windows runs, where that is not what a crash dump holds: the encoded debugger data block, and
the page in low memory from which processors were started.

Encoding: the published way to decode it (volatility's win8_kdbg), turned round. PROCESSOR_START_BLOCK: public
descriptions by Alex Ionescu, and the checks by which LeechCore finds it.
"""

from __future__ import annotations

import random
import struct
from dataclasses import replace

from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.snapshot import PAGE, Snapshot

_BLOCK, _FLAG, _NEVER, _ALWAYS = "KdDebuggerDataBlock", "KdpDataBlockEncoded", "KiWaitNever", "KiWaitAlways"
_BLOCK_SIZE = 0x14
_CANONICAL = 0xFFFF000000000000
_WORD = (1 << 64) - 1
_MARK = "live_memory"

# members of PROCESSOR_START_BLOCK that the lab fills in
_JUMP, _JUMP_TO, _COMPLETED = 0xE9, 0x64D, 1
_LONG_MODE_TARGET, _SELF, _PAT, _EFER = 0x70, 0x78, 0x80, 0x88
_CR0, _CR3, _CR4 = 0x90, 0xA0, 0xA8
_PAT_VALUE, _EFER_VALUE = 0x0007010600070106, 0xD01
_LOW = 0x100  # the first page frame that is not below 1 MiB


def live_memory(snapshot: Snapshot, encoded: bool | None = None) -> Snapshot:
    """The snapshot with memory as a running Windows has it; the truth's ``live_memory`` says what was done.

    One that has been through here comes back as it is.

    Args:
        encoded: whether the debugger data block is encoded; None for what its Windows does.

    Raises:
        ValueError: ``encoded`` is True on a machine whose Windows has no such encoding.
    """
    if _MARK in snapshot.truth:
        return snapshot
    can = _FLAG in snapshot.truth.get("symbols", {}).get("nt", {})
    if encoded and not can:
        raise ValueError(f"the debugger data block of {snapshot.machine} is never encoded")
    edit = PageEdit(snapshot)
    done = {"kdbg_encoded": can if encoded is None else encoded, "start_block": 0}
    if done["kdbg_encoded"]:
        _encode(snapshot, edit)
    if snapshot.bits == 64 and "system_directory" in snapshot.truth:
        done["start_block"] = _add_start_block(snapshot, edit)
    return replace(snapshot, pages=edit.pages, truth={**snapshot.truth, _MARK: done})


def encode_words(data: bytes, never: int, always: int, flag: int) -> bytes:
    """The data block as memory holds it; ``flag`` is the address of KdpDataBlockEncoded."""
    count = never & 63
    words = []
    for (plain,) in struct.iter_unpack("<Q", data):
        value = int.from_bytes((plain ^ always).to_bytes(8, "little"), "big") ^ (flag | _CANONICAL)
        words.append((value >> count | value << (64 - count)) & _WORD ^ never)
    return struct.pack(f"<{len(words)}Q", *words)


def _symbol(snapshot: Snapshot, name: str) -> int:
    base = next(each["base"] for each in snapshot.truth["modules"] if each["name"] == "nt")
    return int(base + snapshot.truth["symbols"]["nt"][name])


def _encode(snapshot: Snapshot, edit: PageEdit) -> None:
    block, flag = _symbol(snapshot, _BLOCK), _symbol(snapshot, _FLAG)
    never, always = (edit.number(_symbol(snapshot, name), 8) for name in (_NEVER, _ALWAYS))
    data = edit.read(block, edit.number(block + _BLOCK_SIZE, 4))
    edit.write(block, encode_words(data, never, always, flag))
    edit.write(flag, b"\x01")


def _add_start_block(snapshot: Snapshot, edit: PageEdit) -> int:
    """Put the block into a free page below 1 MiB; gives its physical address, 0 where there is none."""
    low = [pfn for base, count in snapshot.runs for pfn in range(base, min(base + count, _LOW))]
    free = [pfn for pfn in low if pfn not in edit.pages]
    if not free:
        return 0
    pfn = random.Random(f"{snapshot.machine} {snapshot.truth['system_directory']} low stub").choice(free)
    page = bytearray(PAGE)
    struct.pack_into("<BHBI", page, 0, _JUMP, _JUMP_TO, 0, _COMPLETED)
    for offset, value in {
        _LONG_MODE_TARGET: _symbol(snapshot, "KiSystemStartup"),
        _SELF: pfn * PAGE,
        _PAT: _PAT_VALUE,
        _EFER: _EFER_VALUE,
        _CR0: 0x80050033,
        _CR3: snapshot.truth["system_directory"],
        _CR4: snapshot.cpus[0].cr4 if snapshot.cpus else 0x6F8,
    }.items():
        struct.pack_into("<Q", page, offset, value)
    edit.pages[pfn] = bytes(page)
    return pfn * PAGE
