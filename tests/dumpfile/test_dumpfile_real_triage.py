"""Two real triage dumps, against what another tool's test suite says of them."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.errors import DumpError
from volplugins.dumpfile.source import BytesSource, FileSource

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "triage"
pytestmark = pytest.mark.skipif(not (DATA / "expected.json").exists(), reason="../shared/data/triage is absent")
NAMES = ["triage_x64.dmp", "triage_arm64.dmp"]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def dump(name: str) -> Dump:
    return open_dump(FileSource(DATA / name))


@pytest.fixture
def expected(name: str) -> dict[str, Any]:
    return dict(json.loads((DATA / "expected.json").read_text())[name])


def test_every_header_value(dump: Dump, expected: dict[str, Any]) -> None:
    assert dump.triage is not None
    found = {field.name: field.value if field.raw is None else field.raw for field in dump.header.fields}
    found |= {field.name: field.value for field in dump.triage.fields}
    assert {name: found[name] for name in expected["header"]} == {
        name: int(value, 16) for name, value in expected["header"].items()
    }


def test_whole_and_without_fault(dump: Dump) -> None:
    assert [note for note in dump.notes if note.severity == "fault"] == []
    assert not dump.completeness.truncated
    # the chain of secondary data ends with the file, to the byte
    assert dump.completeness.expected_file_size == dump.completeness.actual_file_size
    assert dump.secondary is not None


def test_stack_block_holds_the_reference_stack(dump: Dump, expected: dict[str, Any]) -> None:
    """Every return address that the reference names lies where it says, in the dump's own stack block."""
    assert dump.triage is not None
    stack = dump.triage.call_stack
    assert stack is not None
    assert stack.virtual == int(expected["header"]["TopOfStack"], 16)
    frames = expected["reference_stack"]
    if dump.header.machine != 0x8664:
        assert stack.virtual == int(frames[0]["sp"], 16)
        return
    for number, caller in enumerate(frames[1:], 1):
        sp, ip = int(caller["sp"], 16), int(caller["ip"], 16)
        if number == 8:  # interrupted, not called: a machine frame of rip, cs, rflags, rsp, ss lies below
            words = struct.unpack("<5Q", dump.triage.virtual_memory.read(sp - 0x28, 0x28))
            assert (words[0], words[3]) == (ip, sp)
        else:  # called: the return address lies right below the caller's stack pointer
            found = dump.triage.virtual_memory.read(sp - 8, 8)
            assert int.from_bytes(found, "little") == ip, number


def test_drivers(name: str, dump: Dump) -> None:
    assert dump.triage is not None
    drivers = dump.triage.drivers
    assert len(drivers) == {"triage_x64.dmp": 151, "triage_arm64.dmp": 245}[name]
    assert drivers[0].name == r"\SystemRoot\system32\ntoskrnl.exe"
    assert not any(driver.note for driver in drivers)
    lists = (dump.header.ps_loaded_module_list, dump.header.kd_debugger_data_block)
    assert all(drivers[0].base <= address < drivers[0].base + drivers[0].size for address in lists)
    assert len(dump.triage.unloaded) == {"triage_x64.dmp": 4, "triage_arm64.dmp": 11}[name]


def test_crash_was_in_amdppm() -> None:
    dump = open_dump(FileSource(DATA / "triage_x64.dmp"))
    assert dump.triage is not None
    assert dump.header.context is not None
    assert dump.header.context.ip == dump.header.bugcheck_parameters[1] == 0xFFFFF8048B58334C
    (culprit,) = [d for d in dump.triage.drivers if d.base <= dump.header.context.ip < d.base + d.size]
    assert culprit.name.endswith(r"\amdppm.sys")


def test_driver_list_matches_the_images(name: str, dump: Dump) -> None:
    """Time stamp and size of the two images at hand."""
    if name != "triage_x64.dmp":
        pytest.skip("the images are of the other dump")
    assert dump.triage is not None
    for file in ("amdppm.sys", "Wdf01000.sys"):
        image = (DATA / file).read_bytes()
        header = int.from_bytes(image[0x3C:0x40], "little")
        stamp, size = (int.from_bytes(image[header + at :][:4], "little") for at in (8, 0x50))
        (driver,) = [d for d in dump.triage.drivers if d.name.endswith(file)]
        assert (driver.timestamp, driver.size) == (stamp, size)
        if file != "amdppm.sys":  # the image at hand carries another signature than the one that was loaded
            assert driver.checksum == int.from_bytes(image[header + 0x58 :][:4], "little")


def test_blocks_that_real_dumps_hold_twice_get_their_address(dump: Dump) -> None:
    assert dump.triage is not None
    assert dump.triage.prcb is not None
    assert dump.triage.process is not None
    memory = dump.triage.virtual_memory
    for block in (dump.triage.prcb, dump.triage.process):
        assert block.virtual is not None
        assert memory.read(block.virtual, block.size) == block.data
    assert b"System\0" in dump.triage.process.data


def test_debugger_data_block(dump: Dump) -> None:
    assert dump.triage is not None
    data = dump.triage.virtual_memory.read(dump.header.kd_debugger_data_block, 0x18)
    assert data[0x10:0x14] == b"KDBG"


def test_cut_anywhere(name: str) -> None:
    data = (DATA / name).read_bytes()
    for length in [*range(0, 0x2100, 97), *range(0x2100, len(data), 40009)]:
        try:
            dump = open_dump(BytesSource(data[:length]))
        except DumpError as error:
            assert length < 0x2080
            assert error.reason
        else:
            assert dump.completeness.truncated
