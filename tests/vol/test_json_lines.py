"""The JSON lines renderer: every kind of cell, trees, absent values; lines hold to the published schema."""

from __future__ import annotations

import datetime
import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from volatility3.cli import text_renderer
from volatility3.framework import exceptions, interfaces, renderers
from volatility3.framework.renderers import format_hints

from tests.vol.rendered_lines import Row, lines_of, parsed
from volplugins.vol.output.json_lines import SCHEMA, JsonLinesRenderer

UTC = datetime.timezone.utc


class FakePlugin(interfaces.plugins.PluginInterface):
    """A plugin with layers of given architectures."""

    _required_framework_version = (2, 0, 0)
    hidden = True

    def __init__(self, *architectures: str) -> None:
        layers = {str(i): SimpleNamespace(metadata={"architecture": a}) for i, a in enumerate(architectures)}
        self._context = SimpleNamespace(layers=layers)

    @classmethod
    def get_requirements(cls) -> list[Any]:
        return []

    def run(self) -> Any:
        raise NotImplementedError


CELLS: list[tuple[Any, Any, Any]] = [
    (int, -5, -5),
    (int, 1 << 60, 1 << 60),
    (int, format_hints.Hex(16), 16),
    (bool, True, True),
    (float, 0.5, 0.5),
    (str, "käse\n\x00\udc80", "käse\n\x00\ufffd"),
    (bytes, b"\x00\xff", "00ff"),
    (format_hints.HexBytes, format_hints.HexBytes(b"MZ"), "4d5a"),
    (format_hints.Hex, format_hints.Hex(0x7FFB20001244), "0x00007ffb20001244"),
    (format_hints.Hex, format_hints.Hex(-1), "0xffffffffffffffff"),
    (format_hints.Hex, format_hints.Hex(1 << 64), "0x10000000000000000"),
    (format_hints.Bin, format_hints.Bin(5), "0b101"),
    (format_hints.MultiTypeData, format_hints.MultiTypeData("abc\0".encode("utf-16-le")), "abc"),
    (format_hints.MultiTypeData, format_hints.MultiTypeData(b"\x00\xd8"), {"hex": "00d8"}),
    (format_hints.MultiTypeData, format_hints.MultiTypeData("a\0b".encode("utf-16-le")), {"hex": "610000006200"}),
    (format_hints.MultiTypeData, format_hints.MultiTypeData("a\0b\0".encode("utf-16-le"), split_nulls=True), "a\nb"),
    (format_hints.MultiTypeData, format_hints.MultiTypeData(b"ab", show_hex=True), {"hex": "6162"}),
    (format_hints.MultiTypeData, format_hints.MultiTypeData(77), "77"),
    (datetime.datetime, datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), "2020-01-02T03:04:05.000000+00:00"),
    (datetime.datetime, datetime.datetime(2020, 1, 2, 3, 4, 5, 6), "2020-01-02T03:04:05.000006+00:00"),
    (
        datetime.datetime,
        datetime.datetime(2020, 1, 2, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        "2020-01-01T23:00:00.000000+00:00",
    ),
]


@pytest.mark.parametrize(("kind", "value", "wanted"), CELLS)
def test_cells(kind: Any, value: Any, wanted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = lines_of([("Value", kind)], [(0, (value,))], monkeypatch)
    assert line["row"] == {"Value": wanted} and type(line["row"]["Value"]) is type(wanted)
    assert "absent" not in line


@pytest.mark.parametrize(
    "kind", [int, str, bytes, bool, datetime.datetime, format_hints.Hex, format_hints.MultiTypeData]
)
@pytest.mark.parametrize(
    ("value", "word"),
    [
        (renderers.UnreadableValue(), "unreadable"),
        (renderers.UnparsableValue(), "unparsable"),
        (renderers.NotApplicableValue(), "not-applicable"),
        (renderers.NotAvailableValue(), "not-available"),
        (interfaces.renderers.BaseAbsentValue(), "not-available"),
    ],
)
def test_absent_values(kind: Any, value: Any, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = lines_of([("A", kind), ("B", int)], [(0, (value, 1))], monkeypatch)
    assert line["row"] == {"A": None, "B": 1} and line["absent"] == {"A": word}


def test_cells_that_cannot_be_written_cost_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    class Moody(str):
        def __str__(self) -> str:
            raise exceptions.PagedInvalidAddressException("layer", 1, 12, 0, "page")

    beyond = datetime.datetime.max.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-2)))
    rows = [(0, (float("nan"), "a", beyond)), (0, (1.0, Moody("b"), datetime.datetime(2020, 1, 1)))]
    first, second = lines_of([("F", float), ("S", str), ("T", datetime.datetime)], rows, monkeypatch)
    assert first["absent"] == {"F": "unparsable", "T": "unparsable"} and first["row"]["S"] == "a"
    assert second["absent"] == {"S": "unreadable"} and second["row"]["F"] == 1.0


