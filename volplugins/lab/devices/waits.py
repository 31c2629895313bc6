"""The wait block of a thread that waits for a file's event, as synchronous I/O does (public symbol tables)."""

from __future__ import annotations

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.machine.machine import Machine

_WAIT_ANY = 1
_BLOCK = "Tcb.WaitBlock[0]."


def wait_for_file(machine: Machine, thread: int, file: int) -> None:
    """Let a waiting thread wait for the event within a _FILE_OBJECT, member by member: other data fills the gaps."""
    known = machine.structures
    event = file + known.offset("_FILE_OBJECT", "Event")
    block = thread + known.offset("_ETHREAD", "Tcb.WaitBlock[0]")
    machine.write_pointer(thread + known.offset("_ETHREAD", "Tcb.WaitBlockList"), block)
    machine.write_pointer(thread + known.offset("_ETHREAD", _BLOCK + "Object"), event)
    machine.write_pointer(thread + known.offset("_ETHREAD", _BLOCK + "Thread"), thread)
    machine.write(thread + known.offset("_ETHREAD", _BLOCK + "WaitType"), bytes([_WAIT_ANY]))
    if known.has("_KWAIT_BLOCK", "NextWaitBlock"):
        machine.write_pointer(thread + known.offset("_ETHREAD", _BLOCK + "NextWaitBlock"), block)
    head = event + known.offset("_KEVENT", "Header.WaitListHead")
    link_list(machine, head, [block + known.offset("_KWAIT_BLOCK", "WaitListEntry")])
