"""volatility3's own layers list the user pages of page directories, as JSON: ``DUMP x64|pae|x86 DTB…``.

A program of its own: nothing of the suite is loaded, and volatility3 keeps its state in modules.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from volatility3.framework import contexts
from volatility3.framework.layers import crash, intel, physical

LAYERS = {
    "x64": (crash.WindowsCrashDump64Layer, intel.WindowsIntel32e, 1 << 47),
    "pae": (crash.WindowsCrashDump32Layer, intel.WindowsIntelPAE, 1 << 31),
    "x86": (crash.WindowsCrashDump32Layer, intel.WindowsIntel, 1 << 31),
}


def pages(path: str, mode: str, directory: int) -> list[tuple[int, int]]:
    """(virtual, physical) of every user page of 4 KiB."""
    dump, virtual, end = LAYERS[mode]
    context = contexts.Context()
    context.config["file.location"] = Path(path).resolve().as_uri()
    context.add_layer(physical.FileLayer(context, "file", "file"))
    context.config["dump.base_layer"] = "file"
    context.add_layer(dump(context, "dump", "dump"))
    context.config["virtual.memory_layer"] = "dump"
    context.config["virtual.page_map_offset"] = directory
    layer = virtual(context, "virtual", "virtual")
    context.add_layer(layer)
    found = []
    # _mapping gives physical addresses; mapping would go on to offsets in the file
    for offset, size, mapped, _, name in layer._mapping(0, end, ignore_errors=True):
        if name == "dump":
            found.extend((offset + at, mapped + at) for at in range(0, size, 0x1000))
    return found


if __name__ == "__main__":
    dump_path, dump_mode, *directories = sys.argv[1:]
    print(json.dumps([pages(dump_path, dump_mode, int(each, 16)) for each in directories]))
