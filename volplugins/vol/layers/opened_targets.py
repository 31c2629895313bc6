"""Targets opened in this process: a dump, or a memory image under whatever layers volatility3 has put on the file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from volatility3.framework.layers import intel

from volplugins.dumpfile.errors import NotADump
from volplugins.dumpfile.note import Note
from volplugins.paging.mode import PagingMode
from volplugins.target.target import TargetKind
from volplugins.vol.layers.kernel_places import identity_of, remember, remembered
from volplugins.vol.layers.layer_source import LayerSource, local_path, source_of
from volplugins.vol.layers.live_machines import live_at, location_of
from volplugins.vol.layers.opened_dumps import Key, key_of, open_layer

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface
    from volatility3.framework.interfaces.layers import DataLayerInterface

    from volplugins.dumpfile.source import ByteSource
    from volplugins.imagefile.memory_image import MemoryImage
    from volplugins.target.kernel_heads import AddressesOf
    from volplugins.target.kernel_search import Hint
    from volplugins.target.search_log import SearchLog
    from volplugins.target.target import Target

_KEPT = 4
INTEL: dict[PagingMode, type[intel.Intel]] = {
    PagingMode.X64: intel.WindowsIntel32e,
    PagingMode.PAE: intel.WindowsIntelPAE,
    PagingMode.X86: intel.WindowsIntel,
}
_SIDECARS = (".vmss", ".vmsn")
_targets: dict[tuple[Key, str], Target | NotADump] = {}
# what looks the kernel's variables up in its symbols, where somebody has said so: symbols stand above this room
_lookups: list[AddressesOf] = []


def use_symbols(addresses_of: AddressesOf) -> None:
    """Have an image's list heads looked up in the kernel's symbols where its debugger data block does not give them."""
    _lookups[:] = [addresses_of]


def open_target(context: ContextInterface, layer_name: str) -> Target:
    """The target that the layer stands on.

    Raises:
        DumpError: the file is neither a dump nor an image with a Windows kernel; its text is one line for the user.
    """
    from volplugins.target.of_dump import target_of_dump

    layers = layers_below(context, layer_name)
    bottom = layers[-1]
    location = location_of(bottom)
    if location is not None:
        return live_at(location, _lookups[0] if _lookups else None).target
    try:
        return target_of_dump(open_layer(bottom))
    except NotADump as error:
        if not error.may_be_an_image:
            raise
    memory_layer = next(each for each in layers if not isinstance(each, intel.Intel))
    key = key_of(bottom), type(memory_layer).__name__
    if key not in _targets:
        while len(_targets) >= _KEPT:
            _targets.pop(next(iter(_targets)))
        _targets[key] = _found(memory_layer, bottom)
    found = _targets[key]
    if isinstance(found, NotADump):
        raise found.with_traceback(None)
    return found


def _found(memory_layer: DataLayerInterface, bottom: DataLayerInterface) -> Target | NotADump:
    """The target, or why there is none: a search in vain is not made twice."""
    try:
        return _opened(memory_layer, bottom)
    except NotADump as error:
        return error


def layers_below(context: ContextInterface, layer_name: str) -> list[DataLayerInterface]:
    """The layer and what it stands on, top to bottom; of several dependencies the first, which holds the memory."""
    found = [context.layers[layer_name]]
    while getattr(found[-1], "dependencies", ()):
        found.append(context.layers[found[-1].dependencies[0]])
    return found


# how formats begin that our own readers open, and the layer that volatility3 has for each
_CONTAINERS = (
    ("raw", ""), ("LiME", "LimeLayer"), ("ELF core", "Elf64Layer"), ("AVML", "AVMLLayer"),
    ("VMware vmem with", "VmwareLayer"), ("VMware vmem", ""),
)  # fmt: skip


def layer_names(context: ContextInterface, layer_name: str) -> str:
    """Names of the layers, top to bottom, as volatility3 calls them: a layer of ours by the one it descends from."""
    target = open_target(context, layer_name)
    container = next((name for start, name in _CONTAINERS if target.format.startswith(start)), None)
    if target.kind is TargetKind.MEMORY_IMAGE and container is not None:
        # our own reader opens it whatever volatility3 put on it, so that every command says the same
        top = INTEL[target.mode].__name__ if target.mode in INTEL else ""
        return ", ".join(name for name in (top, container, "FileLayer") if name)
    kinds = [type(layer) for layer in layers_below(context, layer_name)]
    own = [next((each for each in kind.__mro__ if each.__module__.startswith("volatility3.")), kind) for kind in kinds]
    return ", ".join(each.__name__ for each in own)


def _opened(memory_layer: DataLayerInterface, bottom: DataLayerInterface) -> Target:
    from volplugins.dumpfile.source import FileSource

    source = source_of(bottom)
    try:
        identity = identity_of(source, key_of(bottom)[2])
        target, log = _searched(source, memory_layer, bottom, remembered(identity))
        remember(identity, target, log)
        return target
    except BaseException:
        if isinstance(source, FileSource):
            source.close()
        raise


def _searched(
    source: ByteSource, memory_layer: DataLayerInterface, bottom: DataLayerInterface, known: tuple[Hint, ...]
) -> tuple[Target, SearchLog]:
    """The target and the log of its search.

    Where a sidecar leads to no kernel it may be another machine's, and the file is tried without it.
    """
    from volplugins.target.of_image import NoKernel, target_of_image
    from volplugins.target.search_log import SearchLog

    sidecar = _sidecar(local_path(bottom))
    lookup = _lookups[0] if _lookups else None
    log = SearchLog()
    try:
        return target_of_image(_image(source, memory_layer, bottom, sidecar), known, log, lookup), log
    except NoKernel:
        if sidecar is None:
            raise
        log = SearchLog()
        target = target_of_image(_image(source, memory_layer, bottom, None), known, log, lookup)
        text = "with the state file that lies beside it no kernel was found: it is another machine's, and is left aside"
        return replace(target, notes=(Note("sidecar", text), *target.notes)), log


def _image(
    source: ByteSource, memory_layer: DataLayerInterface, bottom: DataLayerInterface, sidecar: ByteSource | None
) -> MemoryImage:
    """By our own reader where it knows the format, else through volatility3's layer."""
    from volplugins.imagefile.open_image import open_image
    from volplugins.imagefile.raw import RAW

    path = local_path(bottom)
    name = path or str(getattr(bottom, "location", ""))
    image = open_image(source, sidecar, name)
    if image is not None and (image.format != RAW or memory_layer is bottom):
        return image
    return layer_image(memory_layer)


