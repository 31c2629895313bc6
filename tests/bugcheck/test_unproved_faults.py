"""A fault that rests on the looks of a record alone: nothing that follows from it is surer than that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bugcheck.made_suspects import BASES, frame, made_scene
from tests.bugcheck.test_bit_errors import FAR, POOL, mapped, words
from tests.bugcheck.test_last_interrupt import WATCHDOGS, damaged
from volplugins.bugcheck.culprit.bit_errors import find_bit_error
from volplugins.bugcheck.culprit.culprit import find_culprit
from volplugins.bugcheck.culprit.signature import failure_signature
from volplugins.bugcheck.fault.fault import Fault
from volplugins.bugcheck.suspects.suspects import Confidence, Culprit, Suspects
from volplugins.lab.machines.catalogue import build
from volplugins.loader.module import Module, ModuleTable
from volplugins.stack.frame import Frame, Trust
from volplugins.vol.commands.analyze.rows import analyze_rows

NOWHERE = 0xFFFF900000000000
LEFT = Module(0xFFFFF80500000000, 0x10000, "leftdrv.sys", "", 0, 0, "unloaded")


@pytest.mark.parametrize("fault", sorted(WATCHDOGS))
def test_analyze_says_how_unsure_the_instruction_is(fault: str, tmp_path: Path) -> None:
    found = damaged(build("win10-x64", fault, 1, 1), "triage-no-way-back", tmp_path / "a.dmp")
    assert found.fault.is_fault and not found.fault.proved
    rows = {row.field: row for row in analyze_rows(found)}
    for field in ("FAULTING_IP", "IMAGE_NAME", "SYMBOL_NAME", "FAILURE_SIGNATURE"):
        assert rows[field].confidence == "low", field
    assert all("nothing else leads to it" in rows[field].evidence for field in ("FAULTING_IP", "IMAGE_NAME"))
    assert rows["FAILURE_SIGNATURE"].value.endswith("_acmedrv.sys")
    assert "FAULTING_OPERAND" not in rows or rows["FAULTING_OPERAND"].confidence == "low"


def blamed(ip: int, proved: bool, *frames: Frame, **more: Any) -> Culprit:
    scene = made_scene(**more)
    fault = Fault(ip, is_fault=True, located=True, proved=proved, ip_sources=["trap frame 0x1, found on the stack"])
    culprit = find_culprit(Suspects(scene, fault, frames, guessed=not proved))
    assert culprit is not None
    sure = culprit.address_is_sure
    assert sure is proved and ("+0x" in failure_signature(scene, fault, culprit, None)) is sure
    return culprit


@pytest.mark.parametrize(
    ("image", "ip", "frames", "confidence"),
    [
        ("acmedrv.sys", BASES["acmedrv.sys"] + 0x1000, (), Confidence.HIGH),
        ("disk.sys", BASES["disk.sys"] + 0x1000, (), Confidence.MEDIUM),
        ("leftdrv.sys", LEFT.base + 0x1000, (), Confidence.HIGH),
        ("acmedrv.sys", NOWHERE, (frame("acmedrv.sys", Trust.LEAF, True),), Confidence.HIGH),
        ("acmedrv.sys", BASES["ntoskrnl.exe"] + 0x1000, (frame("acmedrv.sys", Trust.UNWIND_INFO),), Confidence.MEDIUM),
        ("cdrom.sys", BASES["ntoskrnl.exe"] + 0x1000, (frame("cdrom.sys", Trust.UNWIND_INFO),), Confidence.MEDIUM),
        ("ndis.sys", BASES["ntoskrnl.exe"] + 0x1000, (frame("ndis.sys", Trust.UNWIND_INFO),), Confidence.LOW),
    ],
)
def test_each_strategy_is_as_sure_as_the_record(
    image: str, ip: int, frames: tuple[Frame, ...], confidence: Confidence
) -> None:
    proved = blamed(ip, True, *frames, unloaded=ModuleTable((LEFT,)))
    assert (proved.image_name, proved.confidence) == (image, confidence)
    guessed = blamed(ip, False, *frames, unloaded=ModuleTable((LEFT,)))
    assert (guessed.image_name, guessed.confidence) == (image, Confidence.LOW)
    assert replace(guessed, confidence=confidence, reason="", address_is_sure=True) == replace(proved, reason="")


CODE = bytes(range(0x100)) * 16
FLIPPED = CODE[:0x20] + bytes([CODE[0x20] ^ 0x10]) + CODE[0x21:]
NEXT, BAD = POOL + 0x5000, FAR ^ 1 << 37


@pytest.mark.parametrize(
    ("fault", "kind", "confidence", "more"),
    [
        (
            Fault(is_fault=True, ip=BASES["acmedrv.sys"] + 0x20),
            "instruction",
            Confidence.HIGH,
            {"segments": {BASES["acmedrv.sys"]: FLIPPED}, "file_of": lambda _: CODE},
        ),
        (
            Fault(is_fault=True, registers={"rcx": POOL}),
            "list",
            Confidence.HIGH,
            {"segments": {POOL: words(NEXT, NEXT), NEXT: words(POOL, POOL ^ 1 << 28)}},
        ),
        (
            Fault(is_fault=True, access=("read", BAD), registers={"rcx": BAD, "rbx": FAR}),
            "pointer",
            Confidence.MEDIUM,
            {"segments": {FAR: bytes(0x1000)}, "space": mapped(FAR)},
        ),
        (
            Fault(is_fault=True, registers={"rcx": FAR ^ 1 << 52}),
            "non-canonical",
            Confidence.MEDIUM,
            {"segments": {FAR: bytes(8)}},
        ),
    ],
)
def test_a_flipped_bit_that_registers_show_is_as_sure_as_their_record(
    fault: Fault, kind: str, confidence: Confidence, more: dict[str, Any]
) -> None:
    proved = find_bit_error(made_scene(0x139, **more), fault)
    guessed = find_bit_error(made_scene(0x139, **more), replace(fault, proved=False))
    assert proved is not None and (proved.kind, proved.confidence) == (kind, confidence)
    assert guessed is not None and (guessed.kind, guessed.confidence) == (kind, Confidence.LOW)
    assert guessed.evidence.startswith(proved.evidence) and guessed.evidence.endswith("nothing else leads to it")


def test_a_flipped_bit_that_the_bugcheck_itself_shows_stays_sure() -> None:
    for proved in (True, False):
        error = find_bit_error(made_scene(0x1A, parameters=(0x41792, POOL, 1 << 33, 0)), Fault(proved=proved))
        assert error is not None and error.confidence is Confidence.HIGH and "nothing else" not in error.evidence
