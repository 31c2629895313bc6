"""Which interrupt came last where neither a parameter nor a link word says: on dumps of the lab, and piece by piece."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.sampling import sampled
from volplugins.bugcheck.analysis import Analysis, analyse
from volplugins.bugcheck.culprit.culprit import Confidence
from volplugins.bugcheck.fault.last_interrupt import LastInterrupt, Led, Piece, last_interrupt
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.kernel.processor_stacks import ProcessorStack
from volplugins.lab.damage.files import apply
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build, faults_of, hard_faults_of
from volplugins.lab.writers import write
from volplugins.stack.scanner import Range
from volplugins.stack.trap_frame import TrapFrame
from volplugins.vol.scene.crash_scene import scene_of

WATCHDOGS = {"dpc-watchdog-isr-stack", "dpc-watchdog-own-stack", "exception-stack-watchdog"}
SWITCHED = {
    "win10-x64": {*WATCHDOGS, "clock-watchdog", "isr-read", "dpc-read", "exception-stack-watchdog"},
    "win7-x64": {"dpc-read"},
}
DEFECTS = ("triage-no-stack-link", "triage-no-way-back")


def can_have(path: Path, defect: str) -> bool:
    """Damage the small dump, if it can have this defect."""
    try:
        apply(defect, path)
    except ValueError:
        return False
    return True


def damaged(snapshot: Snapshot, defect: str, path: Path) -> Analysis:
    assert can_have(write(snapshot, "triage", path), defect)
    return analyse(scene_of(open_dump(BytesSource(path.read_bytes()))))


@pytest.mark.parametrize("machine", sampled(MACHINES, 3))
def test_which_crashes_leave_the_stack_by_a_link(machine: str, tmp_path: Path) -> None:
    every = (*faults_of(machine), *hard_faults_of(machine))
    made = ((fault, write(build(machine, fault), "triage", tmp_path / "a.dmp")) for fault in every)
    has = {fault for fault, path in made if can_have(path, DEFECTS[0])}
    assert has == SWITCHED.get(machine, set()), "32-bit Windows stays on its stack"


@pytest.mark.parametrize("litter", [False, True])
@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize(("machine", "fault"), [(name, fault) for name in SWITCHED for fault in sorted(SWITCHED[name])])
def test_the_newest_interrupted_code_is_blamed(
    machine: str, fault: str, defect: str, litter: bool, tmp_path: Path
) -> None:
    snapshot = build(machine, fault, 1, 1, litter=litter)
    found = damaged(snapshot, defect, tmp_path / "a.dmp")
    assert found.culprit is not None
    if fault == "clock-watchdog":  # what the processor that hangs was doing is in no small dump
        assert found.culprit.confidence is Confidence.LOW
        return
    assert (found.culprit.image_name, found.fault.ip) == ("acmedrv.sys", snapshot.truth["fault_ip"])
    assert found.fault.trap_frame == snapshot.truth["trap_frame"]
    if fault not in WATCHDOGS:
        assert found.culprit.confidence is Confidence.CERTAIN
    elif defect == "triage-no-stack-link":
        assert found.culprit.confidence is Confidence.HIGH
        assert "a word of the reporting stack leads" in found.fault.ip_sources[0]
    else:
        assert found.culprit.confidence is Confidence.LOW


# -- piece by piece

OWN = (0xFFFF_8000_0001_0000, 0xFFFF_8000_0001_6000)
DPC, ISR, NMI, EXCEPTION = (
    ProcessorStack(kind, 0, low, low + 0x6000)
    for kind, low in (
        ("DpcStack", OWN[0] + 0x10000),
        ("IsrStack", OWN[0] + 0x20000),
        ("IST3", OWN[0] + 0x30000),
        ("ExceptionStack", OWN[0] + 0x40000),
    )
)
STACKS = (DPC, ISR, NMI, EXCEPTION)


def trap_at(address: int) -> TrapFrame:
    return TrapFrame(address, 0xFFFF_F800_0000_1000, address + 0x190, False, {})


def piece(low: int, size: int, traps: tuple[int, ...] = (), words: tuple[tuple[int, int], ...] = ()) -> Piece:
    """A stretch of stack with trap frames, and with words (place, value)."""
    data = bytearray(size)
    for at, value in words:
        struct.pack_into("<Q", data, at - low, value)
    return Piece((low, low + size), bytes(data), tuple(trap_at(address) for address in traps))


def chosen(reporting: Piece, *pieces: Piece, own: Range = OWN) -> LastInterrupt:
    found = last_interrupt(reporting, pieces, own, STACKS, 64)
    assert found is not None
    backwards = last_interrupt(reporting, pieces[::-1], own, STACKS, 64)
    assert backwards == found, "the order of the pieces says nothing"
    return found


THREAD_FRAME, DPC_FRAME, ISR_FRAME = OWN[0] + 0x4000, DPC.low + 0x5000, ISR.low + 0x5000
ON_THREAD = piece(THREAD_FRAME, 0x2000, (THREAD_FRAME,))
ON_DPC = piece(DPC_FRAME, 0x1000, (DPC_FRAME,))
ON_ISR = piece(ISR_FRAME, 0x1000, (ISR_FRAME,))
REPORT = piece(NMI.low + 0x5E00, 0x200)


def test_without_any_pointer_the_later_kind_of_stack_counts_and_nothing_is_proved() -> None:
    at = EXCEPTION.low + 0x5000
    exception = piece(at, 0x1000, (at,))
    for pieces, wanted in (
        ((ON_THREAD, ON_DPC), DPC_FRAME),
        ((ON_THREAD, ON_DPC, ON_ISR), ISR_FRAME),
        ((ON_THREAD, exception), at),
        ((ON_THREAD, exception, ON_DPC), DPC_FRAME),
    ):
        found = chosen(REPORT, *pieces)
        assert (found.trap.address, found.led, found.proved) == (wanted, Led.BY_NOTHING, False)


def test_a_frame_that_another_interrupted_stack_leads_to_is_older() -> None:
    # the DPC came after the service: not the usual order, but the words say so
    leading = piece(DPC_FRAME, 0x1000, (DPC_FRAME,), ((DPC_FRAME + 0xFF0, ISR_FRAME),))
    found = chosen(REPORT, leading, ON_ISR)
    assert (found.trap.address, found.led, found.alone) == (DPC_FRAME, Led.BY_NOTHING, True)


@pytest.mark.parametrize("distance", [0, 0x80])
def test_a_word_of_the_reporting_stack_proves_its_frame(distance: int) -> None:
    report = piece(ISR.high - 0x200, 0x200, (), ((ISR.high - 0x100, THREAD_FRAME + distance),))
    found = chosen(report, ON_THREAD, ON_DPC)
    assert (found.trap.address, found.led, found.proved) == (THREAD_FRAME, Led.BY_THE_REPORT, True)


def test_words_that_lead_to_two_frames_prove_neither() -> None:
    words = ((ISR.high - 0x100, THREAD_FRAME + 0x80), (ISR.high - 0x80, DPC_FRAME + 0x80))
    found = chosen(piece(ISR.high - 0x200, 0x200, (), words), ON_THREAD, ON_DPC)
    assert (found.trap.address, found.led, found.proved) == (DPC_FRAME, Led.BY_THE_REPORT, False)


def test_on_one_stack_only_what_lies_below_a_frame_leads_to_it() -> None:
    low, newer, older = OWN[1] - 0x1000, OWN[1] - 0xE00, OWN[1] - 0x800
    stack = piece(low, 0x1000, (newer, older), ((newer - 0x40, newer + 0x80),))
    assert chosen(stack, stack).trap.address == newer and chosen(stack, stack).proved
    # a frame of old that only a word above it names
    stale = piece(low, 0x1000, (newer, older), ((older - 0x40, older + 0x80), (older - 0x48, newer + 0x80)))
    assert chosen(stale, stale).trap.address == older and chosen(stale, stale).proved


def test_a_thread_that_is_not_known_and_stacks_that_nobody_names() -> None:
    found = last_interrupt(REPORT, (ON_THREAD, ON_DPC), (0, 0), (), 64)
    assert found is not None and not found.proved
    assert last_interrupt(REPORT, (), OWN, STACKS, 64) is None


def test_many_false_frames_and_odd_bounds_take_no_longer_than_their_bytes() -> None:
    many = [piece(OWN[0] + n * 0x40000 + 3, 0x8000, tuple(OWN[0] + n * 0x40000 + at for at in range(0, 0x7000, 16)))
            for n in range(1, 65)]  # fmt: skip
    found = last_interrupt(REPORT, many, OWN, STACKS, 64)
    assert found is not None and not found.alone
