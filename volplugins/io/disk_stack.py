"""Whether a device stands in the stack of a disk or a volume, where writes and flushes wait for hardware alone.

A pipe's write or flush waits until the other end reads (Microsoft's page of FlushFileBuffers), a create on a file
system until the holder of an oplock has answered its break (Microsoft's "Breaking Oplocks"). File systems are not
attached to the volume's stack but mounted on it, and so no part of it.
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
_SYSTEM = "_FILE_SYSTEM"


def may_await_others(request: Request, devices: DeviceLookup) -> bool:
    """Whether what a driver else answers soon may wait here for another program: on anything but a disk's stack."""
    current = request.current
    if current is None or current.major_name not in _AWAITS_OTHERS:
        return False
    return not in_disk_stack(current.device, devices)


def in_disk_stack(address: int, devices: DeviceLookup) -> bool:
    """Whether the device at ``address`` is in the stack of a disk or volume; not so where it cannot be read."""
    device = devices.device(address)
    if device is None:
        return False
    kinds = [DEVICE_TYPES.get(each.kind, "") for each in stack_of(device, devices.device).devices]
    return any(kind in _DISKS for kind in kinds) and not any(kind.endswith(_SYSTEM) for kind in kinds)
