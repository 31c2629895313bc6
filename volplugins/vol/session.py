"""Opens a file in a volatility3 context of our own, for the console command: layers stacked, nothing else run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from volatility3.framework import contexts, exceptions
from volatility3.framework.automagic import stacker, windows
from volatility3.framework.interfaces import configuration
from volatility3.framework.layers import physical

from volplugins.dumpfile.source import FileSource
from volplugins.vol.stacker import KernelDumpStacker
from volplugins.vol.symbol_path import search_symbols

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
    context.config[configuration.path_join(config, "location")] = Path(os.path.abspath(path)).as_uri()
    context.add_layer(physical.FileLayer(context, config, name))
    stackers = [KernelDumpStacker, windows.WindowsIntelStacker]
    try:
        return context, stacker.LayerStacker.stack_layer(context, name, list(stackers))[0]
    except exceptions.VolatilityException:
        return context, name
