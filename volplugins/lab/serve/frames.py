"""Packets of kernel debugging over a serial line (KDCOM), as the kernel's end writes and reads them.

Facts: ReactOS's ``windbgkd.h`` and ``kddll.c``, radare2's and ntoseye's clients, and published captures of sessions.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

BREAK_IN, TRAILER = 0x62, 0xAA
STATE_CHANGE_32, MANIPULATE, DEBUG_IO, ACKNOWLEDGE, RESEND, RESET, STATE_CHANGE_64 = range(1, 8)
FILE_IO = 11
FIRST_ID, SYNC = 0x80800000, 0x800
MOST_PAYLOAD = 4000
_DATA, _CONTROL = b"0000", b"iiii"
_HEADER = struct.Struct("<4sHHII")


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as it came.

    Attributes:
        control: whether its leader is that of control packets, which have no payload.
        kind: packet type.
        id: packet id, as it stands in the header.
        payload: its bytes; what there was of them where the packet is not sound.
        sound: length, checksum and trailer are right.
    """

    control: bool
    kind: int
    id: int
    payload: bytes = b""
    sound: bool = True


def data_packet(kind: int, packet_id: int, payload: bytes, length: int | None = None) -> bytes:
    """A data packet with its trailing byte; ``length`` is what its header claims, if not the truth."""
    claimed = len(payload) if length is None else length
    checksum = sum(payload) & 0xFFFFFFFF
    return _HEADER.pack(_DATA, kind, claimed & 0xFFFF, packet_id, checksum) + payload + bytes([TRAILER])


def control_packet(kind: int, packet_id: int = 0) -> bytes:
    """A control packet; only an acknowledgement has an id that means something."""
    return _HEADER.pack(_CONTROL, kind, 0, packet_id, 0)


class FrameReader:
    """Takes packets and break-in bytes out of what comes; bytes outside of packets are passed over."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def inside(self) -> bool:
        """Whether a packet has begun and not ended."""
        return bool(self._held)

    def forget(self) -> None:
        """Give up the packet that has begun."""
        self._held.clear()

    def feed(self, data: bytes) -> Iterator[Packet | None]:
        """Whatever is complete, in the order it came: packets, and None for a break-in byte."""
        self._held += data
        while self._held:
            if not self._at_leader():
                if len(self._held) < len(_DATA) and self._may_be_leader():
                    return
                if self._held.pop(0) == BREAK_IN:
                    yield None
                continue
            packet = self._packet()
            if packet is None:
                return
            yield packet

    def _at_leader(self) -> bool:
        return bytes(self._held[:4]) in (_DATA, _CONTROL)

    def _may_be_leader(self) -> bool:
        return any(leader.startswith(bytes(self._held)) for leader in (_DATA, _CONTROL))

    def _packet(self) -> Packet | None:
        """The packet that has begun, None while parts of it are still to come."""
        if len(self._held) < _HEADER.size:
            return None
        leader, kind, length, packet_id, checksum = _HEADER.unpack_from(self._held)
        if leader == _CONTROL:
            del self._held[: _HEADER.size]
            return Packet(True, kind, packet_id, sound=length == 0)
        if length > MOST_PAYLOAD:
            del self._held[: _HEADER.size]
            return Packet(False, kind, packet_id, sound=False)
        end = _HEADER.size + length
        if len(self._held) <= end:
            return None
        payload, trailer = bytes(self._held[_HEADER.size : end]), self._held[end]
        del self._held[: end + 1]
        return Packet(False, kind, packet_id, payload, trailer == TRAILER and sum(payload) & 0xFFFFFFFF == checksum)
