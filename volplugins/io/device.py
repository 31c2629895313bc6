"""DEVICE_OBJECT with its extension and VPB: one device (wdm.h; layouts from the symbol tables)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from volplugins.io.system import IoSystem
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Structure

DEVICE_TYPE, EXTENSION_TYPE, VPB_TYPE = 3, 13, 10  # IO_TYPE_DEVICE, IO_TYPE_DEVICE_OBJECT_EXTENSION, IO_TYPE_VPB


@dataclass(frozen=True, slots=True)
class Device:
    """One device object.

    Attributes:
        address: of the DEVICE_OBJECT.
        driver: its DRIVER_OBJECT.
        next: the next device of that driver.
        upper, lower: the devices attached above and below it; 0 for none.
        node: its DEVICE_NODE, where it is a physical device object; 0 for none.
        current_irp, queue: the request it works on, and the list head of those that wait.
        busy: whether its device queue says that it is busy.
        flags, characteristics, extension_flags: as wdm.h names them; ``kind`` is its FILE_DEVICE_ number.
        mounted: the file system's device on it, by its VPB; 0 for none.
        real_device: the device below a file system's, by its VPB.
        notes: what is wrong with it.
    """

    address: int
    driver: int
    next: int
    upper: int
    lower: int
    node: int
    current_irp: int
    queue: int
    busy: bool
    flags: int
    characteristics: int
    extension_flags: int
    kind: int
    extension: int
    references: int
    stack_size: int
    vpb: int
    mounted: int
    real_device: int
    notes: tuple[str, ...] = ()

    def noting(self, *texts: str) -> Device:
        """The same with further notes."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *texts)))) if texts else self


def is_device(found: Structure) -> bool:
    """Whether a structure says that it is a DEVICE_OBJECT."""
    return found.unsigned("Type") == DEVICE_TYPE


def read_device(system: IoSystem, address: int) -> Device | None:
    """The device object at ``address``; None where what is there is none.

    Raises:
        ReadError: it cannot be read.
    """
    found = system.present(address, system.layouts.device_object, "Type")
    if not is_device(found):
        return None
    notes = [found.absent] if found.absent else []

    def number(member: str) -> int:
        return found.get(member) or 0

    lower, node, flags = _extension(system, found, notes)
    mounted, real = _vpb(system, number("Vpb"), notes)
    return Device(
        address, number("DriverObject"), number("NextDevice"), number("AttachedDevice"),
        lower, node, number("CurrentIrp"), address + system.layouts.device_object.offset("DeviceListHead"),
        bool(number("Busy") & 1), number("Flags"), number("Characteristics"), flags,
        number("DeviceType"), number("DeviceExtension"), _signed(number("ReferenceCount")),
        number("StackSize"), number("Vpb"), mounted, real, tuple(notes),
    )  # fmt: skip


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def _extension(system: IoSystem, found: Structure, notes: list[str]) -> tuple[int, int, int]:
    """AttachedTo, DeviceNode and ExtensionFlags."""
    address = found.get("DeviceObjectExtension")
    if not address:
        return 0, 0, 0
    try:
        extension = system.structure(address, system.layouts.device_extension)
    except ReadError as error:
        notes.append(f"DeviceObjectExtension: {error}")
        return 0, 0, 0
    if extension.unsigned("DeviceObject") != found.address:
        notes.append(f"DeviceObjectExtension {address:#x} is not its own")
        return 0, 0, 0
    return extension.unsigned("AttachedTo"), extension.unsigned("DeviceNode"), extension.unsigned("ExtensionFlags")


def _vpb(system: IoSystem, address: int, notes: list[str]) -> tuple[int, int]:
    """The file system's device and the real device of a volume parameter block."""
    if not address:
        return 0, 0
    try:
        vpb = system.structure(address, system.layouts.vpb)
    except ReadError as error:
        notes.append(f"Vpb: {error}")
        return 0, 0
    if vpb.unsigned("Type") != VPB_TYPE:
        notes.append(f"Vpb {address:#x} is none")
        return 0, 0
    return vpb.unsigned("DeviceObject"), vpb.unsigned("RealDevice")


def queued(system: IoSystem, device: Device, most: int) -> Iterator[int]:
    """Addresses of the entries in a device's queue (KDEVICE_QUEUE_ENTRY), up to ``most``.

    Raises:
        ReadError: the list breaks, or leads back into itself elsewhere than at its head (``loop``).
    """
    seen: set[int] = set()
    entry = system.pointer(device.queue)
    while entry not in (device.queue, 0) and len(seen) < most:
        if entry in seen:
            raise ReadError(entry, "loop")
        seen.add(entry)
        if not system.in_kernel_half(entry):
            raise ReadError(entry, "not a kernel address")
        yield entry
        entry = system.pointer(entry)
