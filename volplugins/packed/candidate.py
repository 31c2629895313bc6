"""A file that may be a dump, or a member of an archive."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass

from volplugins.packed.compression import PLAIN, REFUSED

_HEAD = 0x2000  # the 64-bit dump header
#: One layer of packing: its form, and of a zip where the member's record lies in the directory.
Step = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where a dump may lie.

    Attributes:
        path: of the file, absolute; member: its name in a zip, else empty; form: how the file is packed.
        size: of the file, in bytes, as it lies there.
        key: stands for path, header, size and modification time together: the shortcut at resume, and nothing else.
        steps: the layers of packing from the file to the dump.
        reason: why it cannot be looked into, where its form is ``refused``.
        strong, called: whether it starts as a dump or an image does; whether its own name says that it is one.
    """

    path: str
    member: str
    form: str
    size: int
    key: str
    steps: tuple[Step, ...] = ()
    reason: str = ""
    strong: bool = False
    called: bool = False

    @property
    def label(self) -> str:
        """The place as text: letters that are no text are escaped."""
        place = f"{self.path}!{self.member}" if self.member else self.path
        return os.fsencode(place).decode("utf-8", "backslashreplace") if os.name != "nt" else place

    @property
    def raw(self) -> bytes | None:
        """The place in the system's own bytes, where these are no text; None where they are that of ``label``."""
        if os.name == "nt":
            return None
        place = os.fsencode(f"{self.path}!{self.member}" if self.member else self.path)
        return place if place != self.label.encode() else None

    def shown(self, redact: bool) -> str:
        """The place as it is written and printed; redacted, a word that stands for it."""
        return f"path-{self.key[:12]}" if redact else self.label


def candidate(
    path: str, status: os.stat_result, head: bytes, form: str = PLAIN, member: str = "", steps: tuple[Step, ...] = ()
) -> Candidate:
    """The candidate with its key."""
    return Candidate(path, member, form, status.st_size, _key(path, status, head, member), steps)


def refused(path: str, status: os.stat_result, head: bytes, member: str, reason: str) -> Candidate:
    """What stands in the results for a place that cannot be looked into."""
    key = _key(path, status, head, member, reason)
    return Candidate(path, member, REFUSED, status.st_size, key, (), reason)


def _key(path: str, status: os.stat_result, head: bytes, member: str, *more: str) -> str:
    facts = [os.fsencode(path).hex(), member, status.st_size, status.st_mtime_ns, head[:_HEAD].hex(), *more]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
