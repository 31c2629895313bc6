"""The way of an address through its segment."""

from __future__ import annotations

from collections.abc import Iterator

from tests.vol.changed_tables import EVERY
from tests.vol.test_irps import dump_of, scene
from volplugins.vol.commands.segments.address_rows import Asked, address_rows
from volplugins.vol.commands.segments.row import AddressRow
from volplugins.vol.commands.vtop.rows import vtop_rows


def steps(rows: Iterator[AddressRow]) -> list[tuple[str, str, str]]:
    return [(row.step, row.value, row.state) for row in rows]


@EVERY
def test_the_way_of_an_address_is_that_of_vtop(machine: str) -> None:
    at = scene(dump_of(machine, "driver-read")[0])
    kernel = at.modules.kernel
    assert kernel is not None and at.process is not None
    text = f"{'10' if at.bits == 64 else '8'}:{kernel.base:x}"
    found = list(address_rows(at, Asked([text])))
    usual = list(vtop_rows(at, [f"{kernel.base:x}"], [f"eprocess:{at.process.eprocess:x}"], None))
    assert [row.step for row in found[:3]] == ["selector", "descriptor", "linear"]
    assert steps(iter(found[3:])) == [(row.step, row.value or "", row.state) for row in usual]
    assert found[-1].step == "fileoffset" and all("flat" in row.note for row in found)


def test_wrong_addresses_are_rows() -> None:
    at = scene(dump_of("xp-x86", "driver-read")[0])
    wrong = ["1b", "1b:", "x:1", "1b:123456789", "12345:0", ":", "\0:\n"]
    rows = list(address_rows(at, Asked(wrong, ["1:10000", "zz"])))
    assert [row.step for row in rows] == ["error"] * 9


def test_real_mode_addresses() -> None:
    at = scene(dump_of("xp-x86", "driver-read")[0])
    rows = list(address_rows(at, Asked((), ["ffff:ffff"])))
    assert ("linear", "0x10ffef", "valid") in steps(iter(rows))
    assert "with A20 off it is 0xffef" in rows[1].note
    assert any(row.step.startswith("real-") and "real mode" in row.note for row in rows)
    wide = list(address_rows(scene(dump_of("win10-x64", "driver-read")[0]), Asked((), ["ffff:ffff"])))
    assert [row.step for row in wide] == ["selector", "linear", "physical", "fileoffset"]
    assert "long mode has no virtual-8086 mode" in wide[0].note
