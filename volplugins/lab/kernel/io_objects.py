"""Driver objects, device stacks and power requests (public symbol tables; major functions: ntddk.h)."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.machine.machine import Machine

_IO_TYPE_DEVICE, _IO_TYPE_DRIVER, _IO_TYPE_IRP, _IO_TYPE_EXTENSION = 3, 4, 6, 13
POWER, SET_POWER = 0x16, 0x02


@dataclass(frozen=True, slots=True)
class DeviceStack:
    """Two devices, the upper attached to the lower: addresses of both, names of their drivers' modules."""

    lower: int
    upper: int
    lower_driver: str
    upper_driver: str


def driver_object(machine: Machine, stem: str) -> int:
    """A _DRIVER_OBJECT of a loaded image; its dispatch table leads to the image's first dispatch function."""
    loaded = machine.images[stem]
    size, more = machine.structures.size("_DRIVER_OBJECT"), machine.structures.size("_DRIVER_EXTENSION")
    address = machine.pool.allocate_object(size + more, "Driv", "Driver")
    dispatch = next((rva for name, rva in loaded.image.symbols.items() if "Dispatch" in name), loaded.image.entry)
    record = machine.record("_DRIVER_OBJECT")
    record.fill(Type=_IO_TYPE_DRIVER, Size=size, DriverStart=loaded.base, DriverSize=loaded.image.size,
                DriverInit=loaded.base + loaded.image.entry, DriverExtension=address + size)  # fmt: skip
    record.set("DriverName", machine.pool.text(f"\\Driver\\{stem}"))
    record.set("MajorFunction", machine.pointer(loaded.base + dispatch) * 28)
    machine.write(address, record.data)
    extension = machine.record("_DRIVER_EXTENSION").fill(DriverObject=address)
    extension.set("ServiceKeyName", machine.pool.text(stem))
    machine.write(address + size, extension.data)
    return address


def device_stack(machine: Machine, lower_driver: str, upper_driver: str) -> DeviceStack:
    """A physical device object and the function device object attached above it."""
    size = machine.structures.size("_DEVICE_OBJECT")
    extension = machine.structures.size("_DEVOBJ_EXTENSION")
    lower, upper = (machine.pool.allocate_object(size + extension, "Devi", "Device") for _ in range(2))
    for address, stem, above, below in ((lower, lower_driver, upper, 0), (upper, upper_driver, 0, lower)):
        driver = driver_object(machine, stem)
        device = machine.record("_DEVICE_OBJECT")
        device.fill(Type=_IO_TYPE_DEVICE, Size=size, ReferenceCount=1, DriverObject=driver, AttachedDevice=above,
                    Flags=0x2040, DeviceType=0x22, StackSize=1 + bool(below),
                    DeviceObjectExtension=address + size)  # fmt: skip
        machine.write(address, device.data)
        more = machine.record("_DEVOBJ_EXTENSION")
        more.fill(Type=_IO_TYPE_EXTENSION, DeviceObject=address, AttachedTo=below, PowerFlags=0x10)
        machine.write(address + size, more.data)
        machine.write_pointer(driver + machine.structures.offset("_DRIVER_OBJECT", "DeviceObject"), address)
    return DeviceStack(lower, upper, lower_driver, upper_driver)


def power_request(machine: Machine, stack: DeviceStack) -> int:
    """An IRP that asks the stack to change power state; the upper driver has it and does not pass it on."""
    location_size = machine.structures.size("_IO_STACK_LOCATION")
    header = machine.structures.size("_IRP")
    count = 3
    address = machine.pool.allocate(header + count * location_size, "Irp ")
    current = address + header + 1 * location_size
    irp = machine.record("_IRP")
    irp.fill(Type=_IO_TYPE_IRP, Size=header + count * location_size, StackCount=count, CurrentLocation=2)
    irp.set("IoStatus", b"\xbb\0\0\xc0")  # STATUS_NOT_SUPPORTED, as the power manager presets it
    irp.set("Tail.Overlay.CurrentStackLocation", current)
    machine.write(address, irp.data)
    location = machine.record("_IO_STACK_LOCATION")
    location.fill(MajorFunction=POWER, MinorFunction=SET_POWER, Control=0xE1, DeviceObject=stack.upper)
    machine.write(current, location.data)
    return address
