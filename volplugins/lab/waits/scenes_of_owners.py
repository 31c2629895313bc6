"""Hangs in which threads wait for what other threads own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volplugins.lab.kernel.processes import Thread
from volplugins.lab.waits.dispatchers import event, mutant, process_object, semaphore, thread_object
from volplugins.lab.waits.hang import Hang
from volplugins.lab.waits.resources import resource, wait_for_resource

_CHAIN = 12


def deadlock_of_two(hang: Hang) -> None:
    """Two services take two named mutants in different order; a third thread waits for one of them."""
    first, second = hang.program("services.exe"), hang.program("lsass.exe")
    one, two = mutant(hang, first, "AcmeRelayMutex"), mutant(hang, second, "AcmeConfigMutex", taken=2)
    hang.wait(first, [two], 95)
    hang.wait(second, [one], 93)
    hang.wait(hang.program("svchost.exe"), [one], 60)


def deadlock_with_limit(hang: Hang) -> None:
    """The same, but one of the waits ends by itself in a minute."""
    first, second = hang.program("services.exe"), hang.program("lsass.exe")
    one, two = mutant(hang, first), mutant(hang, second)
    hang.wait(first, [two], 95, limit=60)
    hang.wait(second, [one], 93)


def chain(hang: Hang) -> None:
    """Twelve threads, each waiting for the next one; the last waits for a request that acmedrv holds."""
    last = hang.program("acmetray.exe", -1)
    names = ("explorer.exe", "services.exe", "lsass.exe", "csrss.exe", "smss.exe", "winlogon.exe", "svchost.exe")
    programs = [hang.program(name) for name in names] + [hang.program("svchost.exe", which=1)]
    workers = [hang.worker() for _ in range(_CHAIN - 1 - len(programs))]
    threads = [*programs[:3], workers[0], *programs[3:5], workers[1], *programs[5:], workers[2], last]
    for place in range(_CHAIN - 1):
        _link(hang, threads[place], threads[place + 1], 40 - place)


def _link(hang: Hang, waiter: Thread, owner: Thread, seconds: int) -> None:
    """Workers wait for resources, programs for mutants and for the end of workers."""
    if waiter.process.pid == 4:
        wait_for_resource(hang, waiter, resource(hang, [(owner, 1)]), seconds)
    elif owner.process.pid == 4:
        hang.wait(waiter, [thread_object(owner)], seconds)
    else:
        hang.wait(waiter, [mutant(hang, owner)], seconds)


def resources(hang: Hang) -> None:
    """Resources with one owner, with several, free; those who want them exclusively and shared."""
    workers = [hang.worker() for _ in range(8)]
    held = resource(hang, [(workers[0], 2)], symbol="nt!IopDriverLoadResource")
    shared = resource(hang, [(workers[0], 1), (workers[1], 3), (workers[2], 1)], exclusive=False)
    hang.wait(workers[0], [event(hang)], 50)
    hang.wait(workers[1], [event(hang)], 49)
    hang.wait(workers[2], [event(hang)], 48)
    for place, thread in enumerate(workers[3:5]):
        wait_for_resource(hang, thread, held, 40 - place)
    wait_for_resource(hang, workers[5], held, 35, exclusive=False)
    wait_for_resource(hang, workers[6], held, 34, exclusive=False)
    wait_for_resource(hang, workers[7], shared, 30)


def objects(hang: Hang) -> None:
    """One wait for every kind of object that has a name or stands for somebody."""
    services = hang.program("services.exe", 1)
    hang.wait(hang.program("lsass.exe"), [event(hang, "AcmeReadyEvent")], 12)
    hang.wait(hang.program("lsass.exe", 1), [semaphore(hang, "AcmeSlots")], 13)
    hang.wait(hang.program("svchost.exe"), [process_object(hang.world.process("explorer.exe"))], 14)
    hang.wait(hang.program("svchost.exe", 1), [thread_object(services)], 15)
    many = [event(hang, f"AcmeChannel{number}") for number in range(5)]
    hang.wait(hang.program("svchost.exe", 2), many, 16)
    mutant(hang, None, "AcmeFreeMutex")


OWNERS: Mapping[str, Callable[[Hang], None]] = {
    "deadlock-2": deadlock_of_two, "deadlock-limited": deadlock_with_limit, "chain": chain,
    "resources": resources, "objects": objects,
}  # fmt: skip
