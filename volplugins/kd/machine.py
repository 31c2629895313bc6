"""A stopped machine: what its kernel says of itself, its memory, its processors' registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from volplugins.kd import requests
from volplugins.kd.chunk import ChunkSize
from volplugins.kd.errors import LineLost, NoAnswer
from volplugins.kd.requests import Api, Reply
from volplugins.kd.session import ReplyTooLarge, Session
from volplugins.kd.state_change import StateChange
from volplugins.kd.version import AMD64, ARM64, I386, KernelVersion, decode_version

# CONTEXT: all but the extended state (winnt.h); sizes without it
_CONTEXT_FLAGS = {I386: 0x1003F, AMD64: 0x10001F, ARM64: 0x40001F}
_CONTEXT_SIZES = {I386: 0x2CC, AMD64: 0x4D0, ARM64: 0x390}
_HOPELESS = "the line is so bad that no reply comes whole"
_MOST_UNLIKE, _MOST_LOST = 12, 20
_AWAITED = 256  # bytes: less is not worth asking for
_PROOFS = 3  # replies that repeat their address, before all must


@dataclass(slots=True)
class Machine:
    """A kernel that has stopped for us.

    Attributes:
        version: what it says of itself.
        told: is called after every piece of memory that was read, with the bytes read so far.
        read_bytes: bytes of memory that it gave.
    """

    session: Session
    version: KernelVersion
    told: Callable[[int], None] = lambda _: None
    read_bytes: int = 0
    _chunk: ChunkSize = field(default_factory=ChunkSize)
    _lost: int = 0
    _repeats: int = 0  # replies in a row that repeated the address that was asked for; -1: this kernel does not

    @property
    def change(self) -> StateChange:
        """The stop that it stands at."""
        assert self.session.change is not None  # whoever has a machine has stopped it
        return self.session.change

    def physical(self, address: int, size: int) -> bytes:
        """Physical memory: as much from ``address`` on as can be read.

        Raises:
            LineLost, RanOn: as their names say.
        """
        return self._memory(Api.READ_PHYSICAL, address, size)

    def virtual(self, address: int, size: int) -> bytes:
        """Virtual memory of the process in which it stopped: as much as can be read without a fault."""
        return self._memory(Api.READ_VIRTUAL, address, size)

    def control_space(self, base: int, size: int, processor: int) -> bytes:
        """Control space of a processor; empty where it gives none."""
        message = requests.read_control_space(base, size, processor)
        return requests.control_of(self._ask(message, Api.READ_CONTROL_SPACE), size)

    def msr(self, number: int, processor: int) -> int | None:
        """A model-specific register of a processor; None where it cannot be read."""
        return requests.msr_of(self._ask(requests.read_msr(number, processor), Api.READ_MSR))

    def context(self, processor: int) -> bytes:
        """The CONTEXT of a processor, as bytes; empty where it gives none."""
        machine = self.version.machine
        size = _CONTEXT_SIZES[machine]
        if self.session.doubtful:
            pieces = self._context_pieces(size, processor)
            if len(pieces) == size:
                return pieces
        reply = self._ask(requests.get_context(_CONTEXT_FLAGS[machine], processor), Api.GET_CONTEXT)
        if reply.succeeded and len(reply.data) >= size:
            return reply.data
        return self._context_pieces(size, processor)

    def _context_pieces(self, size: int, processor: int) -> bytes:
        """The same by GetContextEx, as much at once as a bad line takes; what a kernel without it gives is empty."""
        data = b""
        while len(data) < size:
            asked = min(size - len(data), self._chunk.size)
            piece = self._ask(requests.get_context_ex(len(data), asked, processor), Api.GET_CONTEXT_EX)
            found = requests.context_piece(piece, asked)
            if not found:
                return b""
            data += found
        return data

    def _ask(self, message: bytes, api: Api) -> Reply:
        return confirmed(self.session, message, lambda reply: reply.api == api)

    def _memory(self, api: Api, address: int, size: int) -> bytes:
        parts: list[bytes] = []
        ended = False
        while size > 0 and not ended:
            data, ended = self._piece(api, address, min(size, self._chunk.size))
            parts.append(data)
            self.read_bytes += len(data)
            self.told(self.read_bytes)
            address, size = address + len(data), size - len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _piece(self, api: Api, address: int, size: int) -> tuple[bytes, bool]:
        """One reply's memory, and whether there is none behind it.

        Nothing, and False, where the reply is too large for this line: then less is asked for.
        """
        link = self.session.link
        before = link.damaged + link.repeated
        try:
            message, patient = requests.read_memory(api, address, size), size <= _AWAITED
            reply = confirmed(self.session, message, self._fits(api, address), patient=patient)
        except ReplyTooLarge:
            self._lost = self._lost + 1 if self._chunk.smallest else 0
            if self._lost > _MOST_LOST:
                raise LineLost(_HOPELESS) from None
            self._chunk.lost()
            return b"", False
        self._lost = 0
        self._chunk.came(link.damaged + link.repeated - before)
        data = requests.memory_of(reply, size)
        # a kernel that gives less and calls it success has a limit of its own
        return data, not data or (len(data) < size and not reply.succeeded)

    def _fits(self, api: Api, address: int) -> Callable[[Reply], bool]:
        """Whether a reply is to this request; by its address too, once it is known that this kernel repeats it."""

        def fits(reply: Reply) -> bool:
            if reply.api != api:
                return False
            same = requests.address_of(reply) == address & 0xFFFFFFFFFFFFFFFF
            if 0 <= self._repeats < _PROOFS and address:
                self._repeats = self._repeats + 1 if same else -1
            return same or self._repeats < _PROOFS

        return fits


def confirmed(
    session: Session,
    message: bytes,
    fits: Callable[[Reply], bool],
    limit: float | None = None,
    patient: bool = True,
) -> Reply:
    """The reply; where the line was bad lately, one that came twice alike.

    Raises:
        LineLost, RanOn, ReplyTooLarge: as ``Session.ask``; LineLost too where no two are alike.
    """
    reply = session.ask(message, fits, limit, patient)
    for _ in range(_MOST_UNLIKE):
        if not session.doubtful:
            return reply
        before, reply = reply, session.ask(message, fits, limit, patient)
        if (reply.status, reply.union, reply.data) == (before.status, before.union, before.data):
            return reply
    raise LineLost(_HOPELESS)


def stop_machine(session: Session) -> Machine:
    """Stop the kernel at the other end, and have it say what it is. Where this raises, the session has left.

    Raises:
        NoAnswer: nobody answers as a kernel that is known here does.
        LineLost, RanOn: it did, and then not any longer.
    """
    try:
        session.attach()
        return Machine(session, _version(session))
    except BaseException:
        session.leave()
        raise


def _version(session: Session) -> KernelVersion:
    message, limit = requests.get_version(), session.timing.probe
    reply = confirmed(session, message, lambda reply: reply.api == Api.GET_VERSION, limit)
    version = decode_version(reply)
    if version is None:
        raise NoAnswer(f"a kernel answers that does not say what machine it is for (status {reply.status:#x})")
    session.bits = version.bits
    return version
