"""Looks into a packed file for dumps: one archive within another, every member, each read or named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO

from volplugins.imagefile.open_image import unread_memory
from volplugins.packed.cabinet import Cabinet
from volplugins.packed.candidate import Candidate, Step, candidate, refused
from volplugins.packed.compression import CAB, CAPS, GZIP, PLAIN, START, XZ, ZIP, form_of, unread_archive
from volplugins.packed.errors import UnpackError, reason_of
from volplugins.packed.kinds import SMALLEST_IMAGE, called_a_dump, called_an_image, is_page_file, starts_as_memory
from volplugins.packed.unpacking import spooled, unpacked
from volplugins.packed.zip_directory import ZipDirectory, ZipEntry
from volplugins.packed.zip_member import METHODS

_DEEPEST = 4  # layers of packing
_MOST_DUMPS = 100_000  # of one file, each a row; 50 MB of memory
_MOST_NAMED = 4096  # members that are only called dumps, or cannot be looked into
_PIECE = 1 << 12  # a start is all that is wanted
_LONGEST_NAME = 4096


@dataclass(slots=True)
class Inside:
    """What is in one file: candidates in order; files that are no dumps; page files beside a dump, by name."""

    candidates: list[Candidate] = field(default_factory=list)
    others: int = 0
    page_files: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Base:
    """A file that can be searched: ``outer`` leads to it from the archive's own, ``directory`` is its own as a zip."""

    file: IO[bytes]
    outer: tuple[Step, ...] = ()
    directory: ZipDirectory | None = None


