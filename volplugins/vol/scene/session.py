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
from volplugins.vol.layers.path_layer import ClosingFileLayer, file_layer
from volplugins.vol.layers.stacker import KernelDumpStacker, LiveStacker, MemoryImageStacker, PackedDumpStacker
from volplugins.vol.symbols.symbol_path import search_symbols
from volplugins.wires.location import is_live

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

    Opened = tuple[ContextInterface, str]  # volatility3's context, and the name of its top layer


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


def open_location(location: str, symbol_folders: Sequence[str] = ()) -> tuple[ContextInterface, str]:
    """The same for the location of a live machine, which is stopped then; the caller lets it run on (``leaving``).

    Raises:
        DumpError: nobody answers there as a Windows kernel does; one line for the user.
    """
    import volplugins.vol.layers.live_handle  # noqa: F401 - volatility3 finds the handler of the location so
    from volplugins.vol.layers.opened_targets import open_target

    search_symbols(symbol_folders)
    context = contexts.Context()
    name = "FileLayer"
    config = configuration.path_join("volplugins", name)
    context.config[configuration.path_join(config, "location")] = location
    context.add_layer(ClosingFileLayer(context, config, name))
    open_target(context, name)  # says why there is none
    stackers: list[type[StackerLayerInterface]] = [LiveStacker, windows.WindowsIntelStacker]
    return context, stacker.LayerStacker.stack_layer(context, name, stackers)[0]


def open_any(given: str, symbol_folders: Sequence[str] = ()) -> tuple[ContextInterface, str]:
    """A live machine's location, or a file."""
    return open_location(given, symbol_folders) if is_live(given) else open_file(Path(given), symbol_folders)


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
