"""Packets of KDCOM: what they look like on the line (windbgkd.h, KD_PACKET).

A data packet is a header of 16 bytes, up to 4000 bytes, and 0xAA; a control packet is a header alone. All numbers are
little-endian; the checksum is the sum of the payload's bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

DATA_LEADER, CONTROL_LEADER = b"\x30" * 4, b"\x69" * 4
BREAK_IN, TRAILER = b"\x62", 0xAA
HEADER_SIZE, LARGEST_PAYLOAD = 16, 4000
INITIAL_ID, SYNC = 0x80800000, 0x800
_HEADER = struct.Struct("<4sHHII")


class PacketType(IntEnum):
    """What a packet is for."""

    STATE_CHANGE32 = 1
    STATE_MANIPULATE = 2
    DEBUG_IO = 3
    ACKNOWLEDGE = 4
    RESEND = 5
    RESET = 6
    STATE_CHANGE64 = 7
    POLL_BREAKIN = 8
    TRACE_IO = 9
    CONTROL_REQUEST = 10
    FILE_IO = 11


CONTROLS = frozenset({PacketType.ACKNOWLEDGE, PacketType.RESEND, PacketType.RESET})


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet: what it is, its number, its payload (empty for control packets)."""

    kind: PacketType
    number: int
    payload: bytes = b""


def checksum(payload: bytes) -> int:
    """The sum of the bytes, 32 bits."""
    return sum(payload) & 0xFFFFFFFF


def encode(packet: Packet) -> bytes:
    """The packet as it goes over the line."""
    if packet.kind in CONTROLS:
        return _HEADER.pack(CONTROL_LEADER, packet.kind, 0, packet.number, 0)
    size, total = len(packet.payload), checksum(packet.payload)
    header = _HEADER.pack(DATA_LEADER, packet.kind, size, packet.number, total)
    return header + packet.payload + bytes((TRAILER,))


@dataclass(frozen=True, slots=True)
class Header:
    """A header that may be one: control or data, and what it says."""

    control: bool
    kind: PacketType
    size: int
    number: int
    checksum: int


def decode_header(data: bytes) -> Header | None:
    """The header in the first 16 bytes; None where no packet begins so (damage, or other bytes)."""
    leader, kind, size, number, total = _HEADER.unpack_from(data)
    control = leader == CONTROL_LEADER
    if not control and leader != DATA_LEADER:
        return None
    try:
        known = PacketType(kind)
    except ValueError:
        return None
    if (known in CONTROLS) is not control or size > LARGEST_PAYLOAD or (control and (size or total)):
        return None
    # the highest byte counts nothing, in no session of KDCOM: with another one the header is damaged
    if not control and number & ~(SYNC | 1) != INITIAL_ID:
        return None
    return Header(control, known, size, number, total)
