"""Crashes whose culprit no stack shows: the bugcheck names a device, a request or a thread that waits for a driver.

Parameters: Microsoft's bug check reference, the pages of 0x9F, 0x15F and 0x1D5; what the triage blocks lead to: public
symbol tables. A small dump of Windows 10 also holds the objects that such a bugcheck is about, as public ones do.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes.crash import Crash, bugcheck
from volplugins.lab.crashes.device_requests import remove_request
from volplugins.lab.crashes.other_stacks import HUNG_DEVICE
from volplugins.lab.crashes.scenarios_interrupt_x64 import DISPATCH_LEVEL, calls
from volplugins.lab.devices.packets import link_to_thread
from volplugins.lab.devices.power_requests import power_request
from volplugins.lab.kernel.io_objects import acme_stack, driver_object
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.process_records import link_list, write_thread
from volplugins.lab.kernel.processes import EXECUTIVE, WAITING, Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.profiles import Profile
from volplugins.lab.world.thread_stacks import idle_stack, leave_processor, stack_of, start_system_thread
from volplugins.lab.world.world import World

_POWER_TRIAGE, _PNP_TRIAGE, _REVISION = 0x8000, 0x8001, 1
_WINDOWS_7, _WINDOWS_10 = 7600, 10240
_FX_DEVICE = 0x4B8  # bytes of a _POP_FX_DEVICE of build 19041
_FX_DEVICE_OBJECT = 0x60
_TIMEOUT, _MILLISECONDS = 300, 360_000


def _watchdog(world: World) -> tuple[KernelStack, Thread]:
    """The timer of a watchdog has run out."""
    machine = world.machine
    stack, thread = idle_stack(machine, world.idle, world.crashing)
    if machine.width == 8:
        calls(stack, "nt!KiRetireDpcList", "nt!KiExecuteAllDpcs", "nt!KiProcessExpiredTimerList")
        calls(stack, "nt!PopIrpWatchdog", "nt!PopIrpWatchdogBugcheck")
    else:
        calls(stack, "nt!KiRetireDpcList", "nt!KiTimerExpiration", "nt!PopIrpWatchdog")
    return stack, thread


def _worker(world: World, *functions: str) -> tuple[KernelStack, Thread]:
    """One of System's worker threads has taken a work item."""
    thread = world.system.threads[-1]
    stack = stack_of(world.machine, thread, "crash")
    start_system_thread(world.machine, stack)
    calls(stack, "nt!ExpWorkerThread", *functions)
    return stack, thread


def _stuck_thread(world: World, *functions: str) -> Thread:
    """Another worker thread waits, deeper or less deep in the drivers."""
    machine = world.machine
    thread = world.system.threads[-2]
    stack = stack_of(machine, thread, "stuck")
    start_system_thread(machine, stack)
    calls(stack, "nt!ExpWorkerThread", "nt!PnpDeviceActionWorker", *functions, "nt!KeWaitForSingleObject")
    leave_processor(machine, stack)
    thread.frames, thread.waits = stack.listing(), _TIMEOUT * 64
    start = machine.symbol("nt!ExpWorkerThread")
    write_thread(machine, thread, WAITING, start, stack.sp, stack.trap_frame, EXECUTIVE)
    world.done.add(thread.address)
    return thread


def _in_driver(world: World) -> Thread:
    """Plug and Play removes a device, and its driver waits for something that does not come."""
    thread = _stuck_thread(
        world, "nt!IopSynchronousCall", "nt!IofCallDriver", "acmedrv!AcmeDispatchDeviceControl",
        "acmedrv!AcmeStopDevice",
    )  # fmt: skip
    request = remove_request(world.machine, thread)
    link_to_thread(world.machine, thread.address, [request])
    return thread


def _power_triage(machine: Machine) -> int:
    """The TRIAGE_9F_POWER block, where the build has one: its list is the power manager's own."""
    address = machine.symbol("nt!PopWatchdogTriage")
    if machine.structures.has("_TRIAGE_9F_POWER", "IrpList"):
        record = machine.record("_TRIAGE_9F_POWER").fill(Signature=_POWER_TRIAGE, Revision=_REVISION)
        record.set("IrpList", machine.symbol("nt!PopIrpList"))
        machine.write(address, record.data)
    return address


