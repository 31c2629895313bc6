"""What requests are under way on a made-up machine: one in every place that can hold one, and in every state.

Control code: CTL_CODE of wdm.h with FILE_DEVICE_UNKNOWN, function 0x801, METHOD_BUFFERED, read and write access.
"""

from __future__ import annotations

from collections.abc import Sequence

from volplugins.lab.devices.packets import (
    ACTIVE,
    CANCELLED,
    COMPLETED,
    FREE,
    PENDING,
    allocate_packet,
    devices_below,
    link_to_file,
    link_to_thread,
    queue_to_device,
    write_packet,
)
from volplugins.lab.devices.power_requests import power_record, stuck_power_request
from volplugins.lab.devices.waits import wait_for_file
from volplugins.lab.kernel.driver_table import DEVICE_CONTROL, FLUSH, INTERNAL_DEVICE_CONTROL, PNP, READ, WRITE
from volplugins.lab.kernel.file_objects import open_file
from volplugins.lab.kernel.process_records import TICK, link_list
from volplugins.lab.kernel.processes import WAITING, Process, Thread
from volplugins.lab.machine.io_registry import Request
from volplugins.lab.machine.machine import Machine

ACME_CODE = 0x22E004
_QUERY_RELATIONS = 0x07
_SYNCHRONOUS, _BUFFERED, _READS = 0x04, 0x30, 0x100  # IRP_SYNCHRONOUS_API, IRP_BUFFERED_IO with its flag, IRP_READ_*
_CONTROL = ("NtDeviceIoControlFile", "IopXxxControlFile", "IopSynchronousServiceTail")
_READ_FILE = ("NtReadFile", "IopSynchronousServiceTail")
_SECOND = 10_000_000 // TICK  # ticks
# program to the system call that its last thread waits in (empty: as it would), and since how many ticks
_WAITERS = {
    "acmetray.exe": (_CONTROL, 47 * _SECOND), "explorer.exe": (_READ_FILE, 3 * _SECOND),
    "csrss.exe": ((), 210 * _SECOND),
}  # fmt: skip


def waiters(processes: Sequence[Process], written: set[int]) -> dict[str, Thread]:
    """The threads that will wait for requests, by program; their waits are set.

    Args:
        written: addresses of threads whose records a scenario has written already.
    """
    found = {}
    for name, (service, ticks) in _WAITERS.items():
        process = next(each for each in processes if each.name == name and not each.exited)
        free = [each for each in process.threads if each.address not in written and not each.faulting]
        thread = found[name] = (free or process.threads)[-1]
        if free:
            thread.waits = ticks
            thread.service = service or thread.service
    return found


class Desk:
    """Where requests are made."""

    def __init__(self, machine: Machine, threads: dict[str, Thread]) -> None:
        self.machine, self.threads = machine, threads
        self.by_name = {each.name: each.address for each in machine.io.devices.values() if each.name}
        volume = machine.io.volume
        mounted = machine.io.drivers["ntfs"].devices[0]
        self.volume = devices_below(
            machine, machine.io.devices[volume].upper, [self.by_name["\\Device\\Harddisk0\\DR0"]]
        )
        self.files = [*devices_below(machine, machine.io.devices[mounted].upper), *self.volume]

    def make(
        self, what: str, devices: Sequence[int], function: tuple[int, int], location: int, state: str,
        parameters: Sequence[int] = (), file: tuple[int, str] = (0, ""), thread: Thread | None = None,
        completions: dict[int, str] | None = None, cancel: str = "", flags: int = 0, count: int = 0,
    ) -> Request:  # fmt: skip
        """A packet with a location per device; it is in no list yet."""
        machine = self.machine
        count = count or len(devices)
        routines = {number: machine.symbol(routine) for number, routine in (completions or {}).items()}
        request = Request(what, allocate_packet(machine, count), *function, list(devices), count, location, state,
                          *file, completions=routines)  # fmt: skip
        if thread is not None:
            request.thread, request.pid, request.tid = thread.address, thread.process.pid, thread.tid
            request.source, request.also = "thread", ["scan"]
            if thread.state == WAITING and state not in (COMPLETED, FREE):
                request.ticks = thread.waits
        write_packet(machine, request, parameters, machine.symbol(cancel) if cancel else 0, flags)
        machine.io.requests.append(request)
        return request


def add_requests(machine: Machine, threads: dict[str, Thread]) -> None:
    """All requests, each in its place."""
    desk = Desk(machine, threads)
    _of_acme(desk)
    _of_files(desk)
    _of_keyboard(desk)
    _of_nobody(desk)
    network = machine.io.devices[machine.io.drivers["e1express"].devices[0]].upper
    stuck_power_request(machine, "power request", network, 1, 118 * _SECOND, "vendflt!VendCompletion")
    records = [power_record(machine, each) for each in machine.io.requests if each.source == "power"]
    link_list(machine, machine.symbol("nt!PopIrpList"), records)


