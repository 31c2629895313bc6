"""A column is declared once: the grid, the failure row, the schema and the documents follow, or are held to it here."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Annotated, NamedTuple

import jsonschema
import pytest
from volatility3.framework import interfaces, renderers
from volatility3.framework.renderers import format_hints

from volplugins.dumpfile.errors import DumpError
from volplugins.kernel.process import Process
from volplugins.triage.sections import SECTIONS
from volplugins.vol.commands.plugin import Command
from volplugins.vol.commands.schema import as_text, generated, with_tables
from volplugins.vol.commands.shell import Unable, rows_or_failure
from volplugins.vol.commands.tables import all_tables
from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.json_lines import write_rows
from volplugins.vol.output.rows import NOT_APPLICABLE, NOT_AVAILABLE, UNREADABLE, Cell
from volplugins.vol.output.table import Table
from volplugins.vol.output.wrong_use import WrongUse, take_refusals
from volplugins.vol.scene.session import open_file
from volplugins.vol.scene.shared_work import sharing

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "schema" / "rows.schema.json"
INTERFACE = ROOT.parent / "shared" / "INTERFACE.md"
TABLES = list(all_tables())
_LIST = re.compile(r"`([A-Z]\w*(?:,\s+[A-Z]\w*)+)`")  # `PID, Process, Note`


class Made(NamedTuple):
    depth: int
    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", failure="error")]
    base: Annotated[int | None, Column("Base", Kind.HEX, absent=NOT_APPLICABLE)]
    share: Annotated[str, Column("Share", Kind.DECIMAL, empty_is_absent=True)]
    live: Annotated[bool | None, Column("Live", Kind.FLAG)]
    made: Annotated[int | None, Column("Made", Kind.FILETIME)]
    linked: Annotated[int | None, Column("Linked", Kind.UNIX_TIME)]
    said: Annotated[Cell, Column("Said")]
    word: Annotated[str, Column("Word")]
    note: Annotated[str, Column("Note", is_reason=True)] = ""


class Child(NamedTuple):
    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    tid: Annotated[int, Column("TID", Kind.INTEGER)]


MADE = Table("windows.kd.made.Made", Made)
EPOCH = 116444736000000000  # of Unix, as a FILETIME


def cells(table: Table, row: tuple) -> tuple:
    ((_, found),) = table.grid_rows([row])
    return found


def kinds(found: tuple) -> list[type]:
    return [type(each) for each in found]


def lists_of(text: str) -> dict[str, list[list[str]]]:
    """The lists of columns in each section that is a plugin's, by the module's name."""
    sections = re.split(r"^## windows\.kd\.", re.sub(r"^## (?!windows\.kd\.)", "## windows.kd.\n", text, flags=re.M),
                        flags=re.M)  # fmt: skip
    found = {}
    for section in sections[1:]:
        found[section.split("\n", 1)[0].strip()] = [re.split(r",\s+", each) for each in _LIST.findall(section)]
    return {name: lists for name, lists in found.items() if name}


def test_cells_are_what_their_columns_say() -> None:
    row = Made(2, 4, "a\nb", 0x10, "2.50", False, EPOCH, 1, UNREADABLE, "", "n")
    assert next(iter(MADE.grid_rows([row])))[0] == 2
    pid, process, base, share, live, made, linked, said, word, note = cells(MADE, row)
    assert (pid, process, share, live, word, note) == (4, "a\\x0ab", 2.5, False, "", "n")
    assert (type(base), base) == (format_hints.Hex, 16)
    assert made == datetime(1970, 1, 1, tzinfo=timezone.utc) and linked == datetime(
        1970, 1, 1, 0, 0, 1, 0, timezone.utc
    )
    assert isinstance(said, renderers.UnreadableValue)
    declared = [("PID", int), ("Process", str), ("Base", format_hints.Hex), ("Share", float), ("Live", bool)]
    declared += [("Made", datetime), ("Linked", datetime), ("Said", str), ("Word", str), ("Note", str)]
    assert MADE.grid_columns == declared


def test_what_is_absent_is_absent_in_its_own_way() -> None:
    absent, other = renderers.NotAvailableValue, renderers.NotApplicableValue
    found = cells(MADE, Made(0, None, "", None, "", None, None, None, NOT_AVAILABLE, ""))
    assert kinds(found) == [absent, str, other, absent, absent, absent, absent, absent, str, str]
    assert isinstance(
        cells(MADE, Made(0, None, "", None, "", None, 1 << 63, None, "", ""))[5], renderers.UnparsableValue
    )


def test_the_row_of_a_failure_has_what_its_columns_say() -> None:
    assert MADE.failure("why") == Made(0, None, "error", None, "", None, None, None, NOT_AVAILABLE, "", "why")
    process = Process(0xFFFF800000001000, 8, None, "p.exe", 0, None, None, None, None)
    assert MADE.failure("why", process)[:3] == (0, 8, "p.exe")
    found = MADE.error_cells("why")
    assert (found[1], found[-1]) == ("error", "why")
    assert {type(each) for each in found[2:-1]} == {renderers.NotAvailableValue}


def test_rows_below_have_their_own_columns_at_the_end() -> None:
    table = Table("windows.kd.made.Made", Made, "--children", Child)
    assert table.names == [*MADE.names, "TID"]
    above, below = table.grid_rows([MADE.failure("why"), Child(4, 8)])
    assert isinstance(above[1][-1], renderers.NotApplicableValue)
    assert (below[0], below[1][0], below[1][-1]) == (1, 4, 8)
    assert set(kinds(below[1][1:-1])) == {renderers.NotApplicableValue}


@pytest.mark.parametrize(
    ("error", "why", "is_fault", "is_refusal"),
    [
        (DumpError("no dump"), "no dump", False, False),
        (Unable("no rules"), "no rules", False, False),
        (WrongUse("no word"), "no word", False, True),
        (ValueError("odd"), "ValueError: odd", True, False),
    ],
)
def test_whatever_ends_the_rows_is_the_last_of_them(error, why, is_fault, is_refusal) -> None:
    first = MADE.failure("before")

    def rows():
        yield first
        raise error

    take_refusals()
    with sharing(object()) as work:
        assert list(rows_or_failure(MADE, rows)) == [first, MADE.failure(why)]
        assert work.faults == [why] * is_fault
    assert take_refusals() == [why] * is_refusal


def test_what_is_not_even_begun_is_a_row_too() -> None:
    assert next(iter(rows_or_failure(MADE, lambda: 1 // 0))).note.startswith("ZeroDivisionError")


def test_the_schema_is_the_one_that_is_generated() -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    assert generated(text) == text, "make schema writes it"
    assert json.loads(as_text(json.loads(text))) == json.loads(text)
    names = {name for name in json.loads(text)["$defs"] if name.startswith("windows.kd.")}
    assert names == {table.plugin for table in TABLES}


def test_the_schema_refuses_cells_of_another_kind() -> None:
    schema = with_tables(json.loads(SCHEMA.read_text(encoding="utf-8")), [MADE])
    validator = jsonschema.Draft202012Validator(schema)

    def valid(plugin: str = MADE.plugin, **row) -> bool:
        return validator.is_valid({"schema": "volplugins.rows/1", "plugin": plugin, "id": 0, "row": row})

    assert valid(PID=4, Base="0x0000000000000010", Share=0.5, Live=None, More="of a later version")
    assert not valid(PID="4") and not valid(Base=16) and not valid(Live="yes")
    assert valid("windows.pslist.PsList", PID="4")


def test_the_documented_columns_are_those_declared() -> None:
    text = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    documented = lists_of(text)
    declared: dict[str, list[list[str]]] = {}
    for table in TABLES:
        lists = declared.setdefault(table.plugin.split(".")[2], [])
        known = lists[0] if lists and table.names[: len(lists[0])] == lists[0] else []
        # an option's further columns are documented alone, those of two options together where they are not yet
        before = {name for each in lists for name in each} if table.option.count("--") > 1 else set()
        names = [name for name in table.names[len(known) :] if name not in before]
        if len(names) > 1:
            lists.append(names)
        else:
            assert f"`{names[0]}`" in text
    assert documented == declared


def test_the_interface_is_kept_and_only_added_to() -> None:
    if not INTERFACE.is_file():
        pytest.skip("INTERFACE.md is not here")
    promised = lists_of(INTERFACE.read_text(encoding="utf-8"))
    usual = {table.plugin.split(".")[2]: table.names for table in TABLES if not table.option}
    for module, names in usual.items():
        first = promised[module][0]
        assert names[: len(first)] == first, module


@pytest.mark.parametrize("section", SECTIONS, ids=lambda each: each.name)
def test_every_plugin_shows_the_table_that_bears_its_name(dumps, section) -> None:
    path, _ = dumps("win10-x64", kind="full")
    context, layer = open_file(path)
    for name in ("primary", *section.switches):
        context.config[f"one.{name}"] = layer if name == "primary" else True
    made = getattr(import_module(f"volplugins.plugins.windows.kd.{section.module}"), section.plugin)
    assert issubclass(made, Command) and issubclass(made, interfaces.plugins.PluginInterface)
    plugin = made(context, "one", None)
    table = plugin.table()
    assert table.plugin == section.typed
    assert table in TABLES
    out = io.StringIO()
    write_rows(plugin, out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {tuple(line["row"]) for line in lines} == {tuple(table.names)}
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for line in lines[:200]:
        validator.validate(line)


def test_what_plugins_have_in_common_is_no_plugin() -> None:
    assert not issubclass(Command, interfaces.plugins.PluginInterface)
    shells = (ROOT / "volplugins" / "plugins" / "windows" / "kd").glob("[!_]*.py")
    modules = {path.stem for path in shells if "PluginInterface" in path.read_text(encoding="utf-8")}
    assert modules == {table.plugin.split(".")[2] for table in TABLES}
