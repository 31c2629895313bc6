"""Finds dumps by how they start: in files and folders, packed or not; links that lead in circles are met once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from volplugins.packed.archives import Archive
from volplugins.packed.candidate import Candidate
from volplugins.packed.compression import CAB, ZIP, form_of
from volplugins.packed.errors import UnpackError, reason_of
from volplugins.packed.kinds import called_a_dump, called_an_image

_HEAD = 0x2000
_MOST_TOLD = 100  # page files of one archive


@dataclass(slots=True)
class Found:
    """What a search found: candidates in order of their places; what could not be searched, and why; other files.

    Attributes:
        remarks: places and what is to be said of them; nothing is wrong there.
    """

    candidates: list[Candidate] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    others: int = 0
    remarks: list[tuple[str, str]] = field(default_factory=list)


def find(paths: Sequence[str], without: Sequence[str] = (), scratch: str | None = None) -> Found:
    """Search files and folders. A file that was given, or is called ``.dmp``, is a candidate whatever it holds; others
    are if they start as a dump does.

    Args:
        without: folders that are not searched: where results go.
        scratch: a folder for archives within archives, while they are searched; the system's own by default.
    """
    found = Found()
    results = {os.path.realpath(folder) for folder in without}
    seen: set[tuple[int, int]] = set()
    for path in paths:
        place = os.path.abspath(path)
        try:
            if os.path.isdir(place):
                for inner in _files(place, results, seen, found):
                    _look(inner, found, False, scratch)
            else:
                _look(place, found, True, scratch)
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


def _look(path: str, found: Found, named: bool, scratch: str | None) -> None:
    """Take the file in where it is a dump, or where it was named; what is packed is looked into."""
    named = named or called_a_dump(path)
    try:
        status = os.stat(path)
        named = named or called_an_image(path, status.st_size)
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise OSError(0, "is a device, pipe or socket")
        with open(path, "rb") as file:
            head = file.read(_HEAD)
            form = form_of(head)
            inside = Archive(path, status, head, named, scratch).search(file)
        if form in (ZIP, CAB) and named and not inside.candidates:
            raise UnpackError(f"{form}: no dump in it")
        found.candidates.extend(inside.candidates)
        found.remarks += [
            (path, f"{name} is left out: no page file is read") for name in inside.page_files[:_MOST_TOLD]
        ]
        found.others += inside.others if form not in (ZIP, CAB) else not inside.candidates
    except (OSError, UnpackError) as error:
        if named or isinstance(error, (PermissionError, UnpackError)):
            found.problems.append((path, reason_of(error)))
        else:
            found.others += 1
