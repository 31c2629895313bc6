"""Whether the members of device nodes are read at their places: nodes and devices name each other.

Of every build the links of the tree come first in a DEVICE_NODE; what lies behind moved several times. A device's
extension names its node in every build (DEVOBJ_EXTENSION.DeviceNode), so that a node that does not lead back to it is
damaged, and a tree in which none does is read by another build's layout.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from volplugins.io.device import Device
from volplugins.io.device_node import DeviceNode, DeviceTree

_FEWEST = 3  # nodes that are named by a device and lead to none: fewer may be damaged


def proved_tree(tree: DeviceTree, devices: Iterable[Device], layout_source: str) -> DeviceTree:
    """``tree``; or its links alone, with the devices that name the nodes, where nothing else of it can be believed."""
    naming = {device.node: device.address for device in devices if device.node}
    named = [node for node in tree.nodes if node.address in naming]
    if len(named) < _FEWEST or any(node.device == naming[node.address] for node in named):
        return tree
    note = (
        f"none of {len(named)} device nodes leads back to the device that names it: the layout ({layout_source}) is "
        "not this kernel's, and instance, service, state and problem are not given"
    )
    nodes = tuple(_links(node, naming.get(node.address, 0)) for node in tree.nodes)
    return DeviceTree(nodes, (*tree.notes, note))


def _links(node: DeviceNode, device: int) -> DeviceNode:
    return replace(
        node, instance="", service="", state=0, previous=0, history=(), problem=0, problem_status=None, flags=0,
        user_flags=0, device=device, pending_irp=0, since=None,
        notes=tuple(note for note in node.notes if note.startswith("its Parent")),
    )  # fmt: skip
