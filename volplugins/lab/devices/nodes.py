"""Device nodes: the PnP manager's tree, and the stacks of devices that belong to its nodes.

Members: public symbol tables of each build; states: _PNP_DEVNODE_STATE there, whose numbers from the third on are
higher by two since build 20348.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from volplugins.lab.devices.tree import DISABLED, FAILED, FAILED_START, OFF, STARTED, UNPLUGGED, Node
from volplugins.lab.kernel.file_objects import mounted_volume, volume_parameters
from volplugins.lab.kernel.io_objects import acme_stack, device_object, set_extension
from volplugins.lab.machine.machine import Machine

_STATES = (
    "Unspecified", "Uninitialized", "Initialized", "DriversAdded", "ResourcesAssigned", "StartPending",
    "StartCompletion", "StartPostWork", "Started", "QueryStopped", "Stopped", "RestartCompletion", "EnumeratePending",
    "EnumerateCompletion", "AwaitingQueuedDeletion", "AwaitingQueuedRemoval", "QueryRemoved", "RemovePendingCloses",
    "Removed", "DeletePendingCloses", "Deleted",
)  # fmt: skip
_UP = ("Uninitialized", "Initialized", "DriversAdded", "ResourcesAssigned", "StartCompletion", "StartPostWork")
_HISTORIES = {
    STARTED: (*_UP, "Started", "EnumeratePending", "EnumerateCompletion", "Started"),
    UNPLUGGED: (*_UP, "Started", "AwaitingQueuedRemoval", "Removed", "DeletePendingCloses"),
    FAILED: (*_UP[:5], "QueryRemoved", "Removed"),
    OFF: ("Uninitialized", "Initialized"),
}
_PROBLEMS = {FAILED: (FAILED_START, 0xC00000BB), OFF: (DISABLED, 0)}  # STATUS_NOT_SUPPORTED
_ENUMERATED, _IDS_QUERIED, _HAS_PROBLEM, _GONE, _MADE_UP = 0x10, 0x20, 0x2000, 0x10000, 1  # DNF_*
_RING = 20
_WIDE_STATES = 20348


@dataclass(slots=True)
class Placed:
    """A node in memory: address, depth, its devices from the physical device object upwards, states by name."""

    spec: Node
    address: int
    depth: int
    stack: list[int]
    parent: Placed | None = None
    children: list[Placed] = field(default_factory=list)

    @property
    def state(self) -> str:
        """Its state by name."""
        return _HISTORIES[self.spec.fate][-1]

    @property
    def problem(self) -> int:
        """Its problem code, zero for none."""
        return _PROBLEMS.get(self.spec.fate, (0, 0))[0]

    def walk(self) -> Iterator[Placed]:
        """The node, then everything below it, as a tree is printed."""
        yield self
        for child in self.children:
            yield from child.walk()


def state_number(name: str, build: int) -> int:
    """A state's number in a build."""
    number = _STATES.index(name)
    return 0x300 + number + (2 if build >= _WIDE_STATES and number >= 2 else 0)


def place_nodes(machine: Machine, spec: Node, parent: Placed | None = None) -> Placed:
    """Make a node's devices and everything below it; the nodes' memory is taken, and filled by :func:`write_nodes`."""
    stack = _known_stack(machine, spec.known) if spec.known else _new_stack(machine, spec)
    address = machine.pool.allocate(machine.structures.size("_DEVICE_NODE"), "Devn")
    placed = Placed(spec, address, parent.depth + 1 if parent else 0, stack, parent)
    machine.io.devices[stack[0]].node = address
    set_extension(machine, stack[0], "DeviceNode", address)
    placed.children = [place_nodes(machine, each, placed) for each in spec.children]
    return placed


def _new_stack(machine: Machine, spec: Node) -> list[int]:
    stack: list[int] = []
    for part in spec.stack:
        stack.append(device_object(machine, part.driver, part.name, part.kind, stack[-1] if stack else 0))
        if part.name.startswith("\\Device\\Harddisk0"):
            volume_parameters(machine, stack[-1], 0)
    return stack


def _known_stack(machine: Machine, known: str) -> list[int]:
    if known == "usb":
        made = acme_stack(machine)
        return [made.lower, made.upper]
    bottom = machine.io.volume if known == "volume" else mounted_volume(machine, 1)[0]
    return [bottom, machine.io.devices[bottom].upper]


def write_nodes(machine: Machine, root: Placed) -> None:
    """Fill the nodes' memory, and IopRootDeviceNode."""
    for placed in root.walk():
        _write(machine, placed)
    machine.write_pointer(machine.symbol("nt!IopRootDeviceNode"), root.address)


def _write(machine: Machine, placed: Placed) -> None:
    siblings = placed.parent.children if placed.parent else [placed]
    following = siblings[siblings.index(placed) + 1 :]
    record = machine.record("_DEVICE_NODE")
    record.fill(Sibling=following[0].address if following else 0, Level=placed.depth,
                Child=placed.children[0].address if placed.children else 0,
                LastChild=placed.children[-1].address if placed.children else 0,
                Parent=placed.parent.address if placed.parent else 0, PhysicalDeviceObject=placed.stack[0],
                InterfaceType=0xFFFFFFFF, BusNumber=0xFFFFFFF0, ChildInterfaceType=0xFFFFFFFF,
                ChildBusNumber=0xFFFFFFF0)  # fmt: skip
    record.set("InstancePath", machine.pool.text(placed.spec.instance))
    if placed.spec.service:
        record.set("ServiceName", machine.pool.text(placed.spec.service))
    numbers = [state_number(name, machine.profile.build) for name in _HISTORIES[placed.spec.fate]]
    *before, now = numbers
    record.fill(State=now, PreviousState=before[-1], StateHistoryEntry=len(before) % _RING)
    record.set("StateHistory", b"".join(number.to_bytes(4, "little") for number in before))
    problem, status = _PROBLEMS.get(placed.spec.fate, (0, 0))
    record.fill(Problem=problem, ProblemStatus=status, Flags=_flags(placed))
    machine.write(placed.address, record.data)


def _flags(placed: Placed) -> int:
    flags = _ENUMERATED | _IDS_QUERIED | (_HAS_PROBLEM if placed.problem else 0)
    return flags | (_GONE if placed.spec.fate == UNPLUGGED else 0) | (0 if placed.parent else _MADE_UP)
