"""A dump in which every name and text that the machine held is an attack: bytes of a lab dump put in their place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from tests.report.hostile import ATTACKS
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

_LEAST = 3  # letters: shorter ones are no names
_SHORT = tuple(text for text in ATTACKS if len(text) < 60)


def hostile_dump(path: Path, of: Snapshot | None = None) -> Path:
    """Write it: each text of the lab's account, wherever it stands in memory, is as long as before, and hostile."""
    snapshot = of or build("win10-x64", "driver-read", wow64=True)
    pairs = [pair for number, text in enumerate(_texts(snapshot.truth)) for pair in _spellings(number, text)]
    pages = {pfn: _patched(page, pairs) for pfn, page in snapshot.pages.items()}
    return write(replace(snapshot, pages=pages), "full", path)


def _patched(page: bytes, pairs: list[tuple[bytes, bytes]]) -> bytes:
    for before, after in pairs:
        page = page.replace(before, after)
    return page


def _spellings(number: int, text: str) -> Iterator[tuple[bytes, bytes]]:
    """The text as memory may hold it, and what takes its place."""
    attack = _as_long(number, len(text))
    yield text.encode("utf-16-le"), attack.encode("utf-16-le", "surrogatepass")
    for spelt in dict.fromkeys((text, text.lower(), text.upper())):
        yield spelt.encode("ascii"), attack.encode("ascii", "replace")


def _as_long(number: int, length: int) -> str:
    """An attack, or its start, repeated to that length."""
    return "".join(islice(cycle(_SHORT[number % len(_SHORT)]), length))


def _texts(truth: object) -> list[str]:
    """Every text of the lab's account of images, processes and environment, the longest first."""
    wanted = {"path", "file", "name", "pdb", "parameters", "environment", "computer"}
    found: set[str] = set()
    waiting: list[tuple[object, bool]] = [(truth, False)]
    while waiting:
        value, taken = waiting.pop()
        if isinstance(value, dict):
            waiting += [(inner, taken or name in wanted) for name, inner in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(inner, taken) for inner in value]
        elif taken and isinstance(value, str) and len(value) >= _LEAST and value.isascii():
            found.add(value)
    return sorted(found, key=lambda text: (-len(text), text))
