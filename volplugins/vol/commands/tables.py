"""The tables of all commands: what the file ``row.py`` of each room declares."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from volplugins.vol import commands
from volplugins.vol.output.table import Table


def all_tables() -> Iterator[Table[Any]]:
    """Every table, by room; within a room in the order in which they are declared."""
    for room in sorted(each.name for each in iter_modules(commands.__path__) if each.ispkg):
        declared = vars(import_module(f"{commands.__name__}.{room}.row"))
        yield from (each for each in declared.values() if isinstance(each, Table))
