"""Littered stacks: many words that point into images where nothing of the true stack is, the same on every build."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from tests.lab.dump_bytes import full_dump
from tests.lab.machine_memory import pointer
from volplugins.lab.machine.image_sources import machine_images
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build

EVERY = [(machine, fault) for machine in MACHINES for fault in ("page-fault", "driver-read", "kmode-exception")]


@lru_cache(maxsize=16)
def _littered(machine: str, fault: str) -> Snapshot:
    return build(machine, fault, 1, 1, litter=True)


def _in_images(snapshot: Snapshot, address: int) -> bool:
    return any(module["base"] <= address < module["base"] + module["size"] for module in snapshot.truth["modules"])


@pytest.mark.parametrize(("machine", "fault"), EVERY)
def test_stale_words_point_into_images_and_are_no_frames(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = _littered(machine, fault)
    dump, width = full_dump(snapshot, tmp_path), snapshot.bits // 8
    stale = snapshot.truth["stale_words"]
    thread = snapshot.truth["thread"]
    assert len(stale) >= 8
    assert all(thread["stack_limit"] <= at < thread["stack_base"] and at % width == 0 for at in stale)
    assert all(_in_images(snapshot, dump.pointer(at)) for at in stale)
    frames = [frame for frame in snapshot.truth["stack"] if not frame["kind"] and frame["ip"] >= 0x80000000 << width]
    assert not {frame["sp"] - width for frame in frames} & set(stale)
    sites = {module["base"] + at for module in snapshot.truth["modules"] for at in _sites(machine, module["name"])}
    assert sum(dump.pointer(at) in sites for at in stale) >= len(stale) // 2


def _sites(machine: str, stem: str) -> list[int]:
    return [at for label, at in machine_images(machine)[stem].sites.items() if ">" in label]


@pytest.mark.parametrize(("machine", "fault"), EVERY)
def test_the_true_stack_is_the_same_with_litter_and_without(machine: str, fault: str) -> None:
    littered, plain = _littered(machine, fault).truth, build(machine, fault, 1, 1).truth
    assert plain["stale_words"] == []
    same = ("ip", "sp", "symbol", "kind", "registers")
    assert [[frame[key] for key in same] for frame in littered["stack"]] == [
        [frame[key] for key in same] for frame in plain["stack"]
    ]
    assert littered["trap_frame"] == plain["trap_frame"]


def test_seeded() -> None:
    assert _littered("win10-x64", "page-fault") == build("win10-x64", "page-fault", 1, 1, litter=True)


def test_waiting_threads_are_littered_too() -> None:
    counts = []
    for each in (_littered("win7-x86-pae", "page-fault"), build("win7-x86-pae", "page-fault", 1, 1)):
        lowest = each.truth["processes"][1]["threads"][0]["stack"][0]["sp"]
        slots = range(lowest, (lowest + 0xFFF) & ~0xFFF, 4)
        counts.append(sum(_in_images(each, pointer(each, at)) for at in slots))
    assert counts[0] > 1.5 * counts[1] > 0
