"""Calls through pointers that lead to no code: what the dump's own bytes say of the fault and its caller."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.dump_bytes import full_dump
from tests.lab.machine_memory import made
from volplugins.lab.crashes.pointer_calls import POINTER_CALLS
from volplugins.lab.machines.catalogue import MACHINES

# members of _KTRAP_FRAME: instruction pointer, code segment, stack pointer (x86: what lies above the frame), error code
_X64, _X86 = (0x168, 0x170, 0x180, 0x160), (0x68, 0x6C, 0x74, 0x64)
EVERY = [(machine, fault) for machine in MACHINES for fault in POINTER_CALLS]


@pytest.mark.parametrize(("machine", "fault"), EVERY)
def test_the_word_at_the_stack_pointer_is_the_return_address(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = made(machine, fault, 1, 1)
    truth, dump = snapshot.truth, full_dump(snapshot, tmp_path)
    wide = snapshot.bits == 64
    ip_at, cs_at, sp_at, _ = _X64 if wide else _X86
    frame = truth["trap_frame"]
    assert dump.pointer(frame + ip_at) == truth["fault_ip"]
    assert dump.number(frame + cs_at, 2) == (0x10 if wide else 0x08)
    sp = dump.pointer(frame + sp_at) if wide else frame + sp_at
    assert dump.pointer(sp) == truth["caller"]
    driver = next(module for module in truth["modules"] if module["name"] == truth["culprit"] == "acmedrv")
    assert driver["base"] < truth["caller"] < driver["base"] + driver["size"]
    before = dump.read(truth["caller"] - 4, 4)
    assert 0xFF in before  # call through a register or memory
    assert not any(m["base"] <= truth["fault_ip"] < m["base"] + m["size"] for m in truth["modules"])


@pytest.mark.parametrize("machine", MACHINES)
def test_parameters_say_that_an_instruction_was_fetched(machine: str, tmp_path: Path) -> None:
    plain = machine == "xp-x86"
    dump = full_dump(made(machine, "null-call", 1, 1), tmp_path)
    assert (dump.code, dump.parameters) == (0xD1, [0, 2, 0 if plain else 8, 0])
    error = (_X64 if dump.wide else _X86)[3]
    assert dump.number(made(machine, "null-call", 1, 1).truth["trap_frame"] + error, 4) == (0 if plain else 0x10)
    dump = full_dump(made(machine, "null-call-unhandled", 1, 1), tmp_path)
    frame = made(machine, "null-call-unhandled", 1, 1).truth["trap_frame"]
    wanted = (0x1E, [0xFFFFFFFFC0000005, 0, 8, 0]) if dump.wide else (0x8E, [0xC0000005, 0, frame, 0])
    assert (dump.code, dump.parameters) == wanted


@pytest.mark.parametrize("machine", MACHINES)
def test_records_of_the_system_thread(machine: str, tmp_path: Path) -> None:
    dump = full_dump(made(machine, "null-call-7e", 1, 1), tmp_path)
    code, ip, record, context = dump.parameters
    assert (dump.code, code & 0xFFFFFFFF, ip) == (0x7E, 0xC0000005, 0)
    address, count, first = (0x10, 0x18, 0x20) if dump.wide else (0xC, 0x10, 0x14)
    assert dump.number(record, 4) == 0xC0000005 and dump.pointer(record + address) == 0
    assert dump.number(record + count, 4) == 2
    assert dump.pointer(record + first) == (0 if machine == "xp-x86" else 8)
    assert dump.pointer(context + (0xF8 if dump.wide else 0xB8)) == 0
    sp = dump.pointer(context + (0x98 if dump.wide else 0xC4))
    assert dump.pointer(sp) == made(machine, "null-call-7e", 1, 1).truth["caller"]


@pytest.mark.parametrize("machine", MACHINES)
def test_wild_pointers(machine: str, tmp_path: Path) -> None:
    snapshot = made(machine, "wild-call", 1, 1)
    dump = full_dump(snapshot, tmp_path)
    target = snapshot.truth["fault_ip"]
    assert dump.is_mapped(target)
    if machine != "xp-x86":
        assert dump.code == 0xFC and dump.parameters[0] == target == snapshot.truth["access"]["address"]
        assert dump.entry(target) >> 63 == 1
        assert dump.parameters[1] == dump.entry(target) & ((1 << snapshot.bits) - 1)
        assert dump.parameters[2] == snapshot.truth["trap_frame"]
    dump = full_dump(made(machine, "wild-call-50", 1, 1), tmp_path)
    target = made(machine, "wild-call-50", 1, 1).truth["fault_ip"]
    how = {"win10-x64": 0x10, "xp-x86": 0}.get(machine, 8)
    assert dump.code == 0x50 and dump.parameters[:3] == [target, how, target] and not dump.is_mapped(target)
