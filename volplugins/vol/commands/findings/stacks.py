"""Findings from rows of windows.kd.stacks: broken stacks, and waits in other people's drivers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import FOREIGN_WAIT, RETURN_OVERWRITTEN, STACK_BROKEN
from volplugins.findings.trusted_frames import TrustedFrames
from volplugins.stack.frame import Stop
from volplugins.threads.held_frames import OVERWRITTEN
from volplugins.vol.commands.findings.wording import command
from volplugins.vol.commands.stacks.row import StackRow

_MODULE = re.compile(r"[!+]")
_BROKEN = {Stop.LOOP.value: "its stack leads back to itself", Stop.OUT_OF_BOUNDS.value: "its stack leads out of it"}


class StackFindings:
    """Takes rows in their order: a thread's frames, innermost first.

    Args:
        foreign: says why a kernel module, by WinDbg's name, is not Microsoft's; empty where it is or may be.
    """

    def __init__(self, foreign: Callable[[str], str]) -> None:
        self._foreign = foreign
        self._trusted = TrustedFrames()
        self._waiting: int | None = None

    def take(self, row: StackRow) -> Iterator[Finding]:
        """What one row tells; a wait is told of the innermost frame in such a driver."""
        if row.ethread is None:
            return
        more = command("stacks", row.pid, f"--thread {row.ethread:#x}")
        if OVERWRITTEN in row.note:
            about = Subject(row.pid, row.process, row.tid, row.ip or row.ethread)
            evidence = row.note[row.note.index(OVERWRITTEN) :].removeprefix(OVERWRITTEN).lstrip(": ")
            yield Finding(RETURN_OVERWRITTEN, about, f"frame {row.frame}: {evidence}", more)
        if row.stop in _BROKEN:
            about = Subject(row.pid, row.process, row.tid, row.ip or row.ethread)
            evidence = "; ".join(part for part in (_BROKEN[row.stop], row.note) if part)
            yield Finding(STACK_BROKEN, about, evidence, more)
        sound = self._trusted.take(row.ethread, row.trust, row.note)
        waits = row.state == "Waiting" and row.ring == "kernel" and row.symbol and self._waiting != row.ethread
        module = _MODULE.split(row.symbol, maxsplit=1)[0]
        why = self._foreign(module) if sound and waits else ""
        if why:
            self._waiting = row.ethread
            reason = f" ({row.wait})" if row.wait else ""
            about = Subject(row.pid, row.process, row.tid, row.ip, module)
            yield Finding(FOREIGN_WAIT, about, f"waits{reason} in {row.symbol}: {why}", more)
