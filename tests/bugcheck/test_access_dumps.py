"""How memory was touched, and what the exception says, from the bytes of dumps: lab dumps with changed parameters."""

from __future__ import annotations

import lzma
import struct
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from volplugins.bugcheck.analysis import Analysis, analyse
from volplugins.bugcheck.fault.exceptions import find_exception
from volplugins.bugcheck.words.parameters import parameters_for
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.exception_record import ExceptionRecord
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.crashes.access_bits import ACCESS_BITS
from volplugins.lab.damage.dump_editor import DumpEditor
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.memory.reader import SegmentReader
from volplugins.vol.commands.analyze.rows import analyze_rows
from volplugins.vol.scene.crash_scene import scene_of

CASES = Path(__file__).parents[2].parent / "shared" / "cases"
ADDRESS = 0xFFFF8A8F7C673880
ACCESSES = {"READ_ADDRESS", "WRITE_ADDRESS", "EXECUTE_ADDRESS"}

Rows = dict[str, tuple[Any, str]]


@cache
def machine(name: str, fault: str) -> Snapshot:
    return build(name, fault)


def analysed(data: bytes) -> Analysis:
    return analyse(scene_of(open_dump(BytesSource(data))))


def rows_of(data: bytes) -> Rows:
    """Value and Evidence of the rows of the sections ``bugcheck`` and ``context``."""
    rows = analyze_rows(analysed(data))
    return {row.field: (row.value, row.evidence) for row in rows if row.section in ("bugcheck", "context")}


def accesses(rows: Rows) -> dict[str, Any]:
    return {field: rows[field][0] for field in ACCESSES & set(rows)}


class Lab:
    """A lab dump in a file, with header fields and bytes changed."""

    def __init__(self, folder: Path, name: str, fault: str, kind: str = "triage") -> None:
        self.snapshot = machine(name, fault)
        self.path = write(self.snapshot, kind, folder / "a.dmp")

    def header(self, **fields: int) -> Lab:
        with DumpEditor(self.path) as editor:
            for name, value in fields.items():
                editor.set(name, value)
        return self

    def parameters(self, code: int, *values: int) -> Lab:
        return self.header(BugCheckCode=code, **{f"BugCheckParameter{n}": v for n, v in enumerate(values, 1)})

    def record(self, code: int, *information: int) -> Lab:
        """Change every record of the access violation at the failing instruction."""
        data = self.path.read_bytes()
        head = struct.pack("<IIQQ", 0xC0000005, 0, 0, self.snapshot.truth["fault_ip"])
        assert head in data
        tail = struct.pack(f"<II{len(information)}Q", len(information), 0, *information)
        old = data.index(head)
        new = struct.pack("<I", code) + head[4:] + tail
        for _ in range(data.count(head)):
            data = data[:old] + new + data[old + len(new) :]
            old = data.find(head, old + 1)
        self.path.write_bytes(data)
        return self

    def rows(self) -> Rows:
        return rows_of(self.path.read_bytes())


@pytest.mark.parametrize("kind", ["triage", "bitmap-kernel"])
@pytest.mark.parametrize(
    ("machine_name", "value", "field"),
    [
        ("win10-x64", 0x3, "WRITE_ADDRESS"),
        ("win10-x64", 0x0, "READ_ADDRESS"),
        ("win10-x64", 0x11, "EXECUTE_ADDRESS"),
        ("win7-x64", 0x1, "WRITE_ADDRESS"),
        ("win7-x64", 0x8, "EXECUTE_ADDRESS"),
        ("win7-x64", 0x3, None),
        ("win10-x64", 0x8, None),
    ],
)
def test_0x50(machine_name: str, value: int, field: str | None, kind: str, tmp_path: Path) -> None:
    ip = machine(machine_name, "page-fault").truth["fault_ip"]
    rows = Lab(tmp_path, machine_name, "page-fault", kind).parameters(0x50, ADDRESS, value, ip, 2).rows()
    assert accesses(rows) == ({field: f"{ADDRESS:#x}"} if field else {})
    assert ("Note" in rows) == (field is None)
    if field is None:
        assert "names no kind of access" in rows["Note"][0]


