"""What several sources of findings have in common: who is meant in a command, and damage told from absence."""

from __future__ import annotations

# reasons for which a page cannot be read although nothing is wrong with what leads to it
_ABSENT = (
    "not-in-dump", "truncated", "pagefile", "demand-zero", "compressed", "transition", "prototype", "page-directory:",
)  # fmt: skip


def command(name: str, pid: int | None, *more: str) -> str:
    """One of our commands about a process."""
    who = (f"--pid {pid}",) if pid is not None else ()
    return " ".join((f"windows.kd.{name}", *more, *who))


def parts(note: str) -> list[str]:
    """The sentences of a Note."""
    return [part for part in note.split("; ") if part]


def is_absence(text: str) -> bool:
    """Whether a sentence says that a page is absent, and not that something is damaged."""
    return any(word in text for word in _ABSENT)
