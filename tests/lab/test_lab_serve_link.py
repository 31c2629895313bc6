"""Packets, ids, acknowledgements and retransmissions of the lab's target, byte by byte, without sockets."""

from __future__ import annotations

import struct
from functools import lru_cache

import pytest

from volplugins.lab.machines.catalogue import build
from volplugins.lab.serve import announcements
from volplugins.lab.serve.frames import FrameReader, Packet, control_packet, data_packet
from volplugins.lab.serve.kernel import LEFT, RUNNING, STOPPED, Kernel
from volplugins.lab.serve.served_machine import ServedMachine, serve_snapshot

ACK_FIRST = bytes.fromhex("69696969 0400 0000 00008080 00000000")
ACK_SECOND = bytes.fromhex("69696969 0400 0000 01008080 00000000")
RESET = bytes.fromhex("69696969 0600 0000 00000000 00000000")
RESEND = bytes.fromhex("69696969 0500 0000 00000000 00000000")
VERSION = struct.pack("<IHHII", 0x3146, 0, 0, 0, 0) + bytes(40)


@lru_cache(maxsize=2)
def machine(name: str = "xp-x86") -> ServedMachine:
    return serve_snapshot(build(name, "none"))


def frame(packet_id: int, payload: bytes = VERSION, kind: int = 2) -> bytes:
    """A data packet, written here by the facts."""
    return struct.pack("<4sHHII", b"0000", kind, len(payload), packet_id, sum(payload)) + payload + b"\xaa"


def packets(data: bytes) -> list[Packet | None]:
    return list(FrameReader().feed(data))


class Session:
    """A kernel and a clock."""

    def __init__(self, state: str = RUNNING, **options: object) -> None:
        self.kernel = Kernel(machine(), state, **options)
        self.now = 100.0

    def say(self, data: bytes, later: float = 0.02) -> bytes:
        """What the kernel sends for some bytes, after a little time."""
        self.kernel.receive(data, self.now)
        self.now += later
        self.kernel.tick(self.now)
        return self.kernel.take()


def stopped() -> Session:
    """A session in which the state change is acknowledged."""
    session = Session()
    assert packets(session.say(b"b"))[0].id == 0x80800800
    assert session.say(ACK_FIRST) == b""
    return session


def test_a_data_packet_is_laid_out_as_published() -> None:
    assert data_packet(2, 0x80800001, b"\x01\x02\xff") == bytes.fromhex(
        "30303030 0200 0300 01008080 02010000 0102ff aa"
    )  # fmt: skip
    assert control_packet(4, 0x80800000) == ACK_FIRST
    assert control_packet(6) == RESET


def test_the_state_change_of_windows_xp_with_the_name_of_its_kernel() -> None:
    # lengths, ids and offsets of a published capture of a WinDbg session with Windows XP
    base = 0x804D7000
    said = announcements.symbols(machine(), r"\WINDOWS\system32\ntkrnlpa.exe", base, 0x20D000, 0x1F2E3D)
    sent = data_packet(said.kind, 0x80800800, said.payload)
    assert sent[:12] == bytes.fromhex("30303030 0700 0f01 00088080")
    assert len(said.payload) == 0x10F
    assert said.payload[0xF0:] == b"\\WINDOWS\\system32\\ntkrnlpa.exe\0"
    assert struct.unpack_from("<I", said.payload)[0] == 0x3031
    assert struct.unpack_from("<I4xQ", said.payload, 32)[0] == 31
    assert struct.unpack_from("<Q", said.payload, 36)[0] != 0  # packed by four: the base follows the length
    assert struct.unpack_from("<Q", said.payload, 24)[0] >> 32 == 0xFFFFFFFF


def test_a_break_in_is_answered_with_the_first_id_and_sync() -> None:
    session = Session()
    [change] = packets(session.say(b"b"))
    assert change is not None
    assert (change.kind, change.id, change.sound) == (7, 0x80800800, True)
    assert not session.kernel.running


