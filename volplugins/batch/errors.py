"""What ends a whole run; what ends one dump's is a row of the corpus."""

from __future__ import annotations

import errno
import sqlite3

from volplugins.packed.errors import OneLine


class CorpusError(OSError):
    """The run cannot go on; the text is one line for the user."""


class UseError(CorpusError):
    """The run must not begin as it was asked for; nothing was changed."""


class ChangedFile(OneLine):
    """The file is not what it was when it was hashed; the text is one line."""


class NoRoom(OneLine):
    """The disk cannot take the unpacked dump now; the text is one line."""


def is_full_disk(error: BaseException) -> bool:
    """Whether a disk that is full, or a quota that is used up, is what the error says: no dump is to blame for that."""
    if isinstance(error, sqlite3.OperationalError):  # volatility3's cache; its number is known since Python 3.11 alone
        return "disk is full" in str(error)
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
