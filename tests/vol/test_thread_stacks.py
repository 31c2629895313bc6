"""Every thread of every made-up machine, at every crash: its frames are those that the lab laid down, one by one.

System calls, page faults in kernel and in user code, interrupts, exceptions, system threads, the idle processor.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sampling import in_turn
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.thread import walk_threads
from volplugins.lab.machines.catalogue import MACHINES, build, faults_of
from volplugins.lab.writers import write
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.directory_verdicts import DirectoryJudge
from volplugins.vol.scene.process_selection import gather
from volplugins.vol.scene.stack_scene import StackScene

EVERY = [(machine, fault) for machine in MACHINES for fault in faults_of(machine)]


def stacks_of(path: Path):
    """(PID, ETHREAD, walk, frames) of every thread."""
    scene = scene_of(open_dump(FileSource(path)))
    processes = gather(scene, scan=False).processes
    stacks = StackScene(scene, DirectoryJudge(scene, processes))
    for process in processes:
        for thread in walk_threads(scene.memory, process.eprocess, scene.layouts.process, scene.layouts.thread):
            walk = stacks.walk(process, thread)
            frames = list(walk.frames())
            yield process.pid, thread.ethread, walk, [(each.frame.ip, each.frame.sp) for each in frames]


@pytest.mark.parametrize(("machine", "fault"), in_turn(EVERY))
def test_every_frame_of_every_thread(machine, fault, tmp_path):
    snapshot = build(machine, fault, base=1, host=1, sections=True)
    path = write(snapshot, "full", tmp_path / "machine.dmp")
    built = {
        thread["ethread"]: [(frame["ip"], frame["sp"]) for frame in thread["stack"]]
        for process in snapshot.truth["processes"]
        for thread in process["threads"]
    }
    found = {ethread: frames for _, ethread, _, frames in stacks_of(path)}
    assert set(found) == set(built)
    wrong = {ethread: (frames, built[ethread]) for ethread, frames in found.items() if frames != built[ethread]}
    assert not wrong
