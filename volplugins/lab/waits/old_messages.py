"""LPC of Windows XP: a named port, a client's port connected to it, a message that a client waits for the answer to.

Members: public symbol tables. The numbers of messages tie the two threads together: the client's LpcReplyMessageId, the
LpcReceivedMessageId of the server's thread that works on it.
"""

from __future__ import annotations

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.kernel.processes import Process, Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.waits.dispatchers import write_header
from volplugins.lab.waits.hang import Hang, Wait, Waited
from volplugins.lab.waits.wait_blocks import write_member
from volplugins.lab.waits.wait_words import SEMAPHORE, reason_number

_FOLDER = "\\RPC Control\\"
_FIRST = 0x2300  # number of the first message


def old_port(hang: Hang, server: Process, name: str) -> Waited:
    """A server's connection port, with no owner of a message yet."""
    address = _port(hang.machine, server, name)
    hang.machine.write_pointer(address, address)
    hang.machine.io.named[_FOLDER + name] = address
    return Waited(address, address, "Alpc", _FOLDER + name)


def _port(machine: Machine, creator: Process, name: str = "") -> int:
    record = machine.record("_LPCP_PORT_OBJECT")
    record.set("Creator.UniqueProcess", creator.pid).set("Creator.UniqueThread", creator.threads[0].tid)
    address = machine.pool.allocate_object(len(record.data), "Port", "Port", name)
    machine.write(address, record.data)
    for member in ("LpcReplyChainHead", "LpcDataInfoChainHead"):
        link_list(machine, address + record.offset(member), [])
    return address


def wait_for_old_reply(hang: Hang, thread: Thread, to: Waited, server: Thread | None, seconds: int) -> Wait:
    """A client has sent a message and waits; ``server`` is the thread that works on it, None: nobody has it yet."""
    machine = hang.machine
    stack = hang.begin(thread)  # the made-up kernel has no service of its own for it
    stack.call("nt!KeWaitForSingleObject")
    client = _port(machine, thread.process)
    machine.write_pointer(client, to.object)
    machine.write_pointer(client + machine.structures.offset("_LPCP_PORT_OBJECT", "ConnectedPort"), to.object)
    number = _FIRST + thread.tid
    hang.late.append(lambda: _tie(machine, thread, server, client, number))
    semaphore = thread.address + machine.structures.offset("_ETHREAD", "LpcReplySemaphore")
    waited = Waited(client, semaphore, "Alpc", to.name, server)
    return hang.commit(stack, Wait(thread, reason_number(machine, "WrLpcReply"), [waited], mode=1), seconds)


def _tie(machine: Machine, thread: Thread, server: Thread | None, port: int, number: int) -> None:
    """What both threads keep of the message; the semaphore is written before the wait blocks are."""
    write_member(machine, thread.address, "_ETHREAD", "LpcReplyMessageId", number)
    write_member(machine, thread.address, "_ETHREAD", "LpcWaitingOnPort", port | 1)
    semaphore = thread.address + machine.structures.offset("_ETHREAD", "LpcReplySemaphore")
    write_header(machine, semaphore, "_KSEMAPHORE", SEMAPHORE)
    machine.write(semaphore + machine.structures.offset("_KSEMAPHORE", "Limit"), b"\1\0\0\0")
    if server is not None:
        write_member(machine, server.address, "_ETHREAD", "LpcReceivedMessageId", number)
        valid = server.address + machine.structures.offset("_ETHREAD", "LpcReceivedMsgIdValid")
        machine.write(valid, b"\1")
