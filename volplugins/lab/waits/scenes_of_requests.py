"""Hangs around time and requests: a thread that sleeps, one whose request another machine does not answer.

FILE_DEVICE_NETWORK_FILE_SYSTEM: wdm.h. A sleeping thread waits for the timer within its own KTHREAD, by the block that
is kept for it up to Windows 7 (TIMER_WAIT_BLOCK: ReactOS).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volplugins.lab.devices.packets import PENDING, allocate_packet, link_to_thread, write_packet
from volplugins.lab.devices.waits import wait_for_file
from volplugins.lab.kernel.driver_table import READ
from volplugins.lab.kernel.file_objects import open_file
from volplugins.lab.kernel.io_objects import device_object
from volplugins.lab.kernel.memory_counters import low_counters, write_memory_counters
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.io_registry import Request
from volplugins.lab.waits.dispatchers import mutant, write_header
from volplugins.lab.waits.hang import Hang, Wait, Waited
from volplugins.lab.waits.wait_words import TIMER, reason_number

_NETWORK_FILE_SYSTEM = 0x14
_TIMER_BLOCK, _WINDOWS_8 = 3, 9200


def sleeper(hang: Hang) -> None:
    """A program sleeps while it owns a mutant that another one wants."""
    machine, thread = hang.machine, hang.program("lsass.exe")
    hang.wait(hang.program("services.exe"), [mutant(hang, thread, "AcmeRelayMutex")], 19)
    stack = hang.begin(thread, "NtDelayExecution")
    stack.call("nt!KeDelayExecutionThread")
    timer = thread.address + machine.structures.offset("_ETHREAD", "Tcb.Timer")
    hang.late.append(lambda: write_header(machine, timer, "_KTIMER", TIMER))
    first = 0 if machine.profile.build >= _WINDOWS_8 else _TIMER_BLOCK
    reason = reason_number(machine, "DelayExecution")
    hang.commit(stack, Wait(thread, reason, [Waited(timer, timer, "Timer")], mode=1, first=first), 20)


def remote(hang: Hang) -> None:
    """A program reads a file of another machine, which does not answer; two others wait for the program."""
    thread = hang.program("explorer.exe")
    _read_from_afar(hang, thread)
    hang.wait(hang.program("services.exe"), [mutant(hang, thread)], 40)
    hang.wait(hang.program("lsass.exe"), [mutant(hang, hang.program("services.exe"))], 39)


def _read_from_afar(hang: Hang, thread: Thread) -> None:
    machine = hang.machine
    device = device_object(machine, "mrxsmb", "\\Device\\LanmanRedirector", _NETWORK_FILE_SYSTEM)
    name = "\\;Z:0000000000012a4f\\relayhost\\share\\settings.ini"
    file = open_file(machine, device, name)
    stack = hang.begin(thread, "NtReadFile")
    for function in ("nt!IopSynchronousServiceTail", "nt!KeWaitForSingleObject"):
        stack.call(function)
    event = file + machine.structures.offset("_FILE_OBJECT", "Event")
    request = Request("read from afar", allocate_packet(machine, 1), READ, 0, [device], 1, 1, PENDING, file, name,
                      thread=thread.address, pid=thread.process.pid, tid=thread.tid, source="thread")  # fmt: skip
    request.also = ["scan"]
    waited = Waited(request.address, event, "Irp", "\\FileSystem\\MRxSmb")
    hang.commit(stack, Wait(thread, reason_number(machine, "Executive"), [waited], verdict="remote"), 45)
    request.ticks = thread.waits
    write_packet(machine, request, (0x1000, 0, 0, 0))
    machine.io.requests.append(request)
    link_to_thread(machine, thread.address, [request])
    wait_for_file(machine, thread.address, file)


def low_memory(hang: Hang) -> None:
    """Commit and nonpaged pool are used up; nobody waits for anybody because of it."""
    hang.late.append(lambda: write_memory_counters(hang.machine, low_counters(hang.machine)))


REQUESTS: Mapping[str, Callable[[Hang], None]] = {"sleeper": sleeper, "remote": remote, "low-memory": low_memory}
