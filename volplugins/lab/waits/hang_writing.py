"""The last steps of every hang: all that waits until the machine is whole."""

from __future__ import annotations

from volplugins.lab.kernel.process_records import TICK
from volplugins.lab.waits.accounts import write_processors, write_thread_accounts
from volplugins.lab.waits.deferred import write_timers
from volplugins.lab.waits.dispatchers import write_header, write_mutant_lists
from volplugins.lab.waits.hang import Hang
from volplugins.lab.waits.process_accounts import write_process_accounts
from volplugins.lab.waits.resources import resource, write_resources
from volplugins.lab.waits.timers2 import write_timers2
from volplugins.lab.waits.usual_waits import add_usual_waits
from volplugins.lab.waits.wait_blocks import write_wait_blocks
from volplugins.lab.waits.wait_words import TIMER
from volplugins.lab.waits.waits_truth import accounts_truth, waits_truth
from volplugins.lab.world.world import World


def begin_hang(world: World) -> Hang:
    """A hang in which nothing waits yet; what it becomes is written when all else of the machine is there."""
    hang = Hang(world)
    world.afterwards.append(lambda: finish_hang(hang))
    return hang


def finish_hang(hang: Hang) -> None:
    """Waits of all threads, locks, accounts, processors; truth["waits"]."""
    resource(hang, [])  # one that nobody has
    times = write_thread_accounts(hang)
    for each in hang.late:
        each()
    processes = write_process_accounts(hang)
    add_usual_waits(hang)
    for wait in hang.waits.values():
        if wait.limit:
            timer = wait.thread.address + hang.machine.structures.offset("_ETHREAD", "Tcb.Timer")
            write_header(hang.machine, timer, "_KTIMER", TIMER)
    write_wait_blocks(hang)
    write_mutant_lists(hang)
    write_resources(hang)
    cpus = write_processors(hang)
    write_timers(hang)
    write_timers2(hang)
    ready = [{
        "ethread": thread.address, "cpu": place, "seconds": thread.waits * TICK / 10_000_000,
        "priority": hang.priorities[thread.address],
    } for place, thread in hang.ready]  # fmt: skip
    hang.machine.truth["waits"] = {
        **waits_truth(hang), "cpus": cpus, "ready": ready, "timers": hang.timers, "timers2": hang.timers2,
        "queues": hang.queues, "accounts": accounts_truth(hang, times), "processes": processes,
        "unread": [thread.address for thread in hang.unread],
    }  # fmt: skip