def test_a_break_in_that_others_follow_is_lost() -> None:
    session = Session()
    assert session.say(b"b" + RESET) == b""
    assert session.kernel.running
    assert session.say(b"b") != b""


def test_ids_toggle_with_every_acknowledged_packet() -> None:
    session = stopped()
    for packet_id in (0x80800000, 0x80800001, 0x80800000):
        reply_id = packet_id ^ 1  # the state change was the first
        acknowledgement, reply = packets(session.say(frame(packet_id)))
        assert acknowledgement == Packet(True, 4, packet_id)
        assert reply is not None
        assert (reply.kind, reply.id, reply.sound, len(reply.payload)) == (2, reply_id, True, 56)
        assert session.say(ACK_FIRST if reply_id == 0x80800000 else ACK_SECOND) == b""


def test_a_repeated_request_is_acknowledged_and_dropped() -> None:
    session = stopped()
    session.say(frame(0x80800000))
    session.say(ACK_SECOND)
    assert session.say(frame(0x80800000)) == ACK_FIRST
    assert len(session.kernel.log.asked) == 1


def test_an_unacknowledged_packet_comes_again_for_ever() -> None:
    session = Session()
    first = session.say(b"b")
    for _ in range(20):
        assert session.say(b"", 0.6) == first
    assert session.say(RESEND, 0) == first
    session.say(ACK_FIRST)
    assert session.say(b"", 5) == b""


@pytest.mark.parametrize(
    ("harm", "answer"),
    [
        (lambda sent: sent[:30] + bytes([sent[30] ^ 1]) + sent[31:], RESEND),  # checksum
        (lambda sent: sent[:-1] + b"\xab", RESEND),  # trailing byte
        (lambda sent: sent[:6] + b"\xff\xff" + sent[8:], RESEND),  # length
        (lambda sent: b"x" + sent[1:], b""),  # leader
    ],
)
def test_a_damaged_request_is_asked_for_again_or_passed_over(harm: object, answer: bytes) -> None:
    session = stopped()
    assert session.say(harm(frame(0x80800000)))[: len(answer) or 1] == answer
    session.say(b"", 0.5)
    reply = session.say(frame(0x80800000))
    assert reply.startswith(ACK_FIRST)
    assert len(session.kernel.log.asked) == 1


def test_a_request_that_ends_early_is_given_up_and_asked_for_again() -> None:
    session = stopped()
    assert session.say(frame(0x80800000)[:40]) == b""
    assert session.say(b"", 0.5) == RESEND
    assert session.say(frame(0x80800000)).startswith(ACK_FIRST)


def test_a_lost_acknowledgement_is_made_good_by_the_next_request() -> None:
    session = stopped()
    session.say(frame(0x80800000))  # its reply is never acknowledged
    assert session.say(frame(0x80800001)) == RESEND
    answers = session.say(frame(0x80800001))
    assert answers.startswith(ACK_SECOND)
    assert len(session.kernel.log.asked) == 2


def test_a_reset_starts_both_directions_anew_and_repeats_the_state_change() -> None:
    session = stopped()
    session.say(frame(0x80800000))
    session.say(ACK_SECOND)
    control, change = packets(session.say(RESET))
    assert control == Packet(True, 6, 0)
    assert change is not None
    assert (change.kind, change.id) == (7, 0x80800000)
    assert session.say(ACK_FIRST) == b""
    acknowledgement, reply = packets(session.say(frame(0x80800000)))
    assert acknowledgement == Packet(True, 4, 0x80800000)
    assert reply is not None
    assert reply.id == 0x80800001


def test_a_reset_repeats_a_reply_that_nobody_acknowledged() -> None:
    session = stopped()
    session.say(frame(0x80800000))
    control, reply = packets(session.say(RESET))
    assert control is not None
    assert reply is not None
    assert (control.kind, reply.kind, reply.id) == (6, 2, 0x80800000)