class Archive:
    """The search of one file, packed or not.

    Args:
        named: whether the user named it, or its own name says that it is a dump.
        scratch: where archives within it lie while they are searched; the system's own folder by default.
    """

    def __init__(self, path: str, status: os.stat_result, head: bytes, named: bool, scratch: str | None) -> None:
        self._path, self._status, self._head, self._named, self._scratch = path, status, head, named, scratch
        self._limit = self._left = CAPS.limit(status.st_size)
        self._labels: set[str] = set()
        self._weak = self._left_out = 0
        self.found = Inside()

    def search(self, file: IO[bytes]) -> Inside:
        """What is in it.

        Raises:
            UnpackError: its own directory is damaged, and nothing is in what was read of it.
            OSError: it cannot be read.
        """
        self._look(_Base(file), (), (), self._head[:START], self._named)
        if self._left_out:
            self._add_refused(("*",), f"{self._left_out} more members that may be dumps are left out; unpack it first")
        return self.found

    def _look(self, base: _Base, steps: tuple[Step, ...], names: tuple[str, ...], head: bytes, wanted: bool) -> None:
        """Look at one layer, to which ``steps`` lead from the base and which starts with ``head``."""
        form = form_of(head)
        if form in (GZIP, XZ):
            self._within(base, (*steps, (form, 0)), names, wanted)
        elif form in (ZIP, CAB):
            self._archive(base, steps, names, wanted, form)
        elif not names and not steps and (text := unread_memory(head, self._path)):
            self._refuse(names, f"not a memory image but {text}")
        elif (unread := unread_archive(head)) and (steps or base.outer):
            self._refuse(names, f"{unread}: an archive within another of a form that is not read here; unpack it first")
        elif starts_as_memory(head) or wanted:
            self._take(names, (*base.outer, *steps), strong=starts_as_memory(head))
        else:
            self.found.others += 1

    def _within(self, base: _Base, steps: tuple[Step, ...], names: tuple[str, ...], wanted: bool) -> None:
        """Look at what a layer of packing holds, by its start."""
        if len(base.outer) + len(steps) > _DEEPEST:
            self._refuse(names, f"archives lie more than {_DEEPEST} deep in one another; unpack it first")
            return
        start, fault = b"", ""
        try:
            for piece in unpacked(base.file, steps, self._limit, self._scratch, _PIECE, base.directory):
                start += piece
                if len(start) >= START:
                    break
        except UnpackError as error:
            fault = reason_of(error)
        if not fault or start or wanted:
            self._look(base, steps, names, start, wanted)
        elif names:
            self._refuse(names, fault)
        else:
            self.found.others += 1  # a file that begins as a packed one does, and is none

    def _archive(self, base: _Base, steps: tuple[Step, ...], names: tuple[str, ...], wanted: bool, form: str) -> None:
        members = self._members if form == ZIP else self._cabinet
        if not steps:
            members(base, names, wanted)
            return
        try:
            data = self._counted(unpacked(base.file, steps, self._limit, self._scratch, directory=base.directory))
            with spooled(data, self._scratch) as inner:
                members(_Base(inner, (*base.outer, *steps)), names, wanted)
        except (UnpackError, OSError) as error:
            self._refuse(names, f"an archive within another: {reason_of(error)}")

    def _counted(self, data: Iterator[bytes]) -> Iterator[bytes]:
        """What all archives within this one come to is limited as one of them is."""
        for chunk in data:
            self._left -= len(chunk)
            if self._left < 0:
                raise UnpackError(f"those of this file grow past {self._limit >> 20} MiB together; unpack it first")
            yield chunk

    def _members(self, base: _Base, names: tuple[str, ...], wanted: bool) -> None:
        before = len(self.found.candidates)
        try:
            directory = ZipDirectory(base.file)
            inner = _Base(base.file, base.outer, directory)
            for entry in directory.entries():
                self._member(inner, entry, names, wanted)
        except UnpackError as error:
            if len(self.found.candidates) == before and not base.outer:
                raise
            self._refuse((*names, "*"), reason_of(error))

    def _cabinet(self, base: _Base, names: tuple[str, ...], wanted: bool) -> None:
        before = len(self.found.candidates)
        try:
            for entry in Cabinet(base.file).entries():
                called = called_a_dump(entry.name) or called_an_image(entry.name, entry.size)
                inner = (*names, entry.name[:_LONGEST_NAME])
                self._left -= entry.offset  # all that lies before it is unpacked for it
                if is_page_file(entry.name):
                    self.found.page_files.append(entry.name)
                elif self._left < 0:
                    raise UnpackError("cab: its members lie too far apart to look into each; unpack it first")
                else:
                    self._within(base, ((CAB, entry.at),), inner, called)
        except UnpackError as error:
            if len(self.found.candidates) == before and not base.outer:
                raise
            self._refuse((*names, "*"), reason_of(error))

    def _member(self, base: _Base, entry: ZipEntry, names: tuple[str, ...], wanted: bool) -> None:
        """A member: by its start, by its name, and what cannot be looked into where the archive was named."""
        called = called_a_dump(entry.name) or called_an_image(entry.name, entry.size)
        inner, step = (*names, entry.name[:_LONGEST_NAME]), (ZIP, entry.at)
        if is_page_file(entry.name):
            self.found.page_files.append(entry.name)
        elif not called and not entry.size and not entry.packed:  # a folder, or empty
            self.found.others += not entry.is_folder
        elif not entry.encrypted and entry.method in METHODS:
            self._within(base, (step,), inner, called)
        elif called or wanted:
            self._take(inner, (*base.outer, step), strong=False)
        else:
            self.found.others += 1

    def _take(self, names: tuple[str, ...], steps: tuple[Step, ...], strong: bool) -> None:
        if self._room(strong):
            form, label = steps[0][0] if steps else PLAIN, self._label(names)
            one = candidate(self._path, self._status, self._head, form, label, steps)
            called = bool(names) and (called_a_dump(names[-1]) or called_an_image(names[-1], SMALLEST_IMAGE))
            self.found.candidates.append(replace(one, strong=strong, called=called))

    def _refuse(self, names: tuple[str, ...], reason: str) -> None:
        """A row that says what was not looked into."""
        if self._room(strong=False):
            self._add_refused(names, reason)

    def _add_refused(self, names: tuple[str, ...], reason: str) -> None:
        self.found.candidates.append(refused(self._path, self._status, self._head, self._label(names), reason))

    def _room(self, strong: bool) -> bool:
        """Whether one more row may be made; else it is counted. Dumps leave no room only where they are too many."""
        self._weak += not strong
        if len(self.found.candidates) < _MOST_DUMPS and (strong or self._weak <= _MOST_NAMED):
            return True
        self._left_out += 1
        return False

    def _label(self, names: tuple[str, ...]) -> str:
        """The member's name; a second one of the same name gets a number, and the file itself has none."""
        name = label = "!".join(names)
        number = 1
        while label and label in self._labels:
            number += 1
            label = f"{name}#{number}"
        self._labels.add(label)
        return label
