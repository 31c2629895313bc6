"""The hard crashes: every one is made, and its stack is what the truth lists and what the images' unwind data say."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.lab.machine_memory import kernel_bytes, made, pointer
from tests.lab.unwinding import as_registers, unwind
from tests.sampling import in_turn
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import FAULTS, HARD_FAULTS, MACHINES, hard_faults_of

EVERY = [(machine, fault) for machine in MACHINES for fault in hard_faults_of(machine)]


def _kernel_frames(snapshot: Snapshot) -> list[dict[str, Any]]:
    lowest = 0xFFFF800000000000 if snapshot.bits == 64 else 0x80000000
    return [frame for frame in snapshot.truth["stack"] if frame["ip"] >= lowest or frame["kind"] == "interrupted"]


def test_names_are_their_own() -> None:
    assert {fault for _, fault in EVERY} == set(HARD_FAULTS)
    assert not set(HARD_FAULTS) & set(FAULTS)


@pytest.mark.parametrize(("machine", "fault"), in_turn(EVERY))
def test_made_within_described_memory_and_with_its_truth(machine: str, fault: str) -> None:
    snapshot = made(machine, fault, 1, 1)
    described = {pfn for base, count in snapshot.runs for pfn in range(base, base + count)}
    assert set(snapshot.pages) <= described
    assert set(snapshot.virtual.values()) <= snapshot.kernel_pfns <= described
    truth = snapshot.truth
    assert truth["fault"] == fault
    if truth["culprit"]:
        assert truth["culprit"] in [module["name"] for module in truth["modules"]]


@pytest.mark.parametrize(("machine", "fault"), in_turn(EVERY))
def test_return_addresses_lie_on_the_stack_and_follow_calls(machine: str, fault: str) -> None:
    snapshot = made(machine, fault, 1, 1)
    width = snapshot.bits // 8
    frames = _kernel_frames(snapshot)
    assert frames[0]["kind"] == "entry"
    for inner, frame in pairwise(frames):
        if frame["kind"]:
            continue
        assert inner["ret"] == frame["ip"]
        assert pointer(snapshot, frame["sp"] - width) == frame["ip"], frame
        before = kernel_bytes(snapshot, frame["ip"] - 6, 6)
        assert before[1] == 0xE8 or before[:2] == b"\xff\x15" or 0xFF in before[-5:-1], (frame, before.hex())


@pytest.mark.parametrize(("machine", "fault"), in_turn(pair for pair in EVERY if pair[0].endswith("x64")))
def test_x64_stacks_unwind_as_listed(machine: str, fault: str) -> None:
    snapshot = made(machine, fault, 1, 1)
    images = [(module["base"], module["base"] + module["size"]) for module in snapshot.truth["modules"]]
    frames = _kernel_frames(snapshot)
    ip, registers = frames[0]["ip"], as_registers(frames[0])
    for frame in frames[1:]:
        if any(start <= ip < end for start, end in images):
            ip, registers = unwind(lambda a, n: kernel_bytes(snapshot, a, n), images, ip, registers)
        else:  # code of no image: as a leaf function returns
            ip, registers = pointer(snapshot, registers["rsp"]), {**registers, "rsp": registers["rsp"] + 8}
        assert (ip, registers["rsp"]) == (frame["ip"], frame["sp"]), frame["symbol"]
