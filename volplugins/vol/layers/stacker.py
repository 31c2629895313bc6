"""Puts our layer on a crash dump before volatility3's own crash stacker (order 11) looks at it."""

from __future__ import annotations

import logging

from volatility3.framework import constants, exceptions, interfaces

vollog = logging.getLogger(__name__)

_MAGIC = (b"PAGEDUMP", b"PAGEDU64")
_told: set[str] = set()


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
        if layer.maximum_address < len(_MAGIC[0]) or layer.read(0, 8, pad=True) not in _MAGIC:
            return None
        from volplugins.dumpfile.errors import DumpError
        from volplugins.vol.layers.dump_layer import LAYERS, TriageDumpLayer
        from volplugins.vol.layers.opened_dumps import open_layer
        from volplugins.vol.layers.refused_layer import RefusedDumpLayer

        try:
            dump = open_layer(layer)
            return cls._layer(context, layer_name, TriageDumpLayer if dump.triage else LAYERS[dump.header.bits])
        except (DumpError, exceptions.LayerException) as error:
            _tell(layer_name, str(error))
        except Exception as error:  # volatility3 would go on to its own stacker
            _tell(layer_name, f"{type(error).__name__}: {error}")
        return cls._layer(context, layer_name, RefusedDumpLayer)

    @classmethod
    def _layer(
        cls,
        context: interfaces.context.ContextInterface,
        layer_name: str,
        chosen: type[interfaces.layers.DataLayerInterface],
    ) -> interfaces.layers.DataLayerInterface:
        new_name = context.layers.free_layer_name(chosen.__name__)
        context.config[interfaces.configuration.path_join(new_name, "base_layer")] = layer_name
        return chosen(context, new_name, new_name)


def _tell(layer_name: str, reason: str) -> None:
    if layer_name not in _told:
        _told.add(layer_name)
        vollog.warning(f"volplugins: this crash dump cannot be opened: {reason}")
