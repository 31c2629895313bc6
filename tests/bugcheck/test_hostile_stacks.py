"""Small dumps whose stacks, trap frames, links and context records were overwritten: bounded, never wrongly certain."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from volplugins.bugcheck.analysis import analyse
from volplugins.bugcheck.culprit.culprit import Confidence
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.stack.walker import MAX_FRAMES
from volplugins.vol.scene.crash_scene import scene_of

SAMPLES = (
    ("win10-x64", "dpc-watchdog-own-stack"),
    ("win10-x64", "null-call"),
    ("win10-x64", "double-fault-stack"),
    ("win7-x86-pae", "context-on-stack"),
    ("xp-x86", "stale-trap-frame"),
)


def mutate(data: bytes, stacks: list[tuple[int, int]], chance: random.Random) -> bytes:
    """Some words of the stack's pieces replaced: by noise, by each other, by addresses of the pieces, by zeros."""
    made = bytearray(data)
    for _ in range(chance.randrange(1, 24)):
        offset, size = chance.choice(stacks)
        at = offset + chance.randrange(0, max(size - 8, 1)) // 4 * 4
        other, other_size = chance.choice(stacks)
        source = other + chance.randrange(0, max(other_size - 8, 1)) // 8 * 8
        word = chance.choice([made[source : source + 8], bytes(8), chance.randbytes(8), b"\xff" * 8])
        made[at : at + len(word)] = word
    return bytes(made[: len(data)])


def check(machine: str, fault: str, folder: Path, count: int) -> None:
    snapshot = build(machine, fault)
    data = write(snapshot, "triage", folder / f"{machine}-{fault}.dmp").read_bytes()
    triage = open_dump(BytesSource(data)).triage
    assert triage is not None
    assert triage.call_stack is not None
    stacks = [(block.offset, block.size) for block in (triage.call_stack, *triage.data_blocks) if block.size >= 0x100]
    chance = random.Random(f"{machine} {fault}")
    for number in range(count):
        found = analyse(scene_of(open_dump(BytesSource(mutate(data, stacks, chance)))))
        assert len(found.crash_stack.frames) <= MAX_FRAMES, number
        assert len(found.fault_stack.frames) <= MAX_FRAMES, number
        if found.culprit is not None and found.culprit.confidence is Confidence.CERTAIN:
            assert found.culprit.image_name.lower() == f"{snapshot.truth['culprit']}.sys", number


@pytest.mark.parametrize(("machine", "fault"), SAMPLES)
def test_overwritten_stacks(machine: str, fault: str, tmp_path: Path) -> None:
    check(machine, fault, tmp_path, 12)


@pytest.mark.slow
@pytest.mark.parametrize(("machine", "fault"), SAMPLES)
def test_overwritten_stacks_at_length(machine: str, fault: str, tmp_path: Path) -> None:
    check(machine, fault, tmp_path, 400)
