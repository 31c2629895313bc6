"""A file that may be a dump, or a member of an archive."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass

from volplugins.batch.compression import PLAIN

_HEAD = 0x2000  # the 64-bit dump header


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where a dump may lie.

    Attributes:
        path: of the file, absolute; member: its name in a zip, else empty; form: how it is packed.
        size: of the file, in bytes, as it lies there.
        key: stands for path, header, size and modification time together: the shortcut at resume, and nothing else.
    """

    path: str
    member: str
    form: str
    size: int
    key: str

    @property
    def label(self) -> str:
        """The place as text: letters that are no text are escaped."""
        place = f"{self.path}!{self.member}" if self.member else self.path
        return os.fsencode(place).decode("utf-8", "backslashreplace") if os.name != "nt" else place

    def shown(self, redact: bool) -> str:
        """The place as it is written and printed; redacted, a word that stands for it."""
        return f"path-{self.key[:12]}" if redact else self.label


def candidate(path: str, status: os.stat_result, head: bytes, form: str = PLAIN, member: str = "") -> Candidate:
    """The candidate with its key."""
    facts = [os.fsencode(path).hex(), member, status.st_size, status.st_mtime_ns, head[:_HEAD].hex()]
    key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    return Candidate(path, member, form, status.st_size, key)
