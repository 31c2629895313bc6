"""Headers of executive objects: what kind an object is of, and its name.

Before Windows 7 the header points to the object's type and says how far before it the name is; since then it has an
index of the type (scrambled with a byte of its own address and a secret byte since Windows 10) and a mask of the
optional headers before it. Sources: the symbol tables; the scrambling is described by many (index ^ second byte of the
header's address ^ ObHeaderCookie). The secret is not needed to see that two objects are of one type.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.io.system import IoSystem
from volplugins.loader.kernel_modules import Names
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Structure

_SCRAMBLED_SINCE = 10240
_LONGEST = 260  # characters; the I/O manager's own names have a tenth of that
_CREATOR, _NAME = 1, 2  # bits of InfoMask, nearest to the header first


@dataclass(frozen=True, slots=True)
class ObjectHeader:
    """What the header of one object says.

    Attributes:
        body: the object's address.
        type_key: equal for objects of one type, and of no other meaning.
        directory: the object directory that it is in; 0 where it has no name.
        name: without its directory; empty for none.
    """

    body: int
    type_key: int
    directory: int
    name: str


class ObjectHeaders:
    """Reads object headers of one machine."""

    def __init__(self, system: IoSystem) -> None:
        self._system = system
        self._layout = system.layouts.object_header
        self._names = Names(system.memory)
        self._scrambled = system.build >= _SCRAMBLED_SINCE

    def read(self, body: int) -> ObjectHeader:
        """The header of the object at ``body``; raises ReadError where it cannot be read."""
        header = self._header(body)
        name = self._name(header)
        if name is None:
            return ObjectHeader(body, self._type_key(header), 0, "")
        return ObjectHeader(body, self._type_key(header), name.unsigned("Directory"), self._text(name))

    def type_key(self, body: int) -> int | None:
        """That of the object at ``body``; None where its header cannot be read."""
        try:
            return self._type_key(self._header(body))
        except ReadError:
            return None

    def _header(self, body: int) -> Structure:
        if not self._layout.has("Body"):
            raise ReadError(body, "layout of _OBJECT_HEADER not known")
        return self._system.structure(body - self._layout.offset("Body"), self._layout)

    def _type_key(self, header: Structure) -> int:
        index = header.get("TypeIndex")
        if index is None:
            return header.unsigned("Type")
        return index ^ (header.address >> 8 & 0xFF) if self._scrambled else index

    def _name(self, header: Structure) -> Structure | None:
        layout = self._system.layouts.object_name
        distance = header.get("NameInfoOffset")
        if distance is None:
            mask = header.get("InfoMask") or 0
            creator = self._system.layouts.object_creator.size if mask & _CREATOR else 0
            distance = layout.size + creator if mask & _NAME else 0
        return self._system.structure(header.address - distance, layout) if distance else None

    def _text(self, name: Structure) -> str:
        try:
            return shortened(self._names.text(name.raw("Name")))
        except ReadError:
            return ""


def shortened(name: str) -> str:
    """A name as it is shown: what is longer than any that Windows gives is cut, and says so."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}… ({len(name):,} characters)"
