"""Windows 11 24H2 of the lab, read back at the places that public listings of build 26100 name."""

from __future__ import annotations

import json
import lzma
from functools import lru_cache
from pathlib import Path

import pytest

from tests.lab.machine_memory import kernel_bytes, pointer
from volplugins.lab.damage.unknown_kernel import without_symbols
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import EVERY_MACHINE, MACHINES, build, every_fault_of
from volplugins.lab.machines.five_levels import with_five_levels
from volplugins.lab.writers.symbol_tables import symbol_table, table_path

MACHINE = "win11-24h2-x64"
SYMBOLS = Path(__file__).parents[2] / "symbols"
PID, LINKS, PARENT, SESSION, NAME, THREADS, VADS, PEB = 0x1D0, 0x1D8, 0x2D0, 0x2E8, 0x338, 0x370, 0x558, 0x2E0
TID, THREAD_LINKS = 0x510, 0x578  # ETHREAD.Cid.UniqueThread, ThreadListEntry


@lru_cache(maxsize=2)
def made() -> Snapshot:
    return build(MACHINE)


def symbol(snapshot: Snapshot, name: str) -> int:
    return int(snapshot.truth["modules"][0]["base"] + snapshot.truth["symbols"]["nt"][name])


def ring(snapshot: Snapshot, head: int) -> list[int]:
    found, at = [], pointer(snapshot, head)
    while at != head:
        found.append(at)
        at = pointer(snapshot, at)
    return found


def test_processes_and_threads_are_where_24h2_has_them() -> None:
    snapshot = made()
    seen = {}
    for link in ring(snapshot, symbol(snapshot, "PsActiveProcessHead")):
        process = link - LINKS
        threads = [pointer(snapshot, each - THREAD_LINKS + TID) for each in ring(snapshot, process + THREADS)]
        session = pointer(snapshot, process + SESSION)
        name = kernel_bytes(snapshot, process + NAME, 15).rstrip(b"\0").decode()
        number = int.from_bytes(kernel_bytes(snapshot, session + 8, 4), "little") if session else None
        seen[pointer(snapshot, process + PID)] = (name, pointer(snapshot, process + PARENT), number, threads)
    assert seen == {
        each["pid"]: (each["name"][:14], each["ppid"], each["session"], [one["tid"] for one in each["threads"]])
        for each in snapshot.truth["processes"]
    }


def test_committed_memory_is_told_by_bit_25_and_shadow_stacks_by_bit_28() -> None:
    snapshot = made()
    for process in snapshot.truth["processes"]:
        if not process["peb"]:
            continue
        nodes, waiting = {}, [pointer(snapshot, process["eprocess"] + VADS)]
        while waiting:
            node = waiting.pop()
            if node:
                start = int.from_bytes(kernel_bytes(snapshot, node + 0x18, 4), "little")
                start |= kernel_bytes(snapshot, node + 0x20, 1)[0] << 32
                flags = int.from_bytes(kernel_bytes(snapshot, node + 0x30, 4), "little")
                charge = int.from_bytes(kernel_bytes(snapshot, node + 0x34, 4), "little")
                nodes[start << 12] = (flags >> 7 & 0x1F, flags >> 21 & 1, charge)
                nodes[start << 12 | 1] = (flags >> 25 & 1, flags >> 28 & 1, 0)
                waiting += [pointer(snapshot, node), pointer(snapshot, node + 8)]
        told = snapshot.truth["vads"][process["pid"]]
        assert {at: each for at, each in nodes.items() if not at & 1} == {
            each["start"]: (each["protection"], int(each["private"]), each["commit"]) for each in told
        }
        shadows = {
            each["user"]["limit"] for each in snapshot.truth["shadow_stacks"].values()
            if each["user"] and each["pid"] == process["pid"]
        }  # fmt: skip
        assert {at & ~1 for at, each in nodes.items() if at & 1 and each[1]} == shadows
        assert any(each[0] for at, each in nodes.items() if at & 1)


def test_it_has_a_kernel_of_its_own() -> None:
    kernels = {name: build(name).truth["modules"][0]["guid"] for name in EVERY_MACHINE}
    assert len(set(kernels.values())) == len(EVERY_MACHINE) == len(MACHINES) + 1
    assert PROFILES[MACHINE].structures.size("_KPRCB") > 0xBF00
    assert made().header["MinorVersion"] == 26100 and "driver-read" in every_fault_of(MACHINE)


def test_its_symbol_table_is_up_to_date() -> None:
    path = table_path(PROFILES[MACHINE], SYMBOLS)
    assert json.loads(lzma.decompress(path.read_bytes())) == symbol_table(PROFILES[MACHINE])


@pytest.mark.parametrize("machine", EVERY_MACHINE)
def test_a_kernel_without_symbols_is_another_by_its_guid_alone(machine: str) -> None:
    known = build(machine)
    unknown = without_symbols(known)
    old, new = (each.truth["modules"][0]["guid"] for each in (known, unknown))
    assert old != new and not list(SYMBOLS.glob(f"windows/*/{new}-*.json.xz"))
    assert list(SYMBOLS.glob(f"windows/*/{old}-*.json.xz"))
    differing = [pfn for pfn, page in unknown.pages.items() if page != known.pages[pfn]]
    assert len(differing) == 1 and known.truth["modules"][0]["guid"] == old


@pytest.mark.parametrize("machine", ["win10-x64", MACHINE])
def test_five_levels_have_the_kernel_that_is_made_for_them(machine: str) -> None:
    snapshot = with_five_levels(build(machine))
    kernel = snapshot.truth["modules"][0]
    assert (kernel["file"], kernel["pdb"]) == ("ntkrla57.exe", "ntkrla57.pdb")
    assert not [pfn for pfn, page in snapshot.pages.items() if "ntoskrnl".encode("utf-16-le") in page]
    pages = range(kernel["base"], kernel["base"] + kernel["size"], 0x1000)
    inside = [page for page in pages if page in snapshot.virtual]
    image = b"".join(kernel_bytes(snapshot, page, 0x1000) for page in inside)
    assert b"ntkrla57.pdb\0" in image and b"ntkrla57.exe\0" in image
    assert b"ntoskrnl" not in image and b"ntkrnlmp" not in image
    # drivers import from the name that all kernels have
    assert any(b"ntoskrnl.exe" in page for page in snapshot.pages.values())
