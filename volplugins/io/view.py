"""The I/O system's logical view: all drivers and devices with what led to each, and the Plug and Play tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from volplugins.io.capped_notes import CappedNotes
from volplugins.io.device import Device, read_device
from volplugins.io.device_node import DeviceTree, find_root, walk_tree
from volplugins.io.device_stack import DeviceStack, stack_of
from volplugins.io.device_tree_proof import proved_tree
from volplugins.io.driver import Driver, read_driver
from volplugins.io.object_directories import ObjectNamespace, read_namespace
from volplugins.io.object_scan import scan_objects
from volplugins.io.objects import ObjectHeaders
from volplugins.io.system import IoSystem
from volplugins.kernel.physical_pieces import Progress
from volplugins.memory.reader import ReadError

DRIVER_DIRECTORIES, DEVICES = ("\\Driver", "\\FileSystem"), "\\Device"
DIRECTORY, DEVICE, BUGCHECK, SCAN = "directory", "device", "bugcheck", "scan"
UNLISTED, _LIST = "in no object directory", "its list of devices"
_MOST_DRIVERS, _MOST_DEVICES = 20_000, 200_000
_MOST_AGAIN = 200_000  # devices of lists that lead into those of other drivers, of all together


@dataclass(slots=True)
class IoView:
    """What was found.

    Attributes:
        drivers, devices: by address, in the order in which they were found.
        sources: what led to a device first: ``directory``, ``device`` (its driver's list, a stack, a node),
            ``bugcheck`` (a parameter), ``scan``.
        tree: the device nodes.
        namespace: named objects.
        searched: whether all memory was searched.
        notes: what could not be followed.
    """

    system: IoSystem
    drivers: dict[int, Driver] = field(default_factory=dict)
    devices: dict[int, Device] = field(default_factory=dict)
    sources: dict[int, str] = field(default_factory=dict)
    tree: DeviceTree = field(default_factory=lambda: DeviceTree((), ()))
    namespace: ObjectNamespace = field(default_factory=ObjectNamespace)
    searched: bool = False
    notes: list[str] = field(default_factory=list)
    own_names: dict[int, str] = field(default_factory=dict)

    def name_of(self, address: int) -> str:
        """The object's name: in the directories, else the one that its own header has."""
        return self.namespace.names.get(address) or self.own_names.get(address, "")

    def driver_name(self, device: Device) -> str:
        """Name of the driver of a device; empty where that is no driver."""
        driver = self.drivers.get(device.driver)
        return driver.name if driver is not None else ""

    def stack(self, device: Device) -> DeviceStack:
        """The stack that a device is in."""
        return stack_of(device, self.devices.get)

    def by_driver(self) -> dict[int, list[Device]]:
        """The devices by the driver that they name, in the order in which they were found."""
        found: dict[int, list[Device]] = {}
        for device in self.devices.values():
            found.setdefault(device.driver, []).append(device)
        return found


def make_view(
    system: IoSystem, search: bool = False, progress: Progress | None = None, named: Iterable[int] = ()
) -> IoView:
    """Gather the view.

    Args:
        named: addresses that may be drivers or devices: a bugcheck's parameters.
        search: also search all physical memory for drivers and devices that nothing leads to.
    """
    view = IoView(system)
    headers = ObjectHeaders(system)
    view.namespace = read_namespace(system, headers, (*DRIVER_DIRECTORIES, DEVICES))
    view.notes += view.namespace.notes
    gatherer = _Gatherer(view, headers)
    for address, _ in view.namespace.below(DEVICES):
        gatherer.device(address, DIRECTORY)
    for address, name in view.namespace.below(*DRIVER_DIRECTORIES):
        gatherer.driver(address, DIRECTORY, name)
    gatherer.elsewhere()
    for address in named:
        gatherer.driver(address, BUGCHECK)
        gatherer.device(address, BUGCHECK)
    gatherer.spread()
    gatherer.grow_tree()
    if search and system.physical is not None:
        view.searched = True
        for kind, address in scan_objects(system, progress, {*view.drivers, *view.devices}, gatherer.tell):
            (gatherer.driver if kind == "driver" else gatherer.device)(address, SCAN)
        gatherer.spread()
    gatherer.check_lists()
    return view


class _Gatherer:
    """Follows what leads from one object to the next; each is read once."""

    def __init__(self, view: IoView, headers: ObjectHeaders) -> None:
        self._view, self._system, self._headers = view, view.system, headers
        self._tried: set[int] = set()
        self._no_drivers: set[int] = set()
        self._waiting: list[int] = []  # devices whose links are to be followed
        self._listed: dict[int, int] = {}  # device: the driver whose list has it
        self._again = _MOST_AGAIN
        self._notes = CappedNotes(view.notes, "drivers and devices")
        self.tell = self._notes.limit

    def driver(self, address: int, source: str, name: str = "") -> None:
        """Take the driver at ``address``, if there is one, with the devices of its list."""
        view = self._view
        if not address or address in view.drivers or address in self._no_drivers:
            return
        self._no_drivers.add(address)
        if len(view.drivers) >= _MOST_DRIVERS:
            self._notes.limit(f"more than {_MOST_DRIVERS:,} drivers: the rest is left out")
            return
        try:
            found = read_driver(self._system, address, source, name)
        except ReadError as error:
            if source == DIRECTORY:
                self._notes.say(f"driver {name}: {error}")
            return
        if found is None:
            return
        view.drivers[address] = found
        self._list(found)

    def _list(self, driver: Driver) -> None:
        """The devices of a driver's list: what one bad entry leads to may be sound; what two in a row do, is not."""
        address, seen, good = driver.first_device, set[int](), True
        while address:
            if address in seen:
                self._note(driver, f"{_LIST} leads back to {address:#x}")
                return
            seen.add(address)
            if self._listed.setdefault(address, driver.address) != driver.address:
                if not self._again:
                    self._note(driver, f"{_LIST} leads into that of another driver at {address:#x}")
                    return
                self._again -= 1
            device = self.device(address, DEVICE)
            if device is None:
                self._note(driver, f"{_LIST} breaks at {address:#x}")
                address = self._behind(address) if good else 0
            else:
                address = device.next
            good = device is not None

    def _behind(self, address: int) -> int:
        """NextDevice of what is no device object; 0 where that leads out of the kernel's half."""
        at, _ = self._system.layouts.device_object.members["NextDevice"]
        try:
            following = self._system.pointer(address + at)
        except ReadError:
            return 0
        return following if self._system.in_kernel_half(following) else 0

    def _note(self, driver: Driver, text: str) -> None:
        self._view.drivers[driver.address] = self._view.drivers[driver.address].noting(text)

    def device(self, address: int, source: str) -> Device | None:
        """The device at ``address``, if there is one."""
        view = self._view
        if address in view.devices or not address:
            return view.devices.get(address)
        if address in self._tried or len(view.devices) >= _MOST_DEVICES:
            if len(view.devices) >= _MOST_DEVICES:
                self._notes.limit(f"more than {_MOST_DEVICES:,} devices: the rest is left out")
            return None
        self._tried.add(address)
        try:
            found = read_device(self._system, address)
        except ReadError:
            return None
        if found is None:
            return None
        view.devices[address], view.sources[address] = found, source
        self._waiting.append(address)
        return found

    def elsewhere(self) -> None:
        """Named devices and drivers outside of their usual directories (``\\Ntfs``): by the type of those in them."""
        view = self._view
        kinds = view.namespace.kinds
        devices, drivers = self._usual_kind(view.devices), self._usual_kind(view.drivers)
        for address, name in view.namespace.names.items():
            if kinds[address] == devices:
                self.device(address, DIRECTORY)
            elif kinds[address] == drivers:
                self.driver(address, DIRECTORY, name)

    def _usual_kind(self, objects: Iterable[int]) -> int | None:
        """What the headers of most of these objects say of their type."""
        kinds = self._view.namespace.kinds
        counted = Counter(kinds[address] for address in objects if address in kinds).most_common(1)
        return counted[0][0] if counted else None

    def _other_kind(self, address: int, usual: int | None) -> Iterable[str]:
        if self._view.namespace.kinds.get(address, usual) != usual:
            yield "its object header names another type than those of its kind"

    def spread(self) -> None:
        """Follow what devices lead to: their drivers, the devices above and below, the file systems on them."""
        while self._waiting:
            device = self._view.devices[self._waiting.pop()]
            self.driver(device.driver, DEVICE)
            for other in (device.upper, device.lower, device.mounted, device.real_device):
                self.device(other, DEVICE)

    def grow_tree(self) -> None:
        """The device nodes, and the devices that they name."""
        named = [device.node for device in self._view.devices.values() if device.node]
        root = find_root(self._system, named)
        if root is None:
            self._notes.limit("the tree of devices has no known root: no symbol gives it and no device leads to it")
            return
        tree, layout = walk_tree(self._system, root), self._system.layouts.device_node
        self._view.tree = proved_tree(tree, list(self._view.devices.values()), layout.source)
        self._view.notes += self._view.tree.notes
        for node in self._view.tree.nodes:
            self.device(node.device, DEVICE)
        self.spread()

    def check_lists(self) -> None:
        """What the objects say against each other, and the names of those in no directory."""
        view = self._view
        usual = [self._usual_kind(view.devices), self._usual_kind(view.drivers)]
        for address, device in view.devices.items():
            view.devices[address] = device.noting(*self._faults(device), *self._other_kind(address, usual[0]))
        for address, driver in view.drivers.items():
            view.drivers[address] = driver.noting(*self._driver_faults(driver), *self._other_kind(address, usual[1]))
        for address in (*view.devices, *view.drivers):
            if address not in view.namespace.names:
                self._own_name(address)

    def _own_name(self, address: int) -> None:
        try:
            header = self._headers.read(address)
        except ReadError:
            return
        if header.name and len(header.name) < 0x400:
            path = self._view.namespace.directories.get(header.directory)
            self._view.own_names[address] = header.name if path is None else f"{path}\\{header.name}"

    def _faults(self, device: Device) -> Iterable[str]:
        if device.driver not in self._view.drivers:
            yield f"its driver object {device.driver:#x} is no driver object"
        listed = self._listed.get(device.address)
        if listed is not None and listed != device.driver:
            yield f"in the list of another driver, {self._view.drivers[listed].name}"
        driver = self._view.drivers.get(device.driver)
        if listed is None and driver is not None and not any(note.startswith(_LIST) for note in driver.notes):
            yield "not in its driver's list of devices"

    def _driver_faults(self, driver: Driver) -> Iterable[str]:
        if driver.source != DIRECTORY and self._view.namespace.whole(*DRIVER_DIRECTORIES):
            yield UNLISTED
        module = self._system.modules.at(driver.start) if driver.start else None
        if driver.start and module is None and len(self._system.modules):
            yield f"its image {driver.start:#x} is no loaded module"
