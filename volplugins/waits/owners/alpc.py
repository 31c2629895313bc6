"""ALPC: the message that a thread waits to have answered names the server's thread, or the port and so its process.

A thread waits on a semaphore of its own ETHREAD; ETHREAD.AlpcMessage is the message (its lowest bits are flags). Before
Vista there was LPC: lpc.py.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.waits.held import Held
from volplugins.waits.system import WaitSystem
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import WR_LPC_RECEIVE, Kind

PortOf = Callable[[int], tuple[str, int | None]]


def held_message(system: WaitSystem, waiter: Waiter, waited: int, port_of: PortOf) -> Held:
    """What a thread waits for that waits on its ALPC semaphore.

    Args:
        port_of: name of a port, and id of the process that owns it.
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
    if waiting != waiter.ethread:
        text = f"message {message:#x} names another thread as waiting, {waiting:#x}: it is not believed"
        return Held(waited, Kind.ALPC, notes=(text,))
    port = found.get("ConnectionPort") or 0
    name, pid = port_of(port) if system.io.in_kernel_half(port) else ("", None)
    if server and server != waiter.ethread:
        return Held(message, Kind.ALPC, (server,), True, name)
    where = "in its port's queue: no thread of the server has taken it"
    return Held(message, Kind.ALPC, name=name, owner_pid=pid).noting(where)
