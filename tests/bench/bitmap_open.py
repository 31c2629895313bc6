"""Opening the bitmap dump of a 64 GiB machine: our layer's parser against volatility3's crash layer."""

from __future__ import annotations

from pathlib import Path

from tests.bench.measure import medians, report
from volplugins.lab.writers.bigmap import write_big_bitmap

# both print how many seconds the layer took to build and, before that, which pages they found
_OURS = """
import sys, time
from volatility3.framework import contexts
from volatility3.framework.layers import physical
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


def run(folder: Path) -> None:
    """Measure each pattern of the bitmap; the probe of pages must agree."""
    for pattern in ("mixed", "all"):
        path = folder / f"big-{pattern}.dmp"
        write_big_bitmap(path, gib=64, pattern=pattern)
        _check_equal(path)
        ours, theirs = medians((_OURS, str(path)), (_THEIRS, str(path)))
        name = "bitmap-open" if pattern == "mixed" else f"bitmap-open@{pattern}"
        report(name, ours, "s", "volatility3", theirs / ours)
        path.unlink()


def _check_equal(path: Path) -> None:
    import subprocess
    import sys

    seen = {
        subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        .stdout.strip()
        .splitlines()[0]
        for program in (_OURS, _THEIRS)
    }
    if len(seen) != 1:
        raise SystemExit(f"bitmap-open: the two layers do not agree: {sorted(seen)}")
