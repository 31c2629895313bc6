"""Hangs around locks of every other kind, and queues: one scene per kind, and deadlocks that mix them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volplugins.lab.kernel.processes import Thread
from volplugins.lab.waits.dispatchers import event, mutant
from volplugins.lab.waits.fast_resources import fast_resource, wait_for_fast_resource
from volplugins.lab.waits.hang import Hang
from volplugins.lab.waits.kernel_mutexes import kernel_mutex, push_lock, wait_for_mutex, wait_for_push_lock
from volplugins.lab.waits.messages import port, wait_for_reply
from volplugins.lab.waits.old_messages import old_port, wait_for_old_reply
from volplugins.lab.waits.resources import resource, wait_for_resource
from volplugins.lab.waits.user_locks import critical_section, wait_at_address, wait_for_section
from volplugins.lab.waits.wait_words import WAIT_ALL
from volplugins.lab.world.wow64 import start_32_bit_program

_GLOBAL = "acmedrv!DriverGlobals"
_VISTA = 6000


def fast_mutexes(hang: Hang) -> None:
    """A driver's fast mutex in its globals with two waiters, a guarded one (2003 and later) with one."""
    owner, *others = (hang.worker() for _ in range(4))
    hang.wait(owner, [event(hang)], 90)
    lock = kernel_mutex(hang, owner, address=hang.machine.symbol(_GLOBAL) + 0x40)
    wait_for_mutex(hang, others[0], lock, 80)
    wait_for_mutex(hang, others[1], lock, 79)
    if hang.machine.profile.build >= _VISTA:
        wait_for_mutex(hang, others[2], kernel_mutex(hang, others[0], "_KGUARDED_MUTEX"), 70)


def push_locks(hang: Hang) -> None:
    """A push lock in a driver's globals and one in the pool."""
    owner, middle, last = (hang.worker() for _ in range(3))
    hang.wait(owner, [event(hang)], 90)
    wait_for_push_lock(hang, middle, push_lock(hang, owner, hang.machine.symbol(_GLOBAL) + 0x80), 80)
    wait_for_push_lock(hang, last, push_lock(hang, middle), 70)


def critical_sections(hang: Hang) -> None:
    """Two threads of one program enter two sections in different order; a third wants one of them."""
    first, second, third = (hang.program("svchost.exe", index) for index in range(3))
    _cross_sections(hang, first, second)
    wait_for_section(hang, third, critical_section(hang, hang.ended(third.process)), 30)


def narrow_sections(hang: Hang) -> None:
    """The same in a program of 32-bit code."""
    process = _narrow_program(hang)
    _cross_sections(hang, *process)


def _narrow_program(hang: Hang) -> tuple[Thread, Thread]:
    world, machine = hang.world, hang.machine
    found = next((each for each in world.processes if each.images32), None)
    if found is None:
        created = machine.host.crash_time - 900 * 10_000_000
        found = start_32_bit_program(machine, world.process("explorer.exe"), hang.next_id(), created)
        world.processes.append(found)
    return found.threads[0], found.threads[1]


def _cross_sections(hang: Hang, first: Thread, second: Thread) -> None:
    one, two = critical_section(hang, first), critical_section(hang, second)
    wait_for_section(hang, first, two, 50)
    wait_for_section(hang, second, one, 49)


def addresses(hang: Hang) -> None:
    """Threads of one program wait at the same address, as those do that want a slim lock."""
    wait_at_address(hang, [hang.program("svchost.exe", index) for index in range(3)], 25)


def messages(hang: Hang) -> None:
    """Clients wait for the answer of a server whose thread waits itself; one message nobody has received."""
    server = hang.program("svchost.exe", 1)
    hang.wait(server, [mutant(hang, hang.program("lsass.exe"))], 88)
    hang.wait(hang.program("lsass.exe"), [event(hang)], 95)
    to = port(hang, server.process, "AcmeRelayPort")
    wait_for_reply(hang, hang.program("services.exe"), to, server, 80)
    wait_for_reply(hang, hang.program("explorer.exe"), to, server, 70)
    wait_for_reply(hang, hang.program("winlogon.exe"), to, None, 60)


def old_messages(hang: Hang) -> None:
    """The same by LPC; two of the clients and the server wait for each other besides."""
    server, client = hang.program("svchost.exe", 1), hang.program("lsass.exe")
    to = old_port(hang, server.process, "AcmeRelayPort")
    wait_for_old_reply(hang, client, to, server, 88)
    hang.wait(server, [mutant(hang, client)], 87)
    other = hang.program("svchost.exe", 2)
    hang.wait(other, [event(hang)], 95)
    wait_for_old_reply(hang, hang.program("services.exe"), to, other, 80)
    wait_for_old_reply(hang, hang.program("winlogon.exe"), to, None, 60)


