"""The JSON lines renderer: every kind of cell, trees, absent values, faults; lines hold to the published schema."""

from __future__ import annotations

import datetime
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

jsonschema = pytest.importorskip("jsonschema")

from volatility3.cli import text_filter, text_renderer  # noqa: E402
from volatility3.framework import exceptions, interfaces, renderers  # noqa: E402
from volatility3.framework.renderers import format_hints  # noqa: E402

from volplugins.vol.output.json_lines import SCHEMA, JsonLinesRenderer  # noqa: E402

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "schema" / "rows.schema.json").read_text()))
UTC = datetime.timezone.utc
Row = tuple[int, tuple[Any, ...]]


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


def lines_of(
    columns: list[tuple[str, Any]], rows: Iterable[Row], monkeypatch: pytest.MonkeyPatch, **attributes: Any
) -> list[dict[str, Any]]:
    """What the renderer wrote, each line checked against the schema."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    renderer = JsonLinesRenderer()
    for name, value in attributes.items():
        setattr(renderer, name, value)
    grid = renderers.TreeGrid(columns, iter(rows))
    if attributes.get("filters"):
        renderer.filter = text_filter.CLIFilter(grid, attributes["filters"])
    renderer.render(grid)
    return parsed(out.getvalue())


def parsed(text: str) -> list[dict[str, Any]]:
    assert text.isascii() and (not text or text.endswith("}\n"))
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        VALIDATOR.validate(line)
    return lines


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


class Fault(exceptions.VolatilityException):
    pass


def failing(error: Exception) -> Iterator[Row]:
    yield 0, (1,)
    yield 0, (2,)
    raise error


@pytest.mark.parametrize("error", [Fault("two\nlines\x85here \udcff"), ValueError("x" * 5000), KeyError(1)])
def test_rows_before_a_fault_stay(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(type(error)):
        JsonLinesRenderer().render(renderers.TreeGrid([("N", int)], failing(error)))
    sys.stdout.write("\n\n")
    lines = parsed(out.getvalue() if isinstance(error, Fault) else out.getvalue().rstrip("\n") + "\n")
    assert [line["row"]["N"] for line in lines[:2]] == [1, 2]
    assert lines[2]["error"]["rows"] == 2 and lines[2]["error"]["type"] == type(error).__name__
    assert len(lines[2]["error"]["message"].splitlines()) == 1 and len(lines) == 3


def test_output_after_the_fault_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(Fault):
        JsonLinesRenderer().render(renderers.TreeGrid([("N", int)], failing(Fault("x"))))
    print()
    assert sys.stdout is not out
    sys.stdout.write("text\n")
    assert sys.stdout is out and out.getvalue().endswith('"rows": 2}}\ntext\n')


def test_rows_come_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    seen: list[int] = []

    def rows() -> Iterator[Row]:
        for number in range(3):
            seen.append(out.getvalue().count("\n"))
            yield 0, (number,)

    JsonLinesRenderer().render(renderers.TreeGrid([("N", int)], rows()))
    assert seen == [0, 1, 2]


def test_no_rows_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines_of([("N", int)], [], monkeypatch) == []


PLUGIN = """
from volatility3.framework import exceptions, interfaces, renderers
from volatility3.framework.renderers import format_hints
from volplugins.vol.output.json_lines import JsonLinesRenderer

class Failing(interfaces.plugins.PluginInterface):
    _required_framework_version = (2, 0, 0)
    @classmethod
    def get_requirements(cls):
        return []
    def _generator(self):
        for number in range(1000):
            yield 0, (number, format_hints.Hex(number))
        raise %s
    def run(self):
        return renderers.TreeGrid([("N", int), ("Address", format_hints.Hex)], self._generator())
"""


def run_vol(tmp_path: Path, error: str, *, close_early: bool = False) -> tuple[int, str, str]:
    """Run volatility3's own command line with a plugin that fails after a thousand rows."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "failing.py").write_text(PLUGIN % error)
    code = "import sys; sys.argv[0] = 'vol'; from volatility3.cli import main; main()"
    options = ["-q", "-p", str(tmp_path / "p"), "-r", "jsonlines", "failing.Failing"]
    command = [sys.executable, "-c", code, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    )
    assert process.stdout and process.stderr
    if close_early:
        out = process.stdout.readline()
        process.stdout.close()
        with process.stderr as complaints:
            return process.wait(60), out, complaints.read()
    out, complaint = process.communicate(timeout=60)
    return process.returncode, out, complaint


def test_under_vol_a_fault_ends_as_volatility3_ends_it(tmp_path: Path) -> None:
    error = 'exceptions.PagedInvalidAddressException("primary", 0x1234, 12, 0, "page absent")'
    code, out, complaint = run_vol(tmp_path, error)
    lines = parsed(out)
    assert code == 1 and "No further results will be produced" in complaint and "Traceback" not in complaint
    assert len(lines) == 1001 and lines[0]["plugin"] == "failing.Failing"
    assert lines[1000]["error"] == {"type": "PagedInvalidAddressException", "message": "page absent", "rows": 1000}


def test_under_vol_another_exception_keeps_the_rows_too(tmp_path: Path) -> None:
    code, out, complaint = run_vol(tmp_path, 'RuntimeError("odd")')
    assert code == 1 and len(parsed(out)) == 1001 and "RuntimeError: odd" in complaint


def test_a_reader_that_leaves_sees_no_traceback(tmp_path: Path) -> None:
    code, out, complaint = run_vol(tmp_path, 'RuntimeError("odd")', close_early=True)
    assert parsed(out)[0]["row"] == {"N": 0, "Address": "0x0000000000000000"}
    assert (code, "Traceback" in complaint, "BrokenPipe" in complaint) == (141, False, False)


def test_the_name_is_free() -> None:
    theirs = {kind.name.lower() for kind in text_renderer.CLIRenderer.__subclasses__() if kind is not JsonLinesRenderer}
    assert JsonLinesRenderer.name not in theirs and {"quick", "jsonl"} <= theirs | {"jsonl"}


def test_import_is_light() -> None:
    code = (
        "import sys, volatility3.cli; before = set(sys.modules); import volplugins.vol.output.json_lines;"
        "print(sorted(m for m in set(sys.modules) - before if not m.startswith(('volplugins', '__future__'))))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert found.stdout.strip() == "[]"


def test_the_schema_is_one_and_refuses_what_is_wrong() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    good = {"schema": SCHEMA, "id": 0, "row": {"A": 1}}
    assert VALIDATOR.is_valid(good)
    for wrong in (
        {**good, "schema": "volplugins.rows/2"},
        {**good, "row": {}},
        {**good, "row": {"A": [1]}},
        {**good, "depth": 1},
        {**good, "error": {"type": "E", "message": "", "rows": 0}},
        {"schema": SCHEMA},
        {"schema": SCHEMA, "error": {"type": "E", "message": "two\nlines", "rows": 0}},
        {**good, "absent": {"A": "Not a word"}},
    ):
        assert not VALIDATOR.is_valid(wrong), wrong
