"""Crashes whose culprit hides: calls that left all code, other stacks, records of old that lie in the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.bugcheck.labelled import analysed
from tests.sampling import sampled
from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.culprit.culprit import Confidence
from volplugins.lab.machines.catalogue import FAULTS, MACHINES, build, faults_of, hard_faults_of
from volplugins.stack.frame import Trust

HARD = [(machine, fault) for machine in MACHINES for fault in hard_faults_of(machine)]
CALLS = [pair for pair in HARD if "-call" in pair[1]]
KINDS = ("bitmap-kernel", "triage")
KEPT = ("culprit", "fault_ip", "caller", "stack", "bit_flip")
# what fault and interrupt entries of x64 do not save in their trap frame
NOT_SAVED = {"rbx", "rsi", "rdi", "r12", "r13", "r14", "r15"}


@dataclass(frozen=True, slots=True)
class Known:
    """What the tests look at of an analysed dump: neither its memory nor the scene are kept."""

    truth: dict[str, Any]
    analysis: Analysis


@cache
def by_kind(machine: str, fault: str) -> dict[str, Known]:
    """Each crash is made and analysed once, for all tests of this file."""
    snapshot = build(machine, fault)
    kept = {name: snapshot.truth[name] for name in KEPT if name in snapshot.truth}
    with TemporaryDirectory() as folder:
        found = {kind: analysed(snapshot, kind, Path(folder)).analysis for kind in KINDS}
    return {kind: Known(kept, replace(each, scene=None)) for kind, each in found.items()}  # type: ignore[arg-type]


def known(machine: str, fault: str, kind: str) -> Known:
    return by_kind(machine, fault)[kind]


def crashes(machine: str, every: int) -> list[str]:
    """The hard faults of a machine, and of the others one in so many: another one on the next machine."""
    return [*faults_of(machine)[MACHINES.index(machine) % every :: every], *hard_faults_of(machine)]


# all but what is like others in the quick run
EVERY = pytest.mark.parametrize(
    "every", [pytest.param(3, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)]
)


@pytest.mark.parametrize(("machine", "fault", "kind"), sampled([(*pair, kind) for pair in HARD for kind in KINDS], 5))
def test_the_culprit_and_the_instruction_are_the_ones_built(machine: str, fault: str, kind: str) -> None:
    labelled = known(machine, fault, kind)
    truth, found = labelled.truth, labelled.analysis
    if fault == "clock-watchdog" and kind == "triage":
        # what the processor that hangs was doing is in no small dump
        assert found.culprit is None or found.culprit.confidence is Confidence.LOW
    elif fault == "clock-watchdog":
        assert found.culprit is not None
        assert (found.culprit.image_name, found.culprit.confidence) == ("acmedrv.sys", Confidence.MEDIUM)
    elif truth["culprit"]:
        assert found.culprit is not None
        assert found.culprit.image_name.lower() == f"{truth['culprit']}.sys"
        assert found.culprit.confidence in (Confidence.CERTAIN, Confidence.HIGH)
        assert found.fault.ip == truth["fault_ip"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_check_blames_no_code_surely(machine: str, kind: str) -> None:
    found = known(machine, "machine-check", kind).analysis
    assert found.culprit is None or found.culprit.confidence is Confidence.LOW
    assert "hardware" in (found.culprit.reason if found.culprit is not None else "hardware")


@pytest.mark.parametrize("machine", ["win7-x86-pae", "xp-x86"])
@pytest.mark.parametrize("fault", ["double-fault-task", "nmi-task", "machine-check"])
def test_the_task_that_was_left_is_walked_to_its_end(machine: str, fault: str) -> None:
    labelled = known(machine, fault, "bitmap-kernel")
    built = [(each["ip"], each["sp"]) for each in labelled.truth["stack"] if each["ip"] >> 31]
    assert [(frame.ip, frame.sp) for frame in labelled.analysis.crash_stack.frames] == built
    assert [frame.trust for frame in labelled.analysis.crash_stack.frames].count(Trust.TASK_STATE) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("machine", "fault"), CALLS)
def test_the_caller_of_no_code_is_the_word_at_its_stack_pointer(machine: str, fault: str, kind: str) -> None:
    labelled = known(machine, fault, kind)
    frames = labelled.analysis.fault_stack.frames
    assert (frames[0].ip, frames[1].ip) == (labelled.truth["fault_ip"], labelled.truth["caller"])
    assert frames[1].trust is Trust.LEAF
    beyond = "nt!ExpWorkerThread" if fault == "null-call-7e" else "nt!IofCallDriver"
    wanted = next(frame["ip"] for frame in labelled.truth["stack"] if frame["symbol"].startswith(beyond))
    assert wanted in [frame.ip for frame in frames]
    operand = labelled.analysis.operand
    assert operand is not None, "what the call went through"
    assert operand.address == labelled.truth["fault_ip"]


@EVERY
@pytest.mark.parametrize("machine", [machine for machine in MACHINES if machine.endswith("x64")])
def test_registers_are_those_of_the_fault_or_said_to_be_missing(machine: str, every: int) -> None:
    held = 0
    for fault in crashes(machine, every):
        labelled = known(machine, fault, "bitmap-kernel")
        found = labelled.analysis.fault
        if found.trap_frame is None:
            continue
        place = next(frame for frame in labelled.truth["stack"] if frame["ip"] == found.ip and frame["sp"] == found.sp)
        assert set(found.missing) | set(found.registers) >= NOT_SAVED
        for name, value in place["registers"].items():
            if name in found.registers:
                assert found.registers[name] == value, (fault, name)
                held += name in NOT_SAVED
    assert held > 50, "unwinding gave too few registers to say anything"


@pytest.mark.parametrize("machine", [machine for machine in MACHINES if machine.endswith("x64")])
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault in ("driver-read", "driver-write", "notmyfault")])
def test_the_operand_that_gave_the_bad_address(machine: str, fault: str) -> None:
    for kind in KINDS:
        labelled = known(machine, fault, kind)
        operand, access = labelled.analysis.operand, labelled.analysis.fault.access
        assert operand is not None
        assert access is not None
        assert operand.address == access[1]
        register = "rbx" if fault == "notmyfault" else "rcx"
        assert dict(operand.values) == {register: access[1]}
        # a small dump has no unwind data: RBX is not in the trap frame, and follows from the address
        assert (operand.inferred == register) == (fault == "notmyfault" and kind == "triage")


FLIPS = [pair for pair in HARD if pair[1].startswith("bit-flip")]
# what a small dump cannot show: its pages do not hold the other side
FULL_ONLY = {"bit-flip-pool", "bit-flip-list"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("machine", "fault"), FLIPS)
def test_a_flipped_bit_is_named_and_the_culprit_is_less_sure(machine: str, fault: str, kind: str) -> None:
    labelled = known(machine, fault, kind)
    error, culprit = labelled.analysis.bit_error, labelled.analysis.culprit
    x86_pointer = fault == "bit-flip-pointer" and not machine.endswith("x64")
    if kind == "triage" and (fault in FULL_ONLY or x86_pointer) and error is None:
        return
    assert error is not None
    assert f"bit {labelled.truth['bit_flip']['bit']}" in error.evidence
    assert culprit is None or culprit.confidence is not Confidence.CERTAIN


@pytest.mark.parametrize("kind", KINDS)
@EVERY
@pytest.mark.parametrize("machine", MACHINES)
def test_no_other_crash_is_called_a_memory_error(machine: str, kind: str, every: int) -> None:
    for fault in crashes(machine, every):
        if not fault.startswith("bit-flip"):
            assert known(machine, fault, kind).analysis.bit_error is None, fault
