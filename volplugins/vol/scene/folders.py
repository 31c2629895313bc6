"""Folders that options name: one that is not there is wrong use, and not silently empty."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from volplugins.vol.output.wrong_use import WrongUse
from volplugins.vol.scene.shared_work import is_shared
from volplugins.vol.symbols.image_path import image_file_in
from volplugins.vol.symbols.symbol_path import typed_symbols

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

    from volplugins.threads.module_code import ImageFile


def check_folders(option: str, folders: Iterable[str]) -> None:
    """Raise WrongUse for the first folder that is not there."""
    for folder in folders:
        if not os.path.isdir(folder):
            raise WrongUse(f"{option} {folder}: no such folder; allowed: folders that are there")


def images_of(context: ContextInterface, folders: Sequence[str]) -> ImageFile | None:
    """Looks modules up in the folders of --image-path and among what was imported.

    Raises:
        WrongUse: a folder is not there. Commands that share the work of plugins have checked their folders themselves.
    """
    if not is_shared(context):
        check_folders("--image-path", folders)
    return image_file_in(folders)


def check_symbol_folders(context: ContextInterface) -> None:
    """Raise WrongUse where ``vol -s`` names a folder that is not there."""
    if not is_shared(context):
        check_folders("-s", typed_symbols())
