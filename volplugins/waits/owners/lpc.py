"""LPC, up to Server 2003: the thread that works on a message is the one that has received its number.

A client waits on a semaphore of its own ETHREAD with the number of its message in LpcReplyMessageId, and its port in
LpcWaitingOnPort, whose lowest bits are flags; a server's thread has that number in LpcReceivedMessageId while
LpcReceivedMsgIdValid is set (Microsoft's page on the debugger's !lpc message; public symbol tables). The port that was
connected to names the process that made it (LPCP_PORT_OBJECT.Creator, a CLIENT_ID).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from volplugins.memory.structure import Structure
from volplugins.waits.held import Held
from volplugins.waits.system import WaitSystem
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import Kind

_FLAGS = 7
_MOST_OF_MESSAGE = 64
NameOf = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class _Client:
    """The number of the message that a thread waits to have answered, and its port."""

    message: int
    port: int


@dataclass(slots=True)
class LpcMessages:
    """The messages of the threads that were taken: who works on each, and who waits for its answer."""

    system: WaitSystem
    _servers: dict[int, list[Waiter]] = field(default_factory=dict)
    _clients: dict[int, _Client] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether this build has LPC, and its members are known."""
        return self.system.layouts.thread.has("LpcReplyMessageId")

    def take(self, waiter: Waiter, record: Structure) -> None:
        """One thread; ``record`` has its bytes."""
        if not self.known or waiter.gone:
            return
        received = record.get("LpcReceivedMessageId") or 0
        if received and (record.get("LpcReceivedMsgIdValid") or 0) & 1:
            servers = self._servers.setdefault(received, [])
            if len(servers) < _MOST_OF_MESSAGE:
                servers.append(waiter)
        message = record.get("LpcReplyMessageId") or 0
        if message and waiter.waits:
            self._clients[waiter.ethread] = _Client(message, (record.get("LpcWaitingOnPort") or 0) & ~_FLAGS)

    def held(self, waiter: Waiter, waited: int, name_of: NameOf) -> Held:
        """What a thread waits for that waits for an answer on the semaphore ``waited``."""
        client = self._clients.get(waiter.ethread)
        if client is None:
            return Held(waited, Kind.ALPC, notes=("the thread names no message",))
        port, pid = self._connection(client.port)
        found = Held(client.port if port else waited, Kind.ALPC, name=name_of(port) if port else "", owner_pid=pid)
        servers = [each for each in self._servers.get(client.message, ()) if each.ethread != waiter.ethread]
        fitting = [each for each in servers if pid is None or each.thread.pid == pid]
        about = f"message {client.message:#x}"
        if len(fitting) != 1:
            why = "several threads have received it" if fitting else "no thread of the server has taken it"
            return found.noting(about, why)
        sure = pid is not None and len(servers) == 1
        owner = Held(found.object, Kind.ALPC, (fitting[0].ethread,), sure, found.name)
        return owner.noting(about, "" if sure else "its server is known by the number of the message alone")

    def _connection(self, port: int) -> tuple[int, int | None]:
        """The port that a client's port is connected to, and the process that made it; 0 and None: not known."""
        layout, system = self.system.layouts.lpc_port, self.system
        if not layout.has("ConnectionPort") or not layout.has("Creator") or not system.io.in_kernel_half(port):
            return 0, None
        client = system.attempt(port, layout)
        connection = client.unsigned("ConnectionPort") if client is not None else 0
        server = system.attempt(connection, layout) if system.io.in_kernel_half(connection) else None
        if server is None or server.unsigned("ConnectionPort") != connection:
            return 0, None
        return connection, int.from_bytes(server.raw("Creator")[: system.width], "little") or None
