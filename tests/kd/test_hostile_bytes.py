"""Whatever comes over the line: no exception, no hang, and nothing is kept beyond a packet."""

from __future__ import annotations

import contextlib
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kd.hostile_wire import seeds, talk_hostile
from tests.kd.scripted import ScriptedKernel, control, packet, state_change
from volplugins.kd.deframer import Deframer
from volplugins.kd.errors import LiveError
from volplugins.kd.io_messages import file_refusal, printed_text, prompt_answer
from volplugins.kd.link import Link
from volplugins.kd.machine import stop_machine
from volplugins.kd.packet import HEADER_SIZE, LARGEST_PAYLOAD, PacketType
from volplugins.kd.requests import context_piece, decode_reply, memory_of, msr_of
from volplugins.kd.session import Session
from volplugins.kd.state_change import decode_state_change
from volplugins.kd.version import decode_version

ids = st.sampled_from([0x80800000, 0x80800001, 0x80800800, 0x80800801, 0, 0x12345678, 0xFFFFFFFF])
payloads = st.one_of(st.binary(max_size=200), st.just(state_change()), st.binary(min_size=56, max_size=80))
headers = st.builds(
    lambda leader, kind, size, number, total, rest: leader + struct.pack("<HHII", kind, size, number, total) + rest,
    st.sampled_from([b"0000", b"iiii"]), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), ids,
    st.integers(0, 0xFFFFFFFF), st.binary(max_size=64),
)  # fmt: skip
pieces = st.one_of(
    st.binary(max_size=64), headers, st.builds(packet, st.integers(0, 12), ids, payloads),
    st.builds(control, st.integers(0, 12), ids), st.just(b"0" * 64), st.just(b"i" * 64),
)  # fmt: skip
streams = st.lists(pieces, max_size=12)


@given(streams)
def test_the_link_takes_anything_and_keeps_a_packet_at_most(stream: list[bytes]) -> None:
    link = Link()
    link.send(PacketType.STATE_MANIPULATE, bytes(56))
    for piece in stream:
        link.feed(piece)
        assert len(link._deframer._held) <= HEADER_SIZE + LARGEST_PAYLOAD + len(piece)
        assert len(link.output()) <= (len(piece) // HEADER_SIZE + 2) * (HEADER_SIZE + 73)
        link.after_silence()
        link.output()


@given(streams)
def test_how_bytes_are_cut_makes_no_difference_while_nothing_is_damaged(stream: list[bytes]) -> None:
    sound = [piece for piece in stream if piece[:4] in (b"0000", b"iiii")]
    whole, single = Deframer(), Deframer()
    found = whole.feed(packet(2, 0x80800000, b"".join(sound)[:3000]))
    cut = [each for byte in packet(2, 0x80800000, b"".join(sound)[:3000]) for each in single.feed(bytes((byte,)))]
    assert found == cut and len(found) == 1


@given(st.binary(max_size=400))
def test_no_message_is_too_odd(payload: bytes) -> None:
    decode_state_change(payload)
    printed_text(payload)
    prompt_answer(payload)
    assert len(file_refusal(payload)) == 64
    reply = decode_reply(payload)
    if reply is not None:
        assert len(memory_of(reply, 16)) <= 16 and len(context_piece(reply, 16)) <= 16
        msr_of(reply)
        decode_version(reply)


@settings(max_examples=60, deadline=None)
@given(streams, st.integers(0, 6))
def test_a_session_ends_whatever_is_thrown_in(stream: list[bytes], when: int) -> None:
    kernel = ScriptedKernel()
    left = list(stream)

    def thrown(target: ScriptedKernel, api: int) -> None:
        if len(target.asked) >= when and left:
            target._out += left.pop()

    kernel.on_request = thrown
    session = Session(kernel, clock=kernel.clock)
    try:
        machine = stop_machine(session)
        for start in range(0, 0x2000, 0x200):
            data = machine.physical(start, 0x200)
            assert len(data) <= 0x200
    except LiveError:
        pass
    session.leave()
    assert kernel.closed and kernel.now < 2000


@settings(max_examples=40, deadline=None)
@given(streams)
def test_a_line_of_noise_is_no_kernel(stream: list[bytes]) -> None:
    kernel = ScriptedKernel(deaf=True)
    kernel._out += b"".join(stream)
    session = Session(kernel, clock=kernel.clock)
    with contextlib.suppress(LiveError):
        stop_machine(session)
    assert kernel.closed and kernel.now < 60


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(seeds().items())), st.data())
def test_a_whole_session_with_a_damaged_conversation_ends(seed: tuple[str, bytes], chosen: st.DataObject) -> None:
    data = bytearray(seed[1])
    for _ in range(chosen.draw(st.integers(0, 6))):
        at = chosen.draw(st.integers(0, len(data) - 1))
        data[at : at + chosen.draw(st.integers(0, 30))] = chosen.draw(st.binary(max_size=40)) or b"\0"
    talk_hostile(bytes(data))