def deadlock_of_five(hang: Hang) -> None:
    """Five threads in a ring of five kinds of lock, a sixth that waits for one of them."""
    worker, other, sixth = hang.worker(), hang.worker(), hang.worker()
    program, server, service = hang.program("explorer.exe"), hang.program("svchost.exe"), hang.program("services.exe")
    wait_for_resource(hang, worker, resource(hang, [(other, 1)]), 60)
    wait_for_mutex(hang, other, kernel_mutex(hang, program), 59)
    hang.wait(program, [mutant(hang, service, "AcmeRelayMutex")], 58)
    if hang.machine.profile.build >= _VISTA:
        to = port(hang, server.process, "AcmeRelayPort")
        wait_for_reply(hang, service, to, server, 57)
    else:
        hang.wait(service, [mutant(hang, server)], 57)
    hang.wait(server, [mutant(hang, worker)], 56)
    wait_for_resource(hang, sixth, resource(hang, [(program, 1)], exclusive=False), 40)


def any_open(hang: Hang) -> None:
    """A ring that is no deadlock: one of its threads waits for an event just as well."""
    first, second = hang.program("services.exe"), hang.program("lsass.exe")
    hang.wait(first, [mutant(hang, second), event(hang, "AcmeReadyEvent")], 50)
    hang.wait(second, [mutant(hang, first)], 49)


def any_closed(hang: Hang) -> None:
    """A thread waits for any of two mutants, and both owners wait for its own."""
    first, second, third = hang.program("services.exe"), hang.program("lsass.exe"), hang.program("svchost.exe")
    hang.wait(first, [mutant(hang, second), mutant(hang, third)], 50)
    own = mutant(hang, first)
    hang.wait(second, [own], 49)
    hang.wait(third, [own], 48)


def all_of_two(hang: Hang) -> None:
    """A thread waits for a mutant and an event together; the mutant's owner waits for the thread."""
    first, second = hang.program("services.exe"), hang.program("lsass.exe")
    hang.wait(first, [event(hang), mutant(hang, second)], 50, WAIT_ALL)
    hang.wait(second, [mutant(hang, first)], 49)


def owner_gone(hang: Hang) -> None:
    """A worker of a driver has ended with a resource; who wants it waits for ever, and others for them."""
    gone, first, second = hang.ended(hang.world.system), hang.worker(), hang.program("services.exe")
    wait_for_resource(hang, first, resource(hang, [(gone, 1)]), 28)
    hang.wait(second, [mutant(hang, first)], 26)


def starved_queue(hang: Hang) -> None:
    """All workers of System wait for one of them, which waits for an event; work piles up in the queue."""
    workers = [each for each in hang.world.system.threads[1:] if each.address not in hang.world.done]
    lock = resource(hang, [(workers[0], 1)])
    hang.wait(workers[0], [event(hang)], 120)
    for place, thread in enumerate(workers[1:]):
        wait_for_resource(hang, thread, lock, 110 - place)
    hang.busy += workers
    hang.work += [hang.machine.symbol(name) for name in ("nt!IopProcessWorkItem", "acmedrv!AcmeWorkRoutine") * 3]


def fast_resources(hang: Hang) -> None:
    """A fast resource with two waiters, one of which has another that a third wants."""
    owner, *others = (hang.worker() for _ in range(4))
    hang.wait(owner, [event(hang)], 90)
    lock = fast_resource(hang, owner)
    wait_for_fast_resource(hang, others[0], lock, 80)
    wait_for_fast_resource(hang, others[1], lock, 79)
    wait_for_fast_resource(hang, others[2], fast_resource(hang, others[0]), 70)


LOCKS: Mapping[str, Callable[[Hang], None]] = {
    "fast-mutexes": fast_mutexes, "critical-sections": critical_sections, "addresses": addresses,
    "deadlock-5": deadlock_of_five, "any-open": any_open, "any-closed": any_closed, "all": all_of_two,
    "owner-gone": owner_gone, "starved-queue": starved_queue,
}  # fmt: skip
#: Of Vista and later, of x64 only.
NEWER: Mapping[str, Callable[[Hang], None]] = {"push-locks": push_locks, "alpc": messages}
#: Of Windows XP and Server 2003.
OLDER: Mapping[str, Callable[[Hang], None]] = {"lpc": old_messages}
#: Of build 17763 and later.
LATEST: Mapping[str, Callable[[Hang], None]] = {"fast-resources": fast_resources}
WIDE: Mapping[str, Callable[[Hang], None]] = {"critical-sections-32": narrow_sections}
