"""KWAIT_BLOCKs: in the thread's own array or one beside it, and in the list of each object waited for.

Members: public symbol tables. Up to Windows 7 a thread's blocks form a ring; since Windows 8 KTHREAD counts them. Three
fit into the thread (THREAD_WAIT_OBJECTS, wdm.h); more come with the call, from pool. A time limit has a block of its
own in that ring, the thread's fourth, whose key is STATUS_TIMEOUT (TIMER_WAIT_BLOCK: ReactOS); none since Windows 8.
"""

from __future__ import annotations

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.machine.machine import Machine
from volplugins.lab.waits.hang import Hang, Wait
from volplugins.lab.waits.wait_words import WAIT_ANY, active_state

_OWN = 3
_TIMED_OUT, _WINDOWS_8 = 0x102, 9200


def write_wait_blocks(hang: Hang) -> None:
    """The blocks of every wait; who has waited longest comes first in an object's list."""
    machine = hang.machine
    known = machine.structures
    queues: dict[int, list[int]] = {}
    for wait in sorted(hang.waits.values(), key=lambda each: -each.thread.waits):
        for each, block in zip(wait.objects, _write_blocks(machine, wait), strict=True):
            if each.linked:
                queues.setdefault(each.dispatcher, []).append(block)
        if wait.limit and machine.profile.build < _WINDOWS_8:
            _add_limit(machine, wait, queues)
    head = known.offset("_DISPATCHER_HEADER", "WaitListHead")
    entry = known.offset("_KWAIT_BLOCK", "WaitListEntry")
    for dispatcher, blocks in queues.items():
        link_list(machine, dispatcher + head, [block + entry for block in blocks])


def _add_limit(machine: Machine, wait: Wait, queues: dict[int, list[int]]) -> None:
    """The block of the time limit, at the end of the ring of the others."""
    known, thread = machine.structures, wait.thread.address
    timer = thread + known.offset("_ETHREAD", "Tcb.Timer")
    block = thread + known.offset("_ETHREAD", f"Tcb.WaitBlock[{_OWN}]")
    first = thread + known.offset("_ETHREAD", f"Tcb.WaitBlock[{wait.first}]")
    last = first + (len(wait.objects) - 1) * known.size("_KWAIT_BLOCK")
    members = {
        "WaitType": WAIT_ANY, "BlockState": active_state(machine), "WaitKey": _TIMED_OUT, "Thread": thread,
        "Object": timer, "NextWaitBlock": first,
    }  # fmt: skip
    for member, value in members.items():
        write_member(machine, block, "_KWAIT_BLOCK", member, value)
    write_member(machine, last, "_KWAIT_BLOCK", "NextWaitBlock", block)
    queues.setdefault(timer, []).append(block)


def _write_blocks(machine: Machine, wait: Wait) -> list[int]:
    """The blocks of one thread; gives their addresses."""
    known, thread = machine.structures, wait.thread.address
    size, count = known.size("_KWAIT_BLOCK"), len(wait.objects)
    first = thread + known.offset("_ETHREAD", f"Tcb.WaitBlock[{wait.first}]")
    if count > _OWN:
        first = machine.pool.allocate(size * count, "Wait")
    blocks = [first + size * index for index in range(count)]
    for index, (each, block) in enumerate(zip(wait.objects, blocks, strict=True)):
        members = {
            "WaitType": wait.kind, "BlockState": active_state(machine), "WaitKey": index, "Thread": thread,
            "Object": each.dispatcher, "NextWaitBlock": blocks[(index + 1) % count],
        }  # fmt: skip
        for member, value in members.items():
            write_member(machine, block, "_KWAIT_BLOCK", member, value)
        if not each.linked:
            link_list(machine, block + known.offset("_KWAIT_BLOCK", "WaitListEntry"), [])
    write_member(machine, thread, "_ETHREAD", "Tcb.WaitBlockList", first)
    write_member(machine, thread, "_ETHREAD", "Tcb.WaitBlockCount", count)
    write_member(machine, thread, "_ETHREAD", "Tcb.WaitMode", wait.mode)
    return blocks


def write_member(machine: Machine, address: int, structure: str, path: str, value: int) -> None:
    """Store a number at a member of a structure in memory, where the build has it; bit fields are left alone."""
    known = machine.structures
    steps = path.rpartition(".")
    holder = known.locate(structure, steps[0]).type if steps[0] else structure
    if not known.has(holder, steps[2].partition("[")[0]):
        return
    member = known.locate(structure, path)
    size = known.size_of(member.type)
    machine.write(address + member.offset, (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"))
