"""Shadow stacks of the lab's Windows 11 24H2: every thread agrees; what overwrites a stack is seen where it begins."""

from __future__ import annotations

import numpy as np
import pytest

from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.image.exception_directory import FunctionTable
from volplugins.lab.damage.shadow_stacks import SHADOW_DEFECTS, with_shadow_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.threads.module_code import ModuleCode
from volplugins.vol.commands.findings.stacks import StackFindings
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows

MACHINE = "win11-24h2-x64"
_NONE = FunctionTable(b"", np.zeros(0, bool))


def scene_of(folder, snapshot, kind="full"):
    path = folder / "a.dmp"
    write(snapshot, kind, path)
    return build_scene(open_dump(FileSource(path)))


@pytest.mark.parametrize("kind", ["full", "bitmap-kernel"])
def test_every_thread_agrees_with_its_shadow_stacks(tmp_path, kind):
    snapshot = build(MACHINE, "driver-read")
    rows = list(stacks_rows(scene_of(tmp_path, snapshot, kind), Wanted()))
    assert not [row for row in rows if "first difference" in row.note]
    truth = snapshot.truth["shadow_stacks"]
    for ethread, told in truth.items():
        own = [row for row in rows if row.ethread == ethread]
        for ring in ("kernel", "user") if kind == "full" else ("kernel",):
            frames = [row for row in own if row.ring == ring]
            if not frames or not told[ring] or not told[ring]["returns"]:
                continue
            wanted = [each["address"] for each in told[ring]["returns"]]
            note = frames[-1].note
            assert "shadow stack agrees" in note, (ring, frames)
            number = int(note.partition("shadow stack agrees (")[2].split()[0])
            # an interrupt's entry is none of the calls' return addresses
            assert number >= len(wanted) and [row.ip for row in frames if row.ip in wanted] == wanted


# the victim of stacks in the kernel is the crashing thread, where none is named; explorer's waits
@pytest.mark.parametrize("victim", ["", "explorer.exe"])
@pytest.mark.parametrize("name", sorted(SHADOW_DEFECTS))
def test_an_overwritten_stack_is_found_and_its_frames_are_recovered(tmp_path, name, victim):
    snapshot = with_shadow_defect(build(MACHINE, "driver-read"), name, victim)
    told = snapshot.truth["shadow_defect"]
    rows = list(stacks_rows(scene_of(tmp_path, snapshot), Wanted()))
    differing = [row for row in rows if "first difference" in row.note]
    (row,) = differing
    assert (row.ethread, row.ring, row.ip, row.trust) == (told["ethread"], told["ring"], told["true"], "shadow-stack")
    assert f"the stack has {told['false']:#x} here" in row.note
    frames = [each for each in rows if each.ethread == told["ethread"] and each.ring == told["ring"]]
    wanted = [each["address"] for each in snapshot.truth["shadow_stacks"][told["ethread"]][told["ring"]]["returns"]]
    assert [each.ip for each in frames if each.ip in wanted] == wanted  # an interrupt's entry is none of them
    assert frames[-1].ip == wanted[-1]
    taker = StackFindings(lambda _module: "")
    found = [finding for each in rows for finding in taker.take(each) if finding.kind.name == "return-overwritten"]
    (finding,) = found
    chain = "a chain of returns: 4 words" in finding.evidence
    assert chain == name.startswith("rop") and (finding.about.tid, finding.about.address) == (told["tid"], told["true"])


def test_without_unwind_data_the_shadow_stack_gives_the_frames(tmp_path, monkeypatch):
    snapshot = build(MACHINE, "driver-read")
    scene = scene_of(tmp_path, snapshot)
    real = ModuleCode.image_at

    def bare(self, address):
        image = real(self, address)
        if image is not None:
            image.functions = _NONE
        return image

    monkeypatch.setattr(ModuleCode, "image_at", bare)
    rows = list(stacks_rows(scene, Wanted(kernel_only=True)))
    truth = snapshot.truth["shadow_stacks"]
    told = 0
    for ethread, each in truth.items():
        wanted = [entry["address"] for entry in each["kernel"]["returns"]]
        frames = [row for row in rows if row.ethread == ethread and row.ring == "kernel"]
        if each["kernel"]["waits"] and wanted:
            assert [row.ip for row in frames] == wanted
            assert {row.trust for row in frames[1:]} == {"shadow-stack"}
            told += 1
    assert told > 10
