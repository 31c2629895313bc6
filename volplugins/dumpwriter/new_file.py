"""A file that has its name only when it is whole: written under another beside it, and never over one that is there."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file that is named ``path`` when the block ends well, and removed when it does not.

    It holds the memory of a machine and is its owner's alone.

    Raises:
        FileExistsError: there is something of that name, at the start or when the block ends.
        OSError: disk full, no right to write; with the final name.
    """
    made: str | None = None
    try:
        if os.path.lexists(path):
            raise _taken(path)
        descriptor, made = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
        with open(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        _name(made, path)
    except BaseException as error:
        if made is not None:
            with suppress(OSError):
                os.unlink(made)
        if isinstance(error, OSError):
            raise type(error)(error.errno, error.strerror or str(error), str(path)) from error
        raise


def _name(made: str, path: Path) -> None:
    """Give the file its name if nobody has taken it meanwhile."""
    try:
        os.link(made, path)  # fails where the name is taken, which a rename does not
    except FileExistsError:
        raise _taken(path) from None
    except (OSError, AttributeError, NotImplementedError):  # a file system without links
        if os.path.lexists(path):
            raise _taken(path) from None
        os.rename(made, path)
        return
    os.unlink(made)


def _taken(path: Path) -> FileExistsError:
    return FileExistsError(errno.EEXIST, "is there already; nothing is overwritten", str(path))
