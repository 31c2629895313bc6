"""What all plugins have in common. Imported at the start of every vol run: nothing but options at the top.

A plugin's own class stands in ``volplugins/plugins/windows/kd``, because volatility3 takes those below its own
``volatility3.plugins`` alone, and descends from ``Command`` and from volatility3's PluginInterface. ``Command`` itself
does not, so that it is no plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from volatility3.framework.configuration import requirements

from volplugins.vol.scene.process_options import budget_options

if TYPE_CHECKING:
    from volatility3.framework.interfaces.configuration import RequirementInterface
    from volatility3.framework.interfaces.context import ContextInterface

    from volplugins.vol.commands.shell import Request
    from volplugins.vol.output.streamed_grid import StreamedGrid
    from volplugins.vol.output.table import GridRow, Table
    from volplugins.vol.output.timeline import Event


class Command:
    """A command: ``options``, ``table`` and ``rows`` are its own, the rest is here."""

    # volatility3's, from PluginInterface
    context: ContextInterface
    config: Any
    open: Callable[[str], Any]
    _progress_callback: Callable[[float, str], None]

    @classmethod
    def options(cls) -> list[RequirementInterface]:
        """Its own options, in the order of the help."""
        return []

    def table(self) -> Table[Any]:
        """The table that is shown with the options that were given."""
        raise NotImplementedError

    def rows(self, request: Request) -> Iterable[tuple[Any, ...]]:
        """Its rows; what this raises becomes a row."""
        raise NotImplementedError

    @classmethod
    def get_requirements(cls) -> list[RequirementInterface]:
        """A layer, and options: nothing that a damaged dump could lack."""
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            *cls.options(),
            *budget_options(),
        ]

    def run(self) -> StreamedGrid:
        """The grid, within the run's budget."""
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        return budgeted_grid(self, self.table(), self._generator())

    def _generator(self) -> Iterator[GridRow]:
        from volplugins.vol.commands.shell import rows_or_failure
        from volplugins.vol.layers.live_machines import progress_of_reading
        from volplugins.vol.scene.shared_work import overheard

        table = self.table()
        rows = rows_or_failure(table, lambda: self.rows(self._request()))
        with progress_of_reading(lambda read: self._progress_callback(0, read)):
            yield from table.grid_rows(overheard(self.context, rows))

    def _request(self) -> Request:
        from volplugins.vol.commands.shell import Request

        return Request(self.context, self.config["primary"], self.config, self._progress_callback, self.open)


class TimedCommand(Command):
    """A command with ``events`` for volatility3's timeliner; its class descends from TimeLinerInterface as well."""

    def events(self, request: Request) -> Iterable[Event]:
        """When things happened."""
        raise NotImplementedError

    def generate_timeline(self) -> Iterator[tuple[str, Any, Any]]:
        """Its events as volatility3's timeliner takes them; never raises."""
        from volplugins.vol.output.timeline import guarded, volatility_event

        yield from map(volatility_event, guarded(self._events()))

    def _events(self) -> Iterator[Event]:
        yield from self.events(self._request())
