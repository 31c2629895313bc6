"""Driver and device objects (public symbol tables; IO_TYPE values: wdm.h)."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.kernel.driver_table import DRIVERS, FUNCTIONS, DriverSpec
from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.machine.io_registry import Device, Driver
from volplugins.lab.machine.machine import Machine

_IO_TYPE_DEVICE, _IO_TYPE_DRIVER, _IO_TYPE_EXTENSION, _IO_TYPE_QUEUE = 3, 4, 13, 0x14
FILE_DEVICE_UNKNOWN = 0x22
BUILTIN, INITIALIZED = 0x04, 0x10  # DRVO_BUILTIN_DRIVER, DRVO_INITIALIZED
_EXTENSION = 0x20  # bytes of every device's own extension


@dataclass(frozen=True, slots=True)
class DeviceStack:
    """Two devices, the upper attached to the lower: addresses of both, names of their drivers' modules."""

    lower: int
    upper: int
    lower_driver: str
    upper_driver: str


def driver_object(machine: Machine, key: str) -> Driver:
    """The _DRIVER_OBJECT of a driver of DRIVERS, made when first asked for."""
    known = machine.io.drivers.get(key)
    if known:
        return known
    spec, loaded = DRIVERS[key], machine.images.get(key)
    size, more = machine.structures.size("_DRIVER_OBJECT"), machine.structures.size("_DRIVER_EXTENSION")
    address = machine.pool.allocate_object(size + more, "Driv", "Driver", spec.name.rpartition("\\")[2])
    start, length = (loaded.base, loaded.image.size) if loaded else (0, 0)
    entry = loaded.base + loaded.image.entry if loaded else machine.symbol(spec.builtin)
    driver = Driver(spec.name, key if loaded else "", address, start, length)
    record = machine.record("_DRIVER_OBJECT")
    record.fill(Type=_IO_TYPE_DRIVER, Size=size, Flags=INITIALIZED | (BUILTIN if spec.builtin else 0),
                DriverStart=start, DriverSize=length, DriverExtension=address + size,
                DriverInit=entry, DriverStartIo=_at(machine, key, spec.start_io),
                DriverUnload=_at(machine, key, spec.unload), FastIoDispatch=_fast_io(machine, key, spec))  # fmt: skip
    record.set("DriverName", machine.pool.text(spec.name))
    record.set("MajorFunction", b"".join(machine.pointer(each) for each in dispatch_table(machine, key)))
    machine.write(address, record.data)
    extension = machine.record("_DRIVER_EXTENSION").fill(DriverObject=address)
    extension.fill(AddDevice=_at(machine, key, spec.add_device))
    extension.set("ServiceKeyName", machine.pool.text(spec.name if spec.builtin else key))
    machine.write(address + size, extension.data)
    machine.io.drivers[key] = driver
    machine.io.named[spec.name] = address
    return driver


def dispatch_table(machine: Machine, key: str) -> list[int]:
    """Addresses of a driver's 28 dispatch routines."""
    spec = DRIVERS[key]
    other = spec.dispatch.get(-1, "nt!IopInvalidDeviceRequest")
    return [_at(machine, key, spec.dispatch.get(number, other)) for number in range(FUNCTIONS)]


def _at(machine: Machine, key: str, routine: str) -> int:
    """Address of a routine, zero for none; of the driver's own image where no module is named."""
    if not routine:
        return 0
    return machine.symbol(routine if "!" in routine else f"{key}!{routine}")


def _fast_io(machine: Machine, key: str, spec: DriverSpec) -> int:
    if not spec.fast_io:
        return 0
    record = machine.record("_FAST_IO_DISPATCH")
    record.fill(SizeOfFastIoDispatch=len(record.data))
    record.fill(**{member: _at(machine, key, routine) for member, routine in spec.fast_io.items()})
    return machine.pool.store(record.data, "FsFt")


def device_object(
    machine: Machine, key: str, name: str = "", kind: int = FILE_DEVICE_UNKNOWN, below: int = 0, more: int = 0
) -> int:
    """A _DEVICE_OBJECT of a driver with its extensions, attached to the device ``below`` if there is one.

    Args:
        more: stack locations that it needs for the devices of another stack that it passes requests on to.
    """
    size, extra = (machine.structures.size(f"_{each}") for each in ("DEVICE_OBJECT", "DEVOBJ_EXTENSION"))
    driver = driver_object(machine, key)
    whole = size + _EXTENSION + extra
    address = machine.pool.allocate_object(whole, "Devi", "Device", name.rpartition("\\")[2])
    lower = machine.io.devices.get(below)
    made = Device(address, key, name, kind, lower=below, stack=1 + (lower.stack if lower else more))
    record = machine.record("_DEVICE_OBJECT")
    record.fill(Type=_IO_TYPE_DEVICE, Size=size + _EXTENSION, ReferenceCount=1, DriverObject=driver.address,
                NextDevice=driver.devices[-1] if driver.devices else 0, Flags=0x2040 if below else 0x1040,
                DeviceExtension=address + size, DeviceType=kind, StackSize=made.stack,
                DeviceObjectExtension=address + size + _EXTENSION)  # fmt: skip
    record.set("DeviceQueue.Type", _IO_TYPE_QUEUE).set("DeviceQueue.Size", machine.structures.size("_KDEVICE_QUEUE"))
    machine.write(address, record.data)
    link_list(machine, address + record.offset("DeviceQueue.DeviceListHead"), [])
    extension = machine.record("_DEVOBJ_EXTENSION")
    extension.fill(Type=_IO_TYPE_EXTENSION, DeviceObject=address, AttachedTo=below, PowerFlags=0x10)
    machine.write(address + size + _EXTENSION, extension.data)
    _enter(machine, driver, made, lower)
    return address


def _enter(machine: Machine, driver: Driver, made: Device, lower: Device | None) -> None:
    """The newest device of a driver is the first of its list, and the topmost of its stack."""
    machine.write_pointer(driver.address + machine.structures.offset("_DRIVER_OBJECT", "DeviceObject"), made.address)
    driver.devices.append(made.address)
    machine.io.devices[made.address] = made
    if made.name:
        machine.io.named[made.name] = made.address
    if lower:
        lower.upper = made.address
        offset = machine.structures.offset("_DEVICE_OBJECT", "AttachedDevice")
        machine.write_pointer(lower.address + offset, made.address)


def set_extension(machine: Machine, device: int, member: str, value: int) -> None:
    """Store a member of a device's _DEVOBJ_EXTENSION."""
    at = device + machine.structures.size("_DEVICE_OBJECT") + _EXTENSION
    machine.write_pointer(at + machine.structures.offset("_DEVOBJ_EXTENSION", member), value)


def acme_stack(machine: Machine) -> DeviceStack:
    """The USB device that acmedrv serves, made when first asked for; its place in the tree comes later."""
    if not machine.io.usb[0]:
        lower = device_object(machine, "usbport", "\\Device\\USBPDO-2")
        machine.io.usb = (lower, device_object(machine, "acmedrv", "\\Device\\AcmeRelay0", below=lower))
    return DeviceStack(*machine.io.usb, "usbport", "acmedrv")
