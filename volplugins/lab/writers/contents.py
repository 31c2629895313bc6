"""Which pages each kind of dump holds."""

from __future__ import annotations

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers.page_file import pages_of_runs


def all_pages(snapshot: Snapshot) -> list[int]:
    """Every page of RAM."""
    return sorted(set(pages_of_runs(snapshot.runs)))


def kernel_pages(snapshot: Snapshot) -> list[int]:
    """The pages that a kernel-only dump keeps."""
    return sorted(snapshot.kernel_pfns & set(pages_of_runs(snapshot.runs)))


def active_pages(snapshot: Snapshot) -> list[int]:
    """Kernel pages and the pages in use by processes: what the machine has filled, without its free pages."""
    in_use = snapshot.kernel_pfns | set(snapshot.pages)
    return sorted(in_use & set(pages_of_runs(snapshot.runs)))