def _keep(world: World, crash: Crash, *ranges: tuple[int, int]) -> None:
    """What Windows 10 puts into a small dump: the device's stack with drivers and node, their names, and ``ranges``."""
    machine = world.machine
    if machine.profile.build < _WINDOWS_10:
        return

    def add() -> None:
        known = machine.structures
        node = machine.io.devices[machine.io.usb[0]].node
        crash.blocks += [*ranges, (node, known.size("_DEVICE_NODE"))]
        crash.blocks += [_text_of(machine, node + known.offset("_DEVICE_NODE", each))
                         for each in ("InstancePath", "ServiceName")]  # fmt: skip
        for device in machine.io.usb:
            driver = machine.io.drivers[machine.io.devices[device].driver].address
            crash.blocks += [(device, known.size("_DEVICE_OBJECT") + 0x20 + known.size("_DEVOBJ_EXTENSION")),
                             (driver, known.size("_DRIVER_OBJECT") + known.size("_DRIVER_EXTENSION")),
                             _text_of(machine, driver + known.offset("_DRIVER_OBJECT", "DriverName"))]  # fmt: skip

    world.afterwards.append(add)


def _text_of(machine: Machine, string: int) -> tuple[int, int]:
    """The buffer of a _UNICODE_STRING, address and bytes."""
    data = machine.kernel.read(string, 2 * machine.width)
    return int.from_bytes(data[machine.width :], "little"), int.from_bytes(data[:2], "little")


def freed_device(world: World) -> Crash:
    """1: a driver deletes its device while a power request for it is under way."""
    machine = world.machine
    devices = acme_stack(machine)
    power_request(machine, devices)
    stack, thread = _worker(world, "acmedrv!AcmeUnload", "nt!IoDeleteDevice")
    crash = bugcheck(world, stack, thread, 0x9F, (1, devices.upper, 0, 0), "acmedrv")
    _keep(world, crash)
    return crash


def lost_request(world: World) -> Crash:
    """2: a driver completes the request for a system state without asking for the next one."""
    machine = world.machine
    devices = acme_stack(machine)
    driver = driver_object(machine, "acmedrv").address
    stack, thread = _worker(world, "acmedrv!AcmeDispatchPower", "nt!IofCompleteRequest", "nt!IopfCompleteRequest")
    stack.call("nt!PopSystemIrpCompletion")
    parameters = (2, devices.lower, devices.upper, driver)
    crash = bugcheck(world, stack, thread, 0x9F, parameters, "acmedrv", irql=DISPATCH_LEVEL)
    _keep(world, crash)
    return crash


def held_request(world: World) -> Crash:
    """3: a driver sits on a power request, and the triage block leads to the power manager's records."""
    machine = world.machine
    devices = acme_stack(machine)
    request = power_request(machine, devices)
    stack, thread = _watchdog(world)
    third = _power_triage(machine) if machine.profile.build >= _WINDOWS_7 else devices.upper
    parameters = (3, devices.lower, third, request)
    crash = bugcheck(world, stack, thread, 0x9F, parameters, "acmedrv", irql=DISPATCH_LEVEL)
    size = machine.structures.size("_IRP") + 3 * machine.structures.size("_IO_STACK_LOCATION")
    _keep(world, crash, (request, size))
    return crash


def plug_and_play(world: World) -> Crash:
    """4: a power transition waits for Plug and Play, whose thread waits in a driver."""
    return _plug_and_play(world, _in_driver(world), queued=False)


def plug_and_play_queue(world: World) -> Crash:
    """4 again: the thread waits for devices that are removed on threads of their own, of which one does not come."""
    waits = "nt!PnpDeviceCompletionQueueGetCompletedRequest"
    return _plug_and_play(world, _stuck_thread(world, waits), queued=True)


def _plug_and_play(world: World, stuck: Thread, queued: bool) -> Crash:
    machine = world.machine
    stack, thread = _watchdog(world)
    triage = machine.symbol("nt!PopWatchdogTriage") if machine.profile.build >= _WINDOWS_7 else 0
    if machine.structures.has("_TRIAGE_9F_PNP", "CompletionQueue"):
        record = machine.record("_TRIAGE_9F_PNP").fill(Signature=_PNP_TRIAGE, Revision=_REVISION)
        record.set("CompletionQueue", _completion_queue(world, queued))
        machine.write(triage, record.data)
    parameters = (4, _TIMEOUT, stuck.address, triage)
    crash = bugcheck(world, stack, thread, 0x9F, parameters, "acmedrv", irql=DISPATCH_LEVEL)
    _keep(world, crash)
    return crash


