"""Complete dumps, DumpType 1: the pages of the header's runs, one run after the other."""

from __future__ import annotations

from pathlib import Path

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers.header import build_header, layout_of
from volplugins.lab.writers.page_file import pages_of_runs, write_pages

_FULL = 1


def write_full(snapshot: Snapshot, path: Path) -> Path:
    """Write a complete dump; raises ValueError and OSError as the header and the pages do."""
    pfns = pages_of_runs(snapshot.runs)
    header = build_header(snapshot, _FULL, layout_of(snapshot).size + len(pfns) * PAGE)
    return write_pages(path, header, pfns, snapshot.pages)
