"""Which kernel an image is, by its time stamp and size: ``19041.804`` without any symbol.

The table (``builds/revisions.bin``, written by maintenance/revisions.py) has x64 kernels from build 9926 on: facts of
System Informer's list of kernels, MIT licence, © Winsider Seminars & Solutions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from importlib import resources

# time stamp, SizeOfImage, build, revision, index in KERNEL_FILES
RECORD = "<IIHHH"
KERNEL_FILES = ("ntoskrnl.exe", "ntkrla57.exe")  # the second: of machines with five levels of page tables
SOURCE = "the time stamp and size of the kernel's image, in System Informer's list of kernels"


@dataclass(frozen=True, slots=True)
class Revision:
    """A kernel's build and revision, and the file that has it."""

    build: int
    revision: int
    file: str

    def __str__(self) -> str:
        return f"{self.build}.{self.revision}"


def kernel_revision(timestamp: int | None, size: int) -> Revision | None:
    """The kernel whose image has this TimeDateStamp and SizeOfImage; None where the table has none, or no one."""
    return _table().get((timestamp, size)) if timestamp else None


@cache
def _table() -> dict[tuple[int | None, int], Revision]:
    data = resources.files("volplugins.kernel.builds").joinpath("revisions.bin").read_bytes()
    return {
        (timestamp, size): Revision(build, revision, KERNEL_FILES[file])
        for timestamp, size, build, revision, file in struct.iter_unpack(RECORD, data)
    }
