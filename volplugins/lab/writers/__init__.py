"""The writers: a snapshot in, a Windows kernel dump or a memory image of any kind out.

May enter: what such a file looks like, in tables of the lab's own. May not: how a machine is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers import avml, bitmap, elf_core, full, live, plain_images, triage, vmware
from volplugins.lab.writers.contents import active_pages, all_pages, kernel_pages
from volplugins.lab.writers.live_memory import live_memory

_Writer = Callable[[Snapshot, Path], Path]
_WRITERS: Mapping[str, _Writer] = {
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
_IMAGE_WRITERS: Mapping[str, _Writer] = {
    "raw": plain_images.write_raw,
    "lime": plain_images.write_lime,
    "elf-core": elf_core.write_elf_core,
    "avml": avml.write_avml,
    "vmware": vmware.write_vmware,
    "vmem": plain_images.write_vmem,
}

#: Every kind of dump that can be written.
KINDS = tuple(_WRITERS)
#: The kinds that a 32-bit machine has.
KINDS32 = ("full", "kernel-summary-old", "bitmap-full", "bitmap-kernel", "triage")
#: Every kind of memory image; every machine has them all.
IMAGE_KINDS = tuple(_IMAGE_WRITERS)
#: The extension of each kind of image.
IMAGE_SUFFIXES = {
    "raw": ".raw", "lime": ".lime", "elf-core": ".elf", "avml": ".avml", "vmware": ".vmem", "vmem": ".vmem"
}  # fmt: skip


def kinds_of(snapshot: Snapshot) -> tuple[str, ...]:
    """The kinds of dump that this snapshot can be written as: none where it did not crash."""
    if not snapshot.crashed:
        return ()
    return KINDS if snapshot.bits == 64 else KINDS32


def write(snapshot: Snapshot, kind: str, path: Path, encoded: bool | None = None) -> Path:
    """Write the snapshot as a dump or an image of one kind and return the path.

    ``vmware`` writes NAME.vmss beside it.

    Args:
        encoded: of images, whether the debugger data block is encoded in memory; None for what its Windows does.

    Raises:
        ValueError: there is no such kind on this architecture or of a machine that did not crash, the snapshot does not
            fit into it, or its debugger data block is never encoded.
        OSError: as opening and writing a file raises it.
    """
    if kind in IMAGE_KINDS:
        return _IMAGE_WRITERS[kind](live_memory(snapshot, encoded), path)
    if kind not in kinds_of(snapshot):
        known = ", ".join((*kinds_of(snapshot), *IMAGE_KINDS))
        state = f"a {snapshot.bits}-bit machine" if snapshot.crashed else "a machine that did not crash"
        raise ValueError(f"no {kind!r} dump of {state}: one of {known}")
    if encoded:
        raise ValueError("dumps hold the debugger data block in clear")
    return _WRITERS[kind](snapshot, path)
