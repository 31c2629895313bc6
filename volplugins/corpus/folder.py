"""A corpus's folder, out of which no path leads: neither by its name nor through a link."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from volplugins.corpus.errors import NoCorpus

_LONGEST = 4096


class Folder:
    """The folder that was named; what it is itself, a link too, is the user's choice.

    Raises:
        NoCorpus: it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._real = Path(os.path.realpath(path, strict=True))
        except (OSError, ValueError) as error:
            raise NoCorpus(f"{path}: {getattr(error, 'strerror', None) or error}") from None
        if not self._real.is_dir():
            raise NoCorpus(f"{path}: not a folder")

    def inside(self, relative: object) -> Path | None:
        """The place of a relative path in it; None where it leads out, through a link at any part, or is none."""
        if not isinstance(relative, str) or not 0 < len(relative) <= _LONGEST or "\0" in relative:
            return None
        parts = PurePosixPath(relative.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or any(":" in first for first in parts.parts[:1]):
            return None
        return self._held(self._real / parts)

    def named(self, name: str) -> Path | None:
        """The place of a name as this system has it: on POSIX a colon and a backslash are letters like any other.

        None as ``inside``.
        """
        if os.name == "nt":
            return self.inside(name)
        parts = PurePosixPath(name)
        if not 0 < len(name) <= _LONGEST or "\0" in name or parts.is_absolute() or ".." in parts.parts:
            return None
        return self._held(self._real / parts)

    def _held(self, wanted: Path) -> Path | None:
        try:
            return wanted if Path(os.path.realpath(wanted)) == wanted else None
        except (OSError, ValueError):  # letters that no file name has
            return None

    def file(self, name: str) -> Path:
        """A file in it that is there and is no link.

        Raises:
            NoCorpus: it is not there, or leads elsewhere.
        """
        found = self.inside(name)
        if found is None:
            raise NoCorpus(f"{self.path}: {name} leads out of the folder")
        if not found.is_file():
            raise NoCorpus(f"{self.path}: no corpus: there is no {name}")
        return found
