"""ERESOURCE timeouts (0x1CC): the threads that own the resource, and the drivers that they are in.

ERESOURCE and OWNER_ENTRY: the public header wdm.h; the same in every build from Windows XP to 11. The two lowest bits
of an owner are set where it is no thread (ExSetResourceOwnerPointer, Microsoft's page of that routine).
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.devices.threads import blame_thread
from volplugins.bugcheck.suspects.device_blame import DeviceBlame
from volplugins.memory.reader import ReadError

_MOST_OWNERS = 64


@dataclass(frozen=True, slots=True)
class _Offsets:
    owner_table: int
    owner_entry: int
    entry_size: int


_OFFSETS = {64: _Offsets(0x10, 0x30, 0x10), 32: _Offsets(0x8, 0x18, 0x8)}
_NO_THREAD = 3


def blame_resource(case: Case) -> DeviceBlame:
    """The driver in which an owner of the resource is stuck."""
    resource = case.parameters[0]
    owners = _owners(case, resource)
    if not owners:
        case.note(f"no thread owns the resource {resource:#x}")
    for owner in owners:
        found = blame_thread(case, owner, f"the thread that owns the resource {resource:#x},")
        if found.culprit is not None:
            return found
    return case.nobody()


def _owners(case: Case, resource: int) -> list[int]:
    """Addresses of the ETHREADs that own the resource, the exclusive owner first."""
    system, at = case.reader.system, _OFFSETS[case.scene.bits]
    if not system.in_kernel_half(resource):
        case.note(f"the resource {resource:#x} is no address of the kernel")
        return []
    try:
        found = [system.pointer(resource + at.owner_entry)]
        table = system.pointer(resource + at.owner_table)
    except ReadError as error:
        case.note(f"the resource {resource:#x} cannot be read ({error.reason})")
        return []
    if table and system.in_kernel_half(table):
        found += _table(case, table, at)
    threads = [owner & ~_NO_THREAD for owner in found if owner and owner & _NO_THREAD != _NO_THREAD]
    return list(dict.fromkeys(threads))


def _table(case: Case, table: int, at: _Offsets) -> list[int]:
    """Owners in the table of a resource that is shared: its first entry has the number of entries."""
    system = case.reader.system
    try:
        size = system.pointer(table + system.width) & 0xFFFFFFFF
        count = min(size, _MOST_OWNERS)
        return [system.pointer(table + number * at.entry_size) for number in range(1, count)]
    except ReadError:
        return []
