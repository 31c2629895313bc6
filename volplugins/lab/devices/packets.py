"""I/O request packets as they lie in memory, and the lists that hold them.

Members: public symbol tables. Stack location 1 is the lowest driver's and follows the packet; a location's completion
routine is that of the driver above it; a completed packet's locations keep function, device and completion routine
(IoCompleteRequest clears the rest: public descriptions of the I/O stack location; IO_TYPE_IRP, SL_*: wdm.h).
"""

from __future__ import annotations

from collections.abc import Sequence

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.machine.io_registry import Request
from volplugins.lab.machine.machine import Machine

_IO_TYPE_IRP = 6
_PENDING, _ALWAYS = 0x01, 0xE0  # SL_PENDING_RETURNED; SL_INVOKE_ON_CANCEL, _SUCCESS and _ERROR
_NOT_SUPPORTED = 0xC00000BB
PENDING, ACTIVE, COMPLETED, CANCELLED, FREE = "pending", "active", "completed", "cancelled", "free"


def allocate_packet(machine: Machine, count: int) -> int:
    """Pool for a packet with ``count`` stack locations; gives its address."""
    return machine.pool.allocate(_header(machine) + count * _location(machine), "Irp ")


def devices_below(machine: Machine, top: int, beyond: Sequence[int] = ()) -> list[int]:
    """The devices from one downwards, then those from each of ``beyond`` downwards."""
    found = []
    for start in (top, *beyond):
        device = start
        while device:
            found.append(device)
            device = machine.io.devices[device].lower
    return found


def write_packet(
    machine: Machine, request: Request, parameters: Sequence[int] = (), cancel_routine: int = 0, flags: int = 0
) -> None:
    """Fill a request's packet; it is in no list."""
    record = machine.record("_IRP")
    record.fill(Type=_IO_TYPE_IRP, Size=_header(machine) + request.count * _location(machine), Flags=flags,
                StackCount=request.count, CurrentLocation=request.location, RequestorMode=int(bool(request.tid)),
                Cancel=int(request.state == CANCELLED), CancelRoutine=cancel_routine)  # fmt: skip
    done = request.state in (COMPLETED, FREE)
    record.set("IoStatus.Status", 0 if done else _NOT_SUPPORTED if request.major in (0x16, 0x1B) else 0)
    record.set("IoStatus.Information", 0x1000 if done else 0)
    record.set("Tail.Overlay.Thread", request.thread).set("Tail.Overlay.OriginalFileObject", request.file)
    record.set("Tail.Overlay.CurrentStackLocation", location_address(machine, request, request.location))
    machine.write(request.address, record.data)
    link_list(machine, request.address + record.offset("ThreadListEntry"), [])
    for number in range(min(request.location, request.count), request.count + 1):
        _write_location(machine, request, number, () if done else parameters)
    if request.state == FREE:
        _free(machine, request.address)


def location_address(machine: Machine, request: Request, number: int) -> int:
    """Where a stack location is; that after the last is where a completed packet's pointer leads."""
    return request.address + _header(machine) + (number - 1) * _location(machine)


def completion_of(machine: Machine, request: Request) -> int:
    """The completion routine in the current location, zero for none."""
    return request.completions.get(request.location, 0)


def link_to_thread(machine: Machine, thread: int, requests: Sequence[Request]) -> None:
    """ETHREAD.IrpList: the newest first."""
    _link(machine, thread + machine.structures.offset("_ETHREAD", "IrpList"), requests)


def link_to_file(machine: Machine, file: int, requests: Sequence[Request]) -> None:
    """FILE_OBJECT.IrpList, where the build has it."""
    _link(machine, file + machine.structures.offset("_FILE_OBJECT", "IrpList"), requests)


def queue_to_device(machine: Machine, device: int, current: Request, queued: Sequence[Request]) -> None:
    """CurrentIrp of a device, and the packets in its queue: the device is busy."""
    known = machine.structures
    machine.write_pointer(device + known.offset("_DEVICE_OBJECT", "CurrentIrp"), current.address)
    machine.io.devices[device].current = current.address
    machine.io.devices[device].queue = [each.address for each in queued]
    if not queued:
        return
    entry = known.offset("_IRP", "Tail.Overlay.DeviceQueueEntry")
    inserted = entry + known.offset("_KDEVICE_QUEUE_ENTRY", "Inserted")
    head = device + known.offset("_DEVICE_OBJECT", "DeviceQueue.DeviceListHead")
    link_list(machine, head, [each.address + entry for each in queued])
    for each in queued:
        machine.write(each.address + inserted, b"\1")
    machine.write(device + known.offset("_DEVICE_OBJECT", "DeviceQueue.Busy"), b"\1")


def _link(machine: Machine, head: int, requests: Sequence[Request]) -> None:
    entry = machine.structures.offset("_IRP", "ThreadListEntry")
    link_list(machine, head, [each.address + entry for each in requests])


def _write_location(machine: Machine, request: Request, number: int, parameters: Sequence[int]) -> None:
    completion = request.completions.get(number, 0)
    device = request.devices[request.count - number]
    record = machine.record("_IO_STACK_LOCATION")
    record.fill(MajorFunction=request.major if device else 0, DeviceObject=device, CompletionRoutine=completion)
    if request.state not in (COMPLETED, FREE):
        marked = _PENDING if request.state == PENDING and number == request.location else 0
        record.fill(MinorFunction=request.minor if device else 0, FileObject=request.file,
                    Control=marked | (_ALWAYS if completion else 0))  # fmt: skip
        record.set("Parameters", b"".join(machine.pointer(word) for word in parameters) if device else b"")
    if completion:
        record.fill(Context=request.devices[request.count - number - 1] if number < request.count else 0)
    machine.write(location_address(machine, request, number), record.data)


def _free(machine: Machine, address: int) -> None:
    """The packet's pool block is free; what it held is still there."""
    record = machine.record("_POOL_HEADER")
    at = address - len(record.data)
    record.data[:] = machine.kernel.read(at, len(record.data))
    record.set("PoolType", 0)
    machine.write(at, record.data)


def _header(machine: Machine) -> int:
    return machine.structures.size("_IRP")


def _location(machine: Machine) -> int:
    return machine.structures.size("_IO_STACK_LOCATION")
