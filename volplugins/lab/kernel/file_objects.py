"""File objects of mapped files, and the volume that they lie on (public symbol tables; IO_TYPE values: ntddk.h)."""

from __future__ import annotations

from volplugins.lab.kernel.io_objects import device_object
from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.machine.machine import Machine

_IO_TYPE_FILE, _IO_TYPE_VPB = 5, 10
_DISK_STACK, _VOLUME_STACK = 2, 4  # devices below a volume's, and below a file system's
_DISK, _DISK_FILE_SYSTEM = 7, 8  # FILE_DEVICE_DISK, FILE_DEVICE_DISK_FILE_SYSTEM
_FLAGS = 0x44042  # synchronous, cached, handle created
_READER = {"ReadAccess": 1, "SharedRead": 1, "SharedDelete": 1}


def file_object(machine: Machine, name: str, control_area: int, image: bool) -> int:
    """A _FILE_OBJECT; ``name`` is the file's on its volume, such as ``\\Windows\\notepad.exe``."""
    pointers = machine.record("_SECTION_OBJECT_POINTERS")
    pointers.set("ImageSectionObject" if image else "DataSectionObject", control_area)
    record = machine.record("_FILE_OBJECT").fill(Type=_IO_TYPE_FILE, Size=machine.structures.size("_FILE_OBJECT"))
    device, vpb = _volume(machine)
    record.fill(DeviceObject=device, Vpb=vpb, SectionObjectPointer=machine.pool.store(pointers.data, "MmSo"))
    record.fill(Flags=_FLAGS, **_READER).set("FileName", machine.pool.text(name))
    address = machine.pool.allocate_object(len(record.data), "File", "File")
    machine.write(address, record.data)
    _empty_lists(machine, address)
    return address


def open_file(machine: Machine, device: int, name: str = "") -> int:
    """A _FILE_OBJECT of an open device, or of a file on the volume that a device is; nothing of it is cached."""
    record = machine.record("_FILE_OBJECT").fill(Type=_IO_TYPE_FILE, Size=machine.structures.size("_FILE_OBJECT"))
    record.fill(DeviceObject=device, Vpb=machine.io.devices[device].vpb, Flags=_FLAGS, ReadAccess=1, WriteAccess=1)
    if name:
        record.set("FileName", machine.pool.text(name))
    record.set("Event.Header.Type", 1).set("Lock.Header.Type", 1)
    address = machine.pool.allocate_object(len(record.data), "File", "File")
    machine.write(address, record.data)
    _empty_lists(machine, address)
    return address


def _empty_lists(machine: Machine, file: int) -> None:
    for path in ("Event.Header.WaitListHead", "Lock.Header.WaitListHead", "IrpList"):
        if machine.structures.has("_FILE_OBJECT", path.partition(".")[0]):
            link_list(machine, file + machine.structures.offset("_FILE_OBJECT", path), [])


def _volume(machine: Machine) -> tuple[int, int]:
    """The device of the volume that Windows is on and its VPB, made when first asked for."""
    if not machine.io.volume:
        machine.io.volume, machine.io.vpb = mounted_volume(machine, 2 if machine.profile.build >= 6000 else 1)
    return machine.io.volume, machine.io.vpb


def mounted_volume(machine: Machine, number: int) -> tuple[int, int]:
    """``\\Device\\HarddiskVolumeN`` with its filter, NTFS mounted on it: the volume's device and its VPB."""
    device = device_object(machine, "volmgr", f"\\Device\\HarddiskVolume{number}", _DISK, more=_DISK_STACK)
    device_object(machine, "vendflt", kind=_DISK, below=device)
    mounted = device_object(machine, "ntfs", kind=_DISK_FILE_SYSTEM, more=_VOLUME_STACK)
    device_object(machine, "fltmgr", kind=_DISK_FILE_SYSTEM, below=mounted)
    return device, volume_parameters(machine, device, mounted, f"Volume {number}")


def volume_parameters(machine: Machine, device: int, mounted: int, label: str = "") -> int:
    """The _VPB of a device that can be mounted; ``mounted`` is the file system's device, zero for none."""
    text = label.encode("utf-16-le")
    record = machine.record("_VPB").fill(Type=_IO_TYPE_VPB, Flags=int(bool(mounted)), DeviceObject=mounted)
    record.fill(Size=len(record.data), RealDevice=device, ReferenceCount=17 if mounted else 0)
    record.fill(SerialNumber=0x7C11A0B4 if mounted else 0, VolumeLabelLength=len(text), VolumeLabel=text)
    address = machine.pool.store(record.data, "Vpb ")
    machine.io.devices[device].vpb = address
    machine.write_pointer(device + machine.structures.offset("_DEVICE_OBJECT", "Vpb"), address)
    return address
