"""The second processor crashes: whose block holds the context, and which block a small dump keeps."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path

import pytest

from tests.lab.dump_bytes import full_dump
from tests.lab.test_lab_writers_triage import read_small
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write

# members of KPRCB: CurrentThread, IdleThread, Number and its size, the saved CONTEXT (public symbol tables)
_PRCB = {
    "win10-x64": (8, 0x18, 0x24, 4, 0x1F0), "win7-x64": (8, 0x18, 0x24, 4, 0x120),
    "win7-x86-pae": (4, 0xC, 0x3CC, 4, 0x18), "xp-x86": (4, 0xC, 0x10, 1, 0x1C),
}  # fmt: skip
EVERY = [(machine, fault) for machine in MACHINES for fault in ("driver-read", "keyboard")]
EVERY += [("win10-x64", "dpc-watchdog-own-stack"), ("win7-x64", "dpc-read")]


@lru_cache(maxsize=16)
def _second(machine: str, fault: str) -> Snapshot:
    return build(machine, fault, 1, 1, processor=1)


@pytest.mark.parametrize(("machine", "fault"), EVERY)
def test_the_second_processor_has_the_crashed_thread(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = _second(machine, fault)
    dump = full_dump(snapshot, tmp_path)
    current_at, idle_at, number_at, size, context_at = _PRCB[machine]
    first, second = (each["prcb"] for each in snapshot.truth["processors"])
    assert [dump.number(prcb + number_at, size) for prcb in (first, second)] == [0, 1]
    thread = snapshot.truth["thread"]["ethread"]
    assert snapshot.truth["processor"] == 1 and dump.pointer(second + current_at) == thread
    assert dump.pointer(first + current_at) == dump.pointer(first + idle_at) != thread
    assert dump.pointer(second + idle_at) != dump.pointer(first + idle_at)
    length = 0x90 if dump.wide else 0xCC
    assert dump.read(second + context_at, length) == dump.context[:length]
    assert dump.read(first + context_at, length) != dump.context[:length]


@pytest.mark.parametrize(("machine", "fault"), EVERY)
def test_a_small_dump_keeps_its_block(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = _second(machine, fault)
    small = read_small(write(snapshot, "triage", tmp_path / "small.dmp").read_bytes(), snapshot.bits)
    current_at, _, number_at, size, _ = _PRCB[machine]
    at, code = small.fields["PrcbOffset"], "<Q" if snapshot.bits == 64 else "<I"
    assert int.from_bytes(small.data[at + number_at : at + number_at + size], "little") == 1
    assert struct.unpack_from(code, small.data, at + current_at)[0] == snapshot.truth["thread"]["ethread"]
    sp = struct.unpack_from(code, small.data, 0x348 + 0x98 if snapshot.bits == 64 else 0x320 + 0xC4)[0]
    assert small.fields["TopOfStack"] == sp


def test_no_third_processor() -> None:
    with pytest.raises(ValueError, match="no processor 2"):
        build("win10-x64", "driver-read", processor=2)
