"""Stacks of devices: from any of its devices down to the lowest and up to the highest, and what is out of order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from volplugins.io.device import Device

_HIGHEST = 64  # devices of one stack; Windows' own limit is the CHAR StackSize


@dataclass(frozen=True, slots=True)
class DeviceStack:
    """The devices of one stack, top first, and what is wrong with their links."""

    devices: tuple[Device, ...]
    notes: tuple[str, ...]


def stack_of(device: Device, device_at: Callable[[int], Device | None]) -> DeviceStack:
    """The whole stack that ``device`` is in.

    Args:
        device_at: gives the device at an address; None where there is none.
    """
    notes: list[str] = []
    lower = _follow(device, "lower", device_at, notes)
    upper = _follow(device, "upper", device_at, notes)
    stack = [*reversed(upper), device, *lower]
    for above, below in pairwise(stack):
        if below.upper != above.address:
            notes.append(f"out of order: {above.address:#x} is attached to {below.address:#x}, which names "
                         f"{_name(below.upper)} above it")  # fmt: skip
        if above.lower != below.address:
            notes.append(f"out of order: {above.address:#x} lies above {below.address:#x}, and is attached to "
                         f"{_name(above.lower)}")  # fmt: skip
    return DeviceStack(tuple(stack), tuple(dict.fromkeys(notes)))


def _name(address: int) -> str:
    return f"{address:#x}" if address else "nothing"


def _follow(device: Device, member: str, device_at: Callable[[int], Device | None], notes: list[str]) -> list[Device]:
    """The devices that lead on from this one, nearest first."""
    found: list[Device] = []
    seen = {device.address}
    address = getattr(device, member)
    while address:
        if address in seen:
            notes.append(f"the stack leads back to {address:#x}")
            break
        if len(found) >= _HIGHEST:
            notes.append(f"more than {_HIGHEST} devices in one stack: the rest is left out")
            break
        seen.add(address)
        further = device_at(address)
        if further is None:
            notes.append(f"{address:#x}, which the stack leads to, is no device object that can be read")
            break
        found.append(further)
        address = getattr(further, member)
    return found
