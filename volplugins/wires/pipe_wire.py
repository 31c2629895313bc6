"""A line over a Windows named pipe, as Hyper-V, VMware and VirtualBox make one of a guest's port.

The handle is opened for one operation at a time, so that a read that waits would hold up every write: what is there is
asked for first (PeekNamedPipe), and only that is read.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from volplugins.kd.errors import NoLine
from volplugins.kd.wire import WireClosed

_PAUSE = 0.001
_AT_ONCE = 1 << 16
_BUSY, _NOT_THERE, _DENIED = 231, 2, 5


class PipeWire:
    """Bytes over a pipe that was opened for reading and writing.

    Args:
        descriptor: of the open pipe.
        waiting: how many bytes are there to be read; raises OSError where the pipe is broken.
    """

    def __init__(self, descriptor: int, waiting: Callable[[int], int]) -> None:
        self._descriptor = descriptor
        self._waiting = waiting
        self._open = True

    def send(self, data: bytes) -> None:
        """Write all of it."""
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            raise WireClosed(error.strerror or str(error)) from None

    def receive(self, seconds: float) -> bytes:
        """What has come; empty after so many seconds without a byte."""
        end = time.monotonic() + seconds
        try:
            while True:
                count = self._waiting(self._descriptor)
                if count:
                    return os.read(self._descriptor, min(count, _AT_ONCE))
                if time.monotonic() >= end:
                    return b""
                time.sleep(_PAUSE)
        except OSError as error:
            raise WireClosed(error.strerror or str(error)) from None

    def close(self) -> None:
        """Close the pipe."""
        if self._open:
            self._open = False
            os.close(self._descriptor)


def pipe_wire(path: str) -> PipeWire:
    """Open the pipe.

    Raises:
        NoLine: with what to look at.
    """
    if sys.platform != "win32":
        raise NoLine(
            f"{path}: named pipes are of Windows; on this system a guest's port is a unix socket: kd+unix:///PATH"
        )
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_BINARY)
    except OSError as error:
        raise NoLine(f"{path}: {_why(error)}") from None
    return PipeWire(descriptor, _bytes_waiting)


def _bytes_waiting(descriptor: int) -> int:
    """PeekNamedPipe of the handle behind the descriptor."""
    import ctypes  # noqa: PLC0415 - Windows only
    import msvcrt  # noqa: PLC0415

    count = ctypes.c_ulong()
    handle = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))  # type: ignore[attr-defined]
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    if not kernel.PeekNamedPipe(handle, None, 0, None, ctypes.byref(count), None):
        raise ctypes.WinError(ctypes.get_last_error())  # type: ignore[attr-defined]
    return count.value


def _why(error: OSError) -> str:
    code = getattr(error, "winerror", None)
    if code == _BUSY:
        return "the pipe is in use: another debugger has it"
    if code == _NOT_THERE or isinstance(error, FileNotFoundError):
        return "there is no such pipe: is the virtual machine on, and its port this pipe?"
    if code == _DENIED or isinstance(error, PermissionError):
        return "access is denied: Hyper-V's pipes want an elevated prompt"
    return error.strerror or str(error)
