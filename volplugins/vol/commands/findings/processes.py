"""Findings from rows of windows.kd.process: hidden processes and threads, threads outside of modules."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import (
    EXITED_WITH_THREADS,
    HIDDEN_PROCESS,
    HIDDEN_THREAD,
    LIST_BROKEN,
    THREAD_OUTSIDE_MODULES,
)
from volplugins.kernel.thread_words import TERMINATED, state_word
from volplugins.vol.commands.findings.wording import command, is_absence, parts
from volplugins.vol.commands.process.row import ProcessRow, ThreadRow
from volplugins.vol.scene.stack_scene import IN_NO_MODULE

THREAD_LIST = "thread list: "
_HIDDEN, _BROKEN = "hidden: ", (THREAD_LIST, "process list: ", "process list breaks")


class ProcessFindings:
    """Takes rows in their order: a process, then its threads."""

    def __init__(self) -> None:
        self._exited = False

    def take(self, row: ProcessRow | ThreadRow) -> Iterator[Finding]:
        """What one row tells."""
        if isinstance(row, ThreadRow):
            yield from self._of_thread(row)
            return
        self._exited = row.life == "exited"
        about = Subject(row.pid, row.name if row.pid is not None else "", address=row.eprocess)
        for part in parts(row.note):
            if part.startswith(_HIDDEN):
                more = f"windows.kd.pagedirs --process eprocess:{row.eprocess or 0:#x}"
                yield Finding(HIDDEN_PROCESS, about, f"EPROCESS {row.eprocess or 0:#x} {part[len(_HIDDEN) :]}", more)
            elif part.startswith(_BROKEN) and not is_absence(part):
                yield Finding(LIST_BROKEN, about, part, command("process", row.pid, "--threads --scan"))

    def _of_thread(self, row: ThreadRow) -> Iterator[Finding]:
        about = Subject(row.pid, row.name, row.tid, row.ethread)
        more = command("stacks", row.pid, f"--thread {row.ethread or 0:#x}")
        ended = row.state == state_word(TERMINATED)
        for part in parts(row.note):
            if part.startswith(_HIDDEN):
                listing = command("process", row.pid, "--threads --scan")
                yield Finding(HIDDEN_THREAD, about, f"ETHREAD {row.ethread or 0:#x} {part[len(_HIDDEN) :]}", listing)
            elif part.endswith(IN_NO_MODULE) and not ended and row.start_address:
                starts = Subject(row.pid, row.name, row.tid, row.start_address)
                evidence = f"its start {row.start_address:#x} lies in no module of the process or of the kernel"
                yield Finding(THREAD_OUTSIDE_MODULES, starts, evidence, more)
        if self._exited and row.source == "list" and row.state and not ended:
            evidence = f"the process has exited (ExitTime), and this thread of its list is {row.state}"
            yield Finding(EXITED_WITH_THREADS, about, evidence, more)
