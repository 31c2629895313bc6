"""What threads wait for, how urgent they are and where their stacks are: MemProcFS's thread map says the same.

Differences: MemProcFS gives the number of the last wait of threads that do not wait, where ours say no reason; it
leaves out processes that have exited, and so their threads, which ours list; and of Windows 7 it lists no thread
without symbols, so that the machines here are those of Windows 10 and 11.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from tests.sampling import sampled
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.thread_words import STATES, WAIT_REASONS, WAITING
from volplugins.lab.machines.catalogue import hangs_of
from volplugins.lab.waits.hang_scenes import HANGS
from volplugins.vol.commands.process.details import detailed_rows
from volplugins.vol.commands.process.row import ThreadDetailRow, ThreadRow
from volplugins.vol.commands.process.rows import Wanted
from volplugins.vol.commands.waits.rows import Wanted as WaitsWanted
from volplugins.vol.commands.waits.rows import waits_rows
from volplugins.vol.output.table import Detailed
from volplugins.vol.scene.crash_scene import scene_of

MACHINES = ("win10-x64", "win11-24h2-x64")
CASES = [(machine, fault) for machine, fault in product(MACHINES, ("driver-read", *HANGS))
         if fault == "driver-read" or fault in hangs_of(machine)]  # fmt: skip
# first the quick one: the scene with threads of unlike priorities
ORDER = sorted(CASES, key=lambda case: case != ("win10-x64", "hang-inversion"))

Map = dict[int, list[int]]


def asked(path: Path) -> Map:
    """MemProcFS's thread map of every process by ETHREAD: TID, state, reason, priorities, stack."""
    command = [sys.executable, str(Path(__file__).parent / "memprocfs_processes.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip(f"MemProcFS does not run here: {done.stderr.strip()[-200:]}")
    listed = [each for process in json.loads(done.stdout).values() for each in process["scheduling"]]
    return {each[1]: [each[0], *each[2:]] for each in listed}


def listed(scene: CrashScene) -> Map:
    """The same of windows.kd.process --threads --details, its words by number."""
    found: Map = {}
    for each in detailed_rows(scene, Wanted(threads=True)):
        if not isinstance(each, Detailed) or not isinstance(row := each.row, ThreadRow):
            continue
        state, details = STATES.index(row.state), each.details
        assert isinstance(details, ThreadDetailRow) and (state == WAITING) == bool(row.wait)
        reason = WAIT_REASONS.index(row.wait) if row.wait else 0
        found[row.ethread or 0] = [
            row.tid or 0, state, reason, row.priority or 0, row.base_priority or 0, details.stack_base or 0,
            details.stack_limit or 0,
        ]  # fmt: skip
    return found


def reasons(scene: CrashScene) -> dict[int, set[int]]:
    """Numbers of the reasons that windows.kd.waits gives, by ETHREAD."""
    found: dict[int, set[int]] = {}
    for row in waits_rows(scene, WaitsWanted()):
        if row.ethread:
            found.setdefault(row.ethread, set()).add(WAIT_REASONS.index(row.reason))
    return found


@pytest.mark.parametrize(("machine", "fault"), sampled(ORDER, len(ORDER)))
def test_memprocfs_sees_the_same(dumps, machine, fault):
    path, snapshot = dumps(machine, fault, kind="full")
    theirs, scene = asked(path), scene_of(open_dump(FileSource(path)))
    mine = listed(scene)
    gone = {thread["ethread"] for each in snapshot.truth["processes"] if each["exited"] for thread in each["threads"]}
    assert len(theirs) > 20 and gone and set(theirs) | gone == set(mine)
    for ethread, (tid, state, reason, *rest) in theirs.items():
        assert mine[ethread] == [tid, state, reason if state == WAITING else 0, *rest]
    waiting = {ethread: {row[2]} for ethread, row in theirs.items() if row[1] == WAITING}
    assert reasons(scene) == waiting
    if fault == "hang-inversion":
        assert len({row[3] for row in theirs.values()}) > 3, "threads of unlike priorities were compared"
