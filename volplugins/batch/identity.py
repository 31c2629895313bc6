"""A dump's identity: SHA-256 of all its bytes, unpacked where it is packed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from volplugins.packed.candidate import Candidate
from volplugins.packed.compression import Caps
from volplugins.packed.errors import UnpackError, reason_of
from volplugins.packed.unpacking import chunks

#: Digits of a dump's name in the corpus; all of them where another dump has the same first ones.
DIGITS = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a candidate is: ``sha256`` and ``size`` of the dump; where it could not be read, None and the reason."""

    candidate: Candidate
    sha256: str | None
    size: int
    reason: str = ""

    @property
    def whole(self) -> str:
        """What tells the dump from every other: its SHA-256; of one that cannot be read, its place's key."""
        return self.sha256 or self.candidate.key


def never() -> bool:
    """No one asks to stop."""
    return False


def identify(one: Candidate, caps: Caps, stopped: Callable[[], bool] = never, scratch: str | None = None) -> Identity:
    """Read the whole dump, or until ``stopped``; never raises for what it is or where it lies."""
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in chunks(one, caps, scratch):
            digest.update(chunk)
            size += len(chunk)
            if stopped():
                return Identity(one, None, one.size, "stopped")
    except (OSError, UnpackError) as error:
        return Identity(one, None, one.size, reason_of(error))
    return Identity(one, digest.hexdigest(), size)
