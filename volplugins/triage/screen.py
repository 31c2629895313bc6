"""The summary of one dump as lines for a screen: 24 lines of the terminal's width, the most telling facts first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from volplugins.triage.screen_blocks import Block, blocks_of

LINES, COLUMNS = 24, 100
NARROWEST = 40
LABELS = 15
_BOLD, _OFF = "\x1b[1m", "\x1b[0m"
_RED, _YELLOW, _GREEN = "\x1b[31m", "\x1b[33m", "\x1b[32m"
_SHADES = {
    "[certain]": _GREEN, "[high]": _GREEN, "[medium]": _YELLOW, "[low]": _RED, "suspicious": _RED, "damage": _RED,
    "odd": _YELLOW,
}  # fmt: skip
_SURE = re.compile(r"\[(?:certain|high|medium|low)\]$")
_SEVERE = re.compile(r"\b(?:suspicious|odd|damage)\b")


def summary_lines(
    summary: Mapping[str, Any], folder: Path | None = None, width: int = COLUMNS, colour: bool = False
) -> list[str]:
    """At most LINES lines of at most ``width`` columns, the most telling facts first.

    Args:
        folder: where the results are, for a last line that says so.
        colour: with codes that a terminal shows as colours; they take no columns.
    """
    width = max(width, NARROWEST)
    blocks = [block for block in blocks_of(summary, width - LABELS) if block.lines]
    if folder is not None:
        blocks.append(Block("Written", [str(folder / "report.html")], 1))
    room = LINES
    for block in blocks:
        block.shown = min(block.least, len(block.lines))
        room -= block.shown
    while room > 0 and (short := [block for block in blocks if block.shown < len(block.lines)]):
        block = min(short, key=lambda each: each.shown)
        block.shown += 1
        room -= 1
    pairs = [(block.label, line) for block in blocks for line in _lines(block, width)][:LINES]
    return [_coloured(label, line) if colour else line for label, line in pairs]


def _lines(block: Block, width: int) -> Iterator[str]:
    """The lines of a block that are shown, each cut to the screen's width."""
    rest = len(block.lines) - block.shown
    for number, line in enumerate(block.lines[: block.shown]):
        last = number == block.shown - 1 and rest > 0
        elsewhere = bool(last and block.shown > 1 and block.more)
        shown = f"… {rest + 1} more: {block.more}" if elsewhere else line
        label = block.label if number == 0 else ""
        yield _cut(f"{label:<{LABELS}}{shown}", f" (+{rest})" if last and not elsewhere else "", width)


def _cut(text: str, end: str, width: int) -> str:
    room = width - len(end)
    if sum(map(_columns, text)) <= room:
        return text + end
    taken, used = 0, 1  # the ellipsis
    while used + _columns(text[taken]) <= room:
        used += _columns(text[taken])
        taken += 1
    return text[:taken] + "…" + end


def _columns(character: str) -> int:
    """How many columns of a terminal it takes."""
    return 2 if east_asian_width(character) in "WF" else 1


def _coloured(label: str, line: str) -> str:
    """Labels bold; how sure a blame is and how bad findings are in a colour; what a dump says never makes a colour."""
    head, text = line[:LABELS], line[LABELS:]
    if label in ("Blame", "Memory"):
        text = _SURE.sub(lambda found: f"{_SHADES[found[0]]}{found[0]}{_OFF}", text)
    elif label == "Findings" and head.strip():
        text = _SEVERE.sub(lambda found: f"{_SHADES[found[0]]}{found[0]}{_OFF}", text)
    elif label == "What crashed" and head.strip():
        text = f"{_RED}{text}{_OFF}"
    return f"{_BOLD}{head}{_OFF}{text}" if head.strip() else f"{head}{text}"
