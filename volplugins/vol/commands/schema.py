"""Writes the columns of all commands into the schema of rows: ``python -m volplugins.vol.commands.schema FILE``.

FILE is docs/schema/rows.schema.json. What is in it of a line as such stays as it is; of each plugin of ours it says by
which names and kinds a row has its cells. None is required, because ``vol --hide-columns`` can leave any out, and more
may come.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from volplugins.vol.commands.tables import all_tables
from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table

Schema = dict[str, Any]
_WIDTH = 120
_OURS = "windows.kd."
_CELLS: dict[Kind, Schema] = {
    Kind.TEXT: {"type": ["string", "null"]},
    Kind.HEX: {"anyOf": [{"$ref": "#/$defs/hexNumber"}, {"type": "null"}]},
    Kind.INTEGER: {"type": ["integer", "null"]},
    Kind.DECIMAL: {"type": ["number", "null"]},
    Kind.FLAG: {"type": ["boolean", "null"]},
    Kind.FILETIME: {"type": ["string", "null"], "format": "date-time"},
    Kind.UNIX_TIME: {"type": ["string", "null"], "format": "date-time"},
}


def with_tables(schema: Schema, tables: Iterable[Table[Any]]) -> Schema:
    """The schema of a line with these tables in place of those that it has."""
    by_plugin: dict[str, list[Table[Any]]] = {}
    for table in tables:
        by_plugin.setdefault(table.plugin, []).append(table)
    others = {name: each for name, each in schema["$defs"].items() if not name.startswith(_OURS)}
    ours = {name: _rows(by_plugin[name]) for name in sorted(by_plugin)}
    conditions = [_condition(name) for name in ours]
    kept = {name: each for name, each in schema.items() if name not in ("allOf", "$defs")}
    return {**kept, "allOf": conditions, "$defs": {**others, **ours}}


def _condition(plugin: str) -> Schema:
    return {
        "if": {"properties": {"plugin": {"const": plugin}}, "required": ["plugin"]},
        "then": {"properties": {"row": {"$ref": f"#/$defs/{plugin}"}}},
    }


def _rows(tables: list[Table[Any]]) -> Schema:
    """The rows of a plugin; one that shows several tables has rows of any of them (not of those within another)."""
    found = [_columns(each) for each in tables if not any({*each.columns} < {*other.columns} for other in tables)]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _columns(table: Table[Any]) -> Schema:
    title = f"{table.plugin} {table.option}".rstrip()
    return {"title": title, "properties": {column.name: _cell(column) for column in table.columns}}


def _cell(column: Column) -> Schema:
    return _CELLS[column.kind]


def as_text(value: Any, indent: int = 0, taken: int = 0) -> str:
    """JSON with one line for what fits in one."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + taken + len(flat) < _WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        heads = [f"{json.dumps(name)}: " for name in value]
        parts = [head + as_text(each, inner, len(head)) for head, each in zip(heads, value.values(), strict=True)]
    else:
        parts = [as_text(each, inner) for each in value]
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    between = ",\n" + " " * inner
    return f"{opened}\n{' ' * inner}{between.join(parts)}\n{' ' * indent}{closed}"


def generated(text: str) -> str:
    """What the file holds, with the tables as they are declared now."""
    return as_text(with_tables(json.loads(text), all_tables())) + "\n"


def main() -> None:
    """Rewrite the file that is named."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m volplugins.vol.commands.schema docs/schema/rows.schema.json")
    path = Path(sys.argv[1])
    path.write_text(generated(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
