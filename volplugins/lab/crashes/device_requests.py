"""Requests that threads of a crash have sent to the USB device of acmedrv (IRP_MJ_*, IRP_MN_*: wdm.h)."""

from __future__ import annotations

from volplugins.lab.devices.packets import PENDING, allocate_packet, devices_below, write_packet
from volplugins.lab.devices.requests import ACME_CODE
from volplugins.lab.kernel.driver_table import INTERNAL_DEVICE_CONTROL, PNP
from volplugins.lab.kernel.io_objects import acme_stack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.io_registry import Request
from volplugins.lab.machine.machine import Machine

REMOVE_DEVICE = 0x02


def control_request(machine: Machine, thread: Thread) -> Request:
    """A control request that acmedrv works on."""
    return _request(machine, "control request of the crash", thread, (INTERNAL_DEVICE_CONTROL, 0),
                    (0, 0, ACME_CODE, 0), "active")  # fmt: skip


def remove_request(machine: Machine, thread: Thread | None) -> Request:
    """A Plug and Play request that acmedrv has and does not complete; of no thread where it was sent asynchronously."""
    return _request(machine, "Plug and Play request of the crash", thread, (PNP, REMOVE_DEVICE), (), PENDING)


def _request(
    machine: Machine, what: str, thread: Thread | None, function: tuple[int, int], parameters: tuple[int, ...],
    state: str,
) -> Request:  # fmt: skip
    devices = devices_below(machine, acme_stack(machine).upper)
    count = len(devices)
    request = Request(what, allocate_packet(machine, count), *function, devices, count, count, state)
    if thread is not None:
        request.thread, request.pid, request.tid = thread.address, thread.process.pid, thread.tid
        request.source, request.also = "thread", ["scan"]
    write_packet(machine, request, parameters)
    machine.io.requests.append(request)
    return request