def test_0x50_says_what_the_page_was(tmp_path: Path) -> None:
    ip = machine("win10-x64", "page-fault").truth["fault_ip"]
    rows = Lab(tmp_path, "win10-x64", "page-fault").parameters(0x50, ADDRESS, 3, ip, 4).rows()
    assert rows["WRITE_ADDRESS"][1] == "address that could not be accessed, page present: a protection violation"
    assert rows["BUGCHECK_P2"] == ("0x3", "kind of access: write, page present: a protection violation")
    assert rows["BUGCHECK_P4"][1].endswith(": not canonical")


@pytest.mark.parametrize(
    ("machine_name", "values", "wanted"),
    [
        ("win10-x64", (ADDRESS, 2, 0x85, None), {"WRITE_ADDRESS": f"{ADDRESS:#x}"}),
        ("win7-x86-pae", (0x8C673880, 2, 0x8, None), {"EXECUTE_ADDRESS": "0x8c673880"}),
        ("win10-x64", (0, 2, 8, 0), {"EXECUTE_ADDRESS": "0x0"}),
        ("win10-x64", (0, 2, 0x1, None), {"WRITE_ADDRESS": "0x0"}),
    ],
)
def test_0xd1(machine_name: str, values: tuple[int | None, ...], wanted: dict[str, str], tmp_path: Path) -> None:
    ip = machine(machine_name, "driver-read").truth["fault_ip"]
    given = [ip if value is None else value for value in values]
    assert accesses(Lab(tmp_path, machine_name, "driver-read").parameters(0xD1, *given).rows()) == wanted


def test_0x1e_has_kind_and_address_in_its_parameters(tmp_path: Path) -> None:
    lab = Lab(tmp_path, "win10-x64", "kmode-exception")
    ip = lab.snapshot.truth["fault_ip"]
    rows = lab.parameters(0x1E, 0xFFFFFFFFC0000005, ip, 8, 0).rows()
    assert accesses(rows) == {"EXECUTE_ADDRESS": "0x0"}
    assert rows["EXCEPTION_PARAMETERS"] == ("0x8 0x0", "execute of 0x0; parameters 3 and 4 of the bugcheck")
    rows = lab.parameters(0x1E, 0xFFFFFFFFC0000006, ip, 0, ADDRESS).rows()
    assert accesses(rows) == {"READ_ADDRESS": f"{ADDRESS:#x}"}
    rows = lab.parameters(0x1E, 0xFFFFFFFF80000003, ip, 0, ADDRESS).rows()
    assert accesses(rows) == {} and "EXCEPTION_PARAMETERS" not in rows
    rows = lab.parameters(0x1E, ADDRESS, ip, 0, ADDRESS).rows()
    assert accesses(rows) == {} and "EXCEPTION_PARAMETERS" not in rows, "no exception has so large a code"
    rows = lab.parameters(0x1E, 0xFFFFFFFFC0000005, ip, 5, ADDRESS).rows()
    assert accesses(rows) == {} and "Note" in rows


@pytest.mark.parametrize("fault", ["system-thread", "system-service"])
def test_the_record_of_the_exception(fault: str, tmp_path: Path) -> None:
    """0x7E names its record; that of 0x3B is found on the stack, by its code and address."""
    rows = Lab(tmp_path, "win10-x64", fault).rows()
    address = int(rows["READ_ADDRESS"][0], 16)
    assert rows["EXCEPTION_PARAMETERS"][0] == f"0x0 {address:#x}"
    assert rows["EXCEPTION_PARAMETERS"][1].startswith(f"read of {address:#x}; exception record 0x")
    assert ("found on the stack" in rows["EXCEPTION_PARAMETERS"][1]) == (fault == "system-service")


def test_0x8e_of_x86(tmp_path: Path) -> None:
    rows = Lab(tmp_path, "win7-x86-pae", "kmode-exception").rows()
    assert rows["BUGCHECK_CODE"][0] in ("0x8e", "0x1000008e")
    assert rows["EXCEPTION_PARAMETERS"][0].split()[1] == rows["READ_ADDRESS"][0]


def test_an_in_page_error_has_a_status(tmp_path: Path) -> None:
    lab = Lab(tmp_path, "win10-x64", "system-thread").record(0xC0000006, 0, 0x1234, 0xFFFFFFFFC000009C)
    rows = lab.header(BugCheckParameter1=0xFFFFFFFFC0000006).rows()
    assert rows["EXCEPTION_CODE"] == ("0xc0000006", "STATUS_IN_PAGE_ERROR")
    assert accesses(rows) == {"READ_ADDRESS": "0x1234"}
    assert rows["EXCEPTION_PARAMETERS"][0] == "0x0 0x1234 0xffffffffc000009c"
    assert rows["EXCEPTION_PARAMETERS"][1].startswith("read of 0x1234: STATUS_DEVICE_DATA_ERROR; exception record")


