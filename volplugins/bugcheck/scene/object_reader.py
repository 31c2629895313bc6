"""Single objects of the I/O system, read once each: devices, their drivers and nodes, requests; why one is none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.patchy_memory import PatchyMemory
from volplugins.dumpfile.context import ARM64
from volplugins.io.device import Device, read_device
from volplugins.io.driver import Driver, read_driver
from volplugins.io.pool_block import REQUEST_TAG, block_before
from volplugins.io.request import Request, RequestReader
from volplugins.io.system import IoSystem
from volplugins.kernel.io_layouts import IoLayouts, built_in_io, preferred_io
from volplugins.loader.kernel_modules import read_unicode_string
from volplugins.loader.module import Module
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout

_MOST_OBJECTS = 4096
_LONGEST_NAME = 260  # characters; MAX_DEVICE_ID_LEN of cfgmgr32.h is 200
_UNFILLED = 0x60  # bytes: shorter reads are pointers, names, records whose gaps would mislead
_CUT = "not wholly in the dump"


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a device node says of its device: instance path, service, physical device object, request under way."""

    address: int
    instance: str
    service: str
    device: int
    pending_irp: int


def io_system(scene: CrashScene) -> IoSystem:
    """The scene as the I/O room sees it."""
    space = scene.space.space if scene.space is not None else None
    return IoSystem(
        scene.memory, scene.bits, scene.target.build, scene.layouts.io, scene.modules, scene.symbolizer,
        scene.debugger_data, scene.target.memory if space is not None else None, space,
    )  # fmt: skip


def _layouts(scene: CrashScene) -> IoLayouts:
    """The scene's layouts; on ARM64, which has no tables, those of x64: but for threads the structures are the same."""
    known = scene.layouts.io
    if scene.target.machine != ARM64:
        return known
    return preferred_io(known, replace(built_in_io(64, scene.target.build), thread=known.thread))


class ObjectReader:
    """Reads the objects that one crash is about; nothing here raises ReadError."""

    def __init__(self, scene: CrashScene) -> None:
        system = replace(io_system(scene), layouts=_layouts(scene))
        self._patchy = PatchyMemory(scene.memory, _UNFILLED)
        # only a small dump cuts objects; elsewhere an absent page is absent
        small = scene.target.triage is not None
        self.system = replace(system, memory=self._patchy) if small else system
        self._scene = scene
        self._devices: dict[int, Device | str] = {}
        self._drivers: dict[int, Driver | str] = {}
        self._requests = RequestReader(self.system.memory, self.system.layouts, self.system.bits)

    def device(self, address: int) -> Device | None:
        """The device object at ``address``; None where there is none."""
        found = self._device(address)
        return found if isinstance(found, Device) else None

    def no_device(self, address: int) -> str:
        """In words why there is no device object at ``address``."""
        found = self._device(address)
        return found if isinstance(found, str) else ""

    def _device(self, address: int) -> Device | str:
        if address not in self._devices:
            if len(self._devices) >= _MOST_OBJECTS:
                return "is one of too many devices"
            self._devices[address] = self._read_device(address)
        return self._devices[address]

    def _read_device(self, address: int) -> Device | str:
        if not self.system.in_kernel_half(address):
            return "is no address of the kernel"
        try:
            found = read_device(self.system, address)
        except ReadError as error:
            return _unread(error)
        if found is None:
            return "is no device object: its type is another (freed, perhaps)"
        return found.noting(_CUT) if address in self._patchy.filled else found

    def driver(self, address: int) -> Driver | None:
        """The driver object at ``address``; None where there is none."""
        found = self._driver(address)
        return found if isinstance(found, Driver) else None

    def no_driver(self, address: int) -> str:
        """In words why there is no driver object at ``address``."""
        found = self._driver(address)
        return found if isinstance(found, str) else ""

    def _driver(self, address: int) -> Driver | str:
        if address not in self._drivers:
            if len(self._drivers) >= _MOST_OBJECTS:
                return "is one of too many drivers"
            self._drivers[address] = self._read_driver(address)
        return self._drivers[address]

    def _read_driver(self, address: int) -> Driver | str:
        if not self.system.in_kernel_half(address):
            return "is no address of the kernel"
        try:
            found = read_driver(self.system, address, "device")
        except ReadError as error:
            return _unread(error)
        if found is None:
            return "is no driver object: its type or size is another"
        return replace(found, name=_clipped(found.name), service=_clipped(found.service))

    def module_of(self, driver: Driver) -> Module | None:
        """The module that holds the driver's image, loaded or unloaded since."""
        if not driver.start:
            return None
        return self._scene.modules.at(driver.start) or self._scene.unloaded.at(driver.start)

    def driver_name(self, device: Device) -> str:
        """Name of the driver of a device: of its object, else of its image; ``?`` where neither is to be had."""
        driver = self.driver(device.driver)
        if driver is None:
            return "?"
        module = self.module_of(driver)
        return driver.name or (module.image_name if module is not None else "?")

    def request(self, irp: int) -> Request | str:
        """The request at ``irp``, or in words why there is none."""
        if not self._requests.known:
            return "cannot be read (layout of _IRP not known)"
        if not self.system.in_kernel_half(irp):
            return "is no address of the kernel"
        return self._requests.read(irp)

    def is_free(self, irp: int) -> bool:
        """Whether a request lies in a block of pool that is free."""
        return block_before(self._scene.memory, irp, self.system.bits) == (REQUEST_TAG, True)

    def is_whole(self, location: int) -> bool:
        """Whether a stack location is wholly there."""
        try:
            self._scene.memory.read(location, self._requests.location_size)
        except ReadError:
            return False
        return True

    def node(self, address: int) -> NodeFacts | None:
        """The device node at ``address``, as far as it is there; None where nothing of it can be read."""
        layouts = self.system.layouts
        layout = layouts.device_node if layouts.device_node.has("InstancePath") else layouts.node_triage
        if not self.system.in_kernel_half(address):
            return None
        instance, service = (self._text(address, layout, each) for each in ("InstancePath", "ServiceName"))
        device, irp = (self.number(address, layout, each) or 0 for each in ("PhysicalDeviceObject", "PendingIrp"))
        found = NodeFacts(address, instance, service, device, irp)
        return found if instance or service or device or irp else None

    def number(self, address: int, layout: Layout, member: str) -> int | None:
        """A member of a structure of which only a part may be there; None where it is not."""
        if not layout.has(member):
            return None
        at, size = layout.members[member]
        try:
            return int.from_bytes(self._scene.memory.read(address + at, size), "little")
        except ReadError:
            return None

    def _text(self, address: int, layout: Layout, member: str) -> str:
        if not layout.has(member):
            return ""
        at, size = layout.members[member]
        try:
            return _clipped(read_unicode_string(self._scene.memory, self._scene.memory.read(address + at, size)))
        except ReadError:
            return ""


def _unread(error: ReadError) -> str:
    return f"cannot be read ({error.reason})"


def _clipped(text: str) -> str:
    """A name as it may be shown: nothing behind a null, of bounded length, no control characters."""
    text = "".join(each if each.isprintable() else "." for each in text.partition("\0")[0][: _LONGEST_NAME + 1])
    return text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…"
