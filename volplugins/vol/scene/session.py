"""Opens a file in a volatility3 context of our own, for the console command: layers stacked, nothing else run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from volatility3.framework import contexts, exceptions
from volatility3.framework.automagic import stacker, windows
from volatility3.framework.interfaces import configuration
from volatility3.framework.interfaces.automagic import StackerLayerInterface

from volplugins.dumpfile.errors import DumpError, NotADump
from volplugins.dumpfile.source import FileSource
from volplugins.vol.layers.container_stackers import container_stackers
from volplugins.vol.layers.opened_dumps import open_layer
from volplugins.vol.layers.path_layer import file_layer
from volplugins.vol.layers.stacker import KernelDumpStacker, MemoryImageStacker, PackedDumpStacker
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
    stackers = _stackers(context, name)
    try:
        return context, stacker.LayerStacker.stack_layer(context, name, stackers)[0]
    except exceptions.VolatilityException:
        return context, name


def _stackers(context: ContextInterface, name: str) -> list[type[StackerLayerInterface]]:
    """What may lie on the file; nothing where it cannot be opened: whoever asks for the target is told why.

    An image that our own reader opens needs no layer on it: no container is read by volatility3, whose readers believe
    the counts in a file.
    """
    layer = context.layers[name]
    try:
        open_layer(layer)
    except NotADump as error:
        containers = container_stackers(layer) if error.may_be_an_image else []
        return [*containers, MemoryImageStacker] if containers else []
    except DumpError:
        return []
    return [PackedDumpStacker, KernelDumpStacker, windows.WindowsIntelStacker]
