"""Crashes by one wrong bit: the bad word is in the dump's own bytes, and is one bit away from what it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.dump_bytes import DumpBytes, full_dump
from tests.lab.machine_memory import lowest_entry, made
from volplugins.lab.machines.catalogue import MACHINES, hard_faults_of

EVERY = [(machine, fault) for machine in MACHINES for fault in hard_faults_of(machine) if fault.startswith("bit-flip")]
_WIDE = [pair for pair in EVERY if pair[0].endswith("x64")]


def _of(fault: str, pairs: list[tuple[str, str]] = EVERY) -> list[str]:
    return [machine for machine, each in pairs if each == fault]


def _dump(machine: str, fault: str, folder: Path) -> DumpBytes:
    return full_dump(made(machine, fault, 1, 1), folder)


@pytest.mark.parametrize(("machine", "fault"), EVERY)
def test_one_bit_and_nobody_to_blame(machine: str, fault: str) -> None:
    truth = made(machine, fault, 1, 1).truth
    flip = truth["bit_flip"]
    assert flip["good"] ^ flip["bad"] == 1 << flip["bit"]
    assert truth["memory_error"] and not truth["culprit"] and not truth["manual"]
    assert not made(machine).truth["memory_error"]


@pytest.mark.parametrize("machine", _of("bit-flip-pte"))
def test_page_table_entry(machine: str, tmp_path: Path) -> None:
    snapshot, dump = made(machine, "bit-flip-pte", 1, 1), _dump(machine, "bit-flip-pte", tmp_path)
    kind, address, entry, _ = dump.parameters
    assert (dump.code, kind) == (0x1A, 0x41792) and entry.bit_count() == 1
    # the self-map shows the entry at the address that the parameter names
    width = 4 if machine == "xp-x86" else 8
    assert dump.number(address, width) == entry
    base = (0xFFFF << 48 | snapshot.truth["self_map"] << 39) if dump.wide else 0xC0000000
    touched = (address - base) // width << 12
    directory = snapshot.truth["directories"][snapshot.truth["process"]["pid"]]
    assert lowest_entry(snapshot, directory, touched) == entry
    assert 0 < touched < 0x80000000


@pytest.mark.parametrize("machine", _of("bit-flip-pointer"))
def test_pointer(machine: str, tmp_path: Path) -> None:
    truth, dump = made(machine, "bit-flip-pointer", 1, 1).truth, _dump(machine, "bit-flip-pointer", tmp_path)
    flip, frame = truth["bit_flip"], truth["trap_frame"]
    assert dump.code == 0xD1 and dump.parameters == [flip["bad"], 2, 0, truth["fault_ip"]]
    assert dump.pointer(flip["address"]) == flip["bad"] and dump.pointer(flip["address"] + dump.word) == flip["good"]
    assert dump.pointer(frame + (0x38 if dump.wide else 0x40)) == flip["bad"]  # Rcx, Ecx
    assert not dump.is_mapped(flip["bad"])
    assert dump.read(flip["good"], 8) == b"AcmeRegs"


@pytest.mark.parametrize("fault", ["bit-flip-noncanonical", "bit-flip-noncanonical-1e"])
@pytest.mark.parametrize("machine", _of("bit-flip-noncanonical", _WIDE))
def test_not_canonical(machine: str, fault: str, tmp_path: Path) -> None:
    truth, dump = made(machine, fault, 1, 1).truth, _dump(machine, fault, tmp_path)
    flip = truth["bit_flip"]
    assert flip["bad"] >> 47 not in (0, 0x1FFFF) and flip["good"] >> 47 == 0x1FFFF
    assert dump.read(flip["good"], 8) == b"AcmeCopy"
    assert dump.pointer(truth["trap_frame"] + 0x40) == flip["bad"]  # Rdx
    assert dump.read(truth["fault_ip"], 3) == b"\x48\x8b\x02"  # mov rax, [rdx]
    if dump.code == 0x3B:
        context = dump.parameters[2]
        assert dump.parameters[:2] == [0xC0000005, truth["fault_ip"]]
        assert (dump.pointer(context + 0x88), dump.pointer(context + 0xF8)) == (flip["bad"], truth["fault_ip"])
    else:
        assert (dump.code, dump.parameters) == (
            0x1E,
            [0xFFFFFFFFC0000005, truth["fault_ip"], 0, 0xFFFFFFFFFFFFFFFF],
        )


def test_list(tmp_path: Path) -> None:
    truth, dump = made("win10-x64", "bit-flip-list", 1, 1).truth, _dump("win10-x64", "bit-flip-list", tmp_path)
    kind, frame, record, _ = dump.parameters
    assert (dump.code, kind, frame) == (0x139, 3, truth["trap_frame"])
    assert dump.read(truth["fault_ip"], 2) == b"\xcd\x29"  # int 29h
    assert dump.pointer(frame + 0x168) == truth["fault_ip"] == dump.pointer(record + 0x10)
    assert dump.number(record, 4) == 0xC0000409
    assert dump.pointer(frame + 0x38) == dump.pointer(record + 0x20) == 3  # Rcx, ExceptionInformation[0]
    following, entry = dump.pointer(frame + 0x30), dump.pointer(frame + 0x40)  # Rax, Rdx
    assert dump.pointer(entry) == following
    assert dump.pointer(following + 8) == truth["bit_flip"]["bad"] != entry == truth["bit_flip"]["good"]
    assert dump.pointer(dump.pointer(entry + 8)) == entry  # the other neighbour is whole


@pytest.mark.parametrize("machine", _of("bit-flip-pool"))
def test_pool_header(machine: str, tmp_path: Path) -> None:
    truth, dump = made(machine, "bit-flip-pool", 1, 1).truth, _dump(machine, "bit-flip-pool", tmp_path)
    flip = truth["bit_flip"]
    kind, block, following, first = dump.parameters
    assert (dump.code, kind, block) == (0x19, 0x20, flip["address"])
    unit, bits = (0x10, 0xFF) if dump.wide else (8, 0x1FF)
    assert first == dump.number(block, 4) and dump.number(block + 2, 2) & bits == flip["bad"]
    assert following == block + flip["bad"] * unit
    neighbour = block + flip["good"] * unit
    assert dump.number(neighbour, 2) & bits == flip["good"]  # PreviousSize
    assert dump.read(block + 4, 4) == dump.read(neighbour + 4, 4) == b"Acme"
