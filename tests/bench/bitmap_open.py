"""Opening the bitmap dump of a 64 GiB machine: our layer's parser against volatility3's crash layer."""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path

from tests.bench.figures import Figures, Unequal, Unit
from tests.bench.measure import against, printed
from volplugins.lab.writers.bigmap import write_big_bitmap

# each side's code is imported before the clock starts: ours imports its parser at the first dump (start-up is a figure
# of its own); both print how many seconds the layer took to build and, before that, which pages they found
_OURS = """
import sys, time
from volatility3.framework import contexts
from volatility3.framework.layers import physical
from volplugins.dumpfile import dump
from volplugins.kernel import kernel_space
from volplugins.vol.layers.dump_layer import KernelDump64Layer as Layer
path = sys.argv[1]
context = contexts.Context()
context.config["file.location"] = "file://" + path
context.add_layer(physical.FileLayer(context, "file", "file"))
context.config["dump.base_layer"] = "file"
start = time.perf_counter()
layer = Layer(context, "dump", "dump")
took = time.perf_counter() - start
probe = sum(layer.is_valid(page << 12) for page in range(0, 1 << 24, 65521))
print(probe, layer.minimum_address, layer.maximum_address)
print(took)
"""
_THEIRS = _OURS.replace(
    "from volplugins.vol.layers.dump_layer import KernelDump64Layer as Layer",
    "from volatility3.framework.layers.crash import WindowsCrashDump64Layer as Layer",
)


def _measure(folder: Path, figures: Figures, pattern: str) -> None:
    """One pattern of the bitmap; the probe of pages must agree."""
    name = "bitmap-open" if pattern == "mixed" else f"bitmap-open@{pattern}"
    path = folder / f"big-{pattern}.dmp"
    write_big_bitmap(path, gib=64, pattern=pattern)
    seen = printed(_OURS, str(path))[0]
    ours, theirs = against(name, "volatility3", path, (_OURS, str(path)), (_THEIRS, str(path)))
    path.unlink()
    if theirs.results[0] != seen:
        raise Unequal(f"the two layers do not agree: {seen} and {theirs.results[0]}")
    figures.report(name, ours, "s", "volatility3", statistics.median(theirs.seconds) / ours, theirs.kept)


UNITS = tuple(
    Unit((name,), 15, partial(_measure, pattern=pattern), 30)
    for name, pattern in (("bitmap-open", "mixed"), ("bitmap-open@all", "all"))
)
