"""An image's export table, and the nearest export at or below an address. Layout: Microsoft's "PE Format"."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.image.headers import DIRECTORY_EXPORT, ImageHeaders
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import MemoryReader, ReadError

MAX_EXPORTS = 65536  # ordinals are 16 bits wide
_LONGEST_NAME = 4096
_LONGEST_TARGET = 512  # of a forwarder: a DLL's name and an export of it, or its ordinal
# characters of all names and targets of one image together; the largest real tables hold about 1 MiB
_MOST_NAME_BYTES = 8 << 20

_Numbers = npt.NDArray[np.uint32]


class ExportTable:
    """Exports of one image, ready for look-ups.

    Attributes:
        kind: ``export``, as symbol tables name their kind.
        image_name: name that the image gives itself in its export directory, or empty.
        rvas: ascending RVAs of the functions and data exported, one entry per RVA.
        names: the name at each RVA; where several share one, the first in alphabetical order.
        forwarders: name of each forwarded export to what it leads to, such as ``NTDLL.RtlAllocateHeap``.
        notes: what was missing or odd.
        cut: what was left out because there is more of it than is taken; part of the notes.
    """

    kind = "export"

    def __init__(
        self,
        image_name: str,
        addresses: Mapping[str, int],
        forwarders: Mapping[str, str],
        notes: Sequence[str],
        cut: Sequence[str] = (),
    ) -> None:
        self.image_name = image_name
        self.forwarders = dict(forwarders)
        self.notes, self.cut = (*notes, *cut), tuple(cut)
        self._addresses = dict(addresses)
        by_rva: dict[int, str] = {}
        for name in sorted(addresses):
            by_rva.setdefault(addresses[name], name)
        self.rvas: _Numbers = np.array(sorted(by_rva), dtype=np.uint32)
        self.names = tuple(by_rva[int(rva)] for rva in self.rvas)

    def __len__(self) -> int:
        return len(self._addresses) + len(self.forwarders)

    def nearest(self, rva: int) -> tuple[str, int] | None:
        """The last export at or below ``rva`` and the displacement from it in bytes, or None."""
        if not 0 <= rva < 1 << 32:
            return None
        index = int(np.searchsorted(self.rvas, np.uint32(rva), side="right")) - 1
        return (self.names[index], rva - int(self.rvas[index])) if index >= 0 else None

    def lookup(self, name: str) -> int | None:
        """RVA of the export ``name`` (letter case counts), or None; forwarded exports have none."""
        return self._addresses.get(name)


@dataclass(frozen=True, slots=True)
class _Directory:
    """The export directory, with its counts capped; addresses are RVAs."""

    start: int
    size: int
    name: int
    ordinal_base: int
    function_count: int
    name_count: int
    functions: int
    names: int
    ordinals: int


class _Targets:
    """What forwarded exports lead to; many may name one place, which is read once.

    Attributes:
        left_out: whether some were not read because there was no room for them.
    """

    def __init__(self, view: ImageView, room: int) -> None:
        self._view, self._room = view, room
        self._read: dict[int, str] = {}
        self.left_out = False

    def at(self, rva: int) -> str:
        """The target at ``rva``; empty where it cannot be read, is no name, or there is no room for it."""
        found = self._read.get(rva)
        if found is not None:
            return found
        if self._room <= 0:
            self.left_out = True
            return ""
        text = self._read[rva] = _text(self._view, rva, _LONGEST_TARGET)
        self._room -= len(text) + 1
        return text


def read_exports(memory: MemoryReader, headers: ImageHeaders) -> ExportTable | None:
    """The image's exports; None where it has none or the export directory itself cannot be read."""
    view = headers.view(memory)
    notes: list[str] = []
    cut: list[str] = []
    directory = _read_directory(view, headers.directories[DIRECTORY_EXPORT], cut)
    if directory is None:
        return None
    functions = _array(view, directory.functions, directory.function_count, 4, "function", notes)
    by_index, room = _read_names(view, directory, notes, cut)
    targets = _Targets(view, room)
    addresses: dict[str, int] = {}
    forwarders: dict[str, str] = {}
    for index in np.flatnonzero(functions).tolist():
        rva = int(functions[index])
        names = by_index.get(index) or [f"Ordinal_{directory.ordinal_base + index}"]
        if directory.start <= rva < directory.start + directory.size:
            target = targets.at(rva)
            forwarders.update((name, target) for name in names if target)
        elif rva < view.size:
            addresses.update((name, rva) for name in names)
    if targets.left_out:
        cut.append(f"targets of forwarded exports past {_MOST_NAME_BYTES >> 20} MiB left out")
    return ExportTable(_text(view, directory.name), addresses, forwarders, notes, cut)


def read_export_name(memory: MemoryReader, headers: ImageHeaders) -> str:
    """The name that the image gives itself in its export directory; empty where it has none or it is not there."""
    view = headers.view(memory)
    directory = _read_directory(view, headers.directories[DIRECTORY_EXPORT], [])
    return _text(view, directory.name) if directory is not None else ""


def _read_directory(view: ImageView, where: tuple[int, int], cut: list[str]) -> _Directory | None:
    start, size = where
    if not start or not size:
        return None
    try:
        fields = struct.unpack("<7I", view.read(start + 12, 28))
    except ReadError:
        return None
    name, base, functions, names, *tables = fields
    for label, count in (("functions", functions), ("names", names)):
        if count > MAX_EXPORTS:
            cut.append(f"export count of {label} {count} cut to {MAX_EXPORTS}")
    return _Directory(start, size, name, base, min(functions, MAX_EXPORTS), min(names, MAX_EXPORTS), *tables)


def _array(view: ImageView, rva: int, count: int, width: int, label: str, notes: list[str]) -> npt.NDArray[np.int64]:
    """A table of ``count`` unsigned numbers, 0 where missing or outside; one note tells how many."""
    data, present = view.read_sparse(rva, count * width)
    numbers = np.frombuffer(data, dtype=f"<u{width}").astype(np.int64)
    whole = present.reshape(-1, width).all(axis=1)
    missing = count - int(np.count_nonzero(whole))
    if missing:
        notes.append(f"{missing} of {count} entries of the export {label} table missing")
        numbers[~whole] = -1 if width == 2 else 0
    return numbers


def _read_names(
    view: ImageView, directory: _Directory, notes: list[str], cut: list[str]
) -> tuple[dict[int, list[str]], int]:
    """Names by index into the function table, and how many characters there is room for after them."""
    names = _array(view, directory.names, directory.name_count, 4, "name", notes)
    ordinals = _array(view, directory.ordinals, directory.name_count, 2, "ordinal", notes)
    by_index: dict[int, list[str]] = {}
    room, unreadable = _MOST_NAME_BYTES, 0
    for rva, index in zip(names.tolist(), ordinals.tolist(), strict=True):
        if not rva or not 0 <= index < directory.function_count:
            continue
        if room <= 0:
            cut.append(f"export names past {_MOST_NAME_BYTES >> 20} MiB left out")
            break
        name = _text(view, rva)
        unreadable += not name
        room -= len(name) + 1
        if name:
            by_index.setdefault(index, []).append(name)
    if unreadable:
        notes.append(f"{unreadable} export names unreadable")
    return by_index, room


def _text(view: ImageView, rva: int, longest: int = _LONGEST_NAME) -> str:
    """The string at ``rva``, or empty; bytes that are no ASCII stay visible as escapes."""
    try:
        return view.text(rva, longest).decode("ascii", "backslashreplace")
    except ReadError:
        return ""
