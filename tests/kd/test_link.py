"""The link by its bytes: numbers, acknowledgements, repetitions, resets; what a public trace of a session holds."""

from __future__ import annotations

import struct

from tests.kd.scripted import control, packet, state_change
from volplugins.kd.deframer import Damaged, Deframer
from volplugins.kd.link import Link, Received, WasReset
from volplugins.kd.packet import INITIAL_ID, SYNC, Packet, PacketType, encode
from volplugins.kd.requests import Api as Requests
from volplugins.kd.requests import continue_machine, get_version, read_memory
from volplugins.kd.state_change import NewState, bits_of, decode_state_change

ACK, RESEND, RESET = 4, 5, 6
STATE, MANIPULATE = 7, 2


def test_packets_as_they_are_documented() -> None:
    sent = encode(Packet(PacketType.STATE_MANIPULATE, 0x80800001, b"\x46\x31"))
    assert sent == b"0000" + bytes.fromhex("0200 0200 01008080 77000000") + b"\x46\x31\xaa"
    assert encode(Packet(PacketType.ACKNOWLEDGE, 0x80800000)) == b"iiii" + bytes.fromhex("0400 0000 00008080 00000000")
    assert len(get_version()) == 56 and get_version()[:2] == b"\x46\x31"
    assert read_memory(Requests.READ_PHYSICAL, 0x1234, 0x800)[16:28] == struct.pack("<QI", 0x1234, 0x800)


def test_the_first_packet_of_a_stop_is_acknowledged_without_its_sync_bit() -> None:
    link = Link()
    found = link.feed(packet(STATE, INITIAL_ID | SYNC, state_change()))
    assert [type(each) for each in found] == [Received] and found[0].restarted  # type: ignore[union-attr]
    assert link.output() == control(ACK, INITIAL_ID)
    assert link.feed(packet(MANIPULATE, INITIAL_ID | 1, bytes(56)))
    assert link.output() == control(ACK, INITIAL_ID | 1)


def test_a_repetition_is_acknowledged_and_dropped() -> None:
    link = Link()
    assert len(link.feed(packet(MANIPULATE, INITIAL_ID, b"a" * 60))) == 1
    assert link.feed(packet(MANIPULATE, INITIAL_ID, b"a" * 60)) == []
    assert link.output() == 2 * control(ACK, INITIAL_ID)
    assert len(link.feed(packet(MANIPULATE, INITIAL_ID, b"b" * 60))) == 1  # the one between them never came


def test_one_packet_is_under_way_until_it_is_acknowledged_by_its_number() -> None:
    link = Link()
    link.send(PacketType.STATE_MANIPULATE, b"1" * 56)
    link.send(PacketType.STATE_MANIPULATE, b"2" * 56)
    first = link.output()
    assert first == packet(MANIPULATE, INITIAL_ID, b"1" * 56)
    link.feed(control(ACK, INITIAL_ID | 1))
    assert link.output() == b"" and link.unacknowledged
    link.feed(control(RESEND))
    assert link.output() == first
    link.after_silence()
    assert link.output() == first
    link.feed(control(ACK, INITIAL_ID))
    assert link.output() == packet(MANIPULATE, INITIAL_ID | 1, b"2" * 56)


def test_damage_is_asked_for_again() -> None:
    link, whole = Link(), packet(MANIPULATE, INITIAL_ID, bytes(range(56)))
    link.feed(whole[:30] + b"!" + whole[31:])
    assert link.output() == control(RESEND) and link.damaged == 1
    link.feed(whole[:40])
    assert link.partial and link.output() == b""
    link.after_silence()
    assert link.output() == control(RESEND) and not link.partial
    assert len(link.feed(whole)) == 1


def test_a_reset_starts_both_directions_anew() -> None:
    link = Link()
    link.feed(packet(MANIPULATE, INITIAL_ID, bytes(56)))
    link.send(PacketType.STATE_MANIPULATE, bytes(56))
    link.output()
    link.reset()
    assert link.output() == control(RESET) and not link.unacknowledged
    assert link.feed(control(RESET)) == [WasReset()]
    assert len(link.feed(packet(STATE, INITIAL_ID, state_change()))) == 1
    assert link.output() == control(ACK, INITIAL_ID)  # and no reset in answer, which would go on for ever


def test_bytes_of_no_packet_are_passed_over() -> None:
    deframer = Deframer()
    good = packet(MANIPULATE, INITIAL_ID, b"0000" * 14)
    assert len(deframer.feed(b"\x00booting 000 iii" + good + b"0" + good)) == 2
    assert deframer.passed_over and not deframer.waiting
    assert deframer.feed(packet(MANIPULATE, 0x80000002, bytes(56))[:40]) == []  # KDNET counts so, no serial line does
    deframer.drop()
    assert deframer.feed(b"0000" + struct.pack("<HHII", 2, 4001, INITIAL_ID, 0)) == []
    deframer.drop()
    assert isinstance(deframer.feed(good[:-1] + b"\x00")[0], Damaged)


def test_the_picture_of_a_packet_within_a_packet_is_memory() -> None:
    inner = packet(MANIPULATE, INITIAL_ID, b"x" * 56)
    whole = packet(MANIPULATE, INITIAL_ID, b"\0" * 56 + inner)
    assert [each.payload for each in Deframer().feed(whole)] == [b"\0" * 56 + inner]  # type: ignore[union-attr]
    assert Deframer().feed(whole[:70] + b"!" + whole[71:]) == [Damaged()]


def test_a_stop_of_windows_xp_as_a_trace_has_it() -> None:
    """Type 7, 0xF0 bytes and 31 of a path, addresses sign-extended."""
    path = b"\\WINDOWS\\system32\\ntkrnlpa.exe\0"
    fixed = struct.pack("<IHHIIQQ", 0x3031, 6, 0, 1, 0, 0xFFFFFFFF80553740, 0xFFFFFFFF8052F4C4)
    payload = fixed + struct.pack("<I", len(path)).ljust(160, b"\0") + struct.pack("<II", 0, 0x400).ljust(48, b"\0")
    assert len(payload + path) == 0x10F
    found = decode_state_change(payload + path)
    assert found is not None and found.state is NewState.LOAD_SYMBOLS and bits_of(found) == 32
    assert found.dr7(32) == 0x400 and found.code == 0
    assert struct.unpack_from("<IIIII", continue_machine(found.dr7(32) or 0, 32, 0), 16) == (0x10002, 0, 0x400, 1, 1)
    assert decode_state_change(payload[:31]) is None
    short = decode_state_change(payload[:40])
    assert short is not None and short.dr7(32) is None


def test_what_a_stop_claims_is_bounded() -> None:
    found = decode_state_change(state_change(processors=0xFFFFFFFF))
    assert found is not None and found.processors == 2048