def test_a_fast_fail_has_a_name(tmp_path: Path) -> None:
    lab = Lab(tmp_path, "win10-x64", "system-thread").record(0xC0000409, 3)
    record = lab.snapshot.header["BugCheckParameter3"]
    rows = lab.parameters(0x139, 3, 0, record, 0).rows()
    assert rows["BUGCHECK_P1"][1] == "check that failed: FAST_FAIL_CORRUPT_LIST_ENTRY (list entry damaged)"
    assert rows["EXCEPTION_CODE"] == ("0xc0000409", "STATUS_STACK_BUFFER_OVERRUN")
    assert rows["EXCEPTION_PARAMETERS"][0] == "0x3"
    assert rows["EXCEPTION_PARAMETERS"][1].startswith("FAST_FAIL_CORRUPT_LIST_ENTRY; exception record")
    assert accesses(rows) == {}


IP, SP = 0xFFFFF80012345678, 0xFFFFB88A6B3FD000


def record64(code: int, ip: int, *information: int) -> bytes:
    head = struct.pack("<IIQQII", code, 0, 0, ip, len(information), 0)
    return (head + struct.pack(f"<{len(information)}Q", *information)).ljust(0x98, b"\0")


def searched(stack: bytes, header: ExceptionRecord | None = None) -> str:
    """What is found for 0x3B at IP on this stack."""
    values = (0xC0000005, IP, 0, 0)
    four = parameters_for(0x3B, values)
    assert four is not None
    target = SimpleNamespace(exception=header, triage=None)
    scene = cast(Any, SimpleNamespace(memory=SegmentReader({SP: stack}), bits=64, target=target))
    found = find_exception(scene, tuple(zip(four, values, strict=True)), None, (SP, SP + len(stack)))
    return f"{found.information} {found.source}" if found else ""


def test_records_on_the_stack_are_believed_only_if_they_agree() -> None:
    right, other = record64(0xC0000005, IP, 0, 0x28), record64(0xC0000005, IP, 1, 0x30)
    assert searched(bytes(64) + right) == f"(0, 40) exception record {SP + 64:#x}, found on the stack"
    assert searched(right + right).startswith("(0, 40)")
    assert searched(right + other) == ""
    assert searched(bytes(4) + right) == "", "not aligned"
    assert searched(right[:0x50]) == "", "cut short"
    assert searched(record64(0xC0000005, IP + 1, 0, 0x28)) == "", "of another instruction"
    assert searched(record64(0xC0000005, IP)) == "", "without parameters"
    assert searched(b"\x05\0\0\xc0" * 0x8000) == "", "nothing but codes"
    assert searched(b"") == ""


def test_the_headers_record_counts_where_it_is_of_this_exception() -> None:
    mine, other = (ExceptionRecord(0xC0000005, 0, 0, ip, (1, 0x30)) for ip in (IP, IP + 1))
    assert searched(b"", mine) == "(1, 48) exception record of the dump header"
    assert searched(b"", other) == ""


@pytest.mark.parametrize("name", ["small-0x50-p2-3", "small-0xd1-p3-85"])
def test_the_samples(name: str) -> None:
    path = CASES / f"{name}.dmp.xz"
    if not path.exists():
        pytest.skip(f"../shared/cases/{path.name} is not here")
    rows = rows_of(lzma.decompress(path.read_bytes()))
    assert accesses(rows) == {"WRITE_ADDRESS": rows["BUGCHECK_P1"][0]}


@pytest.mark.parametrize("kind", ["bitmap-kernel", "triage"])
@pytest.mark.parametrize("fault", ACCESS_BITS)
def test_the_access_is_the_one_that_was_made_whatever_bits_go_with_it(fault: str, kind: str, tmp_path: Path) -> None:
    dump = Lab(tmp_path, "win10-x64", fault, kind)
    truth, found = dump.snapshot.truth, analysed(dump.path.read_bytes())
    assert found.fault.access == (truth["access"]["kind"], truth["access"]["address"])
    assert found.fault.ip == truth["fault_ip"]
    assert found.culprit is not None and found.culprit.image_name == "acmedrv.sys"
    assert found.culprit.confidence.value == ("high" if truth["access"]["kind"] == "execute" else "certain")
