"""The writers: a snapshot in, a Windows kernel dump file of any kind out.

May enter: what a dump file looks like, in tables of the lab's own. May not: how a machine is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers import bitmap, full, live, triage
from volplugins.lab.writers.contents import active_pages, all_pages, kernel_pages

_WRITERS: Mapping[str, Callable[[Snapshot, Path], Path]] = {
    "full": full.write_full,
    "kernel-summary": lambda s, path: bitmap.write_bitmap(s, path, bitmap.SUMMARY, kernel_pages(s)),
    "kernel-summary-old": lambda s, path: bitmap.write_old_summary(s, path, kernel_pages(s)),
    "bitmap-full": lambda s, path: bitmap.write_bitmap(s, path, bitmap.BITMAP_FULL, all_pages(s)),
    "bitmap-kernel": lambda s, path: bitmap.write_bitmap(s, path, bitmap.BITMAP_KERNEL, kernel_pages(s)),
    "active": lambda s, path: bitmap.write_bitmap(s, path, bitmap.BITMAP_KERNEL, active_pages(s)),
    "triage": triage.write_triage,
    "live-kernel": lambda s, path: live.write_live(s, path, live.KERNEL, kernel_pages(s)),
    "live-kernel-user": lambda s, path: live.write_live(s, path, live.KERNEL_AND_USER, active_pages(s)),
    "live-complete": lambda s, path: live.write_live(s, path, live.COMPLETE, all_pages(s)),
}

#: Every kind of dump that can be written.
KINDS = tuple(_WRITERS)
#: The kinds that a 32-bit machine has.
KINDS32 = ("full", "kernel-summary-old", "bitmap-full", "bitmap-kernel", "triage")


def kinds_of(snapshot: Snapshot) -> tuple[str, ...]:
    """The kinds that this snapshot can be written as."""
    return KINDS if snapshot.bits == 64 else KINDS32


def write(snapshot: Snapshot, kind: str, path: Path) -> Path:
    """Write the snapshot as a dump of one kind and return the path.

    Raises:
        ValueError: there is no such kind on this architecture, or the snapshot does not fit into it.
        OSError: as opening and writing a file raises it.
    """
    if kind not in kinds_of(snapshot):
        raise ValueError(f"no {kind!r} dump of a {snapshot.bits}-bit machine: one of {', '.join(kinds_of(snapshot))}")
    return _WRITERS[kind](snapshot, path)
