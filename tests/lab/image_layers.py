"""volatility3's own layers over a written image: the judge of what the lab writes."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from volatility3.framework import contexts, interfaces
from volatility3.framework.layers import physical

from volplugins.lab.machine.snapshot import PAGE, Snapshot

STACKERS = {
    "lime": ("lime", "LimeStacker"),
    "elf-core": ("elf", "Elf64Stacker"),
    "avml": ("avml", "AVMLStacker"),
    "vmware": ("vmware", "VmwareStacker"),
}


def has_snappy() -> bool:
    """Whether volatility3 found libsnappy."""
    return bool(importlib.import_module("volatility3.framework.layers.avml").HAS_SNAPPY)


def image_layer(path: Path, kind: str) -> interfaces.layers.DataLayerInterface:
    """Physical memory of an image as volatility3 reads it."""
    context = contexts.Context()
    context.config["file.location"] = path.resolve().as_uri()
    base = physical.FileLayer(context, "file", "file")
    context.layers.add_layer(base)
    if kind not in STACKERS:
        return base
    module, name = STACKERS[kind]
    stacker: Any = getattr(importlib.import_module(f"volatility3.framework.layers.{module}"), name)
    layer = stacker.stack(context, "file")
    assert layer is not None
    return layer  # type: ignore[no-any-return]


def differing(layer: interfaces.layers.DataLayerInterface, snapshot: Snapshot, step: int = 1) -> list[int]:
    """Page frames of RAM, every ``step``-th and all that hold something, that the layer reads otherwise."""
    ram = [pfn for base, count in snapshot.runs for pfn in range(base, base + count)]
    wanted = sorted({*ram[::step], *(set(ram) & set(snapshot.pages)), *(base for base, _ in snapshot.runs), ram[-1]})
    return [pfn for pfn in wanted if layer.read(pfn * PAGE, PAGE) != snapshot.pages.get(pfn, bytes(PAGE))]
