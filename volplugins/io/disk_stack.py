"""Whether a device stands in the stack of a disk or a volume, where writes and flushes wait for hardware alone.

A pipe's read waits until the other end writes, its write or flush until that reads (Microsoft's page of
FlushFileBuffers), a create on a file system until the holder of an oplock has answered its break (Microsoft's page on
breaking oplocks). File systems are not attached to the volume's stack but mounted on it, and so no part of it. What
drivers keep by design waits for others there: changes of a directory, locks, control codes (an oplock, a pipe's end).
"""

from __future__ import annotations

from volplugins.io.device_lookup import DeviceLookup
from volplugins.io.device_stack import stack_of
from volplugins.io.request import Request
from volplugins.io.words.device_types import DEVICE_TYPES

_DISKS = frozenset(
    f"FILE_DEVICE_{name}"
    for name in "CD_ROM DISK VIRTUAL_DISK MASS_STORAGE DVD VIRTUAL_BLOCK PERSISTENT_MEMORY".split()
)
_AWAITS_OTHERS = frozenset(f"IRP_MJ_{name}" for name in ("CREATE", "WRITE", "FLUSH_BUFFERS"))
_KEPT_FOR_OTHERS = frozenset(f"IRP_MJ_{name}" for name in ("FILE_SYSTEM_CONTROL", "DIRECTORY_CONTROL", "LOCK_CONTROL"))
_READ, _PIPES = "IRP_MJ_READ", frozenset(("FILE_DEVICE_NAMED_PIPE", "FILE_DEVICE_MAILSLOT"))
_SYSTEM = "_FILE_SYSTEM"


def may_await_others(request: Request, devices: DeviceLookup) -> bool:
    """Whether a request may wait for another program: what a driver else answers soon, on anything but a disk's stack;
    what it may keep, on pipes and file systems; a read on pipes.
    """
    current = request.current
    if current is None:
        return False
    if current.major_name in _AWAITS_OTHERS:
        return not in_disk_stack(current.device, devices)
    kinds = _kinds(current.device, devices)
    piped = any(kind in _PIPES for kind in kinds)
    if current.major_name in _KEPT_FOR_OTHERS:
        return piped or any(kind.endswith(_SYSTEM) for kind in kinds)
    return current.major_name == _READ and piped


def in_disk_stack(address: int, devices: DeviceLookup) -> bool:
    """Whether the device at ``address`` is in the stack of a disk or volume; not so where it cannot be read."""
    kinds = _kinds(address, devices)
    return any(kind in _DISKS for kind in kinds) and not any(kind.endswith(_SYSTEM) for kind in kinds)


def _kinds(address: int, devices: DeviceLookup) -> list[str]:
    """The types of the devices of a stack; none where it cannot be read."""
    device = devices.device(address)
    return [DEVICE_TYPES.get(each.kind, "") for each in stack_of(device, devices.device).devices] if device else []
