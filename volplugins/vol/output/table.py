"""A command's table: the columns that its rows declare, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from volplugins.vol.output.cells import NOT_APPLICABLE_CELL, NOT_AVAILABLE_CELL, cell_maker, grid_column
from volplugins.vol.output.columns import Column, Field, fields_of

if TYPE_CHECKING:
    from volplugins.kernel.process import Process

Row = TypeVar("Row", bound=tuple[Any, ...])
GridRow = tuple[int, Sequence[Any]]
_RowType = type[tuple[Any, ...]]


class Detailed(NamedTuple):
    """A row and what an option shows of the same thing besides: the cells of a second row at the end of its own."""

    row: tuple[Any, ...]
    details: tuple[Any, ...]


class Table(Generic[Row]):
    """The table of one plugin.

    Attributes:
        plugin: its whole name, as in JSON lines.
        option: the option that has it shown in place of the plugin's usual one; empty for the usual one.

    Args:
        row: the type of its rows, a NamedTuple whose fields declare the columns. A field ``depth`` that declares none
            is the row's depth in the tree.
        child: the type of rows one level below, whose further columns come at the end.
        details: types of rows whose columns come behind all others: those of ``Detailed``.
    """

    def __init__(
        self,
        plugin: str,
        row: type[Row],
        option: str = "",
        child: _RowType | None = None,
        details: tuple[_RowType, ...] = (),
    ) -> None:
        self.plugin, self.option = plugin, option
        self._row = row
        self._types: tuple[_RowType, ...] = (row,) if child is None else (row, child)
        self._details = details

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """In the order in which they are shown."""
        declared = [
            field.column
            for kind in (*self._types, *self._details)
            for field in fields_of(kind)
            if field.column is not None
        ]
        return tuple(dict.fromkeys(declared))

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    @property
    def grid_columns(self) -> list[tuple[str, type]]:
        """As volatility3's TreeGrid takes them."""
        return [grid_column(column) for column in self.columns]

    @cached_property
    def failure(self) -> Callable[..., Row]:
        """``failure(why)``: a row that says what could not be done; ``failure(why, process)`` of a process's row."""
        fields = fields_of(self._row)
        usual = {field.name: _at_failure(field) for field in fields}
        reason = next(field.name for field in fields if field.column is not None and field.column.is_reason)

        def row(why: str, process: Process | None = None) -> Row:
            whose = {} if process is None else {"pid": process.pid, "process": process.name}
            return self._row(**{**usual, **whose, reason: why})

        return row

    def error_cells(self, why: str) -> tuple[Any, ...]:
        """The cells of a row that is about the run itself: all absent but where it says so, and why."""
        title = next(column for column in self.columns if column.failure == "error")
        said = {title.name: "error", next(column for column in self.columns if column.is_reason).name: why}
        return tuple(said.get(name, NOT_AVAILABLE_CELL) for name in self.names)

    def grid_rows(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[GridRow]:
        """Depth and cells of each row, as a TreeGrid takes them."""
        makers: dict[tuple[_RowType, ...], list[tuple[Callable[[Any], Any], int]]] = {}
        depths = {kind: (_depth_place(kind), usual) for usual, kind in enumerate(self._types)}
        for found in rows:
            row, details = found if type(found) is Detailed else (found, ())
            kinds = (type(row), type(details)) if details else (type(row),)
            if kinds not in makers:
                makers[kinds] = self._makers(*kinds)
            place, usual = depths[type(row)]
            depth = usual if place is None else row[place]
            cells = (*row, *details)
            yield depth, tuple([make(cells[place]) for make, place in makers[kinds]])

    def _makers(self, *kinds: _RowType) -> list[tuple[Callable[[Any], Any], int]]:
        """For each column what makes its cell from rows of these types, one behind the other, and of which field.

        Where they have no such field, the cell is not applicable.
        """
        fields = [field for kind in kinds for field in fields_of(kind)]
        places = {field.column: place for place, field in enumerate(fields) if field.column is not None}
        return [
            (cell_maker(column), places[column]) if column in places else (lambda _: NOT_APPLICABLE_CELL, 0)
            for column in self.columns
        ]


def _depth_place(kind: _RowType) -> int | None:
    """Which field says how deep in the tree a row is; None where none does."""
    fields = enumerate(fields_of(kind))
    return next((place for place, field in fields if field.name == "depth" and field.column is None), None)


def _at_failure(field: Field) -> Any:
    return (field.column.failure if field.column is not None else "") or field.blank
