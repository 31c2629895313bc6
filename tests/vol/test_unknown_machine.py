"""A dump of a machine that nobody here has seen: its header is shown, everything else says that it is not known."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from volplugins.triage import TriageOptions, run_triage

HEADER64 = {"MachineImageType": 0x30, "PsLoadedModuleList": 0x20, "PsActiveProcessHead": 0x28, "DumpType": 0xF98}
HEADER32 = {"MachineImageType": 0x20, "PsLoadedModuleList": 0x18, "PsActiveProcessHead": 0x1C, "DumpType": 0xF88}


def dump(path: Path, bits: int, machine: int) -> Path:
    """A header by hand (Microsoft's DUMP_HEADER64 and 32), one run of sixteen pages."""
    at, size = (HEADER64, 0x2000) if bits == 64 else (HEADER32, 0x1000)
    header = bytearray(b"PAGE" * (size // 4))
    header[4:8] = b"DU64" if bits == 64 else b"DUMP"
    word = "<Q" if bits == 64 else "<I"
    struct.pack_into("<I", header, at["MachineImageType"], machine)
    struct.pack_into("<I", header, at["MachineImageType"] + 8, 0xD1)
    for name in ("PsLoadedModuleList", "PsActiveProcessHead"):
        struct.pack_into(word, header, at[name], 0x1000)
    struct.pack_into(word, header, 0x10, 0x5000)
    block, run = (0x88, "<I4xQQQ") if bits == 64 else (0x64, "<IIII")
    struct.pack_into(run, header, block, 1, 16, 0, 16)
    struct.pack_into("<I", header, at["DumpType"], 1)
    path.write_bytes(header + bytes(16 * 4096))
    return path


CASES = [(64, 0x200), (64, 0xAA64), (64, 0x14C), (32, 0x1C4), (32, 0x8664), (64, 0)]


@pytest.mark.parametrize(("bits", "machine"), CASES)
def test_no_plugin_fails(bits: int, machine: int, tmp_path: Path) -> None:
    path = dump(tmp_path / "a.dmp", bits, machine)
    result = run_triage(path, tmp_path / "out", TriageOptions(hash=False), lambda *_: None)
    assert result.summary["crash"]["bugcheck_code"] == "0xd1"
    assert [each["fault"] for each in result.summary["sections"] if each["fault"]] == []
