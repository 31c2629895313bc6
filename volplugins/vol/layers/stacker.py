"""Puts our layer on a crash dump before volatility3's own crash stacker (order 11) looks at it."""

from __future__ import annotations

import logging
from typing import Any

from volatility3.framework import constants, interfaces

vollog = logging.getLogger(__name__)

_MAGIC = (b"PAGEDUMP", b"PAGEDU64")
_told: set[str] = set()


class KernelDumpStacker(interfaces.automagic.StackerLayerInterface):
    """Opens Windows crash dumps of every type."""

    stack_order = 10
    exclusion_list = ["linux", "mac"]

    @classmethod
    def stack(
        cls,
        context: interfaces.context.ContextInterface,
        layer_name: str,
        progress_callback: constants.ProgressCallback = None,
    ) -> interfaces.layers.DataLayerInterface | None:
        """Return the dump's layer, or None where the file is no crash dump or cannot be opened (said once)."""
        layer = context.layers[layer_name]
        if layer.maximum_address < len(_MAGIC[0]) or layer.read(0, 8, pad=True) not in _MAGIC:
            return None
        from volplugins.dumpfile.errors import DumpError
        from volplugins.vol.layers.opened_dumps import open_layer

        try:
            dump = open_layer(layer)
        except DumpError as error:
            if layer_name not in _told:
                _told.add(layer_name)
                vollog.warning(f"volplugins: this crash dump cannot be opened: {error}")
            return None
        return cls._layer(context, layer_name, dump)

    @classmethod
    def _layer(
        cls, context: interfaces.context.ContextInterface, layer_name: str, dump: Any
    ) -> interfaces.layers.DataLayerInterface:
        from volplugins.vol.layers.dump_layer import LAYERS, TriageDumpLayer

        chosen = TriageDumpLayer if dump.triage is not None else LAYERS[dump.header.bits]
        new_name = context.layers.free_layer_name(chosen.__name__)
        context.config[interfaces.configuration.path_join(new_name, "base_layer")] = layer_name
        return chosen(context, new_name, new_name)
