"""PDBs and images that dumps need: each once, with how many dumps do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from volplugins.image.debug_record import DebugRecord
from volplugins.image.image_files import ImageFiles
from volplugins.image.pe_file import PeFile
from volplugins.symbols_exchange.images import NeededImage, name_pdb
from volplugins.vol.symbols.store_images import Image, record_in
from volplugins.vol.symbols.store_images import Key as ImageKey

# a name becomes part of paths and URLs; what no file system and no pattern of one takes cannot be looked for
_NAME = re.compile(r"[^\\/:*?\"<>|\[\]\x00-\x1f\x7f]{1,200}")
_IDENTITY = re.compile(r"(?P<guid>[0-9A-F]{32}|[0-9A-F]{8})", re.I)
_GUID_AGE = re.compile(r"([0-9A-F]{32})([0-9A-F]{1,8})|([0-9A-F]{8})([0-9A-F]{1,8})", re.I)
_MOST_IMAGES = 16
Key = tuple[str, str, int]
Wanted = tuple[DebugRecord, str, bool]  # what names it, and whether that is the kernel


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
    """What all inputs need together.

    ``faults`` and ``notes`` are lines for the user; ``unnamed``: those about kernels whose PDB is not known, with the
    image that would tell; ``inputs`` were read; ``files``: where images are looked for.
    """

    pdbs: dict[Key, NeededPdb] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inputs: int = 0
    images: dict[ImageKey, NeededImage] = field(default_factory=dict)
    unnamed: list[tuple[str, Image | None]] = field(default_factory=list)
    files: ImageFiles = field(default_factory=lambda: ImageFiles(()))
    _records: dict[ImageKey, DebugRecord | None] = field(default_factory=dict)

    def add(self, wanted: Iterable[Wanted], dumps: int = 1) -> None:
        """Add what one dump needs: record, image, whether it is the kernel's; the same PDB counts once."""
        found: dict[Key, NeededPdb] = {}
        for record, image, kernel in wanted:
            key = key_of(record)
            pdb = found[key] = self.pdbs.setdefault(key, NeededPdb(record))
            pdb.seen_as(image)
            pdb.kernel = pdb.kernel or kernel
        for pdb in found.values():
            pdb.dumps += dumps

    def add_images(self, images: Iterable[Image], dumps: int = 1, known: Image | None = None) -> list[Wanted]:
        """Add the images that one dump needs; return the PDBs that those at hand name, as ``add`` takes them.

        Args:
            known: the image whose PDB the dump names without it.
        """
        found: list[Wanted] = []
        for image in dict.fromkeys(each for each in images if usable_name(each.name)):
            needed = self.images.get(image.key)
            if needed is None:
                needed = self.images[image.key] = NeededImage(image)
                self._records[image.key] = name_pdb(self.files, needed)
            needed.dumps += dumps
            record = self._records[image.key]
            if record is not None or image == known:
                needed.named += dumps
            if record is not None:
                found.append((record, image.name, image.kernel))
        return found

    def came(self, needed: NeededImage, file: PeFile) -> None:
        """An image that was missing is there now: its PDB is needed by all of its dumps."""
        needed.present = str(file.path)
        record = self._records[needed.image.key] = record_in(file)
        if record is not None and usable(record):
            self.add([(record, needed.image.name, needed.image.kernel)], needed.dumps - needed.named)
            needed.named = needed.dumps

    @property
    def all_faults(self) -> list[str]:
        """``faults``, and the lines about kernels that no image at hand names."""
        known = {key for key, record in self._records.items() if record is not None}
        return [*self.faults, *(line for line, image in self.unnamed if image is None or image.key not in known)]

    def find_image(self, timestamp: int, size: int, name: str) -> NeededImage | None:
        """The image of this identity; of several that share it, the one of this name."""
        fitting = [each for (_, *known), each in self.images.items() if known == [timestamp, size]]
        return next(iter([*(each for each in fitting if each.image.key[0] == name.casefold()), *fitting]), None)

    def images_in_order(self) -> list[NeededImage]:
        """As ``in_order``."""
        order = sorted(self.images.values(), key=lambda each: each.image.key)
        return sorted(order, key=lambda each: (bool(each.present), not each.image.kernel, -each.dumps))

    @property
    def missing_images(self) -> list[NeededImage]:
        """Those that are not at hand."""
        return [each for each in self.images_in_order() if not each.present]

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
    return usable_name(record.pdb_name) and _IDENTITY.fullmatch(record.guid) is not None


def usable_name(name: str) -> bool:
    """Whether it can be a file's."""
    good = _NAME.fullmatch(name) is not None and name.isprintable() and not name.startswith((".", " "))
    return good and not name.endswith((".", " "))


def record_of(pdb: str, guid_age: str) -> DebugRecord | None:
    """The record that a row of windows.kd.lm describes; None where it describes none."""
    found = _GUID_AGE.fullmatch(guid_age)
    if found is None or not pdb:
        return None
    guid, age = (found[1], found[2]) if found[1] else (found[3], found[4])
    return DebugRecord(pdb, pdb, guid.upper(), int(age, 16), "row")
