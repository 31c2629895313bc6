"""A served machine behind a socket: a thread that plays a virtual machine's serial port."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from volplugins.lab.serve.announcements import Announcement
from volplugins.lab.serve.kernel import RUNNING, Kernel
from volplugins.lab.serve.line import Line, Noise
from volplugins.lab.serve.misbehaviour import Behaviour, LineDown
from volplugins.lab.serve.served_machine import ServedMachine
from volplugins.lab.serve.wire_log import WireLog

_HOST_AND_PORT = re.compile(r"(?:\[([0-9a-fA-F:]+)\]|([^/:\[\]]*)):(\d{1,5})")
_CHUNK, _WAIT, _MOST_UNSENT = 0x10000, 0.005, 1 << 20


class MachineServer:
    """Serves a machine to one debugger at a time, one after another; a context manager.

    Between connections the machine stays as it was left: one that nobody let run on still stands.

    Args:
        machine: of ``serve_snapshot``.
        listen: ``HOST:PORT`` (port 0: any that is free) or the path of a unix socket.
        state: how it is found: RUNNING, STOPPED or LEFT (``volplugins.lab.serve.kernel``).
        before: what the kernel says before it reports a break-in.
        noise: how bad the line is, in both directions.
        misbehaviour: a name of MISBEHAVIOURS, and after how many requests.
        resend_after: seconds until the kernel sends again what nobody acknowledged.
        keep_ids: packet ids go on from one stop to the next.
        stray_processors: the processor that replies state means nothing.
        breakpoint: a plain continue runs into the breakpoint instruction again at which it stands.

    Raises:
        ValueError: no such misbehaviour.
        OSError: the place to listen at cannot be had.
    """

    def __init__(
        self,
        machine: ServedMachine,
        listen: str = "127.0.0.1:0",
        state: str = RUNNING,
        before: Sequence[Announcement] = (),
        noise: Noise | None = None,
        misbehaviour: tuple[str, int] | None = None,
        resend_after: float = 0.5,
        keep_ids: bool = False,
        stray_processors: bool = False,
        seed: int = 0,
        breakpoint: bool = False,
    ) -> None:
        self.log = WireLog()
        self.kernel = Kernel(
            machine,
            state,
            before,
            self.log,
            resend_after,
            keep_ids=keep_ids,
            stray_processors=stray_processors,
            seed=seed,
            breakpoint=breakpoint,
        )
        self._behaviour = Behaviour(self.kernel, *misbehaviour, seed) if misbehaviour else None
        noise = noise or Noise(seed=seed)
        self._in, self._out = Line(noise, "in"), Line(noise, "out")
        self._socket, self.address = _listening(listen)
        self._unix = isinstance(self._socket.getsockname(), str)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="served machine", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the machine runs."""
        return self.kernel.running

    @property
    def serving(self) -> bool:
        """Whether there is still a machine to connect to."""
        return self._thread.is_alive()

    def start(self) -> MachineServer:
        """Begin to serve, in a thread of its own."""
        self._thread.start()
        return self

    def close(self) -> None:
        """End it; a connection that is open is closed."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()
        if self._unix:
            with contextlib.suppress(OSError):
                Path(self.address).unlink()

    def __enter__(self) -> MachineServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            if not select.select([self._socket], [], [], 10 * _WAIT)[0]:
                continue
            connection, _ = self._socket.accept()
            self.log.connections += 1
            with connection, contextlib.suppress(OSError):
                connection.setblocking(False)
                self._session(connection)

    def _session(self, connection: socket.socket) -> None:
        unsent = bytearray()
        while not self._stop.is_set():
            readable, _, _ = select.select([connection], [connection] if unsent else [], [], _WAIT)
            now = time.monotonic()
            if readable:
                data = connection.recv(_CHUNK)
                if not data:
                    return
                self._in.put(data, now)
            over = self._advance(now, len(unsent) < _MOST_UNSENT)
            unsent += self._out.take(now)
            if unsent:
                with contextlib.suppress(BlockingIOError):
                    del unsent[: connection.send(unsent)]
            if over and not unsent:
                self._stop.set()
                self._socket.close()
                return

    def _advance(self, now: float, room: bool) -> bool:
        """Let the kernel go on; True where its end of the line is gone. A flood waits for ``room``."""
        over = False
        try:
            if data := self._in.take(now):
                self.kernel.receive(data, now)
            self.kernel.tick(now)
            if self._behaviour is not None and room:
                self._behaviour.tick(now)
        except LineDown:
            over = True
        self._out.put(self.kernel.take(), now)
        return over


def _listening(listen: str) -> tuple[socket.socket, str]:
    """A listening socket and its address as it is written."""
    match = _HOST_AND_PORT.fullmatch(listen)
    if match is None:
        Path(listen).parent.mkdir(parents=True, exist_ok=True)
        _remove_left_over(listen)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        return _bound(listening, listen), listen
    host = match[1] or match[2] or "127.0.0.1"
    family = socket.AF_INET6 if match[1] else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _bound(listening, (host, int(match[3])))
    port = listening.getsockname()[1]
    return listening, f"[{host}]:{port}" if match[1] else f"{host}:{port}"


def _bound(listening: socket.socket, address: str | tuple[str, int]) -> socket.socket:
    try:
        listening.bind(address)
        listening.listen(1)
    except (OSError, OverflowError) as fault:
        listening.close()
        raise OSError(f"cannot listen at {address}: {fault}") from fault
    return listening


def _remove_left_over(path: str) -> None:
    """Remove the socket of a server that is gone; one that answers stays, and so does any other file."""
    if not Path(path).is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink()
