"""Whether a connection of ours waits in a listener's backlog while another one was accepted: the line is in use.

Source: Linux's proc(5), ``/proc/net/unix`` and ``/proc/net/tcp``: what was not accepted yet has no inode; states 02
and 03 of a unix socket are connecting and connected, 01 of TCP is established; unix(7): SIOCOUTQ is what the other end
has not read. Elsewhere, and of other hosts, nothing is known.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

_NET = Path("/proc/net")
_MOST = 1 << 24  # bytes of such a table
_CONNECTING, _CONNECTED, _ESTABLISHED = "02", "03", "01"


def waits_in_line(connected: socket.socket, net: Path = _NET) -> bool:
    """Whether the other end of this connection serves somebody else; False too where that cannot be told."""
    try:
        if connected.family in (socket.AF_INET, socket.AF_INET6):
            return _tcp_waits(connected.getsockname()[1], connected.getpeername()[1], net)
        return _unread(connected) and _unix_waits(str(connected.getpeername()), net)
    except (OSError, ValueError, IndexError, ImportError):
        return False


def _unread(connected: socket.socket) -> bool:
    import fcntl  # noqa: PLC0415 - not on Windows
    import termios  # noqa: PLC0415 - as above

    return int.from_bytes(fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder) > 0


def _unix_waits(path: str, net: Path) -> bool:
    # Num RefCount Protocol Flags Type St Inode Path
    rows = [row for row in _rows(net / "unix") if len(row) == 8 and row[7] == path]
    states = {(row[5], row[6] != "0") for row in rows}
    return (_CONNECTING, False) in states and (_CONNECTED, True) in states


def _tcp_waits(ours: int, theirs: int, net: Path) -> bool:
    # sl local_address rem_address st … inode: the rows of the listener's end
    rows = [
        row
        for name in ("tcp", "tcp6")
        for row in _rows(net / name)
        if len(row) > 9 and row[3] == _ESTABLISHED and _port(row[1]) == theirs
    ]
    waiting = any(row[9] == "0" and _port(row[2]) == ours for row in rows)
    return waiting and any(row[9] != "0" for row in rows)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _rows(table: Path) -> list[list[str]]:
    try:
        with table.open(encoding="utf-8", errors="surrogateescape") as file:
            return [line.split(None, 7 if table.name == "unix" else -1) for line in file.read(_MOST).splitlines()[1:]]
    except FileNotFoundError:
        return []
