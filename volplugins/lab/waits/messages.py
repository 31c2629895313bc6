"""ALPC: a port with its connection, a message that a client waits for the answer to (Vista and later).

Members: public symbol tables. The waiting thread's ETHREAD leads to its message, and the message to the server's
thread that has received it; one that nobody has received yet lies in the port's queue.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.kernel.processes import Process, Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.waits.dispatchers import write_header
from volplugins.lab.waits.hang import Hang, Wait, Waited
from volplugins.lab.waits.wait_blocks import write_member
from volplugins.lab.waits.wait_words import SEMAPHORE, reason_number

_FOLDER = "\\RPC Control\\"
_FIRST = 0x2300  # number of the first message
_QUEUES = ("MainQueue", "LargeMessageQueue", "PendingQueue", "WaitQueue")


@dataclass(slots=True)
class Port:
    """A server's connection port."""

    address: int
    server: Process
    name: str
    communication: int = 0
    messages: dict[str, list[int]] = field(default_factory=lambda: {"MainQueue": [], "PendingQueue": []})


def port(hang: Hang, server: Process, name: str) -> Port:
    """A named port with one connection; its queues are written at the end."""
    machine = hang.machine
    whole = _FOLDER + name
    made = Port(_port(machine, server, name), server, whole)
    machine.io.named[whole] = made.address
    link = machine.record("_ALPC_COMMUNICATION_INFO").fill(ConnectionPort=made.address)
    made.communication = machine.pool.store(link.data, "AlIn")
    at = machine.structures.offset("_ALPC_PORT", "CommunicationInfo")
    machine.write_pointer(made.address + at, made.communication)
    hang.late.append(lambda: _write_queues(machine, made))
    return made


def _port(machine: Machine, owner: Process, name: str = "") -> int:
    record = machine.record("_ALPC_PORT").fill(OwnerProcess=owner.address)
    address = machine.pool.allocate_object(len(record.data), "ALPC", "ALPC Port", name)
    machine.write(address, record.data)
    for queue in _QUEUES:
        link_list(machine, address + record.offset(queue), [])
    return address


def wait_for_reply(hang: Hang, thread: Thread, to: Port, server: Thread | None, seconds: int) -> Wait:
    """A client has sent a message and waits; ``server`` is the thread that has received it, None: nobody yet."""
    machine = hang.machine
    stack = hang.begin(thread, "NtAlpcSendWaitReceivePort")
    for function in ("AlpcpProcessSynchronousRequest", "AlpcpReceiveSynchronousReply", "AlpcpSignalAndWait"):
        stack.call(f"nt!{function}")
    stack.call("nt!KeWaitForSingleObject")
    message = _message(machine, thread, to, server)
    semaphore = thread.address + machine.structures.offset("_ETHREAD", "AlpcWaitSemaphore")
    hang.late.append(lambda: _lead_to(machine, thread, message))
    waited = Waited(message, semaphore, "Alpc", to.name, server)
    return hang.commit(stack, Wait(thread, reason_number(machine, "WrLpcReply"), [waited], mode=1), seconds)


def _lead_to(machine: Machine, thread: Thread, message: int) -> None:
    """What the thread keeps of its message; the semaphore is written before the wait blocks are."""
    write_member(machine, thread.address, "_ETHREAD", "AlpcMessage", message)
    write_member(machine, thread.address, "_ETHREAD", "AlpcMessageId", _FIRST + thread.tid)
    semaphore = thread.address + machine.structures.offset("_ETHREAD", "AlpcWaitSemaphore")
    write_header(machine, semaphore, "_KSEMAPHORE", SEMAPHORE)
    machine.write(semaphore + machine.structures.offset("_KSEMAPHORE", "Limit"), b"\1\0\0\0")


def _message(machine: Machine, client: Thread, to: Port, server: Thread | None) -> int:
    record = machine.record("_KALPC_MESSAGE")
    own = _port(machine, client.process)
    write_member(machine, own, "_ALPC_PORT", "CommunicationInfo", to.communication)
    record.fill(PortQueue=to.address, OwnerPort=own, WaitingThread=client.address, SequenceNo=7 + client.tid % 5,
                QuotaProcess=client.process.address, CommunicationInfo=to.communication, ConnectionPort=to.address,
                ServerThread=server.address if server else 0, CancelQueuePort=own)  # fmt: skip
    record.set("PortMessage.ClientId.UniqueProcess", client.process.pid)
    record.set("PortMessage.ClientId.UniqueThread", client.tid)
    record.set("PortMessage.MessageId", _FIRST + client.tid)
    message = machine.pool.store(record.data, "AlMs")
    link_list(machine, message + record.offset("CancelListEntry"), [])
    to.messages["PendingQueue" if server else "MainQueue"].append(message)
    return message


def _write_queues(machine: Machine, to: Port) -> None:
    entry = machine.structures.offset("_KALPC_MESSAGE", "Entry")
    for queue, messages in to.messages.items():
        at = to.address + machine.structures.offset("_ALPC_PORT", queue)
        link_list(machine, at, [each + entry for each in messages])
        write_member(machine, to.address, "_ALPC_PORT", f"{queue}Length", len(messages))
