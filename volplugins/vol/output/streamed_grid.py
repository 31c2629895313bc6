"""Rows of our plugins for volatility3's renderers: nothing is kept of a row once it is written.

volatility3's own TreeGrid keeps a node for every row until the program ends, also where a renderer writes them as they
come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from volatility3.framework import interfaces, renderers
from volatility3.framework.renderers import TreeGrid, TreeNode

Visitor = Callable[[Any, Any], Any]


class StreamedGrid(renderers.TreeGrid):
    """A grid that is forgotten as it is visited; only ``populate()`` without a function keeps its nodes."""

    def populate(
        self, function: Visitor | None = None, initial_accumulator: Any = None, fail_on_errors: bool = True
    ) -> Exception | None:
        """As volatility3's own; the nodes given to ``function`` are its alone."""
        if function is None or self.populated:
            kept: Exception | None = super().populate(function, initial_accumulator, fail_on_errors)
            return kept
        try:
            stream(self, function, initial_accumulator)
        except Exception as error:
            if fail_on_errors:
                raise
            return error
        return None


class _Node(TreeNode):
    """A node whose cells are not looked at one by one: a ``Table`` makes them by what its columns declare."""

    def _validate_values(self, values: Any) -> None:
        if len(values) != len(self._treegrid.columns):
            super()._validate_values(values)  # which says what is wrong


def stream(grid: interfaces.renderers.TreeGrid, function: Visitor, accumulator: Any = None) -> None:
    """Give each row to ``function`` as it comes, in a node that the grid does not keep.

    What is not volatility3's own grid, which alone is known to work so, is populated as ever.
    """
    if not isinstance(grid, TreeGrid) or not hasattr(grid, "_generator"):
        grid.populate(function, accumulator)
        return
    kind = _Node if isinstance(grid, StreamedGrid) else TreeNode
    try:
        parents: list[TreeNode] = []
        numbers: list[int] = []  # of the rows that lead to the present one, each among those of its parent
        for level, values in grid._generator:
            depth = min(len(parents), level)
            numbers[depth:] = [numbers[depth] + 1 if depth < len(numbers) else 0]
            path = TreeGrid.path_sep.join(map(str, numbers)) if depth else str(numbers[0])
            node = kind(path, grid, parents[depth - 1] if depth else None, values)
            parents[depth:] = [node]
            accumulator = function(node, accumulator)
            grid._row_count += 1
    finally:
        grid._populated = True
