"""Crashes on stacks of the processor: what KPRCB, TSS and IDT say of them, and what a small dump keeps of them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from tests.lab.dump_bytes import DumpBytes, full_dump
from tests.lab.machine_memory import made
from tests.lab.test_lab_writers_triage import Small, read_small
from volplugins.lab.crashes.other_stacks import OTHER_STACKS
from volplugins.lab.damage.files import apply
from volplugins.lab.machines.catalogue import hard_faults_of
from volplugins.lab.writers import write

X64 = ("win10-x64", "win7-x64")
EVERY = [(machine, fault) for machine in X64 for fault in OTHER_STACKS if fault in hard_faults_of(machine)]
# members of KPRCB: DpcStack, IsrStack, ExceptionStack (19041 and 7601; public symbol tables), and a stack's size
_MEMBERS = {"win10-x64": {"dpc": 0x3110, "isr": 0x85D8, "exception": 0x7F28}, "win7-x64": {"dpc": 0x21C0}}
_SIZE = 0x6000
# the stack that the bugcheck runs on; without an interrupt stack the service stays on the thread's
_ON = {"dpc-watchdog-isr-stack": "isr", "dpc-watchdog-own-stack": "isr", "clock-watchdog": "isr", "isr-read": "isr",
       "dpc-read": "dpc", "nmi-stack": "nmi", "double-fault-stack": "double_fault",
       "exception-stack": "exception", "exception-stack-watchdog": "isr"}  # fmt: skip
_UNSWITCHED = {("win7-x64", "isr-read"), ("win7-x64", "clock-watchdog")}
SWITCHED = [(m, f) for m, f in EVERY if _ON[f] in ("isr", "dpc") and (m, f) not in _UNSWITCHED]


def _first_base(truth: dict[str, Any], fault: str) -> int:
    """Where the stack ends that was interrupted first: the thread's, but where its exception was being dispatched."""
    dispatched = fault == "exception-stack-watchdog"
    return int(truth["processors"][0]["stacks"]["exception"] if dispatched else truth["thread"]["stack_base"])


def _tops(dump: DumpBytes, machine: str, pcr: int) -> dict[str, int]:
    """Where the processor's stacks begin, as its own structures say: KPRCB by offset, the TSS by way of the IDT."""
    tops = {name: dump.pointer(pcr + 0x180 + offset) for name, offset in _MEMBERS[machine].items()}
    tss, idt = dump.pointer(pcr + 8), dump.pointer(pcr + 0x38)
    for name, vector in (("double_fault", 8), ("nmi", 2), ("machine_check", 0x12)):
        number = dump.number(idt + 16 * vector + 4, 1) & 7
        tops[name] = dump.number(tss + 0x1C + 8 * number, 8)
    assert dump.number(idt + 16 * 14 + 4, 1) & 7 == 0  # page faults stay on their stack
    return tops


