"""What one dump needs, as it is found in the dump itself or in rows of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from volplugins.symbols_exchange.needed import Needs, Wanted, usable, usable_name
from volplugins.vol.symbols.store_images import Image, image_of


@dataclass(slots=True)
class Found:
    """What one dump needs: PDBs that it names, images of modules whose PDB it does not name.

    ``unknown``: modules of which not even the image can be asked for; ``known``: the image whose PDB is known without.
    """

    wanted: list[Wanted] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    unknown: int = 0
    known: Image | None = None

    def lacks(self, name: str, timestamp: int | None, size: int) -> Image | None:
        """Note a module whose debug record is not in the dump."""
        image = image_of(name, timestamp, size)
        if image is not None and usable_name(image.name):
            self.images.append(image)
            return image
        self.unknown += 1
        return None


def add_found(needs: Needs, path: Path, found: Found) -> None:
    """Add what one dump needs, with the PDBs that images at hand name; ``path`` is for lines to the user."""
    named = needs.add_images(found.images, known=found.known)
    good = [each for each in (*found.wanted, *named) if usable(each[0])]
    needs.add(good)
    bad = len(found.wanted) + len(named) - len(good)
    if bad:
        needs.notes.append(f"{path}: {bad} modules name a PDB whose name no file can have")
    images = len(set(found.images))
    if images:
        needs.notes.append(f"{path}: {images} modules: the debug record is not in the dump; their images name "
                           f"{len(named)} of their PDBs")  # fmt: skip
    if found.unknown:
        needs.notes.append(f"{path}: {found.unknown} modules: the debug record is not in the dump, nor what its image "
                           "could be asked for by")  # fmt: skip
