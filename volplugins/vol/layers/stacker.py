"""Puts our layer on a crash dump before volatility3's own crash stacker (order 11) looks at it."""

from __future__ import annotations

import logging

from volatility3.framework import constants, exceptions, interfaces, layers

vollog = logging.getLogger(__name__)

_MAGIC = (b"PAGEDUMP", b"PAGEDU64")
_PACKED = b"ZDMP"
_told: set[str] = set()


class LiveStacker(interfaces.automagic.StackerLayerInterface):
    """Puts a live machine's memory on the handle of its location: here it is stopped, and here failure is met.

    It comes before every reader of files, whatever the plugin's operating system is.
    """

    stack_order = 1
    exclusion_list: list[str] = []

    @classmethod
    def stack(
        cls,
        context: interfaces.context.ContextInterface,
        layer_name: str,
        progress_callback: constants.ProgressCallback = None,
    ) -> interfaces.layers.DataLayerInterface | None:
        """The layer, an empty one where nobody answers; None for any file."""
        from volplugins.vol.layers.live_machines import location_of

        if location_of(context.layers[layer_name]) is None:
            return None
        from volplugins.dumpfile.errors import DumpError
        from volplugins.vol.layers.live_layer import LiveLayer
        from volplugins.vol.layers.live_machines import progress_of_reading
        from volplugins.vol.layers.opened_targets import open_target
        from volplugins.vol.layers.refused_layer import RefusedDumpLayer

        try:
            with progress_of_reading(lambda text: progress_callback(0, text) if progress_callback else None):
                open_target(context, layer_name)
            return layer_on(context, layer_name, LiveLayer)
        except DumpError as error:
            if layer_name not in _told:
                _told.add(layer_name)
                vollog.warning(f"volplugins: {error}")
        except Exception as error:  # volatility3 would go on to readers of files
            vollog.warning(f"volplugins: {type(error).__name__}: {error}")
        return layer_on(context, layer_name, RefusedDumpLayer)


class PackedDumpStacker(interfaces.automagic.StackerLayerInterface):
    """Puts the plain bytes of a ``.zdmp`` on the file, on which the other stackers go on."""

    stack_order = 9
    exclusion_list: list[str] = []

    @classmethod
    def stack(
        cls,
        context: interfaces.context.ContextInterface,
        layer_name: str,
        progress_callback: constants.ProgressCallback = None,
    ) -> interfaces.layers.DataLayerInterface | None:
        """The layer, an empty one where it cannot be unpacked (said once); None for any other file."""
        layer = context.layers[layer_name]
        if layer.maximum_address < len(_PACKED) or layer.read(0, len(_PACKED), pad=True) != _PACKED:
            return None
        from volplugins.dumpfile.errors import DumpError
        from volplugins.vol.layers.refused_layer import RefusedDumpLayer
        from volplugins.vol.layers.unpacked_layer import UnpackedDumpLayer

        try:
            return layer_on(context, layer_name, UnpackedDumpLayer)
        except (DumpError, exceptions.LayerException) as error:
            _tell(layer_name, str(error))
        return layer_on(context, layer_name, RefusedDumpLayer)


class KernelDumpStacker(interfaces.automagic.StackerLayerInterface):
    """Takes every file with a crash dump's signature, whatever the plugin's operating system is.

    No such file may go on to volatility3's own crash stacker, which loops over whatever counts a header claims.
    """

    stack_order = 10
    exclusion_list: list[str] = []

    @classmethod
    def stack(
        cls,
        context: interfaces.context.ContextInterface,
        layer_name: str,
        progress_callback: constants.ProgressCallback = None,
    ) -> interfaces.layers.DataLayerInterface | None:
        """Return the dump's layer, an empty one where it cannot be opened (said once); None for any other file."""
        layer = context.layers[layer_name]
        if hasattr(type(layer), "live"):  # what a guest has at physical 0 is no file's signature
            return None
        if layer.maximum_address < len(_MAGIC[0]) or layer.read(0, 8, pad=True) not in _MAGIC:
            return None
        from volplugins.dumpfile.errors import DumpError
        from volplugins.vol.layers.dump_layer import LAYERS, TriageDumpLayer
        from volplugins.vol.layers.opened_dumps import open_layer
        from volplugins.vol.layers.refused_layer import RefusedDumpLayer

        try:
            dump = open_layer(layer)
            return layer_on(context, layer_name, TriageDumpLayer if dump.triage else LAYERS[dump.header.bits])
        except (DumpError, exceptions.LayerException) as error:
            _tell(layer_name, str(error))
        except Exception as error:  # volatility3 would go on to its own stacker
            _tell(layer_name, f"{type(error).__name__}: {error}")
        return layer_on(context, layer_name, RefusedDumpLayer)


class MemoryImageStacker(interfaces.automagic.StackerLayerInterface):
    """Puts page tables on a memory image whose kernel our search finds, so that volatility3 need not scan for them.

    It comes behind every reader of a container and before volatility3's own scan (order 40), which goes on as ever
    where this finds nothing.
    """

    stack_order = 39
    exclusion_list = ["linux", "mac"]

    @classmethod
    def stack(
        cls,
        context: interfaces.context.ContextInterface,
        layer_name: str,
        progress_callback: constants.ProgressCallback = None,
    ) -> interfaces.layers.DataLayerInterface | None:
        """The kernel's address space; None where no kernel was found, or its paging mode is unknown to volatility3."""
        base = context.layers[layer_name]
        if isinstance(base, layers.intel.Intel) or base.metadata.get("os", "Unknown") not in ("Windows", "Unknown"):
            return None
        from volplugins.dumpfile.errors import DumpError
        from volplugins.paging.mode import PagingMode
        from volplugins.target.target import TargetKind
        from volplugins.vol.layers.opened_targets import INTEL, open_target

        try:
            target = open_target(context, layer_name)
        except DumpError as error:
            vollog.info(f"volplugins: {error}")
            return None
        kind = INTEL.get(target.mode) if target.mode is not None else None
        if target.kind is not TargetKind.MEMORY_IMAGE or kind is None:
            return None
        name = context.layers.free_layer_name("IntelLayer")
        path = interfaces.configuration.path_join("IntelHelper", name)
        low_bits = 0x1F if target.mode is PagingMode.PAE else 0xFFF
        context.config[interfaces.configuration.path_join(path, "memory_layer")] = layer_name
        page_map = target.directory_table_base & ~low_bits
        context.config[interfaces.configuration.path_join(path, "page_map_offset")] = page_map
        return kind(context, config_path=path, name=name, metadata={"os": "Windows"})


def layer_on(
    context: interfaces.context.ContextInterface,
    layer_name: str,
    chosen: type[interfaces.layers.DataLayerInterface],
) -> interfaces.layers.DataLayerInterface:
    """A layer of this kind on another."""
    new_name = context.layers.free_layer_name(chosen.__name__)
    context.config[interfaces.configuration.path_join(new_name, "base_layer")] = layer_name
    return chosen(context, new_name, new_name)


def _tell(layer_name: str, reason: str) -> None:
    if layer_name not in _told:
        _told.add(layer_name)
        vollog.warning(f"volplugins: this crash dump cannot be opened: {reason}")
