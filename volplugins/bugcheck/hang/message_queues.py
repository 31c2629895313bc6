"""Programs whose windows do not answer: threads that leave the messages of their windows unread.

KTHREAD.Win32Thread leads to win32k's tagTHREADINFO, whose pcti leads to a tagCLIENTTHREADINFO: which kinds of messages
wait (fsWakeBits), for which the thread waits itself (fsWakeMask), when it last looked (tickLastMsgChecked, milliseconds
since boot). The rule is that of Microsoft's page on IsHungAppWindow: it does not wait for input and has not looked for
more than five seconds; here something has to wait as well, because a thread without a window never looks.

Only Windows 7's win32k has been published with its types (7600 and 7601, as volatility 2 lists them): of other builds
nothing is told. All of it lies in the session's part of the kernel's half, which only processes of the session see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.bugcheck.hang.cause import Told
from volplugins.bugcheck.hang.sources import HangSources, lasts
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_structure
from volplugins.waits.system import number_in
from volplugins.waits.waiter import Waiter

BUILDS = range(7600, 7602)
MOST_SHOWN = 10
_MOST_READ = 1 << 16
_UNREAD_SECONDS = 5.0
_WORD = 1 << 32
_SOURCE = "win32k of 7601"
_THREAD_INFO = {
    64: Layout(
        "tagTHREADINFO", 0x1C0, {"pEThread": (0, 8), "pcti": (0x170, 8), "psmsReceiveList": (0x1B8, 8)}, _SOURCE
    ),
    32: Layout("tagTHREADINFO", 0xEC, {"pEThread": (0, 4), "pcti": (0xC4, 4), "psmsReceiveList": (0xE8, 4)}, _SOURCE),
}
_CLIENT = Layout(
    "tagCLIENTTHREADINFO", 0x10, {"fsWakeBits": (6, 2), "fsWakeMask": (0xA, 2), "tickLastMsgChecked": (0xC, 4)}, _SOURCE
)
# QS_ constants of winuser.h
_KINDS = {
    0x40: "sent messages", 0x1: "keys", 0x4: "mouse buttons", 0x2: "mouse movements", 0x8: "posted messages",
    0x80: "hot keys", 0x10: "timers", 0x20: "painting",
}  # fmt: skip
_INPUT = 0x407
_UNKNOWN = "whether programs read the messages of their windows is not known"


@dataclass(frozen=True, slots=True)
class Unread:
    """A thread that does not read its messages: since how many seconds, and the kinds that wait, in words."""

    ethread: int
    seconds: float
    kinds: tuple[str, ...]


def told_queues(sources: HangSources, found: list[Unread]) -> Iterator[Told]:
    """A row each, the longest first."""
    for each in found[:MOST_SHOWN]:
        waiting = f"{', '.join(each.kinds)} wait"
        value = f"{sources.who(each.ethread)} has not looked at its messages for {lasts(each.seconds)}: {waiting}"
        asleep = sources.may_be_sleep(each.seconds, _UNREAD_SECONDS)
        does = _does(sources, each.ethread)
        yield Told("MESSAGE_QUEUE", value, None, f"{does}; {asleep}" if asleep else does)
    if len(found) > MOST_SHOWN:
        yield Told("MESSAGE_QUEUE", f"{len(found) - MOST_SHOWN} more threads", None, "tagCLIENTTHREADINFO of win32k")


def unread_queues(sources: HangSources) -> tuple[list[Unread], str]:
    """The threads, those first that have not looked for longest; and what is not known, in words."""
    system = sources.survey.system
    if system.io.build not in BUILDS:
        return [], f"{_UNKNOWN}: win32k's types are public of Windows 7 alone"
    if system.clock is None or not system.layouts.thread.has("Win32Thread"):
        return [], f"{_UNKNOWN}: the clock or where threads lead to them is not known"
    now = round(system.clock.ticks * system.clock.seconds * 1000)
    found: list[Unread] = []
    lost = 0
    for waiter in list(sources.survey.threads.values())[:_MOST_READ]:
        info = number_in(system.io.memory, waiter.ethread, system.layouts.thread, "Win32Thread")
        if not info or waiter.gone:
            continue
        queue = _queue(sources, waiter, info)
        if queue is None:
            lost += 1
        elif (unread := _unread(waiter, queue, now)) is not None:
            found.append(unread)
    said = f"the message queues of {lost} threads with windows cannot be read" if lost else ""
    return sorted(found, key=lambda each: (-each.seconds, each.ethread)), said


def _queue(sources: HangSources, waiter: Waiter, info: int) -> tuple[Structure, Structure] | None:
    """The thread's two structures; None where they cannot be read or are another thread's."""
    system, process = sources.survey.system, sources.survey.processes.of_thread.get(waiter.ethread)
    memory = sources.survey.processes.memory(process) if process is not None else None
    thread = _read(memory, info, _THREAD_INFO[system.bits]) if system.io.in_kernel_half(info) else None
    if thread is None or thread.unsigned("pEThread") != waiter.ethread:
        return None
    at = thread.unsigned("pcti")
    client = _read(memory, at, _CLIENT) if system.io.in_kernel_half(at) else None
    return (thread, client) if client is not None else None


def _read(memory: MemoryReader | None, address: int, layout: Layout) -> Structure | None:
    try:
        return read_structure(memory, address, layout) if memory is not None else None
    except ReadError:
        return None


def _unread(waiter: Waiter, queue: tuple[Structure, Structure], now: int) -> Unread | None:
    thread, client = queue
    wake, looked = client.unsigned("fsWakeBits"), client.unsigned("tickLastMsgChecked")
    kinds = [word for bit, word in _KINDS.items() if wake & bit]
    if thread.unsigned("psmsReceiveList") and _KINDS[0x40] not in kinds:
        kinds.insert(0, _KINDS[0x40])
    passed = (now - looked) % _WORD / 1000
    waits_itself = waiter.waits and bool(client.unsigned("fsWakeMask") & _INPUT)
    # a tick of the future leads round to the past: none is older than the machine
    if not kinds or waits_itself or not _UNREAD_SECONDS < passed <= now / 1000:
        return None
    return Unread(waiter.ethread, passed, tuple(kinds))


def _does(sources: HangSources, ethread: int) -> str:
    """What the thread does instead."""
    wait = sources.survey.waits.get(ethread)
    if wait is None:
        return "it does not wait: it works, or wants a processor"
    what = ", ".join(dict.fromkeys(held.kind.value for held in wait.held)) or sources.reason(wait.waiter)
    return f"it waits for something else: {what}"
