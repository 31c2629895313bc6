"""The lab's own machines as small dumps: what the file holds is what was built."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.machine_memory import made
from tests.lab.test_lab_writers_triage import read_small
from tests.sampling import in_turn
from volplugins.lab.machines.catalogue import MACHINES, faults_of
from volplugins.lab.writers import write

CRASHES = [(machine, fault) for machine in MACHINES for fault in faults_of(machine)]


@pytest.mark.parametrize(("machine", "fault"), in_turn(CRASHES))
def test_small_dump_tells_the_truth(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = made(machine, fault)
    truth, word = snapshot.truth, snapshot.bits // 8
    small = read_small(write(snapshot, "triage", tmp_path / "s.dmp").read_bytes(), snapshot.bits)
    modules = [(one["path"], one["base"], one["size"], one["checksum"], one["timestamp"]) for one in truth["modules"]]
    assert small.drivers == modules
    assert small.unloaded == [(one["name"][:12], one["base"], one["end"]) for one in truth["unloaded"]]
    process = small.data[small.fields["ProcessOffset"] : small.fields["ThreadOffset"]]
    assert truth["process"]["name"][:14].encode() + b"\0" in process  # ImageFileName has 15 bytes
    client = b"".join(number.to_bytes(word, "little") for number in (truth["process"]["pid"], truth["thread"]["tid"]))
    assert client in small.data[small.fields["ThreadOffset"] : small.fields["CallStackOffset"]]
    assert small.data[small.fields["DebuggerDataOffset"] + 0x10 :][:4] == b"KDBG"


@pytest.mark.parametrize(("machine", "fault"), in_turn(CRASHES))
def test_small_dump_holds_what_the_stack_is_made_of(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = made(machine, fault)
    truth, word = snapshot.truth, snapshot.bits // 8
    small = read_small(write(snapshot, "triage", tmp_path / "s.dmp").read_bytes(), snapshot.bits)
    top, size = small.fields["TopOfStack"], small.fields["SizeOfCallStack"]
    assert top == truth["stack"][0]["sp"]
    if truth["thread"]["stack_limit"] <= top < truth["thread"]["stack_base"]:
        assert top + size == truth["thread"]["stack_base"]
    kernel = [frame["sp"] for frame in truth["stack"] if frame["sp"] >> (snapshot.bits - 1)]
    for pointer in kernel:
        assert top <= pointer <= top + size - word or small.at(pointer, word) is not None, hex(pointer)
    if truth["fault_ip"]:
        assert small.at(truth["fault_ip"], 8) is not None
