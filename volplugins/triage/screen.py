"""What ``volplugins triage`` prints: the crash, then page directories, threads and faults, on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from volplugins.bugcheck.analysis import analyse
from volplugins.triage.crash_lines import LABELS, summary_lines
from volplugins.vol.crash_scene import scene_below

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

WIDTH = 100
_SHOWN = 2  # directories, threads and faults each
_ROOM = 24


def screen_lines(context: ContextInterface, layer: str, summary: dict[str, Any]) -> Iterator[str]:
    """The lines, none longer than WIDTH."""
    below = [*_directories(summary), *_threads(summary), *_faults(summary)]
    crash = summary_lines(analyse(scene_below(context, layer)))
    for line in [*islice(crash, _ROOM - len(below)), *below]:
        yield line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _listed(label: str, found: list[str]) -> Iterator[str]:
    for number, text in enumerate(found[:_SHOWN]):
        more = f"  (and {len(found) - _SHOWN} more)" if number == _SHOWN - 1 and len(found) > _SHOWN else ""
        yield f"{label if number == 0 else '':<{LABELS}}{text}{more}"


def _directories(summary: dict[str, Any]) -> Iterator[str]:
    bad = [f"{each['process']} ({each['pid']}): {each['verdict']}" for each in summary["directories"]]
    yield from _listed("Directories", bad)


def _threads(summary: dict[str, Any]) -> Iterator[str]:
    found = [f"{each['process']} {each['tid']}: {each['why']}" for each in summary["threads"][1:]]
    yield from _listed("Threads", found)


def _faults(summary: dict[str, Any]) -> Iterator[str]:
    failed = [each for each in summary["sections"] if each["fault"]]
    yield from _listed("Faults", [f"{each['plugin']}: {each['fault']}" for each in failed])
