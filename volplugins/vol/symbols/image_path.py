"""Folders with image files, for pages that a dump lacks: those of --image-path, then where imports go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import volatility3.symbols

from volplugins.image.image_files import ImageFiles
from volplugins.loader.module import Module

if TYPE_CHECKING:
    from volplugins.threads.module_code import ImageFile

IMPORTED = "images"


class ImagesInFolders:
    """Looks modules up in folders; equal to another of the same folders."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        self._folders = folders
        self._files = ImageFiles(folders)

    def __call__(self, module: Module) -> bytes | None:
        return self._files.find(module.image_name, module.timestamp, module.size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ImagesInFolders) and self._folders == other._folders

    def __hash__(self) -> int:
        return hash(self._folders)


def imported_images() -> list[str]:
    """Folders ``images`` of the symbol folders, in their order: ``volplugins symbols --import`` puts images there."""
    folders = (Path(folder, IMPORTED) for folder in volatility3.symbols.__path__)
    return [str(folder.absolute()) for folder in folders if folder.is_dir()]


def image_file_in(folders: Sequence[str] = ()) -> ImageFile | None:
    """Looks modules up in the folders of --image-path and among what was imported; None where there are none."""
    places = (*folders, *imported_images())
    return ImagesInFolders(places) if places else None
