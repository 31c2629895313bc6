"""Images that keep pages plain: raw, LiME, and a VMware ``.vmem`` without its sidecar.

LiME: the format's public description (jtsylve/LiME, doc/README.md).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers.image_file import FOUR_GIB, Piece, merged_runs, write_pieces

LIME_HEADER = struct.Struct("<IIQQQ")
_LIME_MAGIC, _LIME_VERSION = 0x4C694D45, 1


def write_raw(snapshot: Snapshot, path: Path) -> Path:
    """Every page at its physical address, holes as zeros, as far as RAM goes."""
    return write_pieces(path, [(0, max(sum(run) for run in snapshot.runs))], snapshot)


def write_lime(snapshot: Snapshot, path: Path) -> Path:
    """A header with the first and the last address of each run, then its bytes."""

    def pieces() -> Iterator[Piece]:
        for base, count in merged_runs(snapshot):
            yield LIME_HEADER.pack(_LIME_MAGIC, _LIME_VERSION, base * PAGE, (base + count) * PAGE - 1, 0)
            yield base, count

    return write_pieces(path, pieces(), snapshot)


def write_vmem(snapshot: Snapshot, path: Path) -> Path:
    """As raw below 4 GiB; what lies above follows at once, so that the hole for devices takes no room."""
    runs = merged_runs(snapshot)
    low = max((min(sum(run), FOUR_GIB) for run in runs if run[0] < FOUR_GIB), default=0)
    high = max((sum(run) for run in runs), default=0)
    above: list[Piece] = [(FOUR_GIB, high - FOUR_GIB)] if high > FOUR_GIB else []
    return write_pieces(path, [(0, low), *above], snapshot)
