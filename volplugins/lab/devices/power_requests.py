"""Requests to change a device's power state, and the power manager's record of them.

Members of _POP_IRP_DATA: public symbol tables, which have it from Windows 8 on; WatchdogStart counts interrupt time.
The power manager keeps the topmost location for itself and its completion routine in the one below.
"""

from __future__ import annotations

from volplugins.lab.devices.packets import PENDING, allocate_packet, devices_below, write_packet
from volplugins.lab.kernel.driver_table import POWER, SET_POWER
from volplugins.lab.kernel.io_objects import DeviceStack
from volplugins.lab.kernel.process_records import TICK
from volplugins.lab.machine.io_registry import Request
from volplugins.lab.machine.machine import Machine

_DEVICE_STATE, _D3 = 1, 4  # DevicePowerState, PowerDeviceD3


def power_request(machine: Machine, stack: DeviceStack) -> int:
    """A request that asks a stack of two for another power state; the upper driver has it and does not pass it on."""
    request = stuck_power_request(machine, "power request of the crash", stack.upper, 0, 601 * 10_000_000 // TICK)
    request.source = "power" if machine.structures.has("_POP_IRP_DATA") else "bugcheck"
    request.also = ["bugcheck", "scan"] if request.source == "power" else ["scan"]
    return request.address


def stuck_power_request(machine: Machine, what: str, top: int, passed: int, ticks: int, between: str = "") -> Request:
    """A request for D3 that ``passed`` drivers have sent on, and the next one has marked pending.

    Args:
        top: the topmost device of the stack.
        ticks: clock ticks since the power manager sent it.
        between: completion routine of the driver that sent it on last.
    """
    devices = devices_below(machine, top)
    count = len(devices) + 1
    location = len(devices) - passed
    completions = {len(devices): machine.symbol("nt!PopRequestCompletion")}
    if between:
        completions[location] = machine.symbol(between)
    known = machine.structures.has("_POP_IRP_DATA")
    request = Request(what, allocate_packet(machine, count), POWER, SET_POWER, [0, *devices], count, location, PENDING,
                      completions=completions, source="power" if known else "scan", also=["scan"] if known else [],
                      ticks=ticks if known else None)  # fmt: skip
    write_packet(machine, request, (0, _DEVICE_STATE, _D3, 0))
    machine.io.requests.append(request)
    return request


def power_record(machine: Machine, request: Request) -> int:
    """The _POP_IRP_DATA of a request, not yet in the list; gives the address of its link."""
    record = machine.record("_POP_IRP_DATA")
    started = machine.host.uptime - (request.ticks or 0) * TICK
    record.fill(Irp=request.address, Pdo=request.devices[-1], TargetDevice=request.devices[1],
                CurrentDevice=request.device, WatchdogStart=started, MinorFunction=SET_POWER,
                PowerStateType=_DEVICE_STATE, PowerState=_D3)  # fmt: skip
    return machine.pool.store(record.data, "PopI") + record.offset("Link")