def test_disassembly_and_layer_data(monkeypatch: pytest.MonkeyPatch) -> None:
    class Layer:
        def read(self, offset: int, length: int, pad: bool) -> bytes:
            return b"AB".ljust(length, b"\0")

    context: Any = SimpleNamespace(layers={"memory": Layer()})
    code = renderers.Disassembly(b"\x90\xc3", 0x1000, "intel64")
    data = renderers.LayerData(context, "memory", 0x20, 3, no_surrounding=True)
    columns = [("Code", renderers.Disassembly), ("Data", renderers.LayerData)]
    (line,) = lines_of(columns, [(0, (code, data))], monkeypatch)
    cell = line["row"]["Code"]
    assert (cell["offset"], cell["architecture"], cell["hex"]) == ("0x0000000000001000", "intel64", "90c3")
    if text_renderer.CAPSTONE_PRESENT:
        assert [text.split("\t")[1] for text in cell["text"]] == ["nop", "ret"]
    assert line["row"]["Data"] == {"layer": "memory", "offset": "0x0000000000000020", "hex": "414200", "missing": 0}


@pytest.mark.parametrize(
    ("architectures", "text"),
    [
        ((), "0x0000000000001000"),
        (("Unknown",), "0x0000000000001000"),
        (("Unknown", "Intel32"), "0x00001000"),
        (("Intel32", "Intel64"), "0x0000000000001000"),
        (("Intel64",), "0x0000000000001000"),
    ],
)
def test_width_of_addresses(architectures: tuple[str, ...], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = FakePlugin(*architectures)
    (line,) = lines_of([("A", format_hints.Hex)], [(0, (format_hints.Hex(0x1000),))], monkeypatch, plugin=plugin)
    assert line["row"]["A"] == text
    assert line["plugin"].endswith("test_json_lines.FakePlugin")


def test_members_and_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(0, ("x", 1)), (1, ("y", 2))]
    first, second = lines_of([("Zed", str), ("Alpha", int)], rows, monkeypatch)
    assert list(first) == ["schema", "id", "row"] and first["schema"] == SCHEMA
    assert list(first["row"]) == ["Zed", "Alpha"]
    assert list(second) == ["schema", "id", "depth", "parent", "row"]


def tree() -> list[Row]:
    return [(0, ("root",)), (1, ("child",)), (2, ("leaf",)), (1, ("second",)), (0, ("other",)), (1, ("last",))]


def test_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = lines_of([("Name", str)], tree(), monkeypatch)
    assert [(line["id"], line.get("depth", 0), line.get("parent")) for line in lines] == [
        (0, 0, None),
        (1, 1, 0),
        (2, 2, 1),
        (3, 1, 0),
        (4, 0, None),
        (5, 1, 4),
    ]


def test_trees_with_rows_filtered_out(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = lines_of([("Name", str)], tree(), monkeypatch, filters=["+Name,^(root|leaf|last)$!"])
    assert [(line["row"]["Name"], line["id"], line.get("parent")) for line in lines] == [
        ("root", 0, None),
        ("leaf", 1, 0),
        ("last", 2, None),
    ]


def test_a_populated_grid_gives_the_same_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = lines_of([("Name", str)], tree(), monkeypatch)
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    grid = renderers.TreeGrid([("Name", str)], iter(tree()))
    grid.populate()
    JsonLinesRenderer().render(grid)
    assert parsed(out.getvalue()) == fresh


def test_hidden_columns_still_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(0, ("a", 1)), (0, ("b", 2))]
    lines = lines_of([("Name", str), ("N", int)], rows, monkeypatch, column_hide_list=["name"], filters=["Name,b"])
    assert [line["row"] for line in lines] == [{"N": 2}]


def test_no_rows_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines_of([("N", int)], [], monkeypatch) == []
