"""A line over a socket: unix, where QEMU, libvirt, VMware and VirtualBox put a guest's port on Linux, or TCP."""

from __future__ import annotations

import select
import socket

from volplugins.kd.errors import NoLine
from volplugins.kd.wire import WireClosed
from volplugins.wires.waiting_connection import waits_in_line

_CONNECT, _SEND = 3.0, 5.0
_AT_ONCE = 1 << 16


class SocketWire:
    """Bytes over a connected stream socket.

    Attributes:
        in_use: whether another client was served all the time, and not a byte came; known once this is closed.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket, self._heard, self._closed = connected, False, False
        self.in_use = False
        self._socket.settimeout(_SEND)

    def send(self, data: bytes) -> None:
        """Send all of it; WireClosed where the other end is gone or takes nothing for five seconds."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise WireClosed(error.strerror or str(error)) from None

    def receive(self, seconds: float) -> bytes:
        """What has come; empty after so many seconds without a byte."""
        try:
            ready, _, _ = select.select([self._socket], [], [], max(seconds, 0.0))
            if not ready:
                return b""
            data = self._socket.recv(_AT_ONCE)
        except (OSError, ValueError) as error:
            raise WireClosed(getattr(error, "strerror", None) or str(error)) from None
        if not data:
            raise WireClosed("the other end closed the connection")
        self._heard = True
        return data

    def close(self) -> None:
        """Close the socket."""
        if not self._closed and not self._heard:
            self.in_use = waits_in_line(self._socket)
        self._closed = True
        self._socket.close()


def unix_wire(path: str) -> SocketWire:
    """Connect to a unix socket.

    Raises:
        NoLine: with what to look at.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise NoLine(
            "this Python has no unix sockets; on Windows a guest's port is a named pipe: kd+pipe://./pipe/NAME"
        )
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(_CONNECT)
        made.connect(path)
    except (OSError, ValueError) as error:
        made.close()
        raise NoLine(f"{path}: {_why(error)}") from None
    return SocketWire(made)


def tcp_wire(host: str, port: int) -> SocketWire:
    """Connect to a TCP port.

    Raises:
        NoLine: with what to look at.
    """
    try:
        made = socket.create_connection((host, port), _CONNECT)
    except (OSError, ValueError) as error:
        raise NoLine(f"{host}:{port}: {_why(error)}") from None
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return SocketWire(made)


def _why(error: OSError | ValueError) -> str:
    if not isinstance(error, OSError):  # a part of the name is too long, or of letters that none can have
        return "that cannot be the name of a host or socket"
    if isinstance(error, FileNotFoundError):
        return "there is no such socket: is the virtual machine on, and its serial port this socket?"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there: is the virtual machine on, and its serial port a server?"
    if isinstance(error, PermissionError):
        return "you may not open this socket: it belongs to whoever runs the virtual machine"
    if isinstance(error, TimeoutError) or error.errno == 11:
        return "it takes no connection: another debugger has this line"
    return error.strerror or str(error) or type(error).__name__
