"""What the rows of windows.kd.pagedirs say, for the summary: verdicts counted, bad directories with why."""

from __future__ import annotations

from collections import Counter
from typing import Any

# verdicts that need no look
QUIET = frozenset({"ok", "tables-paged-out"})
_MOST = 1000


class NotedDirectories:
    """Takes rows as they come.

    Attributes:
        verdicts: how often each word was given.
        bad: the directories that are not sound, the first thousand; what explains most of them first.
        problems: rows that say what could not be done.
        left_out: how many bad ones are not in the list.
    """

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.bad: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.left_out = 0

    def more(self) -> list[str]:
        """A sentence on the bad ones past the first thousand; none where all are named."""
        return [f"{self.left_out} more bad page directories are in the rows of pagedirs"] if self.left_out else []

    def take(self, row: dict[str, Any]) -> None:
        """Look at one row."""
        word = row["Verdict"] or ""
        if row["PID"] is None and row["EPROCESS"] is None and row["Process"] == "error":
            self.problems.append(row["Evidence"] or "")
            return
        if row["Process"] != "*":
            self.verdicts[word] += 1
        gone = word == "no-directory" and row["Life"] == "exited"  # nothing is wrong with that
        if word in QUIET or gone:
            return
        if len(self.bad) >= _MOST:
            self.left_out += 1
        else:
            self.bad.append({
                "pid": row["PID"], "process": row["Process"], "verdict": word, "evidence": row["Evidence"] or "",
                "next": row["Next"] or "",
            })  # fmt: skip
