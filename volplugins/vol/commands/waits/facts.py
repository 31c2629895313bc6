"""What a survey of waits says, as cells: whose a thread is, who of several owners is named, the words of the Note."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from volplugins.kernel.thread_words import WAIT_REASONS, state_word
from volplugins.vol.commands.waits.row import WaitRow
from volplugins.vol.scene.waits_scene import SceneWaits
from volplugins.waits.held import Held
from volplugins.waits.survey import Wait
from volplugins.waits.verdicts import owner_verdict, verdict
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import Verdict

_MOST_NAMED = 4


class Who(NamedTuple):
    """A thread in words: process id and name, thread id."""

    pid: int | None
    process: str
    tid: int | None


class Teller:
    """Makes rows of the waits of one scene."""

    def __init__(self, waits: SceneWaits) -> None:
        self.waits, self.survey, self.graph = waits, waits.survey, waits.graph

    def who(self, ethread: int) -> Who:
        """Whose a thread is; nothing of one that is not known."""
        waiter = self.survey.thread(ethread)
        if waiter is None:
            return Who(None, "", None)
        process = self.survey.processes.of_thread.get(ethread)
        pid, name = (process.pid, process.name) if process is not None else (waiter.thread.pid, "")
        return Who(pid, name, waiter.thread.tid)

    def row(self, wait: Wait, held: Held, depth: int = 0, owner: int | None = None) -> WaitRow:
        """One thing that a thread waits for.

        Args:
            owner: the one of its owners that is named; None: the one that its verdict is about.
        """
        waiter = wait.waiter
        who = self.who(waiter.ethread)
        word = verdict(self.graph, waiter.ethread, held)
        named = owner or self._named(waiter.ethread, held, word)
        of = self.who(named) if named else Who(held.owner_pid, "", None)
        note = "; ".join(dict.fromkeys(text for text in self._note(wait, held, named) if text))
        return WaitRow(
            depth, who.pid, who.process, who.tid, waiter.ethread, reason_word(waiter), waiter.seconds,
            held.object or None, held.kind.value, held.name, of.pid, of.tid, named or None, word.value, note,
        )  # fmt: skip

    def bare(self, waiter: Waiter, depth: int, *notes: str) -> WaitRow:
        """A thread that waits for nothing that is known, or does not wait."""
        who = self.who(waiter.ethread)
        return WaitRow(
            depth, who.pid, who.process, who.tid, waiter.ethread, reason_word(waiter), waiter.seconds, None, "", "",
            None, None, None, "", "; ".join(text for text in notes if text),
        )  # fmt: skip

    def _named(self, ethread: int, held: Held, word: Verdict) -> int:
        if not held.owners:
            return 0
        if word is Verdict.DEADLOCK:
            number = self.graph.cycle[ethread]
            return next(each for each in held.owners if self.graph.cycle.get(each) == number)
        fitting = (each for each in held.owners if owner_verdict(self.survey.thread(each)) is word)
        return next(fitting, held.owners[0])

    def _note(self, wait: Wait, held: Held, named: int) -> Iterator[str]:
        yield from held.notes
        if named:
            yield self._of_owner(named)
        further = [each for each in held.owners if each != named]
        if further:
            more = f" and {len(further) - _MOST_NAMED} more" if len(further) > _MOST_NAMED else ""
            yield f"also held by {', '.join(f'{each:#x}' for each in further[:_MOST_NAMED])}{more}"
        yield from wait.notes

    def _of_owner(self, ethread: int) -> str:
        owner = self.survey.thread(ethread)
        if owner is None:
            return f"its owner {ethread:#x} is no thread, or no longer one"
        return "" if owner.waits else f"its owner is {state_word(owner.thread.state).lower()}"


def reason_word(waiter: Waiter) -> str:
    """Why a thread waits, in the kernel's word; the number where there is none."""
    reason = waiter.reason
    if reason is None:
        return ""
    return WAIT_REASONS[reason] if reason < len(WAIT_REASONS) else str(reason)
