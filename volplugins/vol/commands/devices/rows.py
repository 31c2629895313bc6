"""Rows of windows.kd.devices: the tree from its root on, each node with the drivers of its stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.io.device import Device
from volplugins.io.device_node import DeviceNode
from volplugins.io.device_stack import DeviceStack
from volplugins.io.view import SCAN, IoView
from volplugins.io.words.device_types import device_type
from volplugins.io.words.node_words import problem_word, state_word
from volplugins.vol.commands.devices.row import DeviceRow, failure_row, row_depth
from volplugins.vol.output.rows import moment
from volplugins.vol.scene.io_scene import io_view
from volplugins.vol.scene.process_selection import Progress

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

JOINT = " > "
UNKNOWN_DRIVER = "?"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown.

    ``stacks``: a row per device of each stack too, and the stacks that belong to no node. ``devices``: only the stacks
    that these devices are in. ``wrong``: texts that were given as addresses and are none.
    """

    stacks: bool = False
    devices: Sequence[int] = ()
    scan: bool | None = None
    wrong: Sequence[str] = ()


def device_rows(scene: CrashScene, wanted: Wanted, progress: Progress | None = None) -> Iterator[DeviceRow]:
    """The rows; at the end what could not be followed."""
    yield from (failure_row(f"{text}: no address") for text in wanted.wrong)
    if wanted.wrong and not wanted.devices:
        return
    view = io_view(scene, wanted.scan, progress)
    yield from _asked(view, wanted.devices) if wanted.devices else _tree(view, wanted.stacks)
    yield from map(failure_row, view.notes)


def _tree(view: IoView, stacks: bool) -> Iterator[DeviceRow]:
    met: set[int] = set()
    for node in view.tree.nodes:
        stack = node_stack(view, node)
        met.update(device.address for device in stack.devices)
        yield node_row(view, node, stack)
        if stacks:
            yield from _devices(view, stack, row_depth(node.depth) + 1)
    if stacks:
        yield from _others(view, met)
    if not view.tree.nodes and not view.notes:
        yield failure_row("no device node was found")


def _others(view: IoView, met: set[int]) -> Iterator[DeviceRow]:
    """Stacks that belong to no node: file systems' volumes, devices that programs talk to."""
    for device in list(view.devices.values()):
        if device.address not in met:
            stack = view.stack(device)
            met.update(each.address for each in stack.devices)
            yield _stack_row(view, stack)
            yield from _devices(view, stack, 1)


def _asked(view: IoView, devices: Sequence[int]) -> Iterator[DeviceRow]:
    nodes = {node.device: node for node in view.tree.nodes if node.device}
    for address in devices:
        device = view.devices.get(address)
        if device is None:
            yield failure_row(f"{address:#x} is no device object that is known")
            continue
        stack = view.stack(device)
        node = next((nodes[each.address] for each in stack.devices if each.address in nodes), None)
        yield _stack_row(view, stack) if node is None else node_row(view, node, stack)._replace(depth=0)
        yield from _devices(view, stack, 1, address)


def node_stack(view: IoView, node: DeviceNode) -> DeviceStack:
    """The stack on a node's physical device object."""
    device = view.devices.get(node.device)
    return view.stack(device) if device is not None else DeviceStack((), ())


def stack_text(view: IoView, stack: DeviceStack) -> str:
    """Drivers of a stack, top to bottom."""
    return JOINT.join(view.driver_name(device) or UNKNOWN_DRIVER for device in stack.devices)


def node_row(view: IoView, node: DeviceNode, stack: DeviceStack) -> DeviceRow:
    """The row of a node."""
    build = view.system.build
    notes = [*node.notes, *stack.notes]
    if node.device and not stack.devices:
        notes.append(f"its physical device object {node.device:#x} cannot be read")
    if node.problem_status:
        notes.append(f"ProblemStatus {node.problem_status:#x}")
    since = moment(node.since)
    if since is not None:
        notes.append(f"in this state since {since.isoformat()}")
    return DeviceRow(
        row_depth(node.depth), node.depth, node.address, node.instance, node.service,
        state_text(node.state, build) if node.state else "",
        problem_word(node.problem), node.device or None, stack_text(view, stack), None, "", "", "", "; ".join(notes),
    )  # fmt: skip


def state_text(state: int, build: int) -> str:
    """A node's state by name and number."""
    word = state_word(state, build)
    return f"{word} ({state:#x})" if not word.startswith("0x") else word


def _stack_row(view: IoView, stack: DeviceStack) -> DeviceRow:
    """The head of a stack that belongs to no node."""
    return DeviceRow(
        0, None, None, "", "", "", "", None, stack_text(view, stack), None, "", "", "",
        "; ".join(("belongs to no device node", *stack.notes)),
    )  # fmt: skip


def _devices(view: IoView, stack: DeviceStack, depth: int, asked: int = 0) -> Iterator[DeviceRow]:
    for device in stack.devices:
        notes = ["asked for"] if device.address == asked else []
        yield DeviceRow(
            depth, None, None, "", "", "", "", None, "", device.address, view.driver_name(device),
            view.name_of(device.address), device_type(device.kind), "; ".join((*notes, *_notes(view, device))),
        )  # fmt: skip


def _notes(view: IoView, device: Device) -> Iterator[str]:
    if view.sources[device.address] == SCAN:
        yield "hidden: found in memory, nothing leads to it"
    mounted = view.devices.get(device.mounted)
    if mounted is not None and device.mounted != device.address:
        yield f"mounted: {stack_text(view, view.stack(mounted))} ({mounted.address:#x})"
    yield from device.notes
