"""What was built, in plain types: truth["io"]."""

from __future__ import annotations

from typing import Any

from volplugins.lab.devices.nodes import Placed, state_number
from volplugins.lab.devices.packets import COMPLETED, FREE, completion_of
from volplugins.lab.kernel.process_records import TICK
from volplugins.lab.machine.io_registry import Request
from volplugins.lab.machine.machine import Machine


def io_truth(machine: Machine, root: Placed) -> dict[str, Any]:
    """Drivers by name, each with its devices as its list has them, devices by address, nodes as a tree is printed,
    requests by address; ages in seconds.
    """
    return {
        "drivers": sorted((_driver(machine, key) for key in machine.io.drivers), key=lambda each: each["name"]),
        "devices": [_device(machine, address) for address in sorted(machine.io.devices)],
        "nodes": [_node(machine, placed) for placed in root.walk()],
        "requests": [_request(machine, each) for each in sorted(machine.io.requests, key=lambda each: each.address)],
        "hooks": [],
    }


def _driver(machine: Machine, key: str) -> dict[str, Any]:
    driver = machine.io.drivers[key]
    return {
        "name": driver.name,
        "object": driver.address,
        "start": driver.start,
        "size": driver.size,
        "module": driver.stem or None,
        "devices": driver.devices[::-1],
        "found": "directory",
        "notes": [],
    }


def _device(machine: Machine, address: int) -> dict[str, Any]:
    device = machine.io.devices[address]
    return {
        "object": address,
        "driver": machine.io.drivers[device.driver].name,
        "name": device.name,
        "type": device.kind,
        "attached": device.upper,
        "attached_to": device.lower,
        "node": device.node,
        "vpb": device.vpb,
        "current_irp": device.current,
        "queue": list(device.queue),
    }


def _node(machine: Machine, placed: Placed) -> dict[str, Any]:
    stack = placed.stack[::-1]
    drivers = [machine.io.drivers[machine.io.devices[each].driver].name for each in stack]
    return {
        "node": placed.address,
        "parent": placed.parent.address if placed.parent else 0,
        "depth": placed.depth,
        "instance": placed.spec.instance,
        "service": placed.spec.service,
        "state": state_number(placed.state, machine.profile.build),
        "state_name": f"DeviceNode{placed.state}",
        "problem": placed.problem,
        "pdo": placed.stack[0],
        "stack": stack,
        "drivers": drivers,
    }


def _request(machine: Machine, request: Request) -> dict[str, Any]:
    held = request.state not in (COMPLETED, FREE)
    device = machine.io.devices.get(request.device)
    return {
        "irp": request.address,
        "what": request.what,
        "source": request.source,
        "also": list(request.also),
        "major": request.major,
        "minor": request.minor,
        "driver": machine.io.drivers[device.driver].name if device and held else "",
        "device": request.device,
        "file": request.file_name,
        "state": request.state,
        "age": None if request.ticks is None else request.ticks * TICK / 10_000_000,
        "location": request.location,
        "count": request.count,
        "pid": request.pid,
        "tid": request.tid,
        "completion": completion_of(machine, request),
    }
