"""PDBs that dumps need: each once, with the images that name it and how many dumps do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from volplugins.image.debug_record import DebugRecord

# a name becomes part of paths and URLs; what no file system and no pattern of one takes cannot be looked for
_NAME = re.compile(r"[^\\/:*?\"<>|\[\]\x00-\x1f\x7f]{1,200}")
_IDENTITY = re.compile(r"(?P<guid>[0-9A-F]{32}|[0-9A-F]{8})", re.I)
_GUID_AGE = re.compile(r"([0-9A-F]{32})([0-9A-F]{1,8})|([0-9A-F]{8})([0-9A-F]{1,8})", re.I)
_MOST_IMAGES = 16
Key = tuple[str, str, int]


@dataclass(slots=True)
class NeededPdb:
    """One PDB.

    ``images``: files that name it, 16 at most; ``dumps``: how many dumps need it; ``present``: where its table is,
    empty where it is missing.
    """

    record: DebugRecord
    images: list[str] = field(default_factory=list)
    dumps: int = 0
    present: str = ""
    kernel: bool = False

    def seen_as(self, image: str) -> None:
        """Note an image that names it."""
        if image and image not in self.images and len(self.images) < _MOST_IMAGES:
            self.images.append(image)


@dataclass(slots=True)
class Needs:
    """What all inputs need together. ``faults`` and ``notes`` are lines for the user; ``inputs`` were read."""

    pdbs: dict[Key, NeededPdb] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inputs: int = 0

    def add(self, wanted: Iterable[tuple[DebugRecord, str, bool]], dumps: int = 1) -> None:
        """Add what one dump needs: record, image, whether it is the kernel's; the same PDB counts once."""
        found: dict[Key, NeededPdb] = {}
        for record, image, kernel in wanted:
            key = key_of(record)
            pdb = found[key] = self.pdbs.setdefault(key, NeededPdb(record))
            pdb.seen_as(image)
            pdb.kernel = pdb.kernel or kernel
        for pdb in found.values():
            pdb.dumps += dumps

    def find(self, guid: str, age: int, name: str = "") -> NeededPdb | None:
        """The PDB of this identity; of several that share it, the one of this name."""
        fitting = [pdb for (_, known, old), pdb in self.pdbs.items() if (known, old) == (guid.upper(), age)]
        named = [pdb for pdb in fitting if pdb.record.pdb_name.casefold() == name.casefold()]
        return next(iter([*named, *fitting]), None)

    def named(self, name: str) -> list[NeededPdb]:
        """PDBs of this name, of any identity."""
        return [pdb for pdb in self.pdbs.values() if pdb.record.pdb_name.casefold() == name.casefold()]

    def in_order(self) -> list[NeededPdb]:
        """Missing ones first, kernels before others, then by how many dumps need them, then by name."""
        order = sorted(self.pdbs.items(), key=lambda each: (each[0], each[1].record.pdb_name))
        return [
            p for _, p in sorted(order, key=lambda each: (bool(each[1].present), not each[1].kernel, -each[1].dumps))
        ]

    @property
    def missing(self) -> list[NeededPdb]:
        """Those that are not at hand."""
        return [pdb for pdb in self.in_order() if not pdb.present]


def key_of(record: DebugRecord) -> Key:
    """What makes two records the same PDB."""
    return record.pdb_name.casefold(), record.guid.upper(), record.age


def usable(record: DebugRecord) -> bool:
    """Whether name and identity can be those of a file."""
    name = record.pdb_name
    good = _NAME.fullmatch(name) is not None and name.isprintable() and not name.startswith((".", " "))
    return good and not name.endswith((".", " ")) and _IDENTITY.fullmatch(record.guid) is not None


def record_of(pdb: str, guid_age: str) -> DebugRecord | None:
    """The record that a row of windows.kd.lm describes; None where it describes none."""
    found = _GUID_AGE.fullmatch(guid_age)
    if found is None or not pdb:
        return None
    guid, age = (found[1], found[2]) if found[1] else (found[3], found[4])
    return DebugRecord(pdb, pdb, guid.upper(), int(age, 16), "row")