@pytest.mark.parametrize(("machine", "fault"), EVERY)
def test_processor_blocks_bound_the_stack_of_the_bugcheck(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = made(machine, fault, 1, 1)
    dump = full_dump(snapshot, tmp_path)
    tops = _tops(dump, machine, snapshot.truth["processors"][0]["pcr"])
    known = {name: top for name, top in snapshot.truth["processors"][0]["stacks"].items() if top}
    assert tops == known and len(set(tops.values())) == len(tops)
    for top in tops.values():
        assert top % 0x1000 == 0 and dump.is_mapped(top - 1) and dump.is_mapped(top - _SIZE)
        assert not dump.is_mapped(top) and not dump.is_mapped(top - _SIZE - 1)
    (sp,) = struct.unpack_from("<Q", dump.context, 0x98)
    thread = snapshot.truth["thread"]
    if _ON[fault] in tops:
        assert tops[_ON[fault]] - _SIZE <= sp < tops[_ON[fault]]
    else:
        assert thread["stack_limit"] <= sp < thread["stack_base"]
    ethread = thread["ethread"]
    kernel_stack = dump.pointer(ethread + (0x58 if machine == "win10-x64" else 0x38))
    assert thread["stack_limit"] < kernel_stack < thread["stack_base"]


@pytest.mark.parametrize(("machine", "fault"), SWITCHED)
def test_the_link_word_leads_to_the_trap_frame_on_the_interrupted_stack(
    machine: str, fault: str, tmp_path: Path
) -> None:
    snapshot = made(machine, fault, 1, 1)
    dump = full_dump(snapshot, tmp_path)
    links = snapshot.truth["stack_links"]
    stacks = snapshot.truth["processors"][0]["stacks"]
    assert links[-1]["top"] == stacks[_ON[fault]]
    interrupted = [frame for frame in snapshot.truth["stack"] if frame["kind"] == "interrupted"]
    for link in links:
        frame = dump.pointer(link["top"] - 0x10)
        assert frame == link["trap_frame"]
        ip, cs, sp = dump.pointer(frame + 0x168), dump.pointer(frame + 0x170), dump.pointer(frame + 0x180)
        assert cs & 0xFFFF == 0x10
        assert (ip, sp) in [(each["ip"], each["sp"]) for each in interrupted]
    base = _first_base(snapshot.truth, fault)
    assert base - _SIZE <= dump.pointer(links[0]["top"] - 0x10) < base


@pytest.mark.parametrize("fault", ["nmi-stack", "double-fault-stack"])
@pytest.mark.parametrize("machine", X64)
def test_a_machine_frame_begins_the_interrupt_stack(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = made(machine, fault, 1, 1)
    dump = full_dump(snapshot, tmp_path)
    top = snapshot.truth["processors"][0]["stacks"][_ON[fault]]
    ip, cs, _, sp, ss = (dump.pointer(top - 8 * number) for number in (5, 4, 3, 2, 1))
    interrupted = next(frame for frame in snapshot.truth["stack"] if frame["kind"] == "interrupted")
    assert (ip, cs, sp, ss) == (interrupted["ip"], 0x10, interrupted["sp"], 0x18)
    assert snapshot.truth["trap_frame"] == top - 0x190


def _small(machine: str, fault: str, folder: Path, defect: str = "") -> Small:
    path = write(made(machine, fault, 1, 1), "triage", folder / "small.dmp")
    if defect:
        apply(defect, path)
    return read_small(path.read_bytes(), 64)


@pytest.mark.parametrize(("machine", "fault"), SWITCHED)
def test_a_small_dump_keeps_both_stacks(machine: str, fault: str, tmp_path: Path) -> None:
    truth, small = made(machine, fault, 1, 1).truth, _small(machine, fault, tmp_path)
    top = truth["stack_links"][-1]["top"]
    fields = small.fields
    assert fields["TopOfStack"] + fields["SizeOfCallStack"] == top
    assert fields["TopOfStack"] == struct.unpack_from("<Q", small.data, 0x348 + 0x98)[0]
    call_stack = small.data[fields["CallStackOffset"] :][: fields["SizeOfCallStack"]]
    for link in reversed(truth["stack_links"]):
        frame = link["trap_frame"]
        word = call_stack[-0x10:-8] if link["top"] == top else small.at(link["top"] - 0x10, 8)
        assert word == struct.pack("<Q", frame)
        (start, _, size) = next(block for block in small.blocks if block[0] <= frame < block[0] + block[2])
        assert start == frame and (start + size) % 0x1000 == 0
        assert small.at(frame + 0x168, 8) is not None
    base = _first_base(truth, fault)
    assert small.at(truth["stack_links"][0]["trap_frame"], base - truth["stack_links"][0]["trap_frame"]) is not None


@pytest.mark.parametrize(("machine", "fault"), SWITCHED)
def test_the_link_word_can_be_taken_away(machine: str, fault: str, tmp_path: Path) -> None:
    whole, small = _small(machine, fault, tmp_path), _small(machine, fault, tmp_path, "triage-no-stack-link")
    end = small.fields["CallStackOffset"] + small.fields["SizeOfCallStack"]
    assert small.data[end - 0x10 : end - 8] == bytes(8)
    assert small.data[: end - 0x10] + small.data[end - 8 :] == whole.data[: end - 0x10] + whole.data[end - 8 :]
    frame = made(machine, fault, 1, 1).truth["stack_links"][-1]["trap_frame"]
    assert small.at(frame + 0x168, 8) == whole.at(frame + 0x168, 8) is not None


@pytest.mark.parametrize("fault", ["nmi-stack", "double-fault-stack"])
def test_a_small_dump_of_an_interrupt_stack_keeps_the_thread_from_its_stack_pointer_up(
    fault: str, tmp_path: Path
) -> None:
    truth, small = made("win10-x64", fault, 1, 1).truth, _small("win10-x64", fault, tmp_path)
    interrupted = next(frame for frame in truth["stack"] if frame["kind"] == "interrupted")
    assert interrupted["sp"] in [address for address, _, _ in small.blocks]
    fields = small.fields
    assert fields["TopOfStack"] + fields["SizeOfCallStack"] == truth["processors"][0]["stacks"][_ON[fault]]


@pytest.mark.parametrize("machine", X64)
def test_the_processor_that_hangs(machine: str, tmp_path: Path) -> None:
    snapshot = made(machine, "clock-watchdog", 1, 1)
    dump, hung = full_dump(snapshot, tmp_path), snapshot.truth["hung"]
    assert dump.code == 0x101 and dump.parameters[2:] == [hung["prcb"], 1] == [hung["prcb"], hung["processor"]]
    assert hung["prcb"] == snapshot.truth["processors"][1]["prcb"]
    assert dump.pointer(hung["prcb"] + 8) == hung["ethread"] != snapshot.truth["thread"]["ethread"]
    context = hung["prcb"] + (0x1F0 if machine == "win10-x64" else 0x120)
    ip, sp = dump.pointer(context + 0xF8), dump.pointer(context + 0x98)
    assert (ip, sp) == (hung["stack"][0]["ip"], hung["stack"][0]["sp"])
    driver = next(module for module in snapshot.truth["modules"] if module["name"] == "acmedrv")
    assert driver["base"] < ip < driver["base"] + driver["size"]
    for frame in hung["stack"][1:4]:
        assert dump.pointer(frame["sp"] - 8) == frame["ip"]
