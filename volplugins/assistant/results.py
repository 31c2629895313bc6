"""Results of the dumps below one folder: made once each, in a folder of the server's own, and kept for a few dumps."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volplugins.assistant.answers import as_answered
from volplugins.corpus.folder import Folder
from volplugins.report.row_file import RowFile
from volplugins.report.summary_file import Summary

_MOST_KEPT = 4
_STARTS = (b"PAGEDUMP", b"PAGEDU64", b"ZDMP", b"EMiL", b"AVML", b"\x7fELF")
_ENDINGS = (".dmp", ".zdmp", ".raw", ".mem", ".vmem", ".img", ".dd", ".gz", ".xz", ".zip", ".cab")
_BESIDE = (".vmss", ".vmsn")  # state files that are read with a .vmem


class Refused(Exception):
    """What was asked for is not to be had; the text is one line.

    Attributes:
        told: what more there is to say in words of others, names of files for one; None where there is nothing.
    """

    def __init__(self, text: str, told: Any = None) -> None:
        super().__init__(text)
        self.told = told


class Results:
    """What is known of the dumps.

    Raises:
        NoCorpus: the folder is not there.
    """

    def __init__(self, folder: Path, symbols: tuple[str, ...] = ()) -> None:
        self._folder, self._symbols = Folder(folder), symbols
        self._scratch = tempfile.mkdtemp(prefix="volplugins-mcp-")
        self._made: OrderedDict[str, Path] = OrderedDict()
        self._count = 0

    def close(self) -> None:
        """Remove what was made."""
        shutil.rmtree(self._scratch, ignore_errors=True)

    def path(self, name: str) -> Path:
        """The file or folder of results of this name, relative to the folder, as it is or as answers show it; no link
        out of it is followed.

        Raises:
            Refused: it is not there, or not below the folder.
        """
        found = self._folder.named(name)
        if found is None or not _is_there(found):
            found = self._shown_as(name) or found
        if found is None:
            raise Refused("that name leads out of the folder, or is none")
        if not _is_there(found):
            raise Refused("there is no such file below the folder: list_files names those that are there")
        if not found.is_dir() and not found.is_file():
            raise Refused("that is no file but a device, pipe or socket")
        if found.suffix.lower() == ".vmem" and any(found.with_suffix(each).is_symlink() for each in _BESIDE):
            raise Refused("a link lies beside it where its state file belongs: none is followed")
        return found

    def _shown_as(self, name: str) -> Path | None:
        """The file that answers show by this name: not every name can be shown as it is.

        Raises:
            Refused: several are shown so.
        """
        alike = [one["file"] for one in self.files() if one["file"] != name == as_answered(one["file"])]
        if len(alike) > 1:
            raise Refused("several files are shown by that name, which holds letters that cannot be shown")
        return self._folder.named(alike[0]) if alike else None

    def files(self) -> Iterator[dict[str, Any]]:
        """What may be asked about: dumps, images, and folders of results."""
        for base, folders, names in os.walk(self._folder.path, followlinks=False):
            folders.sort()
            here = os.path.relpath(base, self._folder.path)
            if _size(Path(base, "summary.json")) is not None:
                folders.clear()
                yield {"file": here, "kind": "results"}
            for name in sorted(names):
                path = Path(base, name)
                size = _size(path)
                if size is not None and _may_be_memory(path):
                    yield {"file": os.path.normpath(os.path.join(here, name)), "kind": "memory", "bytes": size}

    def folder(self, name: str) -> Path:
        """Where the results of this dump are; triage makes them where there are none.

        Raises:
            Refused: as ``path`` does.
            DumpError: it cannot be opened.
        """
        path = self.path(name)
        if path.is_dir():
            if not _held(path, "summary.json"):
                raise Refused("that is a folder without results: name a dump, or a folder that triage wrote")
            return path
        if name not in self._made:
            self._made[name] = self._triage(path)
            while len(self._made) > _MOST_KEPT:
                shutil.rmtree(self._made.popitem(last=False)[1], ignore_errors=True)
        self._made.move_to_end(name)
        return self._made[name]

    def _triage(self, path: Path) -> Path:
        from volplugins.triage import TriageOptions, run_triage  # noqa: PLC0415 - volatility3 with it

        self._count += 1
        folder = Path(self._scratch, str(self._count))
        run_triage(path, folder, TriageOptions(self._symbols, hash=False), lambda _text, _percent: None)
        return folder

    def summary(self, name: str) -> Summary:
        """summary.json of a dump; what it raises: as ``folder``."""
        return Summary(self.folder(name))

    def rows(self, name: str, section: str) -> RowFile:
        """Rows of one section of a dump.

        Raises:
            Refused: there is no such section; and as ``folder``.
        """
        folder = self.folder(name)
        rows = Folder(folder).inside("rows")
        names = [path.name for path in rows.glob("*.jsonl")] if rows is not None else []
        known = sorted(name.removesuffix(".jsonl") for name in names if _held(folder, f"rows/{name}"))
        if section not in known:
            raise Refused("no such section; there are: those below `data`", known)
        return RowFile(folder, section)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _held(folder: Path, relative: str) -> bool:
    """Whether that is a file in a folder of results, reached through no link."""
    found = Folder(folder).named(relative)
    return found is not None and _size(found) is not None


def _size(path: Path) -> int | None:
    """Bytes of a regular file; None for a link, a folder and what opening would wait for, such as a pipe."""
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _may_be_memory(path: Path) -> bool:
    """By how it starts, or by its name."""
    if path.suffix.lower() in _ENDINGS:
        return True
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(_STARTS)
    except OSError:
        return False
