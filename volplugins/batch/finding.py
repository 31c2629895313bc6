"""Finds dumps by how they start: in files and folders, packed or not; links that lead in circles are met once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from volplugins.batch.candidate import Candidate, candidate
from volplugins.batch.compression import ZIP, form_of, members, start_of
from volplugins.batch.errors import UnpackError, reason_of

DUMP_MAGIC = (b"PAGEDU64", b"PAGEDUMP")  # live dumps too: their RDMP follows behind the same header
_HEAD = 0x2000
_MOST_MEMBERS = 4096


@dataclass(slots=True)
class Found:
    """What a search found: candidates in order of their places; what could not be searched, and why; other files."""

    candidates: list[Candidate] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    others: int = 0


def find(paths: Sequence[str], without: Sequence[str] = ()) -> Found:
    """Search files and folders. A file that was given, or is called ``.dmp``, is a candidate whatever it holds; others
    are if they start as a dump does.

    Args:
        without: folders that are not searched: where results go.
    """
    found = Found()
    results = {os.path.realpath(folder) for folder in without}
    seen: set[tuple[int, int]] = set()
    for path in paths:
        place = os.path.abspath(path)
        try:
            if os.path.isdir(place):
                for inner in _files(place, results, seen, found):
                    _look(inner, found, named=False)
            else:
                _look(place, found, named=True)
        except OSError as error:
            found.problems.append((place, reason_of(error)))
    unique = {(one.path, one.member): one for one in found.candidates}
    found.candidates = sorted(unique.values(), key=lambda one: (os.fsencode(one.path), one.member))
    return found


def _files(folder: str, without: set[str], seen: set[tuple[int, int]], found: Found) -> Iterator[str]:
    """Files of the folder and of those in it; without recursion, so that depth costs nothing."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            status = os.stat(place)
            if (status.st_dev, status.st_ino) in seen or os.path.realpath(place) in without:
                continue
            seen.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            found.problems.append((place, reason_of(error)))
            continue
        waiting.extend(entry.path for entry in reversed(entries) if _is_folder(entry))
        yield from (entry.path for entry in entries if not _is_folder(entry))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _called_a_dump(name: str) -> bool:
    """Whether the name says that it is a dump, packed or not: then one that is none is worth a line."""
    stem, suffix = os.path.splitext(name.lower())
    return suffix == ".dmp" or (suffix in (".gz", ".xz", ".zip") and stem.endswith(".dmp"))


def _may_be_a_dump(name: str, start: bytes | None, named: bool) -> bool:
    """Whether a zip's member is taken: by its start or name; what cannot be looked into, if the zip was named."""
    return start in DUMP_MAGIC or _called_a_dump(name) or (start is None and named)


def _look(path: str, found: Found, named: bool) -> None:
    """Take the file in where it is a dump, or where it was named."""
    named = named or _called_a_dump(path)
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise OSError(0, "is a device, pipe or socket")
        with open(path, "rb") as file:
            head = file.read(_HEAD)
        form = form_of(head)
        if form == ZIP:
            inside = members(Path(path), _MOST_MEMBERS)
            dumps = [name for name, start in inside if _may_be_a_dump(name, start, named)]
            if named and not dumps:
                raise UnpackError("zip: no dump in it")
            found.candidates.extend(candidate(path, status, head, ZIP, name) for name in dumps)
            found.others += not dumps
        elif named or start_of(head, form) in DUMP_MAGIC:
            found.candidates.append(candidate(path, status, head, form))
        else:
            found.others += 1
    except (OSError, UnpackError) as error:
        if named or isinstance(error, (PermissionError, UnpackError)):
            found.problems.append((path, reason_of(error)))
        else:
            found.others += 1
