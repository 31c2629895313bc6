"""Bugchecks that say by bits how memory was touched: parameters, trap frame and page tables of the dump agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.dump_bytes import full_dump
from tests.lab.machine_memory import made
from volplugins.lab.crashes.access_bits import ACCESS_BITS
from volplugins.lab.machines.catalogue import hard_faults_of

# bugcheck, number of the parameter with the bits, the bits; the processor's own error code; whether the page is there
_WANTED = {
    "driver-write-bits": (0xD1, 3, 0x85, 2, False),
    "driver-write-bits-81": (0xD1, 3, 0x81, 2, False),
    "page-fault-write-bits": (0x50, 2, 3, 3, True),
    "page-fault-write-bits-13": (0x50, 2, 0x13, 0x13, True),
    "page-fault-fetch-bits": (0x50, 2, 0x11, 0x11, True),
    "page-fault-fetch-bits-13": (0x50, 2, 0x13, 0x13, True),
}


@pytest.mark.parametrize("fault", ACCESS_BITS)
def test_bits_and_what_was_touched(fault: str, tmp_path: Path) -> None:
    truth, dump = made("win10-x64", fault, 1, 1).truth, full_dump(made("win10-x64", fault, 1, 1), tmp_path)
    code, number, bits, error, present = _WANTED[fault]
    assert (dump.code, dump.parameters[number - 1]) == (code, bits)
    assert dump.parameters[0] == truth["access"]["address"] == dump.pointer(truth["trap_frame"] + 0xD0)
    assert dump.parameters[3 if code == 0xD1 else 2] == truth["fault_ip"] == dump.pointer(truth["trap_frame"] + 0x168)
    assert dump.number(truth["trap_frame"] + 0x160, 4) == error
    assert dump.is_mapped(dump.parameters[0]) == present
    if present:
        entry = dump.entry(dump.parameters[0])
        assert entry >> 63 == 1 if truth["access"]["kind"] == "execute" else not entry & 2
    if truth["access"]["kind"] == "write":
        assert dump.read(truth["fault_ip"], 2) == b"\x89\x01"  # mov [rcx], eax
        assert dump.pointer(truth["trap_frame"] + 0x38) == dump.parameters[0]  # Rcx


def test_only_since_windows_8() -> None:
    assert not set(ACCESS_BITS) & set(hard_faults_of("win7-x64"))
