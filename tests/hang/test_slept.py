"""Hangs of machines that slept: the time asleep is in every age, and makes nothing long."""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.hang.test_hang_edges import sources_of
from tests.waits.made_waits import WIN10, Made
from volplugins.bugcheck.analysis import analyse
from volplugins.bugcheck.hang.locks import lock_causes
from volplugins.bugcheck.hang.starved import long_ready, starved_causes, told_starved
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.io.clock import KernelClock
from volplugins.kernel.processors import Processor
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.processors.accounts import Accounts
from volplugins.processors.block import ProcessorBlock
from volplugins.processors.ready_queues import ReadyThread
from volplugins.vol.commands.analyze.hang_rows import HangWanted
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.commands.analyze.rows import later_rows
from volplugins.vol.commands.cpus import rows as cpus
from volplugins.vol.commands.cpus.rows import _WRAPPED, cpu_rows
from volplugins.vol.commands.irps.rows import Wanted, irps_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.hang_scene import hang_of
from volplugins.vol.scene.processor_scene import processor_scene
from volplugins.waits.words import WR_RESOURCE

MACHINE, TICK, SECOND = "win7-x64", 156250, 10_000_000
SLEEP = 8 * 3600
_INTERRUPT_TIME, _TICKS, _BIAS = 0x8, 0x320, 0x3B0


@cache
def _awake() -> tuple[bytes, int]:
    """A dump of a machine whose request is under way for less than a minute, and where its clock's page lies."""
    snapshot = build(MACHINE, "hang-sleeper")
    with TemporaryDirectory() as folder:
        data = write(snapshot, "full", Path(folder) / "hang.dmp").read_bytes()
    ticks = struct.unpack_from("<Q", data, 0x1030)[0] // TICK  # SystemUpTime of the header
    mark = struct.pack("<Q", ticks)
    assert data.count(mark) == 1
    return data, data.find(mark) - _TICKS


def slept(seconds: int, bias: int | None = None, symbols: bool = True) -> Any:
    """The scene of that machine, had it slept so long before the crash; ``bias``: what it says instead of that."""
    data, page = bytearray(_awake()[0]), _awake()[1]
    for at, more in ((_TICKS, seconds * 64), (_INTERRUPT_TIME, seconds * SECOND)):
        (value,) = struct.unpack_from("<Q", data, page + at)
        struct.pack_into("<Q", data, page + at, value + more)
    struct.pack_into("<Q", data, page + _BIAS, seconds * SECOND if bias is None else bias)
    dump = open_dump(BytesSource(bytes(data)))
    return scene_of(dump) if symbols else build_scene(dump)


def rows_of(scene: Any) -> list[AnalyzeRow]:
    wanted = HangWanted("--hang", lambda: hang_of(scene))
    return [row for row in later_rows(analyse(scene), None, wanted) if row.section == "hang"]


def test_a_request_is_not_long_under_way_because_the_machine_slept() -> None:
    scene = slept(SLEEP)
    rows = rows_of(scene)
    requests = [row for row in rows if row.field == "REQUEST" and row.confidence]
    assert requests and all(row.confidence == "low" for row in requests)
    assert all(f"the machine slept {SLEEP} s since boot" in row.evidence for row in requests)
    assert not {row.confidence for row in rows} & {"high", "certain"}
    assert any(f"slept {SLEEP} s" in str(row.value) for row in rows if row.field == "Note")
    assert any(f"slept {SLEEP} s" in row.note for row in irps_rows(scene, Wanted()))


def test_the_same_time_awake_is_long() -> None:
    requests = [row for row in rows_of(slept(SLEEP, bias=0)) if row.field == "REQUEST"]
    assert any(row.confidence == "high" and "slept" not in row.evidence for row in requests)


def test_a_sleep_that_cannot_be_is_said_and_not_used() -> None:
    rows = rows_of(slept(SLEEP, bias=1 << 62))
    assert any(row.field == "REQUEST" and row.confidence == "high" for row in rows)
    assert any("not used" in str(row.value) for row in rows if row.field == "Note")


