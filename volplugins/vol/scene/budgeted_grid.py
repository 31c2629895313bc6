"""The grid of every plugin of ours: its rows within the run's budget, and streamed.

One call in a plugin's ``run`` gives both, whatever its columns are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from volplugins.vol.output.streamed_grid import StreamedGrid
from volplugins.vol.output.table import GridRow, Table
from volplugins.vol.scene.budget import Budget, BudgetError, factor_of, limits_of
from volplugins.vol.scene.crash_scene import target_below
from volplugins.vol.scene.shared_work import note_fault, once_in_context, shares_work

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

_FRAME, _CELL, _NUMBER = 80, 6, 16  # bytes of a JSON line around its cells, around one, and of one that is no text


class Run(Protocol):
    """A plugin, as far as it matters here."""

    context: ContextInterface
    config: Any


def budgeted_grid(plugin: Run, table: Table[Any], rows: Iterator[GridRow]) -> StreamedGrid:
    """The grid of ``rows``, cells of ``table``; the last row says what the budget left out."""
    return StreamedGrid(table.grid_columns, _BudgetedRows(plugin, table, rows).rows())


class _BudgetedRows:
    """The rows of one plugin's run."""

    def __init__(self, plugin: Run, table: Table[Any], rows: Iterator[GridRow]) -> None:
        self._plugin, self._table, self._rows = plugin, table, rows
        self._names = table.names
        self._around = _FRAME + sum(len(name) + _CELL for name in self._names)

    def rows(self) -> Iterator[GridRow]:
        """The rows while the budget lasts, then one that says so."""
        try:
            whole = self._budget()
        except BudgetError as error:
            yield 0, self._table.error_cells(str(error))
            return
        budget = whole.part() if shares_work(self._plugin.context) else whole
        try:
            for level, cells in self._rows:
                if not budget.takes(self._size(cells)):
                    yield 0, self._table.error_cells(self._left_out(budget, cells))
                    break
                yield level, cells
        finally:
            if budget is not whole:
                whole.used(budget)
            close = getattr(self._rows, "close", None)
            if close is not None:
                close()

    def _budget(self) -> Budget:
        """That of the run, which its plugins share."""
        context = self._plugin.context
        factor = factor_of(self._plugin.config.get("budget", None))
        return once_in_context(context, ("budget", factor), lambda: Budget(limits_of(self._pages()).times(factor)))

    def _pages(self) -> int:
        """Pages that the dump holds; 0 where it holds none or cannot be opened, which the rows say."""
        try:
            memory = target_below(self._plugin.context, self._plugin.config["primary"]).memory
        except Exception:  # the rows say why
            return 0
        return memory.pages_in_file if memory is not None else 0

    def _size(self, cells: Sequence[Any]) -> int:
        texts = [cell for cell in cells if type(cell) is str]
        size = self._around + _NUMBER * (len(cells) - len(texts))
        joined = "".join(texts)
        if joined.isascii():
            return size + len(joined)
        return size + sum(len(text) if text.isascii() else _CELL * len(text) for text in texts)

    def _left_out(self, budget: Budget, cells: Sequence[Any]) -> str:
        """What the last row says."""
        said = [cells[self._names.index(name)] for name in ("Process", "Name", "PID") if name in self._names]
        where = " ".join(str(each) for each in said if isinstance(each, str | int))
        text = (
            f"the rows end here: {budget.why} is all that this run may give for a dump of this size; the next row"
            f"{f' ({where})' if where else ''} and what follows it are left out "
            "(--budget 10 or VOLPLUGINS_BUDGET=10: ten times as much)"
        )
        note_fault(text)
        return text
