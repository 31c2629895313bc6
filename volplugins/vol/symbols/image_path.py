"""--image-path: folders with image files, for pages that a dump lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from volplugins.image.image_files import ImageFiles
from volplugins.loader.module import Module

if TYPE_CHECKING:
    from volplugins.threads.module_code import ImageFile


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


def image_file_in(folders: Sequence[str]) -> ImageFile | None:
    """Looks modules up in the folders of --image-path; None where there are none."""
    return ImagesInFolders(tuple(folders)) if folders else None