def _of_acme(desk: Desk) -> None:
    """A control request that acmedrv holds while its program waits, one that was cancelled, three in its queue."""
    machine, thread = desk.machine, desk.threads["acmetray.exe"]
    stack = devices_below(machine, machine.io.usb[1])
    handle = open_file(machine, machine.io.usb[0])
    words = (0x40, 0x18, ACME_CODE, 0)
    held = desk.make("control request", stack, (DEVICE_CONTROL, 0), 2, PENDING, words, (handle, ""), thread,
                     cancel="acmedrv!AcmeCancelRequest", flags=_SYNCHRONOUS | _BUFFERED)  # fmt: skip
    cancelled = desk.make("cancelled request", stack, (DEVICE_CONTROL, 0), 2, CANCELLED, words, (handle, ""), thread)
    link_to_thread(machine, thread.address, [cancelled, held])
    if thread.service == _CONTROL and thread.state == WAITING:
        wait_for_file(machine, thread.address, handle)
    device = desk.by_name["\\Device\\AcmeControl"]
    three = [desk.make(what, [device], (INTERNAL_DEVICE_CONTROL, 0), 1, PENDING, (0, 0, ACME_CODE + 4 * number, 0))
             for number, what in enumerate(("current request", "queued request", "queued request"))]  # fmt: skip
    for each in three:
        each.source, each.also = "device", ["scan"]
    queue_to_device(machine, device, three[0], three[1:])


def _of_files(desk: Desk) -> None:
    """A read that the disk's port driver has, its program waiting; a write that is done; a file's own list."""
    machine, thread = desk.machine, desk.threads["explorer.exe"]
    name = "\\Users\\Public\\Videos\\holiday.avi"
    handle = open_file(machine, machine.io.volume, name)
    passed = {
        5: "fltmgr!FltpPassThroughCompletion", 4: "ntfs!NtfsMasterIrpSyncCompletionRoutine",
        3: "vendflt!VendCompletion", 2: "volmgr!VmReadWriteCompletionRoutine", 1: "disk!ClassIoComplete",
    }  # fmt: skip
    read = desk.make("file read", desk.files, (READ, 0), 1, PENDING, (0x10000, 0, 0x2A0000, 0), (handle, name), thread,
                     passed, flags=_SYNCHRONOUS | _READS)  # fmt: skip
    read.also = ["device", "scan"]
    queue_to_device(machine, desk.files[-1], read, [])
    log = "\\ProgramData\\ACME\\relay.log"
    other = open_file(machine, machine.io.volume, log)
    done = desk.make("completed write", desk.files, (WRITE, 0), 7, COMPLETED, (), (other, log), thread,
                     {5: passed[5]})  # fmt: skip
    link_to_thread(machine, thread.address, [done, read])
    if thread.service == _READ_FILE and thread.state == WAITING:
        wait_for_file(machine, thread.address, handle)
    if not machine.structures.has("_FILE_OBJECT", "IrpList"):
        return
    writes = [desk.make("write of a file's own list", desk.files, (WRITE, 0), 5, PENDING, (0x1000, 0, at << 12, 0),
                        (other, log), completions={5: passed[5]}) for at in range(3)]  # fmt: skip
    for each in writes:
        each.source, each.also = "file", ["scan"]
    link_to_file(machine, other, writes)


def _of_keyboard(desk: Desk) -> None:
    """The read that waits for the next key."""
    machine, thread = desk.machine, desk.threads["csrss.exe"]
    device = desk.by_name["\\Device\\KeyboardClass0"]
    handle = open_file(machine, devices_below(machine, device)[-1])
    read = desk.make("keyboard read", devices_below(machine, device), (READ, 0), 3, PENDING, (0x78, 0, 0, 0),
                     (handle, ""), thread, flags=_READS)  # fmt: skip
    link_to_thread(machine, thread.address, [read])


def _of_nobody(desk: Desk) -> None:
    """Requests that no list holds: one that is pending, one that a driver works on, one whose pool is free."""
    machine = desk.machine
    desk.make("flush of a filter", desk.volume[1:], (FLUSH, 0), 3, PENDING, completions={3: "vendflt!VendCompletion"})
    hub = devices_below(machine, desk.by_name["\\Device\\USBHUB-0"])
    desk.make("query of a bus", hub, (PNP, _QUERY_RELATIONS), 2, ACTIVE)
    desk.make("freed request", devices_below(machine, machine.io.usb[1]), (DEVICE_CONTROL, 0), 3, FREE)
