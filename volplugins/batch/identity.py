"""A dump's identity: SHA-256 of all its bytes, unpacked where it is packed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from volplugins.batch.candidate import Candidate
from volplugins.batch.compression import Caps, chunks
from volplugins.batch.errors import UnpackError, reason_of

_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a candidate is: ``sha256`` and ``size`` of the dump; where it could not be read, None and the reason."""

    candidate: Candidate
    sha256: str | None
    size: int
    reason: str = ""

    @property
    def id(self) -> str:
        """The dump's name in the corpus; of one that cannot be read, its place's."""
        return (self.sha256 or self.candidate.key)[:_DIGITS]


def never() -> bool:
    """No one asks to stop."""
    return False


def identify(one: Candidate, caps: Caps, stopped: Callable[[], bool] = never) -> Identity:
    """Read the whole dump, or until ``stopped``; never raises for what it is or where it lies."""
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in chunks(Path(one.path), one.form, one.member, caps):
            digest.update(chunk)
            size += len(chunk)
            if stopped():
                return Identity(one, None, one.size, "stopped")
    except (OSError, UnpackError) as error:
        return Identity(one, None, one.size, reason_of(error))
    return Identity(one, digest.hexdigest(), size)
