"""DRIVER_OBJECT: one driver as the I/O manager knows it (wdm.h; layouts from the symbol tables)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from volplugins.io.objects import shortened
from volplugins.io.system import IoSystem
from volplugins.loader.kernel_modules import read_unicode_string
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Structure

DRIVER_TYPE = 4  # IO_TYPE_DRIVER
MAJOR_FUNCTIONS = 28
# FAST_IO_DISPATCH (wdm.h): after its size, in this order
FAST_IO = (
    "FastIoCheckIfPossible", "FastIoRead", "FastIoWrite", "FastIoQueryBasicInfo", "FastIoQueryStandardInfo",
    "FastIoLock", "FastIoUnlockSingle", "FastIoUnlockAll", "FastIoUnlockAllByKey", "FastIoDeviceControl",
    "AcquireFileForNtCreateSection", "ReleaseFileForNtCreateSection", "FastIoDetachDevice",
    "FastIoQueryNetworkOpenInfo", "AcquireForModWrite", "MdlRead", "MdlReadComplete", "PrepareMdlWrite",
    "MdlWriteComplete", "FastIoReadCompressed", "FastIoWriteCompressed", "MdlReadCompleteCompressed",
    "MdlWriteCompleteCompressed", "FastIoQueryOpen", "ReleaseForModWrite", "AcquireForCcFlush", "ReleaseForCcFlush",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver object.

    Attributes:
        address: of the DRIVER_OBJECT.
        name: in the object directories where it is in one, else its own DriverName.
        start, size: DriverStart and DriverSize, bytes.
        entries: named routines that are set: DriverInit, DriverStartIo, DriverUnload, AddDevice, fast I/O.
        dispatch: the routines of MajorFunction, by number.
        first_device: head of the list of its devices.
        section: its entry in the list of loaded modules (DriverSection).
        service: ServiceKeyName.
        source: ``directory``, ``device``, ``bugcheck`` or ``scan``: what led to it first.
        notes: what is wrong with it.
    """

    address: int
    name: str
    start: int
    size: int
    entries: tuple[tuple[str, int], ...]
    dispatch: tuple[int, ...]
    first_device: int
    section: int
    service: str
    source: str
    notes: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """First address behind its image."""
        return self.start + self.size

    def noting(self, *texts: str) -> Driver:
        """The same with further notes."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *texts)))) if texts else self


def read_driver(system: IoSystem, address: int, source: str, name: str = "") -> Driver | None:
    """The driver object at ``address``; None where what is there is none.

    Raises:
        ReadError: it cannot be read.
    """
    found = system.present(address, system.layouts.driver_object, "Type", "Size")
    if not is_driver(found):
        return None
    notes = [found.absent] if found.absent else []
    own = _text(system, found.raw("DriverName"), "DriverName", notes) if found.layout.has("DriverName") else ""
    add_device, service = _extension(system, found, notes)
    entries = [
        ("DriverInit", found.get("DriverInit") or 0), ("AddDevice", add_device),
        ("DriverStartIo", found.get("DriverStartIo") or 0), ("DriverUnload", found.get("DriverUnload") or 0),
        *_fast_io(system, found.get("FastIoDispatch") or 0, notes),
    ]  # fmt: skip
    if name and own and own.lower() != name.lower():
        notes.append(f"DriverName says {own}")
    width = system.width
    table = found.raw("MajorFunction") if found.layout.has("MajorFunction") else b""
    return Driver(
        address, name or own, found.get("DriverStart") or 0, found.get("DriverSize") or 0,
        tuple((entry, routine) for entry, routine in entries if routine),
        tuple(int.from_bytes(table[at : at + width], "little") for at in range(0, len(table), width)),
        found.get("DeviceObject") or 0, found.get("DriverSection") or 0, service, source, tuple(notes),
    )  # fmt: skip


def is_driver(found: Structure) -> bool:
    """Whether a structure says that it is a DRIVER_OBJECT: its type, and the size of one."""
    size = found.unsigned("Size")
    return found.unsigned("Type") == DRIVER_TYPE and found.layout.size <= size <= found.layout.size + 0x40


def _extension(system: IoSystem, found: Structure, notes: list[str]) -> tuple[int, str]:
    """AddDevice and ServiceKeyName."""
    address = found.get("DriverExtension")
    if not address:
        return 0, ""
    try:
        extension = system.structure(address, system.layouts.driver_extension)
    except ReadError as error:
        notes.append(f"DriverExtension: {error}")
        return 0, ""
    if extension.unsigned("DriverObject") != found.address:
        notes.append("DriverExtension is another driver's")
    return extension.unsigned("AddDevice"), _text(system, extension.raw("ServiceKeyName"), "ServiceKeyName", notes)


def _fast_io(system: IoSystem, address: int, notes: list[str]) -> list[tuple[str, int]]:
    """The routines of FAST_IO_DISPATCH; its first word is its size, old drivers have shorter ones."""
    if not address:
        return []
    width = system.width
    try:
        size = int.from_bytes(system.memory.read(address, 4), "little")
        count = max(0, min(size // width - 1, len(FAST_IO)))
        table = system.memory.read(address + width, count * width)
    except ReadError as error:
        notes.append(f"FastIoDispatch: {error}")
        return []
    routines = (int.from_bytes(table[at : at + width], "little") for at in range(0, len(table), width))
    return list(zip(FAST_IO, routines, strict=False))


def _text(system: IoSystem, descriptor: bytes, member: str, notes: list[str]) -> str:
    try:
        return shortened(read_unicode_string(system.memory, descriptor))
    except ReadError as error:
        notes.append(f"{member}: {error}")
        return ""
