"""From a device object, driver object or IRP to the driver's image.

Offsets: DRIVER_OBJECT, DEVICE_OBJECT, IRP and IO_STACK_LOCATION as the public headers (wdm.h) declare them; the same
in every build's symbol table from Windows XP to 11.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError


@dataclass(frozen=True, slots=True)
class _Offsets:
    width: int
    device_driver: int
    driver_start: int
    irp_stack_location: int
    stack_location_device: int


_OFFSETS = {64: _Offsets(8, 0x8, 0x18, 0xB8, 0x28), 32: _Offsets(4, 0x8, 0xC, 0x60, 0x14)}
# the Type members that mark these objects (wdm.h: IO_TYPE_DEVICE, IO_TYPE_DRIVER, IO_TYPE_IRP)
_DEVICE, _DRIVER, _IRP = 3, 4, 6

ImageOf = Callable[[MemoryReader, int, int], int | None]


def image_of_driver(memory: MemoryReader, driver: int, bits: int) -> int | None:
    """DriverStart of the DRIVER_OBJECT at ``driver``; None where it is none or cannot be read."""
    return _pointer(memory, driver, _OFFSETS[bits].driver_start, _DRIVER, bits)


def image_of_device(memory: MemoryReader, device: int, bits: int) -> int | None:
    """Image base of the driver that owns the DEVICE_OBJECT at ``device``."""
    driver = _pointer(memory, device, _OFFSETS[bits].device_driver, _DEVICE, bits)
    return image_of_driver(memory, driver, bits) if driver else None


def image_of_irp(memory: MemoryReader, irp: int, bits: int) -> int | None:
    """Image base of the driver that holds the IRP at ``irp``: the device of its current stack location."""
    offsets = _OFFSETS[bits]
    location = _pointer(memory, irp, offsets.irp_stack_location, _IRP, bits)
    if not location:
        return None
    try:
        data = memory.read(location + offsets.stack_location_device, offsets.width)
    except ReadError:
        return None
    device = int.from_bytes(data, "little")
    return image_of_device(memory, device, bits) if device else None


def _pointer(memory: MemoryReader, address: int, at: int, kind: int, bits: int) -> int | None:
    """The pointer at ``at`` in the object at ``address`` if its Type is ``kind``."""
    width = bits // 8
    try:
        if int.from_bytes(memory.read(address, 2), "little") != kind:
            return None
        return int.from_bytes(memory.read(address + at, width), "little")
    except ReadError:
        return None
