"""Files of memory images: headers and runs of pages in file order, zero pages left as holes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from volplugins.lab.machine.snapshot import PAGE, Snapshot

#: What a file is made of: bytes, or the pages of a run (base PFN, page count).
Piece = bytes | tuple[int, int]
_ZERO_PAGE = bytes(PAGE)
FOUR_GIB = 1 << 20  # in pages


def write_pieces(path: Path, pieces: Iterable[Piece], snapshot: Snapshot) -> Path:
    """Write the pieces one behind the other; the file is sparse.

    Raises:
        ValueError: a page is not 4096 bytes long.
        OSError: as opening and writing a file raises it.
    """
    with path.open("wb") as file:
        offset = 0
        for piece in pieces:
            if isinstance(piece, bytes):
                file.seek(offset)
                file.write(piece)
                offset += len(piece)
                continue
            for at, content in _contents(piece, snapshot):
                file.seek(offset + at)
                file.write(content)
            offset += piece[1] * PAGE
        file.truncate(offset)
    return path


def _contents(run: tuple[int, int], snapshot: Snapshot) -> Iterator[tuple[int, bytes]]:
    """The run's pages that are not zero, each with its offset within the run."""
    base, count = run
    for index in range(count):
        content = snapshot.pages.get(base + index) or snapshot.outside.get(base + index, _ZERO_PAGE)
        if len(content) != PAGE:
            raise ValueError(f"page {base + index:#x} has {len(content)} bytes")
        if content != _ZERO_PAGE:
            yield index * PAGE, content


def merged_runs(snapshot: Snapshot) -> list[tuple[int, int]]:
    """RAM in ascending runs that do not touch each other."""
    runs: list[tuple[int, int]] = []
    for base, count in sorted(run for run in snapshot.runs if run[1]):
        if runs and base <= sum(runs[-1]):
            runs[-1] = (runs[-1][0], max(base + count, sum(runs[-1])) - runs[-1][0])
        else:
            runs.append((base, count))
    return runs
