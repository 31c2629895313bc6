"""Writes volplugins/kernel/builds/revisions.bin: which x64 kernel has this time stamp and size.

``python -m maintenance.revisions kphdyn.xml`` condenses the list of kernels that System Informer keeps (MIT licence,
Winsider Seminars & Solutions) to what names a kernel: time stamp, SizeOfImage, build, revision, which of the two files.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from xml.etree import ElementTree

from volplugins.kernel.revision import KERNEL_FILES, RECORD

TABLE = Path(__file__).parent.parent / "volplugins" / "kernel" / "builds" / "revisions.bin"


def table_of(text: str) -> bytes:
    """The table: a record per kernel, sorted by time stamp and size; a key that two builds share is left out."""
    found: dict[tuple[int, int], set[tuple[int, int, int]]] = {}
    for entry in ElementTree.fromstring(text).iter("data"):
        if entry.get("arch") == "amd64" and entry.get("file") in KERNEL_FILES:
            major, minor, build, revision = map(int, entry.get("version", "").split("."))
            if (major, minor) == (10, 0):
                key = int(entry.get("timestamp", ""), 16), int(entry.get("size", ""), 16)
                found.setdefault(key, set()).add((build, revision, KERNEL_FILES.index(entry.get("file", ""))))
    return b"".join(struct.pack(RECORD, *key, *next(iter(found[key]))) for key in sorted(found) if len(found[key]) == 1)


if __name__ == "__main__":
    TABLE.write_bytes(table_of(Path(sys.argv[1]).read_text(encoding="utf-8")))
