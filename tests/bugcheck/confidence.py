"""How often each confidence is right, over every labelled crash of the lab: ``python -m tests.bugcheck.confidence``.

Prints the table of docs/confidence.md. The dumps are written first (``--write DIR``) where another version of the suite
is to be measured on the same ones (``--measure DIR``).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from volplugins.bugcheck.analysis import analyse
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machines.catalogue import BASES, MACHINES, build, device_faults_of, faults_of, hard_faults_of
from volplugins.lab.writers import write
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.symbols.symbol_path import add_own_symbols

KINDS = {"full": "bitmap-kernel", "small": "triage"}
WORDS = ("certain", "high", "medium", "low", "nobody")
_LAYOUTS = tuple(product(range(BASES), range(2)))


def write_all(folder: Path, devices: bool = False) -> None:
    """Every crash of every machine, at changing layouts, clean and with littered stacks, as full and small dumps.

    Args:
        devices: those about devices instead of all others.
    """
    number = 0
    for machine in MACHINES:
        for fault in device_faults_of(machine) if devices else (*faults_of(machine), *hard_faults_of(machine)):
            for litter in (False, True):
                base, host = _LAYOUTS[number % len(_LAYOUTS)]
                number += 1
                snapshot = build(machine, fault, base, host, litter=litter)
                truth = {name: snapshot.truth[name] for name in ("culprit", "memory_error", "fault")}
                for size, kind in KINDS.items():
                    stem = f"{machine}~{fault}~{'littered' if litter else 'clean'}~{size}"
                    write(snapshot, kind, folder / f"{stem}.dmp")
                    (folder / f"{stem}.json").write_text(json.dumps(truth), encoding="utf-8")


def measured(folder: Path) -> Iterator[tuple[str, str, bool | None]]:
    """Size of dump, confidence, and whether the driver to blame was named; None where there is none to blame."""
    for path in sorted(folder.glob("*.dmp")):
        truth: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        culprit = analyse(scene_of(open_dump(BytesSource(path.read_bytes())))).culprit
        word = culprit.confidence.value if culprit is not None else "nobody"
        wanted = truth["culprit"]
        right = culprit is not None and culprit.image_name.lower().rsplit(".", 1)[0] == wanted
        yield path.stem.rpartition("~")[2], word, right if wanted else None


def table(folder: Path, symbols: str) -> str:
    """Rows of the table for the dumps in ``folder``."""
    counts: dict[str, Counter[tuple[str, bool | None]]] = defaultdict(Counter)
    for size, word, right in measured(folder):
        counts[size][word, right] += 1
    rows = []
    for size in KINDS:
        found = counts[size]
        blamed = sum(count for (_, right), count in found.items() if right is not None)
        named = sum(count for (_, right), count in found.items() if right)
        for word in WORDS:
            good, bad = found[word, True], found[word, False]
            rows.append(f"| {size} | {symbols} | `{word}` | {good + bad} | {good} | {bad} | {found[word, None]} |")
        share = 100 * named / max(blamed, 1)
        rows.append(f"| {size} | {symbols} | driver named | {blamed} | {named} | {share:.1f} % | |")
    return "\n".join(rows)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="write the dumps into this folder and stop")
    parser.add_argument("--measure", type=Path, help="measure the dumps of this folder")
    parser.add_argument("--devices", action="store_true", help="the crashes about devices instead of all others")
    options = parser.parse_args()
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        write_all(options.write, options.devices)
        return
    with TemporaryDirectory() as made:
        folder = options.measure or Path(made)
        if not options.measure:
            write_all(folder, options.devices)
        print("| dump | symbols | confidence | with a driver to blame | right | wrong | nobody to blame |")
        print("|---|---|---|---|---|---|---|")
        print(table(folder, "none"))
        add_own_symbols()
        print(table(folder, "kernel's"))


if __name__ == "__main__":
    main()
