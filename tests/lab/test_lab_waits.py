"""Hangs of the made-up machines: a small reader finds every wait and every owner that the truth names."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.lab.machine_memory import made
from tests.lab.wait_reader import TERMINATED, WAITING, WaitReader
from tests.sampling import sampled
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build, hangs_of
from volplugins.lab.writers import kinds_of, write

CHOICES = [(machine, fault, index % 3, (index + place) % 2) for index, machine in enumerate(MACHINES)
           for place, fault in enumerate(hangs_of(machine)) if not fault.endswith("-running")]  # fmt: skip
# scene to the lengths of its chains and of its deadlocks, said by hand
GRAPHS = {
    "deadlock-2": ([2], [2]), "deadlock-limited": ([], [2]), "lpc": ([2], [2]), "low-memory": ([], []),
    "chain": ([12], []), "any-open": ([], []), "any-closed": ([], [3]), "all": ([], [2]),
    "deadlock-5": ([2], [5]), "owner-gone": ([3], []), "inversion": ([3, 2], []), "stuck-dpc": ([], []),
    "critical-sections": ([2], [2]), "critical-sections-32": ([], [2]), "alpc": ([3, 3], []), "addresses": ([], []),
    "sleeper": ([2], []), "remote": ([3], []), "fast-resources": ([3, 2], []), "interrupts-off": ([2], []),
    "starved-queue": ([2, 2, 2], []),
}  # fmt: skip


@pytest.fixture(params=sampled(range(len(CHOICES)), 3), ids=lambda number: "-".join(CHOICES[number][:2]))
def case(request: pytest.FixtureRequest) -> Snapshot:
    return made(*CHOICES[request.param])


def threads_of(snapshot: Snapshot) -> dict[int, dict[str, Any]]:
    return {thread["ethread"]: {**thread, "process": process} for process in snapshot.truth["processes"]
            for thread in process["threads"]}  # fmt: skip


def test_every_waiting_thread_and_no_other_is_told_of(case: Snapshot) -> None:
    reader, threads = WaitReader(case), threads_of(case)
    waiting = {address for address in threads if reader.state(address) == WAITING}
    told = {each["ethread"]: each for each in case.truth["waits"]["threads"]}
    assert set(told) == waiting
    for address, each in told.items():
        assert (each["pid"], each["tid"]) == (threads[address]["process"]["pid"], threads[address]["tid"])
        ticks = case.header["SystemUpTime"] // 156250 - reader.number(address, "_ETHREAD", "Tcb.WaitTime")
        assert each["seconds"] == ticks * 0.015625


def test_wait_blocks_lead_to_the_objects_and_back(case: Snapshot) -> None:
    reader = WaitReader(case)
    for each in case.truth["waits"]["threads"]:
        blocks = reader.blocks(each["ethread"])
        limit = bool(each["limit"]) and not reader.layouts.has("_KTHREAD", "WaitBlockCount")
        own = [each["ethread"] + reader.layouts.offset("_ETHREAD", "Tcb.Timer")] * limit
        assert list(blocks.objects) == [*(one["dispatcher"] for one in each["objects"]), *own]
        assert all(blocks.linked) or {one["type"] for one in each["objects"]} <= {"WaitAddress", "CriticalSection"}
        assert (blocks.kinds == {0}) == each["all"]


def owner_of(reader: WaitReader, each: dict[str, Any], one: dict[str, Any], thread: dict[str, Any]) -> list[int]:
    """The owners of one object as memory has them, each kind read in its own way."""
    kind, at = one["type"], one["object"]
    members = {"Mutant": ("_KMUTANT", "OwnerThread"), "FastMutex": ("_FAST_MUTEX", "Owner"),
               "Alpc": ("_KALPC_MESSAGE", "ServerThread")}  # fmt: skip
    if kind == "Alpc" and reader.layouts.has("_ETHREAD", "LpcReplyMessageId"):
        return receivers(reader, each["ethread"], at)
    if kind == "Alpc":
        assert reader.pointer(each["ethread"], "_ETHREAD", "AlpcMessage") == at
    if kind in ("WaitAddress", "KeyedEvent"):
        assert awaited_address(reader, each["ethread"]) == at
    if kind in members:
        return [reader.pointer(at, *members[kind])]
    if kind == "Resource":
        return [owner for owner, _ in reader.owners(at)] if at in reader.resources() else reader.fast_owners(at)
    if kind == "Irp":
        assert at in reader.requests(each["ethread"])
    if kind == "CriticalSection":
        return section_owner(reader, each["ethread"], at, thread["process"])
    if kind == "PushLock" and reader.layouts.has("_KLOCK_ENTRY"):
        return boosted(reader, at)
    return [at] if kind == "Thread" else []


def receivers(reader: WaitReader, client: int, port: int) -> list[int]:
    """Threads that have received the message of LPC that a client waits to have answered."""
    assert reader.pointer(client, "_ETHREAD", "LpcWaitingOnPort") & ~7 == port
    number = reader.number(client, "_ETHREAD", "LpcReplyMessageId")
    return [thread for thread in threads_of(reader.snapshot)
            if reader.number(thread, "_ETHREAD", "LpcReceivedMsgIdValid") & 1
            and reader.number(thread, "_ETHREAD", "LpcReceivedMessageId") == number]  # fmt: skip


def section_owner(reader: WaitReader, waiter: int, section: int, process: dict[str, Any]) -> list[int]:
    assert 0 <= awaited_address(reader, waiter) - section < 0x28
    tid = reader.section_owner(process, section, process["wow64"])
    return [each["ethread"] for each in process["threads"] if each["tid"] == tid]


def awaited_address(reader: WaitReader, thread: int) -> int:
    if reader.layouts.has("_KTHREAD", "WaitBlockCount"):
        return reader.pointer(thread, "_ETHREAD", "Tcb.FirstArgument")
    return reader.pointer(thread, "_ETHREAD", "KeyedWaitValue")


def boosted(reader: WaitReader, lock: int) -> list[int]:
    """Threads with an entry of AutoBoost that says they have the lock."""
    found = []
    for thread in threads_of(reader.snapshot):
        for index in range(6):
            entry = thread + reader.layouts.offset("_ETHREAD", f"LockEntries[{index}]")
            held = reader.number(entry, "_KLOCK_ENTRY", "AcquiredByte")
            found += [thread] * (held and reader.pointer(entry, "_KLOCK_ENTRY", "LockState.LockState") == lock)
    return found


def test_owners_are_as_told(case: Snapshot) -> None:
    reader, threads = WaitReader(case), threads_of(case)
    for each in case.truth["waits"]["threads"]:
        for one in each["objects"]:
            found = owner_of(reader, each, one, threads[each["ethread"]])
            assert [owner for owner in found if owner] == one["owners"], one
            assert one["owner"] == (one["owners"] or [0])[0]


def test_mutants_are_in_the_lists_of_their_owners(case: Snapshot) -> None:
    reader = WaitReader(case)
    owned = {mutant: thread for thread in threads_of(case) for mutant in reader.mutants(thread)}
    waited = {one["object"]: one["owner"] for each in case.truth["waits"]["threads"] for one in each["objects"]
              if one["type"] == "Mutant"}  # fmt: skip
    assert waited.items() <= owned.items()


def test_named_objects_are_in_the_directories(case: Snapshot) -> None:
    reader = WaitReader(case)
    named = {path: body for path, _, body in reader.objects(reader.variable("ObpRootDirectoryObject"))}
    for each in case.truth["waits"]["threads"]:
        for one in each["objects"]:
            if one["name"].startswith("\\BaseNamedObjects"):
                assert named[one["name"]] == one["object"]


def test_resources(case: Snapshot) -> None:
    reader = WaitReader(case)
    told = case.truth["waits"]["resources"]
    assert reader.resources() == {each["address"]: list(zip(each["owners"], each["counts"], strict=True))
                                  for each in told}  # fmt: skip
    for each in told:
        for member, count in (("Shared", each["shared"]), ("Exclusive", each["exclusive"])):
            assert reader.number(each["address"], "_ERESOURCE", f"NumberOf{member}Waiters") == count
            assert bool(reader.pointer(each["address"], "_ERESOURCE", f"{member}Waiters")) == bool(count)


def test_graph_is_as_said_by_hand(case: Snapshot) -> None:
    told = case.truth["waits"]
    name = case.truth["fault"].removeprefix("hang-")
    if name not in GRAPHS:
        return
    assert ([len(each) for each in told["chains"]], [len(each) for each in told["deadlocks"]]) == GRAPHS[name]
    stuck = {thread for ring in told["deadlocks"] for thread in ring}
    assert {each["ethread"] for each in told["threads"] if each["verdict"] == "deadlock"} == stuck


def test_chains_follow_owners_to_their_end(case: Snapshot) -> None:
    told = {each["ethread"]: each for each in case.truth["waits"]["threads"]}
    for chain in case.truth["waits"]["chains"]:
        for waiter, owner in pairwise(chain):
            assert owner in [other for one in told[waiter]["objects"] for other in one["owners"]]
    if case.truth["fault"] == "hang-chain":
        assert told[case.truth["waits"]["chains"][0][-1]]["verdict"] == "driver"


def test_owner_that_has_ended(case: Snapshot) -> None:
    reader = WaitReader(case)
    for each in case.truth["waits"]["threads"]:
        gone = [owner for one in each["objects"] for owner in one["owners"] if reader.state(owner) == TERMINATED]
        assert bool(gone) == (each["verdict"] == "owner-gone")


def test_processors(case: Snapshot) -> None:
    reader = WaitReader(case)
    ticks = case.header["SystemUpTime"] // 156250
    own = reader.layouts.has("_KPRCB", "DispatcherReadyListHead")
    for cpu in case.truth["waits"]["cpus"]:
        for key, member in (("kernel", "KernelTime"), ("user", "UserTime"), ("dpc", "DpcTime"),
                            ("interrupt", "InterruptTime"), ("switches", "KeContextSwitches")):  # fmt: skip
            if reader.layouts.has("_KPRCB", member):
                assert reader.number(cpu["prcb"], "_KPRCB", member) == cpu[key]
        assert cpu["kernel"] + cpu["user"] == ticks
        assert reader.pointer(cpu["prcb"], "_KPRCB", "CurrentThread") == cpu["thread"]
        heads = (cpu["prcb"] + reader.layouts.offset("_KPRCB", "DispatcherReadyListHead") if own
                 else reader.base + reader.symbols["KiDispatcherReadyListHead"])  # fmt: skip
        if own or cpu["number"] == 0:
            assert sorted(reader.ready(heads)) == sorted(cpu["ready"])
        assert reader.deferred(cpu["prcb"]) == cpu["dpcs"]
        assert bool(reader.number(cpu["prcb"], "_KPRCB", "DpcRoutineActive")) == bool(cpu["active"])


def test_processes(case: Snapshot) -> None:
    reader = WaitReader(case)
    full = reader.layouts.has("_MMSUPPORT_INSTANCE")
    for each in case.truth["waits"]["processes"]:
        for path, key in (("Pcb.KernelTime", "KernelTime"), ("Pcb.UserTime", "UserTime"),
                          (f"Vm.{'Instance.' if full else ''}WorkingSetSize", "WorkingSetSize"),
                          (f"Vm.{'Instance.' if full else ''}PageFaultCount", "PageFaultCount"),
                          ("PeakVirtualSize", "PeakVirtualSize")):  # fmt: skip
            assert reader.number(each["eprocess"], "_EPROCESS", path) == each[key]


def test_verdicts_of_requests_and_queues(case: Snapshot) -> None:
    reader = WaitReader(case)
    told = {each["ethread"]: each["verdict"] for each in case.truth["waits"]["threads"]}
    for each in case.truth["waits"]["queues"]:
        assert all(told[thread] == "idle" for thread in each["idle"])
        assert all(reader.pointer(thread, "_ETHREAD", "Tcb.Queue") == each["queue"] for thread in each["threads"])
    assert {"driver"} <= set(told.values())
    assert ("remote" in told.values()) == (case.truth["fault"] == "hang-remote")


def test_ready_threads_are_told_of_once(case: Snapshot) -> None:
    reader = WaitReader(case)
    told = {each["ethread"]: each["cpu"] for each in case.truth["waits"]["ready"]}
    assert {address for address in threads_of(case) if reader.state(address) == 1} == set(told)
    shared = [address for address, place in told.items() if place is None]
    if reader.layouts.has("_KSHARED_READY_QUEUE"):
        queue = reader.pointer(case.truth["waits"]["cpus"][0]["prcb"], "_KPRCB", "SharedReadyQueue")
        heads = queue + reader.layouts.offset("_KSHARED_READY_QUEUE", "ReadyListHead")
        assert reader.ready(heads) == shared
    else:
        assert not shared


@pytest.mark.parametrize("machine", MACHINES)
def test_the_same_hang_on_a_machine_that_runs(machine: str) -> None:
    snapshot = build(machine, "hang-deadlock-2-running")
    assert not snapshot.crashed
    assert [len(each) for each in snapshot.truth["waits"]["deadlocks"]] == [2]


@pytest.mark.parametrize("kind", ["full", "bitmap-full", "triage"])
def test_dumps_of_a_hang_can_be_written(kind: str, tmp_path: Path) -> None:
    for machine in MACHINES:
        snapshot = made(machine, "hang-stuck-dpc")
        if kind in kinds_of(snapshot):
            assert write(snapshot, kind, tmp_path / f"{machine}.dmp").stat().st_size >= 0x1000
