"""Findings from rows of windows.kd.pagedirs: directories that cannot be used as they are."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import PAGE_DIRECTORY
from volplugins.vol.commands.findings.wording import command
from volplugins.vol.commands.pagedirs.row import PagedirsRow

_SOUND = frozenset({"", "ok", "tables-paged-out", "outswapped"})
# in a dump that leaves user memory out, its tables are absent because nobody wanted them
_ABSENT = frozenset({"not-in-dump", "tables-missing"})
_GONE = frozenset({"no-directory", "not-a-directory"})  # of a process that has exited
_WITHOUT = frozenset({"minimal", "secure", "starting"})
DUMP_WIDE = "*"


class DirectoryFindings:
    """Takes rows in their order: where most fail alike, the first row says why, and stands for those.

    Args:
        whole: whether the target is meant to hold all memory.
    """

    def __init__(self, whole: bool) -> None:
        self._whole = whole
        self._alike = ""

    def take(self, row: PagedirsRow) -> Iterator[Finding]:
        """What one row tells."""
        word = row.verdict
        if row.depth or word in _SOUND or (word in _ABSENT and not self._whole):
            return
        if row.process == DUMP_WIDE:
            self._alike = word
            yield Finding(PAGE_DIRECTORY, Subject(), f"{word}: {row.evidence}", "windows.kd.pagedirs", row.next)
        elif row.eprocess is not None and not self._expected(row):
            about = Subject(row.pid, row.process, address=row.eprocess)
            more = command("pagedirs", row.pid, "--checks")
            yield Finding(PAGE_DIRECTORY, about, f"{word}: {row.evidence}", more, row.next)

    def _expected(self, row: PagedirsRow) -> bool:
        if row.verdict == self._alike or (row.life == "exited" and row.verdict in _GONE):
            return True
        return row.life in _WITHOUT and row.verdict in (*_ABSENT, "no-directory")
