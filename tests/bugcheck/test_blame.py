"""Blame by the stack: proof before nearness, other companies before Windows' own, nobody where it was asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bugcheck.labelled import analysed
from tests.bugcheck.made_suspects import BASES, frame, made_scene, suspects
from volplugins.bugcheck.culprit.culprit import find_culprit
from volplugins.bugcheck.scene.owners import Maker, Owners
from volplugins.bugcheck.suspects.proof import Proof, proved
from volplugins.bugcheck.words.inbox_drivers import INBOX_DRIVERS
from volplugins.lab.machines.catalogue import build
from volplugins.loader.module import Module
from volplugins.stack.frame import Trust
from volplugins.vol.commands.analyze.rows import later_rows

SCAN, UNWIND, POINTER = Trust.SCAN, Trust.UNWIND_INFO, Trust.FRAME_POINTER


def blamed(*frames: tuple[str, Trust, bool | None]) -> tuple[str, str]:
    found = find_culprit(suspects([frame(*each) for each in frames]))
    assert found is not None
    return found.image_name, found.confidence.value


def test_one_scanned_word_of_windows_own_driver_blames_nobody() -> None:
    assert blamed(("cdrom.sys", SCAN, None)) == ("ntoskrnl.exe", "low")
    assert blamed(("cdrom.sys", SCAN, True)) == ("ntoskrnl.exe", "low")
    assert blamed(("disk.sys", SCAN, True), ("ndis.sys", SCAN, True)) == ("ntoskrnl.exe", "low")
    assert blamed(("disk.sys", SCAN, True), ("disk.sys", SCAN, True)) == ("disk.sys", "low")
    assert blamed(("disk.sys", UNWIND, None)) == ("disk.sys", "low")


def test_an_unproved_word_is_low_and_what_is_proved_comes_first() -> None:
    assert blamed(("acmedrv.sys", SCAN, None)) == ("acmedrv.sys", "low")
    assert blamed(("acmedrv.sys", POINTER, None)) == ("acmedrv.sys", "low")
    assert blamed(("acmedrv.sys", SCAN, True)) == ("acmedrv.sys", "medium")
    assert blamed(("cdrom.sys", UNWIND, None), ("acmedrv.sys", UNWIND, None)) == ("acmedrv.sys", "medium")
    assert blamed(("acmedrv.sys", SCAN, None), ("cdrom.sys", UNWIND, None))[1] == "low"
    assert blamed(("cdrom.sys", UNWIND, None), ("acmedrv.sys", SCAN, None)) == ("cdrom.sys", "medium")


def test_what_rests_on_a_scanned_frame_is_no_better() -> None:
    assert blamed(("ntoskrnl.exe", SCAN, None), ("acmedrv.sys", UNWIND, None)) == ("acmedrv.sys", "low")
    frames = [frame("ntoskrnl.exe", *how) for how in
              ((UNWIND, None), (SCAN, None), (UNWIND, None), (SCAN, True), (Trust.LEAF, None), (Trust.TRAP_FRAME, None),
               (UNWIND, None), (POINTER, True), (POINTER, None))]  # fmt: skip
    exact, checked, none = Proof.EXACT, Proof.CHECKED, Proof.NONE
    assert [proof for _, proof in proved(frames)] == [exact, none, none, checked, checked, exact, exact, checked, none]


def test_an_unproved_word_gives_no_offset_to_the_signature() -> None:
    found = find_culprit(suspects([frame("acmedrv.sys", SCAN, None)]))
    assert found is not None and not found.address_is_sure
    found = find_culprit(suspects([frame("acmedrv.sys", SCAN, True)]))
    assert found is not None and found.address_is_sure


def test_names_of_windows_drivers() -> None:
    assert len(INBOX_DRIVERS) > 400
    assert {"cdrom.sys", "usbehci.sys", "atapi.sys", "storahci.sys", "amdppm.sys"} <= INBOX_DRIVERS
    others = {"acmedrv.sys", "nvlddmkm.sys", "npcap.sys", "vboxdrv.sys", "rt640x64.sys", "amdgpio2.sys", "vmci.sys"}
    assert not INBOX_DRIVERS & (others | {"myfault.sys"})
    assert all(name == name.lower() and name.endswith(".sys") for name in INBOX_DRIVERS)


def test_the_company_comes_before_the_name(tmp_path: Path) -> None:
    scene = analysed(build("win10-x64"), "full", tmp_path).analysis.scene
    owners = Owners(scene)
    acme = scene.modules.named("acmedrv.sys")
    assert acme is not None
    assert (owners.of(acme).maker, owners.of(acme).why_foreign[:12]) == (Maker.OTHER, "a driver of ")
    assert Owners(scene).of(replace(acme, image_name="cdrom.sys")).maker is Maker.OTHER
    ndis = scene.modules.named("ndis.sys") or scene.modules.named("ntfs.sys")
    assert ndis is not None and owners.is_windows(replace(ndis, image_name="strange.sys"))
    bare = Owners(made_scene())
    for name, maker in (("cdrom.sys", Maker.WINDOWS), ("acmedrv.sys", Maker.UNKNOWN), ("hal.dll", Maker.WINDOWS)):
        assert bare.of(Module(BASES["disk.sys"] + len(name), 0x1000, name, "", 0, 0, "triage")).maker is maker


@pytest.mark.parametrize(
    ("code", "word"), [(0xE2, "keyboard-or-debugger"), (0x80, "nmi"), (0x1C8, "power-button"), (0x161, "live-dump")]
)
def test_a_crash_that_was_asked_for_blames_nobody(code: int, word: str, tmp_path: Path) -> None:
    snapshot = build("win10-x64", "pool")  # a driver is on its stack, and still nobody is to blame
    found = analysed(replace(snapshot, header={**snapshot.header, "BugCheckCode": code}), "triage", tmp_path).analysis
    rows = {row.field: row for row in later_rows(found)}
    assert found.culprit is None and found.manual is not None
    assert found.manual.kind == word or (code == 0xE2 and found.manual.kind == "debugger")
    assert not isinstance(rows["MODULE_NAME"].value, str)
    assert rows["MODULE_NAME"].evidence.startswith("this crash was asked for")
    assert found.signature == f"{code:#x}_manual_{found.manual.kind}"
    if code == 0x80:
        assert rows["MANUAL_CRASH"].confidence == "medium" and "hardware" in rows["MANUAL_CRASH"].evidence


def test_notmyfaults_driver_is_to_blame(tmp_path: Path) -> None:
    found = analysed(build("win10-x64", "notmyfault"), "bitmap-kernel", tmp_path).analysis
    assert found.culprit is not None and found.culprit.image_name == "myfault.sys"
    assert found.manual is not None and found.manual.kind == "notmyfault"
