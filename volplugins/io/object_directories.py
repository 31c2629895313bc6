r"""The object manager's namespace: object directories, such as \Driver, with what is in them.

_OBJECT_DIRECTORY begins with 37 heads of chains; an entry is a link, the object, and since Vista a hash (public symbol
tables, the same in every build from 2600 to 22631).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from volplugins.io.capped_notes import CappedNotes
from volplugins.io.objects import ObjectHeader, ObjectHeaders
from volplugins.io.system import IoSystem
from volplugins.memory.reader import ReadError

_BUCKETS = 37
_MOST_ENTRIES = 200_000
_DEEPEST = 16


@dataclass(slots=True)
class ObjectNamespace:
    """Named objects.

    Attributes:
        names: full name by the object's address, as the directories have it.
        kinds: what tells the types of these objects apart (ObjectHeader.type_key), by address.
        directories: full name of each directory by its address, the root's empty.
        notes: what is wrong with them; what is good is kept.
        root: address of the root directory; 0 where it is not known.
    """

    names: dict[int, str] = field(default_factory=dict)
    kinds: dict[int, int] = field(default_factory=dict)
    directories: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    root: int = 0

    def whole(self, *directories: str) -> bool:
        """Whether all that is in these directories is known: they are there, and nothing broke on the way."""
        return not self.notes and set(directories) <= set(self.directories.values())

    def below(self, *directories: str) -> Iterator[tuple[int, str]]:
        """Address and full name of each object in these directories, such as ``\\Driver``, and in those below."""
        starts = tuple(each + "\\" for each in directories)
        return ((address, name) for address, name in self.names.items() if name.startswith(starts))


def read_namespace(system: IoSystem, headers: ObjectHeaders, below: Sequence[str] = ()) -> ObjectNamespace:
    """Walk the directories from the root on, each once.

    Args:
        below: of the directories in the root only these, such as ``\\Driver``; none: all.
    """
    found = ObjectNamespace()
    variable = system.variable("ObpRootDirectoryObject")
    if variable is None:
        found.notes.append("the root of the object directories is not known: neither symbols nor KDBG give it")
        return found
    try:
        found.root = system.pointer(variable)
        kind = headers.read(found.root).type_key
    except ReadError as error:
        found.notes.append(f"the root of the object directories: {error}")
        return found
    found.directories[found.root] = ""
    _Walk(system, headers, found, kind, tuple(below)).run()
    return found


class _Walk:
    """One walk through all directories; ``kind`` is the type of a directory."""

    def __init__(
        self, system: IoSystem, headers: ObjectHeaders, found: ObjectNamespace, kind: int, below: tuple[str, ...]
    ) -> None:
        self._system, self._headers, self._found, self._kind, self._below = system, headers, found, kind, below
        self._entries: set[int] = set()
        self._looked_at = 0
        self._notes = CappedNotes(found.notes, "object directories")
        self._unread: dict[str, list[str]] = {}

    def run(self) -> None:
        waiting = deque([(self._found.root, "", 0)])
        while waiting and self._looked_at <= _MOST_ENTRIES:
            directory, path, depth = waiting.popleft()
            for header in self._objects(directory, path or "\\"):
                if header.body in self._found.names:
                    continue
                name = f"{path}\\{header.name}"
                self._found.names[header.body] = name
                self._found.kinds[header.body] = header.type_key
                if header.type_key == self._kind and self._wanted(name, header.body, depth):
                    self._found.directories[header.body] = name
                    waiting.append((header.body, name, depth + 1))

        for path, errors in self._unread.items():
            more = f", and {len(errors) - 1:,} more" if len(errors) > 1 else ""
            self._notes.say(f"directory {path}: an object cannot be read: {errors[0]}{more}")

    def _wanted(self, name: str, address: int, depth: int) -> bool:
        """Whether to go down into the directory of this name."""
        if address in self._found.directories or depth >= _DEEPEST:
            return False
        return depth > 0 or not self._below or name in self._below

    def _objects(self, directory: int, path: str) -> Iterator[ObjectHeader]:
        width = self._system.width
        try:
            buckets = self._system.memory.read(directory, _BUCKETS * width)
        except ReadError as error:
            self._notes.say(f"directory {path} cannot be read: {error}")
            return
        for number in range(_BUCKETS):
            entry = int.from_bytes(buckets[number * width : (number + 1) * width], "little")
            while entry:
                link = self._entry(entry, path)
                if link is None:
                    break
                entry, body = link
                header = self._named(body, path)
                if header is not None:
                    yield header

    def _entry(self, entry: int, path: str) -> tuple[int, int] | None:
        """The next entry and this one's object; None where the chain ends wrongly."""
        self._looked_at += 1
        if self._looked_at > _MOST_ENTRIES:
            self._notes.limit(f"more than {_MOST_ENTRIES:,} entries in object directories: the rest is left out")
            return None
        wrong = self._wrong(entry, path)
        if wrong:
            self._notes.say(wrong)
            return None
        self._entries.add(entry)
        try:
            data = self._system.memory.read(entry, 2 * self._system.width)
        except ReadError as error:
            self._notes.say(f"directory {path} breaks: {error}")
            return None
        width = self._system.width
        return int.from_bytes(data[:width], "little"), int.from_bytes(data[width:], "little")

    def _wrong(self, entry: int, path: str) -> str:
        if entry in self._entries:
            return f"directory {path}: a chain leads to an entry that was met before, {entry:#x}"
        return "" if self._system.in_kernel_half(entry) else f"directory {path}: no entry can be at {entry:#x}"

    def _named(self, body: int, path: str) -> ObjectHeader | None:
        try:
            return self._headers.read(body)
        except ReadError as error:
            self._unread.setdefault(path, []).append(str(error))
            return None
