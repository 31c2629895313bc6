"""A kernel without its debug record: a table that fits is no proof, one that differs from KDBG or header is refused."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tests.vol.many_tables import put
from tests.vol.test_kernel_index import new_process
from volplugins.dumpfile.dump import open_dump
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.writers.symbol_tables import symbol_table
from volplugins.vol.commands.analyze.rows import NOT_AVAILABLE, AnalyzeRow, analyze_rows
from volplugins.vol.scene.crash_scene import analysis_of, scene_of

EXCEPTION = 0xF00  # in DUMP_HEADER64
TWIN = "F" * 32
Table = dict[str, Any]


class Bytes:
    """A file in memory."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    def read(self, offset: int, size: int) -> bytes:
        return self._data[offset : offset + size]

    def view(self) -> None:
        return None


@pytest.fixture
def said(dumps, monkeypatch, tmp_path) -> Callable[..., AnalyzeRow]:
    """``said(tables, machine, change)``: the row about the kernel's table, where these tables are all at hand."""
    import volatility3.symbols
    from volatility3.framework import constants

    monkeypatch.setattr(constants, "CACHE_PATH", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "OFFLINE", True)
    monkeypatch.setattr(volatility3.symbols, "__path__", [str(tmp_path / "symbols")])

    def row(tables: list[Table], machine: str = "win10-x64", change: Callable[[bytearray], None] = id) -> AnalyzeRow:
        new_process()
        shutil.rmtree(tmp_path / "symbols", ignore_errors=True)
        for table in tables:
            put(table, tmp_path / "symbols")
        data = bytearray(dumps(machine, kind="triage")[0].read_bytes())
        change(data)
        rows = list(analyze_rows(analysis_of(scene_of(open_dump(Bytes(bytes(data)))))))
        return next(each for each in rows if each.section == "symbols")

    yield row
    new_process()


def own(machine: str = "win10-x64") -> Table:
    return symbol_table(PROFILES[machine])


def twin(moved: tuple[str, ...] = (), machine: str = "win10-x64") -> Table:
    """Another update's table: the same addresses and sizes, but these symbols elsewhere."""
    table = own(machine)
    table["metadata"]["windows"]["pdb"]["GUID"] = TWIN
    for name in moved:
        table["symbols"][name]["address"] += 0x40
    return table


def at_bugcheck(machine: str = "win10-x64", name: str = "KeBugCheckEx", by: int = 0) -> Callable[[bytearray], None]:
    """Gives the header the exception that real ones have: a breakpoint at a symbol, not to be continued."""

    def change(data: bytearray) -> None:
        table = own(machine)["symbols"]
        base = struct.unpack_from("<Q", data, 0x20)[0] - table["PsLoadedModuleList"]["address"]
        address = base + table[name]["address"] + by
        struct.pack_into("<IIQQ", data, EXCEPTION, 0x80000003, 1, 0, address)

    return change


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64", "win7-x86-pae"])
def test_one_that_fits_is_taken_and_not_called_sure(said, machine):
    row = said([own(machine)], machine, at_bugcheck(machine) if machine.endswith("64") else id)
    assert (row.field, row.confidence) == ("KERNEL_PDB", "medium")
    assert "other updates of this build may have the same addresses" in row.evidence


@pytest.mark.parametrize("symbol", ["KiProcessorBlock", "MmPfnDatabase", "PspCidTable"])
def test_a_table_that_disagrees_with_kdbg_is_not_this_kernels(said, symbol):
    assert said([twin((symbol,))]).field == "nt"
    row = said([own(), twin((symbol,))])
    assert row.field == "KERNEL_PDB" and TWIN not in row.value and "symbols" not in row.evidence.partition(";")[2]


def test_a_table_that_has_the_bugcheck_elsewhere_is_not_this_kernels(said):
    assert said([twin(("KeBugCheckEx",))]).field == "KERNEL_PDB", "the lab's exception is not one of KeBugCheck2's"
    assert said([twin(("KeBugCheckEx",))], change=at_bugcheck()).field == "nt"
    row = said([own(), twin(("KeBugCheckEx",))], change=at_bugcheck())
    assert row.field == "KERNEL_PDB" and TWIN not in row.value
    # a debugger that had stopped the machine writes its own breakpoint
    assert said([own()], change=at_bugcheck(name="DbgBreakPointWithStatus")).field == "KERNEL_PDB"


def test_of_several_that_fit_none_is_taken_and_all_are_named(said):
    row = said([own(), twin(("KeWaitForSingleObject",))])
    guid = own()["metadata"]["windows"]["pdb"]["GUID"]
    assert row.field == "nt" and row.value == NOT_AVAILABLE
    assert "2 tables at hand fit" in row.evidence and guid in row.evidence and TWIN in row.evidence


def test_of_several_with_the_same_symbols_one_is_taken(said):
    row = said([own(), twin()])
    assert row.field == "KERNEL_PDB" and "1 more at hand fit too and have the same symbols" in row.evidence
