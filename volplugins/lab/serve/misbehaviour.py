"""Targets that behave badly, by name: each changes a kernel that is served, once a number of requests has come."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from volplugins.lab.serve import announcements
from volplugins.lab.serve.answers import HEADER, MOST_DATA, Request
from volplugins.lab.serve.frames import MANIPULATE, data_packet
from volplugins.lab.serve.kernel import Kernel

_FLOOD_PIECE, _FLOOD_STRIDE = 0x1000, 0.001


class LineDown(Exception):
    """The other end is gone: what is sent, and then the connection, ends here."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a misbehaviour has its turn: the kernel, the request that came, the time."""

    kernel: Kernel
    request: Request
    now: float
    noise: random.Random


#: Called for each request from the chosen one on; True where the kernel answers as usual nevertheless.
Act = Callable[[Moment], bool]


def _dies(moment: Moment) -> bool:
    # half of a reply, then nothing: the virtual machine was ended
    whole = data_packet(MANIPULATE, 0x80800000, bytes(HEADER + 0x40))
    moment.kernel.link.out += whole[: len(whole) // 2]
    raise LineDown


def _never_answers(_moment: Moment) -> bool:
    return False


def _lies_about_length(moment: Moment) -> bool:
    # the header claims more than follows, or more than any packet holds
    claimed = moment.noise.choice((0xFFFF, 4001, HEADER + MOST_DATA))
    moment.kernel.link.out += data_packet(MANIPULATE, 0x80800000, bytes(HEADER), claimed)
    return False


def _lies_about_counts(moment: Moment) -> bool:
    # sound packets, in which the reply says that it has more bytes than were asked for, or than it holds
    count = moment.noise.choice((0xFFFFFFFF, 0x80000000, moment.request.count + 1))
    union = moment.request.union[:12] + struct.pack("<I", count) + moment.request.union[16:]
    payload = struct.pack("<IHHII", moment.request.api, 0, 0, 0, 0) + union + bytes(4)
    moment.kernel.link.send(MANIPULATE, payload, moment.now)
    return False


def _short_replies(moment: Moment) -> bool:
    # sound packets that are shorter than a reply's header
    moment.kernel.link.send(MANIPULATE, moment.request.raw[: moment.noise.randrange(HEADER)], moment.now)
    return False


def _other_replies(moment: Moment) -> bool:
    # sound replies to something that nobody asked
    payload = struct.pack("<IHHII", moment.request.api ^ 7, 0, 0, 0, 0) + moment.request.union
    moment.kernel.link.send(MANIPULATE, payload, moment.now)
    return False


def _other_session(moment: Moment) -> bool:
    # replies with ids that belong to no packet of this session
    packet_id = moment.noise.choice((0x80800002, 0x00000001, 0x80000000, 0xFFFFFFFF))
    moment.kernel.link.out += data_packet(MANIPULATE, packet_id, moment.request.raw[:HEADER])
    return False


def _reboots(moment: Moment) -> bool:
    # nothing more of the old kernel; the new one says that it is loaded, and stands
    kernel, snapshot = moment.kernel, moment.kernel.machine.snapshot
    image = next(each for each in snapshot.truth["modules"] if each["name"] == "nt")
    loaded = announcements.symbols(
        kernel.machine, image["path"], image["base"] + 0x200000, image["size"], image["checksum"]
    )
    kernel.on_request = lambda _request: True
    kernel.enter(moment.now, (loaded,))
    return False


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """How a target behaves badly.

    Attributes:
        act: what it does to requests.
        mute: it does not acknowledge either, from the chosen request on.
        flood: it sends without end, from the chosen request on: ``noise`` or ``packets``.
    """

    act: Act = _never_answers
    mute: bool = False
    flood: str = ""


MISBEHAVIOURS: Mapping[str, Misbehaviour] = {
    "dies": Misbehaviour(_dies),
    "never-answers": Misbehaviour(),
    "never-acknowledges": Misbehaviour(mute=True),
    "floods": Misbehaviour(flood="noise"),
    "floods-packets": Misbehaviour(flood="packets"),
    "lies-about-length": Misbehaviour(_lies_about_length),
    "lies-about-counts": Misbehaviour(_lies_about_counts),
    "short-replies": Misbehaviour(_short_replies),
    "other-replies": Misbehaviour(_other_replies),
    "other-session": Misbehaviour(_other_session),
    "reboots": Misbehaviour(_reboots),
}


class Behaviour:
    """A kernel that behaves badly from its ``after``-th request on.

    Raises:
        ValueError: there is no such misbehaviour.
    """

    def __init__(self, kernel: Kernel, name: str, after: int = 20, seed: int = 0) -> None:
        if name not in MISBEHAVIOURS:
            raise ValueError(f"no misbehaviour {name!r}: one of {', '.join(MISBEHAVIOURS)}")
        self._kernel, self._how, self._left = kernel, MISBEHAVIOURS[name], after
        self._noise = random.Random(f"{name}/{seed}")
        self._now = self._flooded = 0.0
        kernel.on_request = self._request
        if after == 0:
            self._begin()

    def _request(self, request: Request) -> bool:
        if self._left > 0:
            self._left -= 1
            return True
        self._begin()
        return self._how.act(Moment(self._kernel, request, self._now, self._noise))

    def _begin(self) -> None:
        self._left = 0
        self._kernel.link.mute = self._how.mute

    def tick(self, now: float) -> None:
        """Let time pass: a flood goes on."""
        self._now = now
        if self._how.flood and self._left == 0 and now - self._flooded > _FLOOD_STRIDE:
            self._flooded = now
            self._kernel.link.out += self._piece()

    def _piece(self) -> bytes:
        if self._how.flood == "noise":
            return self._noise.randbytes(_FLOOD_PIECE)
        text = announcements.debug_print(self._kernel.machine, "x" * 0x100)
        return data_packet(text.kind, 0x80800000 | self._noise.getrandbits(1), text.payload) * 8
