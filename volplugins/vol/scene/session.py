"""Opens a file in a volatility3 context of our own, for the console command: layers stacked, nothing else run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from volatility3.framework import contexts, exceptions
from volatility3.framework.automagic import stacker, windows
from volatility3.framework.interfaces import configuration

from volplugins.dumpfile.errors import DumpError
from volplugins.dumpfile.source import FileSource
from volplugins.vol.layers.opened_dumps import open_layer
from volplugins.vol.layers.path_layer import file_layer
from volplugins.vol.layers.stacker import KernelDumpStacker
from volplugins.vol.symbols.symbol_path import search_symbols

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def open_file(path: Path, symbol_folders: Sequence[str] = ()) -> tuple[ContextInterface, str]:
    """Stack layers on ``path`` as ``vol -f`` would; return the context and the name of the top layer.

    Args:
        symbol_folders: as for ``vol -s``; searched first.

    Raises:
        DumpError: the file is not there, a directory or empty.
    """
    with FileSource(path):  # names these causes in our own words before volatility3 looks
        pass
    search_symbols(symbol_folders)
    context = contexts.Context()
    name = "FileLayer"
    config = configuration.path_join("volplugins", name)
    context.add_layer(file_layer(context, config, name, path))
    if not _opens(context, name):
        return context, name  # whoever asks for the dump is told why
    stackers = [KernelDumpStacker, windows.WindowsIntelStacker]
    try:
        return context, stacker.LayerStacker.stack_layer(context, name, list(stackers))[0]
    except exceptions.VolatilityException:
        return context, name


def _opens(context: ContextInterface, name: str) -> bool:
    try:
        open_layer(context.layers[name])
    except DumpError:
        return False
    return True
