"""Old trap frames and CONTEXT records on stacks: where they lie in the dump's own bytes, and what leads past them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.dump_bytes import DumpBytes, full_dump
from tests.lab.machine_memory import made
from volplugins.lab.crashes.old_records import OLD_RECORDS_X64, OLD_RECORDS_X86
from volplugins.lab.machines.catalogue import MACHINES

_MARK = 0xBADB0D00
EVERY = [(m, fault) for m in MACHINES for fault in (OLD_RECORDS_X64 if m.endswith("x64") else OLD_RECORDS_X86)]


def _stack_pointer(dump: DumpBytes) -> int:
    """Of the header's own CONTEXT."""
    at = 0x98 if dump.wide else 0xC4
    return int.from_bytes(dump.context[at : at + dump.word], "little")


@pytest.mark.parametrize(("machine", "fault"), [pair for pair in EVERY if pair[1].startswith("stale")])
def test_the_old_frame_is_whole_and_nearer_than_the_true_one(machine: str, fault: str, tmp_path: Path) -> None:
    truth = made(machine, fault, 1, 1).truth
    dump = full_dump(made(machine, fault, 1, 1), tmp_path)
    old, true = truth["stale_frame"]["address"], truth["trap_frame"]
    assert _stack_pointer(dump) < old < true
    ip_at, cs_at, flags_at = (0x168, 0x170, 0x178) if dump.wide else (0x68, 0x6C, 0x70)
    for frame, ip in ((old, truth["stale_frame"]["ip"]), (true, truth["fault_ip"])):
        assert dump.pointer(frame + ip_at) == ip
        assert dump.number(frame + cs_at, 2) == (0x10 if dump.wide else 8)
        assert dump.number(frame + flags_at, 4) & 0x202 == 0x202
        if dump.wide:
            assert frame % 16 == 0
            assert dump.pointer(frame + 0x180) >= frame + 0x190
        else:
            assert dump.number(frame, 4) == dump.number(frame + 0x60, 4)  # DbgEbp, Ebp
            assert dump.number(frame + 4, 4) == ip
            assert (dump.number(frame + 8, 4) == _MARK) == (frame == true or truth["stale_frame"]["marked"])
    innocent = next(module for module in truth["modules"] if module["name"] == "usbport")
    assert innocent["base"] < dump.pointer(old + ip_at) < innocent["base"] + innocent["size"]


@pytest.mark.parametrize(("machine", "fault"), [pair for pair in EVERY if pair[0].endswith(("x86", "pae"))])
def test_the_chain_of_ebp_is_unbroken_from_the_header_to_the_driver(machine: str, fault: str, tmp_path: Path) -> None:
    truth = made(machine, fault, 1, 1).truth
    dump = full_dump(made(machine, fault, 1, 1), tmp_path)
    ebp, seen, returns = int.from_bytes(dump.context[0xB4:0xB8], "little"), [], []
    while ebp >= 0x80000000 and ebp not in seen:
        seen.append(ebp)
        returns.append(dump.pointer(ebp + 4))
        ebp = dump.pointer(ebp)
    assert seen == sorted(seen)
    assert truth["trap_frame"] in seen
    assert truth["fault_ip"] in returns
    assert not truth.get("stale_frame") or truth["stale_frame"]["address"] not in seen
    driver = next(module for module in truth["modules"] if module["name"] == "acmedrv")
    assert sum(driver["base"] <= ip < driver["base"] + driver["size"] for ip in returns) >= 2


@pytest.mark.parametrize(("machine", "fault"), [pair for pair in EVERY if pair[1].startswith("context")])
def test_only_the_context_and_the_true_frame_look_like_one(machine: str, fault: str, tmp_path: Path) -> None:
    truth = made(machine, fault, 1, 1).truth
    dump = full_dump(made(machine, fault, 1, 1), tmp_path)
    saved, frame = truth["context_record"], truth["trap_frame"]
    assert _stack_pointer(dump) < saved < frame
    flags_at, ip_at, full = (0x30, 0xF8, 0x10001F) if dump.wide else (0, 0xB8, 0x1003F)
    assert dump.number(saved + flags_at, 4) == full
    assert dump.pointer(saved + ip_at) == truth["fault_ip"]
    if dump.wide:
        return
    places = range(_stack_pointer(dump), truth["thread"]["stack_base"] - 0x200, 4)
    images = [(module["base"], module["base"] + module["size"]) for module in truth["modules"]]
    found = [
        at
        for at in places
        if any(start <= dump.pointer(at) < end for start, end in images)
        and dump.pointer(at + 4) == 8
        and dump.pointer(at + 8) & 0x202 == 0x202
    ]
    assert found == [saved + 0xB8, frame + 0x68]
    marked = [at for at in places if dump.pointer(at) == _MARK]
    assert frame + 8 in marked and saved + 0x58 not in marked
