"""The map of physical memory: which of the pages that a dump describes are in the file, as bars."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from volplugins.report import caps

_PAGE = 4096
_MOST_PAGES = 1 << 52
# shares of a bar's pages that are in the file, and the words for them; the last is all of them
SHADES = ((0.0, "none"), (1 / 3, "few"), (2 / 3, "half"), (1.0, "most"))
_ALMOST = 1e-9


@dataclass(frozen=True, slots=True)
class Bar:
    """Neighbouring pages of one line of the map; positions are in units of a line's width of `caps.MAP_COLUMNS`."""

    left: int
    width: int
    shade: str
    title: str


@dataclass(slots=True)
class PhysicalMap:
    """Lines of the map, each with the physical address at which it starts; holes between runs are left out."""

    lines: list[tuple[str, list[Bar]]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Cell:
    first: int
    end: int = 0
    pages: float = 0.0
    present: float = 0.0


def physical_map(runs: Any) -> PhysicalMap:
    """The map of ``completeness.runs``: ``[first page, pages, pages in the file]`` each, whatever it holds."""
    found = PhysicalMap()
    listed = runs if isinstance(runs, list) else []
    good = [run for run in listed if _is_run(run)]
    if len(good) < len(listed):
        found.faults.append(f"{len(listed) - len(good)} runs of pages make no sense and are not on the map")
    if good:
        cells = _cells(good)
        for start in range(0, len(cells), caps.MAP_COLUMNS):
            line = cells[start : start + caps.MAP_COLUMNS]
            found.lines.append((f"{line[0].first * _PAGE:#x}", _bars(line)))
    return found


def _is_run(run: Any) -> bool:
    if not isinstance(run, list) or len(run) != 3 or not all(type(number) is int for number in run):
        return False
    first, pages, present = run
    return bool(0 <= first < _MOST_PAGES and 0 < pages < _MOST_PAGES and 0 <= present <= pages)


def _cells(runs: list[list[int]]) -> list[_Cell]:
    """All described pages, one run behind the other, shared out evenly."""
    total = sum(pages for _, pages, _ in runs)
    count = min(total, caps.MAP_LINES * caps.MAP_COLUMNS)
    cells: list[_Cell] = []
    done = 0
    for first, pages, present in runs:
        place = 0
        while place < pages:
            index = min((done + place) * count // total, count - 1)
            # the first page that belongs to the next cell
            until = min(pages, -(-(index + 1) * total // count) - done)
            if index == len(cells):
                cells.append(_Cell(first + place))
            cells[index].end = first + until
            cells[index].pages += until - place
            cells[index].present += (until - place) * (present / pages)
            place = until
        done += pages
    return cells


def _bars(line: list[_Cell]) -> list[Bar]:
    bars: list[Bar] = []
    start = 0
    for index in range(1, len(line) + 1):
        if index < len(line) and _shade(line[index]) == _shade(line[start]):
            continue
        bars.append(_bar(line, start, index))
        start = index
    return bars


def _bar(line: list[_Cell], start: int, end: int) -> Bar:
    part = line[start:end]
    pages, present = round(sum(one.pages for one in part)), round(sum(one.present for one in part))
    span = f"{part[0].first * _PAGE:#x} to {part[-1].end * _PAGE:#x}"
    return Bar(start, end - start, _shade(part[0]), f"{span}: {present} of {pages} pages in the file")


def _shade(one: _Cell) -> str:
    share = one.present / one.pages
    return next((word for bound, word in SHADES if share <= bound - _ALMOST or share <= 0.0 == bound), "all")
