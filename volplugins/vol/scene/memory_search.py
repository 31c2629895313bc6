"""Whether all memory is searched for what nothing leads to: where it was asked for, or where it is quick enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.target.target import TargetKind

if TYPE_CHECKING:
    from volplugins.target.target import Target

_PAGES_SEARCHED = 2 << 20  # 8 GiB: where nobody said whether to search


def is_searched(target: Target, scan: bool | None) -> bool:
    """Whether its memory is searched; ``scan`` is what --scan and --no-scan say, None where neither was given."""
    return scan is not False and (scan is True or not why_not_searched(target, ""))


def why_not_searched(target: Target, what: str) -> str:
    """Why memory is not searched for ``what`` where nobody said whether to; empty where it is."""
    pages = target.memory.pages_in_file if target.memory is not None else 0
    if pages and target.kind is TargetKind.LIVE:
        return f"not searched for {what} (a live machine; --scan does it)"
    return f"not searched for {what} ({pages >> 18} GiB; --scan does it)" if pages > _PAGES_SEARCHED else ""
