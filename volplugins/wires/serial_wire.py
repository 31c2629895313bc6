"""A line over a serial port of this machine, by pyserial (the extra ``serial``)."""

from __future__ import annotations

from typing import Any

from volplugins.kd.errors import NoLine
from volplugins.kd.wire import WireClosed

_SEND = 30.0
_AT_ONCE = 1 << 12


class SerialWire:
    """Bytes over a pyserial port."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def send(self, data: bytes) -> None:
        """Write all of it; WireClosed where it is not taken within half a minute."""
        try:
            self._port.write(data)
        except OSError as error:  # pyserial's errors are of this kind
            raise WireClosed(str(error)) from None

    def receive(self, seconds: float) -> bytes:
        """What has come; empty after so many seconds without a byte."""
        try:
            self._port.timeout = max(seconds, 0.0)
            first = bytes(self._port.read(1))
            more = min(self._port.in_waiting, _AT_ONCE) if first else 0
            return first + (bytes(self._port.read(more)) if more else b"")
        except (OSError, TypeError) as error:  # a port that was unplugged gives None inside pyserial
            raise WireClosed(str(error)) from None

    def close(self) -> None:
        """Close the port."""
        self._port.close()


def serial_wire(path: str, baud: int) -> SerialWire:
    """Open the port for us alone, 8 bits, no parity, one stop bit.

    Raises:
        NoLine: pyserial is not installed, or the port cannot be opened.
    """
    try:
        import serial  # noqa: PLC0415 - an extra
    except ImportError:
        raise NoLine(f"{path}: serial ports need pyserial: pip install 'volplugins[serial]'") from None
    try:
        port = serial.Serial(path, baud, timeout=0, write_timeout=_SEND, exclusive=True)
    except (OSError, ValueError) as error:
        raise NoLine(f"{path}: cannot be opened, or another program has it: {error}") from None
    return SerialWire(port)
