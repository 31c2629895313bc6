"""Threads that run: their registers are known where the machine was stopped, and of an image of one that ran on not."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.source import FileSource
from volplugins.imagefile.open_image import open_image
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.target.of_image import target_of_image
from volplugins.vol.commands.stacks.row import StackRow
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.processor_scene import processor_scene

EVERY = pytest.mark.parametrize("machine", ["win10-x64", "win7-x86-pae", "xp-x86"])
# of a CONTEXT (winnt.h): flags, EFLAGS, instruction and stack pointer
PLACES = {64: (0x30, 0x44, 0xF8, 0x98), 32: (0x0, 0xC0, 0xB8, 0xC4)}
CONTEXT = {64: 0x10005F, 32: 0x1001F}


def image(snapshot: Snapshot, folder: Path) -> CrashScene:
    path = write(snapshot, "raw", folder / "a.raw")
    found = open_image(FileSource(path), None, str(path))
    assert found is not None
    return scene_of(target_of_image(found))


def running(scene: CrashScene) -> list[StackRow]:
    rows = stacks_rows(scene, Wanted(kernel_only=True), scan=False)
    return [row for row in rows if isinstance(row, StackRow) and row.state == "Running" and row.frame is not None]


def stopped_before(machine: str, folder: Path, fault: str, flags: int) -> CrashScene:
    """The processor that runs a program has a context of its own, as of another time, with these flags."""
    snapshot = build(machine, fault)
    scene = image(snapshot, folder)
    processor = next(each for each in scene.processors if each.current_thread and each.current_thread.tid)
    at, width = processor.prcb + scene.layouts.processor.offset("ContextFrame"), scene.bits // 8
    kind, efl, ip, sp = PLACES[scene.bits]
    pages = PageEdit(snapshot)
    pages.write(at + kind, struct.pack("<I", CONTEXT[scene.bits]))
    pages.write(at + efl, struct.pack("<I", flags))
    kernel = scene.modules.kernel
    assert kernel is not None and processor.current_thread is not None
    pages.write(at + ip, (kernel.base + 0x1100).to_bytes(width, "little"))
    pages.write(at + sp, (processor.current_thread.stack_base - 0x400).to_bytes(width, "little"))
    return image(replace(snapshot, pages=pages.pages), folder)


@EVERY
def test_an_image_of_a_machine_that_ran_says_what_the_frames_are(machine: str, tmp_path: Path) -> None:
    scene = image(build(machine, "none"), tmp_path)
    rows = running(scene)
    assert rows and not {"context", "switch-frame"} & {row.trust for row in rows}
    assert all(scene.code.holds(row.ip or 0) for row in rows) and rows[0].trust == "scan"
    assert "it runs, and its registers are in no memory" in rows[-1].note
    others = [row for row in stacks_rows(scene, Wanted(kernel_only=True), scan=False) if row.state == "Waiting"]
    assert "switch-frame" in {row.trust for row in others} and not any("it runs" in row.note for row in others)


@EVERY
def test_a_context_of_another_time_is_none_of_now(machine: str, tmp_path: Path) -> None:
    assert "context" not in {row.trust for row in running(stopped_before(machine, tmp_path, "none", 0x46))}


@EVERY
def test_an_image_of_a_crash_has_the_registers(machine: str, tmp_path: Path) -> None:
    rows = running(image(build(machine, "driver-read"), tmp_path))
    assert rows[0].trust == "context" and not any("it runs" in row.note for row in rows)


def off(scene: CrashScene, number: int = 0) -> bool:
    return next(each for each in processor_scene(scene).blocks if each.processor.index == number).interrupts_off


@EVERY
def test_interrupts_are_off_where_the_machine_was_stopped_so(machine: str, tmp_path: Path) -> None:
    ran = stopped_before(machine, tmp_path, "none", 0x46)
    assert not any(off(ran, each.index or 0) for each in ran.processors), "flags of another time"
    crashed = stopped_before(machine, tmp_path, "driver-read", 0x46)
    number = next(each.index for each in crashed.processors if each.current_thread and each.current_thread.tid) or 0
    assert off(crashed, number)
    assert not off(stopped_before(machine, tmp_path, "driver-read", 0x246), number)