def test_a_break_in_of_one_that_stands_repeats_the_state_change() -> None:
    session = Session(LEFT)
    [change] = packets(session.say(b"b"))
    assert change is not None
    assert (change.kind, change.id) == (7, 0x80800001)


def test_one_that_nobody_has_heard_says_so_by_itself() -> None:
    session = Session(STOPPED)
    [change] = packets(session.say(b""))
    assert change is not None
    assert (change.kind, change.id) == (7, 0x80800800)


def test_ids_that_go_on_from_one_stop_to_the_next() -> None:
    session = Session(keep_ids=True)
    session.say(b"b")
    session.say(ACK_FIRST)
    go = struct.pack("<IHHIII", 0x3136, 0, 0, 0, 0, 0x10002).ljust(56, b"\0")
    assert session.say(frame(0x80800000, go)) == ACK_FIRST
    assert session.kernel.running
    [change] = packets(session.say(b"b"))
    assert change is not None
    assert change.id == 0x80800001


def test_prints_wait_for_acknowledgement_and_are_given_up() -> None:
    text = announcements.debug_print(machine(), "hello\n")
    session = Session(before=[text])
    [said] = packets(session.say(b"b"))
    assert said is not None
    assert (said.kind, said.payload[16:]) == (3, b"hello\n")
    assert struct.unpack_from("<I4xI", said.payload) == (0x3230, 6)
    [change] = packets(session.say(ACK_FIRST))
    assert change is not None
    assert (change.kind, change.id) == (7, 0x80800001)
    forsaken = Session(before=[text])
    sent = forsaken.say(b"b") + b"".join(forsaken.say(b"", 0.6) for _ in range(10))
    kinds = [each.kind for each in packets(sent) if each is not None]
    assert kinds[:5] == [3] * 5
    assert set(kinds[5:]) == {7}
    assert forsaken.kernel.log.gave_up == 1


def test_prompts_files_symbols_and_commands_want_their_own_answers() -> None:
    xp = machine()
    before = [
        announcements.prompt(xp, "Break? "), announcements.wanted_file("\\SystemRoot\\a.sys"),
        announcements.symbols(xp, "\\a.sys", 0xF8400000, 0x1000, 1), announcements.command(xp, ".echo"),
    ]  # fmt: skip
    session = Session(before=before)
    kinds, ids, sent = [], [0x80800000, 0x80800001] * 4, session.say(b"b")
    replies = iter(
        [
            (3, struct.pack("<IHHII", 0x3231, 0, 0, 7, 1) + b"i"),
            (11, struct.pack("<II", 0x3430, 0xC000000F).ljust(64, b"\0")),
            *[(2, struct.pack("<IHHIII", 0x313C, 0, 0, 0, 0, 0x10002).ljust(56, b"\0"))] * 2,
        ]
    )
    for number in range(5):
        packet = packets(sent)[-1]
        assert packet is not None
        kinds.append(packet.kind)
        session.say(control_packet(4, packet.id & ~0x800))
        if number < 4:
            kind, payload = next(replies)
            sent = session.say(frame(ids[number], payload, kind))
    assert kinds == [3, 11, 7, 7, 7]
    assert session.kernel.log.prompts[0][16:] == b"i"
    assert not session.kernel.running


def test_bytes_outside_of_packets_are_passed_over() -> None:
    reader = FrameReader()
    found = list(reader.feed(b"zz0z" + frame(0x80800000) + b"ii0b"))
    assert [each if each is None else each.sound for each in found] == [True, None]


def test_a_packet_in_pieces_is_one() -> None:
    reader, found = FrameReader(), []
    for byte in frame(0x80800000) + ACK_FIRST:
        found += list(reader.feed(bytes([byte])))
    assert [(each.control, each.sound) for each in found if each] == [(False, True), (True, True)]
