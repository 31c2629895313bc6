"""The kernel's side of a session: it runs or stands, announces, answers, and runs on.

Facts: ReactOS's ``kdapi.c``. A running kernel looks for a break-in byte once a tick, and sees the last byte that came:
a break-in byte that others follow at once is lost.
"""

from __future__ import annotations

import random
import struct
from collections import deque
from collections.abc import Callable, Sequence

from volplugins.lab.serve import answers
from volplugins.lab.serve.announcements import ACKNOWLEDGEMENT, ANSWER, CONTINUE, Announcement, exception
from volplugins.lab.serve.answers import Request
from volplugins.lab.serve.breakpoint import Breakpoint
from volplugins.lab.serve.frames import BREAK_IN, MANIPULATE, Packet
from volplugins.lab.serve.link import ACKNOWLEDGED, BROKEN_IN, GAVE_UP, RESET_DONE, KernelLink
from volplugins.lab.serve.served_machine import ServedMachine
from volplugins.lab.serve.wire_log import WireLog

RUNNING, STOPPED, LEFT = "running", "stopped", "left"
_LEFT_IDS = (0x80800001, 0x80800000)


class Kernel:
    """A machine that a debugger can break into: bytes and time in, bytes out.

    Args:
        state: RUNNING; STOPPED, with a state change that nobody has acknowledged; LEFT by a session that is gone.
        before: what it says before it reports that it stands, at each break-in.
        tick: seconds between two looks for a break-in byte while it runs.
        keep_ids: packet ids go on from one stop to the next, instead of starting anew with SYNC.
        stray_processors: the processor that replies state is whatever was on the kernel's stack.
        breakpoint: it stands at an ``int 3``, and runs into it again unless it is put behind it.
        seed: of what is in bytes that mean nothing.
    """

    def __init__(
        self,
        machine: ServedMachine,
        state: str = RUNNING,
        before: Sequence[Announcement] = (),
        log: WireLog | None = None,
        resend_after: float = 0.5,
        tick: float = 0.015,
        keep_ids: bool = False,
        stray_processors: bool = False,
        seed: int = 0,
        breakpoint: bool = False,
    ) -> None:
        self.machine, self.before, self.log = machine, tuple(before), log or WireLog()
        self.link = KernelLink(resend_after, first_ids=_LEFT_IDS if state == LEFT else None)
        self.running = state == RUNNING
        self.on_request: Callable[[Request], bool] = lambda _request: True
        self._tick, self._keep_ids, self._stray, self._noise = tick, keep_ids, stray_processors, random.Random(seed)
        self._queue: deque[Announcement] = deque()
        self._breakpoint = Breakpoint(machine) if breakpoint else None
        self._looked, self._last_byte = 0.0, b""
        self._fresh = state == STOPPED
        if state == LEFT:
            self._queue.append(exception(machine, machine.current))

    @property
    def said(self) -> Announcement | None:
        """What the kernel stands at, None while it runs."""
        return self._queue[0] if self._queue else None

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the line."""
        self.log.bytes_in += len(data)
        if self.running and not self.link.waits:
            self._last_byte = data[-1:] or self._last_byte
            return
        for event in self.link.receive(data, now):
            self._handle(event, now)

    def tick(self, now: float) -> None:
        """Let time pass: resend, give up, look for a break-in."""
        if self._fresh:
            self._fresh = False
            self.enter(now)
        for event in self.link.tick(now):
            self._handle(event, now)
        if self.running and now - self._looked >= self._tick:
            self._looked = now
            seen, self._last_byte = self._last_byte, b""
            if seen == bytes([BREAK_IN]):
                self.log.break_ins += 1
                self.enter(now)

    def take(self) -> bytes:
        """The bytes to be sent, which are then gone."""
        out = bytes(self.link.out)
        self.link.out.clear()
        self.log.bytes_out += len(out)
        return out

    def enter(self, now: float, announcements: Sequence[Announcement] | None = None) -> None:
        """Stop, and announce: what ``before`` has and where the machine stands, unless told otherwise."""
        self.running = False
        self._stand_on(self.machine.current)
        if not self._keep_ids:
            self.link.synchronise()
        usual = (*self.before, exception(self.machine, self.machine.current))
        self._queue = deque(usual if announcements is None else announcements)
        self._announce(now)

    def _stand_on(self, processor: int) -> None:
        self.machine.memory.use(self.machine.processors[processor].cpu.cr3)

    def _announce(self, now: float) -> None:
        if not self._queue:
            self.running = True
            self.link.forget_packet()
            return
        head = self._queue[0]
        self.link.send(head.kind, head.payload, now, head.tries)

    def _next(self, now: float) -> None:
        if self._queue:
            self._queue.popleft()
        self._announce(now)

    def _handle(self, event: str | Packet, now: float) -> None:
        if isinstance(event, Packet):
            self._packet(event, now)
        elif event == BROKEN_IN:
            self._again(now)
        elif event == RESET_DONE:
            self.log.resets += 1
            self._again(now)
        elif event == GAVE_UP:
            self.log.gave_up += 1
            self._next(now)
        elif event == ACKNOWLEDGED and self.said is not None and self.said.until == ACKNOWLEDGEMENT:
            self._next(now)

    def _again(self, now: float) -> None:
        """Say once more where the machine stands, unless something is under way."""
        if not self.link.waits and self.said is not None:
            self.link.send(self.said.kind, self.said.payload, now, self.said.tries)

    def _packet(self, packet: Packet, now: float) -> None:
        said = self.said
        if said is not None and said.until == ANSWER and packet.kind == said.kind:
            self.log.prompts.append(packet.payload)
            self._next(now)
            return
        request = answers.parse_request(packet.payload) if packet.kind == MANIPULATE else None
        if request is not None and said is not None and said.until == CONTINUE and self.on_request(request):
            self._request(request, now)

    def _request(self, request: Request, now: float) -> None:
        if request.api in (answers.CONTINUE, answers.CONTINUE_2):
            self.log.continues.append((request.operand & 0xFFFFFFFF, self._dr7(request)))
            self._continue(now)
            return
        if request.api == answers.SWITCH_PROCESSOR and request.processor < len(self.machine.processors):
            self.log.record(answers.asked(request, answers.Answer(answers.SUCCESS, b"")))
            self._stand_on(request.processor)
            self._queue[0] = exception(self.machine, request.processor)
            self._announce(now)
            return
        reply = answers.answer(self.machine, request)
        if self._breakpoint is not None:
            reply = self._breakpoint.answer(request, reply)
        self.log.record(answers.asked(request, reply))
        if request.api != answers.REBOOT:
            self.link.send(MANIPULATE, answers.packed(request, reply, self._noise, self._stray), now)

    def _continue(self, now: float) -> None:
        stands = len(self._queue) == 1  # what it says before is no stop
        if stands and self._breakpoint is not None and self._breakpoint.runs_into_it():
            self.enter(now, tuple(self._queue))
        else:
            self._next(now)

    def _dr7(self, request: Request) -> int | None:
        """The Dr7 of a control set: behind the status and the trace flag, as wide as the machine."""
        if request.api != answers.CONTINUE_2:
            return None
        return int(struct.unpack_from("<Q" if self.machine.wide else "<I", request.union, 8)[0])