def _sidecar(path: str | None) -> ByteSource | None:
    """VMware's state file beside a .vmem."""
    from volplugins.dumpfile.errors import DumpError
    from volplugins.dumpfile.source import FileSource

    if path is None or not path.lower().endswith(".vmem"):
        return None
    for suffix in _SIDECARS:
        beside = Path(path).with_suffix(suffix)
        try:
            if os.path.isfile(beside):
                return FileSource(beside)
        except DumpError:
            continue
    return None


def layer_image(layer: DataLayerInterface) -> MemoryImage:
    """The image that any volatility3 layer of physical memory is: every page is read through the layer."""
    from volplugins.imagefile.memory_image import Segment, image_of_segments

    start, size = layer.minimum_address, layer.maximum_address + 1 - layer.minimum_address
    segments: list[Segment] = []
    pieces = layer.mapping(start, size, ignore_errors=True) if hasattr(layer, "mapping") else [(start, size)]
    for offset, length, *_ in pieces:
        last = segments[-1] if segments else None
        if last is not None and last.physical + last.size == offset:
            segments[-1] = Segment(last.physical, last.size + length, last.offset)
        else:
            segments.append(Segment(offset, length, offset))
    image = image_of_segments(LayerSource(layer), type(layer).__name__, segments)
    image.memory.plain = False
    return image
