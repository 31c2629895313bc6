"""Damaged dumps through the library: answers, problems in words, or a DumpError; nothing else comes out."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

import volplugins
from volplugins.lab.damage.user import with_user_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write


def everything(path: Path) -> None:
    """Ask all that can be asked."""
    with suppress(volplugins.DumpError), volplugins.open(path) as target:
        assert target.info.location == str(path)
        target.analysis()
        target.findings()
        for process in target.processes():
            target.modules(process)._repr_html_()
            target.regions(process)._repr_html_()
        for thread in target.threads():
            str(target.stack(thread))
        target.translate(target.info.kernel_base)


@pytest.mark.parametrize("seed", range(6))
def test_mutated_small_dumps(tmp_path: Path, seed: int) -> None:
    path = write(build("win10-x64"), "triage", tmp_path / "a.dmp")
    data, chance = bytearray(path.read_bytes()), random.Random(seed)
    for reach in (len(data), 0x2000):
        for _ in range(25):
            data[chance.randrange(reach)] = chance.randrange(256)
    path.write_bytes(data)
    everything(path)


@pytest.mark.parametrize("name", ["load-order-loops", "vad-tree-loops", "thread-list-loops"])
def test_damaged_structures(tmp_path: Path, name: str) -> None:
    path = write(with_user_defect(build("win7-x64"), name), "full", tmp_path / "a.dmp")
    everything(path)
    with volplugins.open(path) as target:
        told = [
            *target.threads().problems,
            *(text for each in target.processes() for text in target.regions(each).problems),
        ]
        told += [each.evidence for each in target.findings() if each.severity.value == "damage"]
        assert told