@pytest.mark.parametrize("symbols", [True, False])
def test_processors_count_the_time_awake(symbols: bool) -> None:
    """Ten days of sleep in twelve days since boot."""
    scenes = (slept(0, symbols=symbols), slept(30 * SLEEP, symbols=symbols))
    before, after = ([row for row in cpu_rows(scene) if row.prcb] for scene in scenes)
    assert len(before) == len(after) > 0
    for one, other in zip(before, after, strict=True):
        assert other.kernel == one.kernel is not None and other.ready == one.ready is not None
        assert other.rate == pytest.approx(one.rate, rel=1e-3)
    notes = [row.note for row in cpu_rows(scenes[1])]
    assert any(f"slept {30 * SLEEP} s" in note for note in notes)
    assert [note for note in notes if "wrapped" in note] == [_WRAPPED]  # three days awake, said once


def test_which_counts_may_have_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is said in one row, whose processors are named where others have a count that did not wrap."""
    scene = slept(0)
    found, awake = processor_scene(scene), round(1.5 * 86400 * SECOND)
    found.source = replace(found.source, clock=KernelClock(awake // TICK, TICK / SECOND, awake))
    monkeypatch.setattr(cpus, "processor_scene", lambda _: found)
    first, second = (replace(each.accounts, switches=5) for each in found.blocks)
    for others, said in ((5, _WRAPPED), (0xFFFFFFFF, f"processors 0: {_WRAPPED}"), (None, _WRAPPED)):
        counts = (first, replace(second, switches=others))
        found.blocks = tuple(replace(block, accounts=each) for block, each in zip(found.blocks, counts, strict=True))
        rows = [row for row in cpu_rows(scene) if "wrapped" in row.note]
        assert [(row.note, row.prcb) for row in rows] == [(said, None)]


def asleep(memory: Made, seconds: float) -> Any:
    """The sources of a machine whose clock counts so much sleep."""
    sources = sources_of(memory)
    clock = cast(KernelClock, sources.survey.system.clock)
    sources.survey.system = replace(sources.survey.system, clock=replace(clock, slept=seconds))
    return sources


def _kept_lock(seconds: float) -> Made:
    memory = Made(WIN10)
    waiter, owner = memory.thread(), memory.thread()
    event = memory.object(1)
    memory.resource(owner, ExclusiveWaiters=event)
    memory.wait(waiter, event, reason=WR_RESOURCE, seconds=seconds)
    return memory


@pytest.mark.parametrize(("waits", "sleeps", "sure"), [(3600, 0, "medium"), (3600, 3595, "low"), (3600, 60, "medium")])
def test_a_lock_is_not_kept_long_because_the_machine_slept(waits: float, sleeps: float, sure: str) -> None:
    (cause,) = lock_causes(asleep(_kept_lock(waits), sleeps))
    assert cause.confidence.value == sure and ("the machine slept" in cause.why) == (sure == "low")


@pytest.mark.parametrize(("sleeps", "sure"), [(0, Confidence.MEDIUM), (95, Confidence.LOW), (60, Confidence.MEDIUM)])
def test_a_thread_is_not_long_ready_because_the_machine_slept(sleeps: float, sure: Confidence) -> None:
    sources = asleep(Made(WIN10), sleeps)
    sources.scene.symbolizer = SimpleNamespace(locate=None)
    accounts = Accounts(None, None, None, None, None)
    block = ProcessorBlock(Processor(0, 0, None, None, None), None, None, 0, False, 0, accounts, ())
    sources.processors = (block,)
    sources.ready = (ReadyThread(0xFFFF800000001000, 8, (0,), 100.0),)
    ready = long_ready(sources)
    (cause,) = starved_causes(sources, ready)
    assert cause.confidence is sure
    row = next(iter(told_starved(sources, ready, (cause,))))
    assert ("the machine slept" in row.evidence) == (sure is Confidence.LOW)
