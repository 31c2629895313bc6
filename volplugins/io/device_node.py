"""DEVICE_NODE: the Plug and Play manager's tree of devices (layouts by build, from the symbol tables)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from volplugins.io.capped_notes import CappedNotes
from volplugins.io.objects import shortened
from volplugins.io.system import IoSystem
from volplugins.loader.kernel_modules import Names
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Structure

_MOST_NODES = 50_000
_NO_ID = re.compile(r"[^ -+\--\x7f]")  # what no identifier may hold (Microsoft's page of bugcheck 0xCA)
_HISTORY = 20  # entries of StateHistory, a ring


@dataclass(frozen=True, slots=True)
class DeviceNode:
    """One node of the tree.

    Attributes:
        address, parent: of the node, and of the one above it (0 for the root).
        depth: 0 for the root.
        instance: InstancePath, such as ``USB\\VID_045E&PID_0040\\5&1A2B``.
        service: ServiceName: the function driver's.
        state, previous: as the build numbers them; ``history`` earlier ones, newest first.
        problem: number of CM_PROB_…; 0 for none. ``problem_status``: NTSTATUS behind it, where the build keeps it.
        flags, user_flags: DNF_… and DNUF_….
        device: the physical device object.
        pending_irp: the request that the Plug and Play manager has sent to it and waits for.
        since: FILETIME at which it came into its state, where the build keeps it.
        notes: what is wrong with it.
    """

    address: int
    parent: int
    depth: int
    instance: str
    service: str
    state: int
    previous: int
    history: tuple[int, ...]
    problem: int
    problem_status: int | None
    flags: int
    user_flags: int
    device: int
    pending_irp: int
    since: int | None
    notes: tuple[str, ...] = ()

    def noting(self, *texts: str) -> DeviceNode:
        """The same with further notes."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *texts)))) if texts else self


@dataclass(frozen=True, slots=True)
class DeviceTree:
    """The nodes in the tree's order, each behind its parent; ``notes`` say what could not be followed."""

    nodes: tuple[DeviceNode, ...]
    notes: tuple[str, ...]


def find_root(system: IoSystem, nodes: list[int]) -> int | None:
    """The root node: by the kernel's symbols, else upwards from nodes that devices name."""
    variable = system.variable("IopRootDeviceNode")
    if variable is not None:
        try:
            return system.pointer(variable) or None
        except ReadError:
            pass
    seen: set[int] = set()
    for node in nodes:
        root = _upwards(system, node, seen)
        if root is not None:
            return root
    return None


def _upwards(system: IoSystem, node: int, seen: set[int]) -> int | None:
    """The node that has no parent; None where the way breaks, turns in a circle or leads to one of ``seen``."""
    layout = system.layouts.device_node
    while node not in seen and len(seen) < _MOST_NODES:
        seen.add(node)
        try:
            parent = system.present(node, layout, "Parent").unsigned("Parent")
        except ReadError:
            return None
        if not parent:
            return node
        node = parent
    return None


def walk_tree(system: IoSystem, root: int) -> DeviceTree:
    """All nodes below ``root``: children in the order of their siblings."""
    names, notes = Names(system.memory), list[str]()
    said = CappedNotes(notes, "device nodes")
    nodes: list[DeviceNode] = []
    seen: set[int] = set()
    waiting = [(root, 0, 0)]
    while waiting:
        address, parent, depth = waiting.pop()
        if address in seen:
            said.say(f"the device tree leads to the node {address:#x} twice")
            continue
        if len(nodes) >= _MOST_NODES:
            said.limit(f"more than {_MOST_NODES:,} device nodes: the rest is left out")
            break
        seen.add(address)
        try:
            found = system.present(address, system.layouts.device_node, "Parent")
        except ReadError as error:
            said.say(f"device node {address:#x} below {parent:#x}: {error}")
            continue
        node = _node(system, names, found, depth)
        if node.parent != parent:
            node = node.noting(f"its Parent is {node.parent:#x}")
        nodes.append(node)
        # the sibling is to come behind all that is below this one
        sibling, child = found.get("Sibling"), found.get("Child")
        if sibling and depth:
            waiting.append((sibling, parent, depth))
        if child:
            waiting.append((child, address, depth + 1))
    return DeviceTree(tuple(nodes), tuple(notes))


def _node(system: IoSystem, names: Names, found: Structure, depth: int) -> DeviceNode:
    notes = [found.absent] if found.absent else []
    texts = {"InstancePath": "", "ServiceName": ""}
    for member in texts:
        if not found.layout.has(member):
            continue
        try:
            text = names.text(found.raw(member))
        except ReadError as error:
            notes.append(f"{member}: {error}")
            continue
        if member == "InstancePath" and _NO_ID.search(text):
            notes.append("InstancePath holds what no device instance path can")
        else:
            texts[member] = shortened(text)
    return DeviceNode(
        found.address, found.unsigned("Parent"), depth, texts["InstancePath"], texts["ServiceName"],
        found.get("State") or 0, found.get("PreviousState") or 0, _history(found), found.get("Problem") or 0,
        found.get("ProblemStatus"), found.get("Flags") or 0, found.get("UserFlags") or 0,
        found.get("PhysicalDeviceObject") or 0, found.get("PendingIrp") or 0, found.get("StateTimestamp") or None,
        tuple(notes),
    )  # fmt: skip


def _history(found: Structure) -> tuple[int, ...]:
    """StateHistory, newest first: StateHistoryEntry is the place that is written next."""
    if not (found.layout.has("StateHistory") and found.layout.has("StateHistoryEntry")):
        return ()
    data, at = found.raw("StateHistory"), found.unsigned("StateHistoryEntry")
    states = [int.from_bytes(data[4 * n : 4 * n + 4], "little") for n in range(_HISTORY)]
    turned = [states[(at - 1 - n) % _HISTORY] for n in range(_HISTORY)]
    return tuple(state for state in turned if state)
