"""volatility3's own readers of containers, for the formats of memory that no reader of ours opens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from volatility3 import framework
from volatility3.framework.interfaces.automagic import StackerLayerInterface

from volplugins.dumpfile.errors import DumpError
from volplugins.imagefile.open_image import open_image
from volplugins.vol.layers.layer_source import local_path, source_of
from volplugins.vol.layers.stacker import KernelDumpStacker, MemoryImageStacker

if TYPE_CHECKING:
    from volatility3.framework.interfaces.layers import DataLayerInterface

_ELF = b"\x7fELF"  # a core of Xen has sections, where ours looks for segments


def container_stackers(layer: DataLayerInterface) -> list[type[StackerLayerInterface]]:
    """Those that come before our search for the kernel, in their order; none where a reader of ours opens the file.

    Args:
        layer: of the file itself.
    """
    try:
        source = source_of(layer)
        image = open_image(source, None, local_path(layer) or "")
    except DumpError:
        return []
    if image is not None and (image.format != "raw" or source.read(0, 4) != _ELF):
        return []
    framework.import_files(sys.modules["volatility3.framework.layers"])
    known: set[type[StackerLayerInterface]] = framework.class_subclasses(StackerLayerInterface)
    ours = (KernelDumpStacker, MemoryImageStacker)
    chosen = [
        each for each in known if each not in ours and KernelDumpStacker.stack_order <= each.stack_order
        and each.stack_order < MemoryImageStacker.stack_order and each.__module__.startswith("volatility3.")
        and "Crash" not in each.__name__
    ]  # fmt: skip
    return sorted(chosen, key=lambda each: (each.stack_order, each.__name__))
