"""A made-up machine with a great many drivers, devices and requests, for measuring how fast they are listed."""

from __future__ import annotations

from dataclasses import replace

from volplugins.lab.crashes.scenarios_x64 import SCENARIOS_X64
from volplugins.lab.devices.packets import PENDING, write_packet
from volplugins.lab.kernel.driver_table import WRITE
from volplugins.lab.kernel.file_objects import open_file
from volplugins.lab.kernel.io_objects import INITIALIZED, device_object, dispatch_table, driver_object
from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.machine.io_registry import Driver, Request
from volplugins.lab.machine.machine import Machine, new_machine
from volplugins.lab.machine.pool import Pool
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import finish
from volplugins.lab.world.world import populate

_MORE_RAM = (0x8000, 0x20000)  # half a gibibyte behind the machine's own
_OWN_POOL = 0x20000000  # bytes behind the pool's begin
_IO_TYPE_DRIVER = 4
# images whose code the drivers share, in turn
_IMAGES = ("usbport", "tcpip", "vendflt", "kbdhid", "disk")


def build_io_crowd(drivers: int, devices: int, requests: int = 0, machine: str = "win10-x64") -> Snapshot:
    """A machine with so many drivers and devices more, in stacks of two, and so many writes to one file.

    Every device has a name of its own; the requests are in the file object's list, and each in pool with its tag.
    """
    runs = PROFILES[machine].runs
    profile = replace(PROFILES[machine], runs=(*runs, _MORE_RAM) if requests else runs)
    made = new_machine(profile, 0, 0)
    world = populate(made, False)
    crash = SCENARIOS_X64["driver-read"](world)
    keys = [_driver(made, number) for number in range(drivers)]
    for number in range(0, devices, 2):
        lower = device_object(made, keys[number % drivers], f"\\Device\\Crowd{number:05}")
        device_object(made, keys[(number + 1) % drivers], below=lower)
    if requests:
        _requests(made, requests)
    return finish(world, crash, "driver-read")


def _driver(machine: Machine, number: int) -> str:
    """One more driver, with the code of an image that is loaded; gives its key."""
    stem = _IMAGES[number % len(_IMAGES)]
    key, loaded = f"crowd{number:04}", machine.images[stem]
    name = f"\\Driver\\{key}"
    size, more = machine.structures.size("_DRIVER_OBJECT"), machine.structures.size("_DRIVER_EXTENSION")
    address = machine.pool.allocate_object(size + more, "Driv", "Driver", key)
    record = machine.record("_DRIVER_OBJECT")
    record.fill(Type=_IO_TYPE_DRIVER, Size=size, Flags=INITIALIZED, DriverStart=loaded.base,
                DriverSize=loaded.image.size, DriverExtension=address + size,
                DriverInit=loaded.base + loaded.image.entry)  # fmt: skip
    record.set("DriverName", machine.pool.text(name))
    record.set("MajorFunction", b"".join(machine.pointer(each) for each in dispatch_table(machine, stem)))
    machine.write(address, record.data)
    extension = machine.record("_DRIVER_EXTENSION").fill(DriverObject=address)
    extension.set("ServiceKeyName", machine.pool.text(key))
    machine.write(address + size, extension.data)
    machine.io.drivers[key] = Driver(name, stem, address, loaded.base, loaded.image.size)
    machine.io.named[name] = address
    return key


def _requests(machine: Machine, count: int) -> None:
    """Writes that the file system holds, all of one file."""
    driver_object(machine, "ntfs")
    device = device_object(machine, "ntfs", "\\Device\\Crowd")
    file = open_file(machine, device, "\\crowd.log")
    size = machine.structures.size("_IRP") + machine.structures.size("_IO_STACK_LOCATION")
    start = machine.profile.pool_bases[machine.base_index] + _OWN_POOL
    pool = Pool(machine.kernel, machine.structures, start, start + 2 * count * size)
    first = pool.allocate(size, "Irp ")
    write_packet(machine, Request("write", first, WRITE, 0, [device], 1, 1, PENDING, file), (0x1000, 0, 0, 0))
    packet = machine.kernel.read(first, size)
    addresses = [first, *(pool.store(packet, "Irp ") for _ in range(count - 1))]
    at = machine.structures.offset("_IRP", "Tail.Overlay.CurrentStackLocation")
    for address in addresses:
        machine.write_pointer(address + at, address + machine.structures.size("_IRP"))
    entry = machine.structures.offset("_IRP", "ThreadListEntry")
    head = file + machine.structures.offset("_FILE_OBJECT", "IrpList")
    link_list(machine, head, [address + entry for address in addresses])
