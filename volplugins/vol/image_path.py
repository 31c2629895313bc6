"""--image-path: folders with image files, for pages that a dump lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from volplugins.image.image_files import ImageFiles
from volplugins.loader.module import Module

if TYPE_CHECKING:
    from volplugins.threads.module_code import ImageFile


def image_file_in(folders: Sequence[str]) -> ImageFile | None:
    """Looks modules up in the folders of --image-path; None where there are none."""
    if not folders:
        return None
    files = ImageFiles(folders)

    def find(module: Module) -> bytes | None:
        return files.find(module.image_name, module.timestamp, module.size)

    return find
