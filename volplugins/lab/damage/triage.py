"""Damage that only small dumps can have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volplugins.lab.damage.dump_editor import DumpEditor
from volplugins.lab.writers.triage_layout import LAYOUTS, TriageLayout

TRIAGE = 4
_LINK = 0x10  # below a processor stack's top
_TRAP_SIZE, _TRAP_CS, _KERNEL_CS = 0x190, 0x170, 0x10  # of the x64 _KTRAP_FRAME


def _layout(dump: DumpEditor) -> TriageLayout:
    return LAYOUTS[dump.layout.word * 8]


def zero_driver_list(dump: DumpEditor) -> None:
    """Zero every entry of the driver list."""
    dump.write(_number(dump, "DriverListOffset"), bytes(_number(dump, "DriverCount") * _layout(dump).driver_size))


def _number(dump: DumpEditor, name: str) -> int:
    offset, size = _layout(dump).fields[name]
    return dump.number(dump.layout.size + offset, size)


def _set(dump: DumpEditor, *names: str, value: int) -> None:
    dump.require(TRIAGE)
    for name in names:
        offset, size = _layout(dump).fields[name]
        dump.put(dump.layout.size + offset, size, value)


def _offsets_past_end(dump: DumpEditor) -> None:
    names = [name for name in _layout(dump).fields if name.endswith("Offset")]
    _set(dump, *names, value=dump.size + 0x1000)


def _counts_huge(dump: DumpEditor) -> None:
    _set(dump, "DriverCount", "DataBlocksCount", "SizeOfCallStack", "StringPoolSize", value=0xFFFF_FFF0)


def _not_valid(dump: DumpEditor) -> None:
    dump.require(TRIAGE)
    dump.write(_number(dump, "ValidOffset"), bytes(4))


def _block_past_end(dump: DumpEditor) -> None:
    dump.require(TRIAGE)
    record = dump.layout.word + 8  # address, offset, size
    middle = _number(dump, "DataBlocksOffset") + _number(dump, "DataBlocksCount") // 2 * record
    dump.put(middle + dump.layout.word + 4, 4, 0xFFFF_FF00)


def _call_stack(dump: DumpEditor) -> tuple[int, int]:
    # Where in the file the call stack begins, and its size.
    return _number(dump, "CallStackOffset"), _number(dump, "SizeOfCallStack")


def _interrupted(dump: DumpEditor) -> tuple[int, int]:
    # The word that leads from the stack of an interrupt to the trap frame on the one it interrupted: place and value.
    dump.require(TRIAGE)
    start, size = _call_stack(dump)
    at = start + size - _LINK
    if dump.layout.word != 8 or size < _LINK or not _is_trap_frame(dump, frame := dump.number(at, 8)):
        raise ValueError("no word leads from this dump's call stack to another")
    return at, frame


def _is_trap_frame(dump: DumpEditor, address: int) -> bool:
    # Whether a data block holds what an interrupt of kernel code leaves there.
    first, count = _number(dump, "DataBlocksOffset"), _number(dump, "DataBlocksCount")
    for record in range(first, first + 16 * count, 16):
        start, offset, size = dump.number(record, 8), dump.number(record + 8, 4), dump.number(record + 12, 4)
        if start <= address and address + _TRAP_SIZE <= start + size:
            return dump.number(offset + address - start + _TRAP_CS, 2) == _KERNEL_CS
    return False


def _no_stack_link(dump: DumpEditor) -> None:
    dump.write(_interrupted(dump)[0], bytes(8))


def _no_way_back(dump: DumpEditor) -> None:
    # Nor is the frame pointer of the interrupt's entry, which points into that trap frame, saved anywhere.
    frame = _interrupted(dump)[1]
    start, size = _call_stack(dump)
    for at in range(start, start + size - 7, 8):
        if frame <= dump.number(at, 8) < frame + _TRAP_SIZE:
            dump.write(at, bytes(8))


EDITS: Mapping[str, Callable[[DumpEditor], None]] = {
    "triage-offsets-past-end": _offsets_past_end,
    "triage-counts-huge": _counts_huge,
    "triage-not-valid": _not_valid,
    "triage-block-past-end": _block_past_end,
    "triage-no-stack-link": _no_stack_link,
    "triage-no-way-back": _no_way_back,
}
