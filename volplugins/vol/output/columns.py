"""The columns of a command, each declared once: beside the field of the row that fills it.

::

    class PtovRow(NamedTuple):
        pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
        process: Annotated[str, Column("Process", failure="error")]
        ...

``Table`` (beside this file) makes of it the columns of the plugin's grid, its cells, the row that says what failed and
the plugin's part of docs/schema/rows.schema.json; a test holds docs/output.md to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args, get_type_hints

from volplugins.vol.output.rows import NOT_AVAILABLE, Absent


class Kind(Enum):
    """What a column holds, and how it is shown. In the row, None is an absent value, whatever the kind."""

    TEXT = "text"  # a str, or an Absent with its reason; what a terminal would act on is escaped
    HEX = "hex"  # addresses, and other numbers that are read in hexadecimal
    INTEGER = "integer"
    DECIMAL = "decimal"  # a number with a fraction, or its text
    FLAG = "flag"
    FILETIME = "filetime"  # 100 ns since 1601; 0 is none
    UNIX_TIME = "unix-time"  # seconds since 1970; 0 is none


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: as users see it; part of the contract (docs/output.md).
        absent: which of volatility3's absent values stands for None.
        empty_is_absent: an empty text is no value either; else it is shown as it is.
        failure: what the row that says what failed has here; empty: nothing.
        is_reason: where such a row says why.
    """

    name: str
    kind: Kind = Kind.TEXT
    absent: Absent = NOT_AVAILABLE
    empty_is_absent: bool = False
    failure: str = ""
    is_reason: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a row: its name, the column that it fills (None: none), and what it holds where nothing is known."""

    name: str
    column: Column | None
    blank: Any


def fields_of(row: type) -> tuple[Field, ...]:
    """The fields of a NamedTuple, in its order."""
    hints = get_type_hints(row, include_extras=True)
    names: tuple[str, ...] = row._fields  # type: ignore[attr-defined]
    return tuple(Field(name, _column(hints[name]), _blank(hints[name])) for name in names)


def _column(hint: Any) -> Column | None:
    return next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Column)), None)


def _blank(hint: Any) -> Any:
    """None or an Absent where the type allows it, else the type's own empty value: no text, zero."""
    bare = hint.__origin__ if hasattr(hint, "__metadata__") else hint
    allowed = get_args(bare)
    if type(None) in allowed:
        return None
    return NOT_AVAILABLE if Absent in allowed else bare()
