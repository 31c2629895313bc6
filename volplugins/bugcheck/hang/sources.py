"""What a hang is explained from: the waits, requests and processors of one machine, gathered by the host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.io.device_lookup import DeviceLookup
from volplugins.io.request_sources import RequestSources
from volplugins.kernel.thread_words import wait_word
from volplugins.processors.block import ProcessorBlock
from volplugins.processors.ready_queues import ReadyThread
from volplugins.waits.chains import Chains
from volplugins.waits.graph import WaitGraph
from volplugins.waits.survey import Survey
from volplugins.waits.waiter import Waiter

_SECOND = 10_000_000  # of FILETIME
_MOST_MET = 1 << 23  # threads met in all counts; beyond, only who waits directly is counted


@dataclass(slots=True)
class HangSources:
    """The machine.

    Attributes:
        graph: who holds up whom; ``chains`` is made from it.
        requests, devices: the requests under way, and the objects that they name.
        processors, ready: the processors, and the threads that want one.
        notes: what could not be read or followed.
    """

    scene: CrashScene
    graph: WaitGraph
    requests: RequestSources
    devices: DeviceLookup
    processors: Sequence[ProcessorBlock] = ()
    ready: Sequence[ReadyThread] = ()
    notes: tuple[str, ...] = ()
    chains: Chains = field(init=False)
    _waiters: dict[int, list[int]] = field(default_factory=dict)
    _met: int = 0

    def __post_init__(self) -> None:
        self.chains = Chains(self.graph)
        for ethread, wait in self.survey.waits.items():
            for owner in dict.fromkeys(owner for held in wait.held for owner in held.owners):
                if owner != ethread:
                    self._waiters.setdefault(owner, []).append(ethread)

    @property
    def survey(self) -> Survey:
        """The threads and their waits."""
        return self.graph.survey

    def who(self, ethread: int) -> str:
        """A thread in words: ``explorer.exe 1708.1712``; its address where nothing is known of it."""
        waiter = self.survey.thread(ethread)
        if waiter is None:
            return f"thread {ethread:#x}"
        process = self.survey.processes.of_thread.get(ethread)
        pid, name = (process.pid, process.name) if process is not None else (waiter.thread.pid, "")
        return f"{name or ('process' if pid else 'Idle')} {pid}.{waiter.thread.tid}"

    def program(self, ethread: int) -> str:
        """Name of the thread's process; empty where it is not known."""
        process = self.survey.processes.of_thread.get(ethread)
        return process.name if process is not None else ""

    def held_up(self, ethreads: Iterable[int]) -> set[int]:
        """The threads that wait for one of these, directly or through others; without these themselves."""
        start = set(ethreads)
        found, work = set(start), list(start)
        while work:
            for waiter in self._waiters.get(work.pop(), ()):
                self._met += 1
                if waiter not in found:
                    found.add(waiter)
                    if self._met < _MOST_MET:
                        work.append(waiter)
        return found - start

    def seconds(self, ethread: int) -> float | None:
        """How long a thread has been waiting; None where it does not wait or that is not known."""
        waiter = self.survey.thread(ethread)
        return waiter.seconds if waiter is not None else None

    def age(self, waiter: Waiter) -> float | None:
        """Seconds since a thread was made; None where that is not known."""
        now, made = self.scene.target.system_time, waiter.thread.create_time
        return (now - made) / _SECOND if now and made else None

    def may_be_sleep(self, seconds: float | None, least: float) -> str:
        """Words where what has lasted ``seconds`` may be shorter than ``least`` but for a sleep of the machine."""
        clock = self.survey.system.clock
        return clock.may_be_sleep(seconds, least) if clock is not None else ""

    def reason(self, waiter: Waiter) -> str:
        """Why it waits, in the kernel's word; empty where it does not."""
        return wait_word(waiter.thread.state, waiter.thread.wait_reason)


def named(kind: str, name: str, address: int) -> str:
    """A lock in words: ``Mutant "\\BaseNamedObjects\\x"``, ``Resource nt!x``, ``Event 0x…``.

    Names that programs give stand in quotes, so that the end of each can be told (and redaction finds it).
    """
    shown = name.replace('"', "'")
    return f'{kind} "{shown}"' if "\\" in name else f"{kind} {shown or f'{address:#x}'}"


def lasts(seconds: float | None) -> str:
    """``40 s``; empty where it is not known."""
    return f"{seconds:.0f} s" if seconds is not None else ""
