"""File objects of mapped files, and the volume that they lie on (public symbol tables; IO_TYPE values: ntddk.h)."""

from __future__ import annotations

from volplugins.lab.kernel.io_objects import driver_object
from volplugins.lab.machine.machine import Machine

_IO_TYPE_DEVICE, _IO_TYPE_FILE = 3, 5
_DISK_FILE_SYSTEM = 8  # FILE_DEVICE_DISK_FILE_SYSTEM
_FLAGS = 0x44042  # synchronous, cached, handle created
_READER = {"ReadAccess": 1, "SharedRead": 1, "SharedDelete": 1}


def file_object(machine: Machine, name: str, control_area: int, image: bool) -> int:
    """A _FILE_OBJECT; ``name`` is the file's on its volume, such as ``\\Windows\\notepad.exe``."""
    pointers = machine.record("_SECTION_OBJECT_POINTERS")
    pointers.set("ImageSectionObject" if image else "DataSectionObject", control_area)
    record = machine.record("_FILE_OBJECT").fill(Type=_IO_TYPE_FILE, Size=machine.structures.size("_FILE_OBJECT"))
    record.fill(DeviceObject=_volume(machine), SectionObjectPointer=machine.pool.store(pointers.data, "MmSo"))
    record.fill(Flags=_FLAGS, **_READER).set("FileName", machine.pool.text(name))
    address = machine.pool.allocate_object(len(record.data), "File", "File")
    machine.write(address, record.data)
    return address


def _volume(machine: Machine) -> int:
    """The device of the volume that Windows is on, made when first asked for."""
    if not machine.volume:
        size = machine.structures.size("_DEVICE_OBJECT")
        name = f"HarddiskVolume{2 if machine.profile.build >= 6000 else 1}"
        machine.volume = machine.pool.allocate_object(size, "Devi", "Device", name)
        record = machine.record("_DEVICE_OBJECT").fill(Type=_IO_TYPE_DEVICE, Size=size, ReferenceCount=1)
        record.fill(DriverObject=driver_object(machine, "ntfs"), DeviceType=_DISK_FILE_SYSTEM, StackSize=9, Flags=0x50)
        machine.write(machine.volume, record.data)
    return machine.volume
