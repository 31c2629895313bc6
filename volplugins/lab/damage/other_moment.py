"""Memory of two moments in one image, as a tool makes it that reads a running machine; and other machines to mix up."""

from __future__ import annotations

import random
from dataclasses import replace

from volplugins.lab.machine.profiles import HOSTS, PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import BASES, build

_LATER, _REUSED = 0.5, 0.04  # of the pages that differ; of the others that are no page tables


def another_moment(snapshot: Snapshot) -> Snapshot:
    """The same machine when another thing happened on it: most pages are the same.

    Raises:
        ValueError: the snapshot is not one of the catalogue's, or has five levels of page tables.
    """
    base, host = _layout(snapshot)
    faults = ("none", "driver-write")
    return build(snapshot.machine, faults[snapshot.truth["fault"] == "none"], base, host)


def another_machine(snapshot: Snapshot) -> Snapshot:
    """One of the same Windows whose memory lies otherwise: RAM in other runs, other directories, other registers.

    Raises:
        ValueError: as ``another_moment``.
    """
    base, host = _layout(snapshot)
    other = build(snapshot.machine, "none", (base + 1) % BASES, 1 - host)
    first, *rest = other.runs
    return replace(other, runs=[(first[0], first[1] // 2), *((start, count // 2) for start, count in rest)])


def _layout(snapshot: Snapshot) -> tuple[int, int]:
    """Load layout and computer, which the truth knows by what they led to."""
    host = next(index for index, each in enumerate(HOSTS) if each.computer == snapshot.truth["computer"])
    if snapshot.machine not in PROFILES:
        raise ValueError(f"no other moment and no other machine of {snapshot.machine}")
    return PROFILES[snapshot.machine].kernel_bases.index(_kernel(snapshot)), host


def _kernel(snapshot: Snapshot) -> int:
    return int(snapshot.truth["modules"][0]["base"])


def with_smear(snapshot: Snapshot, other: Snapshot) -> Snapshot:
    """The snapshot with half of what differs taken from the other moment, and some pages put to another use.

    Page tables keep to one moment, or nothing at all could be read; truth["smeared"] lists the page frames.
    """
    chooser = random.Random(f"{snapshot.machine} {_kernel(snapshot)} smear")
    pages, smeared = dict(snapshot.pages), []
    kept = _tables(snapshot)
    user = sorted(set(pages) - snapshot.kernel_pfns)
    for pfn in sorted({*snapshot.pages, *other.pages} - kept):
        later = other.pages.get(pfn, bytes(0x1000))
        if later != pages.get(pfn, bytes(0x1000)):
            if chooser.random() < _LATER:
                pages[pfn] = later
                smeared.append(pfn)
        elif user and pfn in snapshot.pages and chooser.random() < _REUSED:
            pages[pfn] = snapshot.pages[chooser.choice(user)]
            smeared.append(pfn)
    return replace(snapshot, pages=pages, truth={**snapshot.truth, "smeared": smeared})


def _tables(snapshot: Snapshot) -> set[int]:
    """Page tables and the kernel's image: what the lab's reader needs to find anything."""
    base, size = _kernel(snapshot), int(snapshot.truth["modules"][0]["size"])
    image = {pfn for page, pfn in snapshot.virtual.items() if base <= page < base + size}
    return image | (snapshot.kernel_pfns - set(snapshot.virtual.values()))
