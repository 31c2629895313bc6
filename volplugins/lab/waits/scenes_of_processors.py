"""Hangs that are about processors: ready threads that get none, a deferred call, interrupts that are off."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volplugins.lab.kernel.process_records import write_thread
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.waits.busy_processors import defer_on_other, keep_other, mask_other
from volplugins.lab.waits.dispatchers import event, mutant
from volplugins.lab.waits.hang import Hang
from volplugins.lab.waits.resources import resource, wait_for_resource
from volplugins.lab.waits.wait_words import READY

_LOW, _HIGH, _BUSY = 4, 15, 13


def make_ready(hang: Hang, thread: Thread, seconds: int, priority: int, place: int | None) -> None:
    """What the thread waited for has come; it has been ready since then, and no processor takes it."""
    wait = hang.wait(thread, [event(hang)], seconds)
    stack = thread.frames
    del hang.waits[thread.address]
    record, known = thread.address, hang.machine.structures
    saved, trap = (_pointer(hang, record + known.offset("_ETHREAD", f"Tcb.{member}"))
                   for member in ("KernelStack", "TrapFrame"))  # fmt: skip
    write_thread(hang.machine, thread, READY, thread.win32_start or thread.start, saved, trap, wait.reason)
    thread.frames = stack
    hang.priorities[thread.address] = priority
    hang.ready.append((place, thread))


def _pointer(hang: Hang, address: int) -> int:
    return int.from_bytes(hang.machine.kernel.read(address, hang.machine.width), "little")


def inversion(hang: Hang) -> None:
    """An urgent thread waits for a resource whose owner is ready, but two programs keep both processors."""
    hang.priorities[keep_other(hang.world, "services.exe").address] = _BUSY
    hang.priorities[hang.program("acmetray.exe").address] = _BUSY
    shared = hang.machine.structures.has("_KSHARED_READY_QUEUE")
    owner, other = hang.worker(), hang.program("lsass.exe")
    make_ready(hang, owner, 70, _LOW, None if shared else 0)
    make_ready(hang, other, 20, _LOW + 4, 1 if hang.machine.profile.build >= 6000 else 0)
    urgent = hang.worker()
    wait_for_resource(hang, urgent, resource(hang, [(owner, 1)]), 66)
    hang.priorities[urgent.address] = _HIGH
    hang.wait(hang.program("svchost.exe"), [mutant(hang, urgent)], 61)
    hang.wait(hang.program("svchost.exe", 1), [mutant(hang, hang.program("acmetray.exe"))], 30)


def stuck_call(hang: Hang) -> None:
    """A deferred call of acmedrv does not come back; others wait behind it, and a thread for that processor."""
    machine, other = hang.machine, 1 - hang.world.crashing
    hang.active[other] = defer_on_other(hang.world)
    for routine in ("usbport!UsbportTransferDpc", "tcpip!TcpPeriodicTimeoutHandler"):
        hang.deferred.append((other, machine.symbol(routine)))
    make_ready(hang, hang.program("lsass.exe"), 40, _LOW + 4, other if machine.profile.build >= 6000 else 0)


def interrupts_off(hang: Hang) -> None:
    """A program's thread in acmedrv has switched interrupts off on one processor and loops there."""
    keep_other(hang.world, "services.exe")
    mask_other(hang.world)
    hang.masked.add(1 - hang.world.crashing)
    hang.wait(hang.program("lsass.exe"), [mutant(hang, hang.program("services.exe"), "AcmeRelayMutex")], 44)


PROCESSORS: Mapping[str, Callable[[Hang], None]] = {
    "inversion": inversion, "stuck-dpc": stuck_call, "interrupts-off": interrupts_off,
}  # fmt: skip
