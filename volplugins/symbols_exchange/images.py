"""Images that dumps need, and the PDBs that those at hand name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.vol.symbols.store_images import Image, record_in

if TYPE_CHECKING:
    from volplugins.image.debug_record import DebugRecord
    from volplugins.image.image_files import ImageFiles


@dataclass(slots=True)
class NeededImage:
    """An image and how many dumps need it.

    ``present``: where its file is, empty where it is missing; ``named``: of how many of the dumps its PDB is known.
    """

    image: Image
    dumps: int = 0
    present: str = ""
    named: int = 0


def name_pdb(files: ImageFiles, needed: NeededImage) -> DebugRecord | None:
    """The PDB that the image names, where its file is at hand: then ``needed`` is present."""
    file = files.file(needed.image.name, needed.image.timestamp, needed.image.size)
    if file is None:
        return None
    needed.present = str(file.path)
    return record_in(file)