def _completion_queue(world: World, queued: bool) -> int:
    """A PNP_DEVICE_COMPLETION_QUEUE: its list of requests, each with a device node behind its links."""
    machine = world.machine
    queue = machine.pool.allocate(0x80, "PpCq")
    request = machine.pool.allocate(0x40, "PpCr")
    if queued:
        world.afterwards.append(lambda: _pend(machine, request))
    link_list(machine, queue, [request] if queued else [])
    return queue


def _pend(machine: Machine, request: int) -> None:
    """The node of the USB device waits for a request that its driver holds."""
    node = machine.io.devices[machine.io.usb[0]].node
    machine.write_pointer(request + 2 * machine.width, node)
    pending = machine.structures.offset("_DEVICE_NODE", "PendingIrp")
    machine.write_pointer(node + pending, next(each.address for each in machine.io.requests
                                               if each.what == "Plug and Play request of the crash"))  # fmt: skip


def plug_and_play_queue_10(world: World) -> Crash:
    """The queue of Windows 10, whose triage block leads to it."""
    remove_request(world.machine, None)
    return plug_and_play_queue(world)


def _framework_device(world: World, request: int) -> int:
    """The POP_FX_DEVICE of the USB device; a live dump's triage copy has the same members."""
    machine = world.machine
    address = machine.pool.allocate(_FX_DEVICE, "PoFx")
    record = machine.record("_TRIAGE_POP_FX_DEVICE").set("Irp", request)
    machine.write(address, record.data)
    machine.write_pointer(address + _FX_DEVICE_OBJECT, machine.io.usb[0])
    node = machine.structures.offset("_TRIAGE_POP_FX_DEVICE", "DeviceNode")
    world.afterwards.append(
        lambda: machine.write_pointer(address + node, machine.io.devices[machine.io.usb[0]].node)
    )  # fmt: skip
    return address


def directed_power(world: World) -> Crash:
    """5: a device does not follow a directed change of power; its request is in the framework's record."""
    machine = world.machine
    devices = acme_stack(machine)
    device = _framework_device(world, power_request(machine, devices))
    stack, thread = _watchdog(world)
    crash = bugcheck(world, stack, thread, 0x9F, (5, devices.lower, device, 0), "acmedrv", irql=DISPATCH_LEVEL)
    _keep(world, crash)
    return crash


def standby(world: World) -> Crash:
    """0x15F, 2: a device keeps the machine from its deepest idle state."""
    acme_stack(world.machine)
    device = _framework_device(world, 0)
    stack, thread = _worker(world, "nt!PopDripsWatchdogWorker")
    crash = bugcheck(world, stack, thread, 0x15F, (2, device, 0, 0), "acmedrv")
    _keep(world, crash, (device, _FX_DEVICE))
    return crash


def plug_and_play_watchdog(world: World) -> Crash:
    """0x1D5: a thread of Plug and Play does not come back from a driver, whose service the watchdog names."""
    machine = world.machine
    stuck = _in_driver(world)
    triage = machine.pool.allocate(0x40, "PnpW")
    stack, thread = _worker(world, "nt!PnpWatchdogWorker")
    service = int.from_bytes(b"acmedrv\0", "little")
    crash = bugcheck(world, stack, thread, 0x1D5, (service, triage, stuck.address, _MILLISECONDS), "acmedrv")
    _keep(world, crash)
    return crash


#: Of every Windows.
_EVERYWHERE: dict[str, Callable[[World], Crash]] = {
    "power-9f-1": freed_device,
    "power-9f-2": lost_request,
    "power-9f-3": held_request,
    "power-9f-4": plug_and_play,
}
#: Of Windows 10, whose kernel has the structures, and the bugchecks.
_OF_WINDOWS_10: dict[str, Callable[[World], Crash]] = {
    "power-9f-4-queue": plug_and_play_queue_10,
    "power-9f-5": directed_power,
    "drips-15f": standby,
    "pnp-1d5": plug_and_play_watchdog,
}

#: Every name, whichever machines have it.
DEVICE_FAULTS = (*_EVERYWHERE, *HUNG_DEVICE, *_OF_WINDOWS_10)


def device_scenarios(profile: Profile) -> dict[str, Callable[[World], Crash]]:
    """The crashes about devices that a machine can have; a processor that hangs is an x64 one."""
    found = {**_EVERYWHERE, **(HUNG_DEVICE if profile.bits == 64 else {})}
    return {**found, **(_OF_WINDOWS_10 if profile.build >= _WINDOWS_10 else {})}
