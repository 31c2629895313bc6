"""windows.kd.stacks --thread: threads that processors run, beside those of the lists and among narrowed processes."""

from __future__ import annotations

import pytest

from tests.vol.damaged import PAE, X64, X86
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.thread import Thread
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.process_selection import gather

UNLISTED = "a processor runs it, and no list has it"


def run_and_listed(scene: CrashScene, rows) -> tuple[list[Thread], list[Thread]]:
    """Threads that processors run and no list has; those that a list has."""
    listed = {row.ethread for row in rows}
    run = [each.current_thread for each in scene.processors if each.current_thread is not None]
    return [t for t in run if t.ethread not in listed], [t for t in run if t.ethread in listed]


@pytest.mark.parametrize("machine", [X64, PAE, X86])
def test_a_thread_that_a_processor_runs_is_found_though_no_list_has_it(dumps, machine):
    """Idle's process is in no list; analyze names its thread where its processor was stopped."""
    path, _ = dumps(machine, kind="full")
    scene = scene_of(open_dump(FileSource(path)))
    listed = {row.ethread for row in stacks_rows(scene, Wanted())}
    idle = [each.current_thread for each in scene.processors if each.current_thread.ethread not in listed]
    assert idle
    for thread in idle:
        rows = list(stacks_rows(scene, Wanted(threads=[f"{thread.ethread:#x}"])))
        assert rows and {(row.process, row.ethread) for row in rows} == {("Idle", thread.ethread)}
        assert "a processor runs it, and no list has it" in rows[-1].note
        (none,) = stacks_rows(scene, Wanted(threads=[f"{thread.ethread + 8:#x}"]))
        assert "no such thread" in none.note


@pytest.mark.parametrize("machine", [X64, PAE, X86])
def test_threads_of_lists_and_of_processors_are_found_together(dumps, machine):
    path, _ = dumps(machine, kind="full")
    scene = scene_of(open_dump(FileSource(path)))
    every = list(stacks_rows(scene, Wanted()))
    idle, listed = run_and_listed(scene, every)
    waiting = next(row.ethread for row in every if row.state == "Waiting")
    threads = {each.ethread for each in (*idle, *listed)} | {waiting}
    rows = list(stacks_rows(scene, Wanted(threads=[f"{each:#x}" for each in threads])))
    assert idle and listed and {row.ethread for row in rows} == threads
    places = [(row.ethread, row.frame) for row in rows]
    assert len(places) == len(set(places)), "a thread is given once"
    assert {row.ethread for row in rows if UNLISTED in row.note} == {each.ethread for each in idle}
    zero = list(stacks_rows(scene, Wanted(threads=["0"])))
    both = list(stacks_rows(scene, Wanted(threads=["0", f"{waiting:#x}"])))
    assert {row.ethread for row in zero} == {each.ethread for each in idle}
    assert {row.ethread for row in both} == {each.ethread for each in idle} | {waiting}


@pytest.mark.parametrize("machine", [X64, PAE, X86])
def test_a_thread_that_a_processor_runs_is_none_of_a_directory_that_is_not_its_own(dumps, machine):
    path, _ = dumps(machine, kind="full")
    scene = scene_of(open_dump(FileSource(path)))
    every = list(stacks_rows(scene, Wanted()))
    idle, listed = run_and_listed(scene, every)
    processes = gather(scene, False).processes
    homes = {row.ethread: row.pid for row in every}
    for thread in (*idle, *listed):
        other = next(p for p in processes if p.pid not in (homes.get(thread.ethread), 4) and p.directory_table_base)
        wanted = Wanted(threads=[f"{thread.ethread:#x}"], dirbase=f"{other.directory_table_base:#x}")
        (none,) = stacks_rows(scene, wanted)
        assert "no such thread" in none.note
