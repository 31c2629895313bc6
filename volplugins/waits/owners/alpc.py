"""ALPC: the message that a thread waits to have answered names the server's thread, or the port and so its process.

A thread waits on a semaphore of its own ETHREAD; ETHREAD.AlpcMessage is the message (its lowest bits are flags). Before
Vista there was LPC, whose messages name nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

from volplugins.waits.held import Held
from volplugins.waits.system import WaitSystem, number_in
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import WR_LPC_RECEIVE, Kind


def held_message(system: WaitSystem, waiter: Waiter, waited: int, pids: Mapping[int, int | None]) -> Held:
    """What a thread waits for that waits on its ALPC semaphore.

    Args:
        pids: process ids by EPROCESS.
    """
    if waiter.reason == WR_LPC_RECEIVE and not waiter.message:
        return Held(waited, Kind.ALPC, idle=True, notes=("waits for messages to serve",))
    layout, message = system.layouts.alpc_message, waiter.message
    if not layout.has("ServerThread") or not system.layouts.thread.has("AlpcMessage"):
        return Held(waited, Kind.ALPC, notes=("who answers is not known: this build's messages are not",))
    found = system.attempt(message, layout) if message else None
    if found is None:
        text = f"message {message:#x} cannot be read" if message else "the thread names no message"
        return Held(waited, Kind.ALPC, notes=(text,))
    server = found.unsigned("ServerThread")
    waiting = found.unsigned("WaitingThread")
    doubt = f"the message names another thread as waiting, {waiting:#x}" if waiting != waiter.ethread else ""
    if server and server != waiter.ethread:
        return Held(message, Kind.ALPC, (server,), not doubt, notes=(doubt,) if doubt else ())
    pid = _port_owner(system, found.get("ConnectionPort") or 0, pids)
    where = "in its port's queue: no thread of the server has taken it"
    return Held(message, Kind.ALPC, owner_pid=pid, notes=tuple(text for text in (where, doubt) if text))


def _port_owner(system: WaitSystem, port: int, pids: Mapping[int, int | None]) -> int | None:
    """Process id of the port's owner."""
    if not system.io.in_kernel_half(port):
        return None
    process = number_in(system.io.memory, port, system.layouts.alpc_port, "OwnerProcess")
    return pids.get(process or 0)
