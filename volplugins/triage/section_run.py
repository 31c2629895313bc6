"""Runs one plugin in a context that has its layers already: no automagic, the rows written as they come."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

from volplugins.triage.options import TriageOptions
from volplugins.triage.sections import Section
from volplugins.vol.output.json_lines import write_rows
from volplugins.vol.scene.shared_work import SharedWork

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface
    from volatility3.framework.interfaces.plugins import PluginInterface

    from volplugins.vol.commands.findings.heard import Ear

_log = logging.getLogger(__name__)
Row = dict[str, Any]
_LONGEST_FAULT = 300
_SHELLS = "volplugins.plugins.windows.kd"


@dataclass(frozen=True, slots=True)
class SectionOutcome:
    """How a section went; ``fault`` is one line, or None."""

    section: Section
    rows: int
    seconds: float
    fault: str | None

    def summary(self, kept: bool) -> dict[str, Any]:
        """As in summary.json; ``kept``: whether the rows are in a file."""
        section = self.section
        return {
            "name": section.name, "plugin": section.typed, "options": section.options,
            "file": f"rows/{section.name}.jsonl" if kept else None,
            "rows": self.rows, "seconds": round(self.seconds, 3), "fault": self.fault,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class SectionRunner:
    """Runs sections in one context.

    Attributes:
        listen: gives what takes a section's rows as its plugin makes them, by the section's name.
    """

    work: SharedWork
    layer: str
    options: TriageOptions
    listen: Callable[[str], Ear | None] = lambda _: None

    def run(
        self, section: Section, out: TextIO, watch: Callable[[Row], None], progress: Callable[[float, str], None]
    ) -> SectionOutcome:
        """Run it; what the plugin raises is its fault alone.

        Raises:
            OSError: ``out`` cannot be written to.
        """
        watched = _Watched(watch)
        rows = _WriteFaults(out)
        ear = self.listen(section.name)
        before, start = len(self.work.faults), time.monotonic()
        fault: str | None = None
        try:
            self.work.ear = ear.hear if ear is not None else None
            write_rows(self._plugin(section, progress), rows, watched)
        except Exception as error:
            if rows.fault is not None:
                raise rows.fault from None
            fault = one_line(error)
        finally:
            self.work.ear = None
        caught = self.work.faults[before:]
        fault = fault or (caught[0] if caught else None)
        if ear is not None:
            ear.end(fault is None)
        outcome = SectionOutcome(section, watched.rows, time.monotonic() - start, fault or watched.fault)
        self._tell(outcome)
        return outcome

    def _tell(self, outcome: SectionOutcome) -> None:
        """Into the log: a fault's own words may name what is to be left out."""
        fault = "" if outcome.fault is None else "; a fault" if self.options.redact else f"; fault: {outcome.fault}"
        _log.info("%s: %d rows in %.2f s%s", outcome.section.name, outcome.rows, outcome.seconds, fault)

    def _plugin(self, section: Section, progress: Callable[[float, str], None]) -> PluginInterface:
        """The plugin with its options in the context's configuration, as volatility3's command line leaves them."""
        made = getattr(import_module(f"{_SHELLS}.{section.module}"), section.plugin)
        context: ContextInterface = self.work.context
        path = f"triage.{section.name}"
        context.config[f"{path}.primary"] = self.layer
        for name in section.switches:
            context.config[f"{path}.{name}"] = True
        if self.options.budget:
            context.config[f"{path}.budget"] = self.options.budget
        if section.images and self.options.image_path:
            context.config[f"{path}.image-path"] = list(self.options.image_path)
        plugin: PluginInterface = made(context, path, progress)
        return plugin


class _Watched:
    """Counts rows and passes them on; a fault of the one who looks at them is noted, not raised."""

    def __init__(self, watch: Callable[[Row], None]) -> None:
        self._watch = watch
        self.rows = 0
        self.fault: str | None = None

    def __call__(self, row: Row) -> None:
        self.rows += 1
        try:
            self._watch(row)
        except Exception as error:
            self.fault = self.fault or f"summary: {one_line(error)}"


class _WriteFaults:
    """A stream that remembers what went wrong with it: a full disk is not the plugin's fault."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.fault: OSError | None = None

    def write(self, text: str) -> int:
        """Pass it on."""
        try:
            return self._out.write(text)
        except OSError as error:
            self.fault = error
            raise


def one_line(error: BaseException) -> str:
    """A fault in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_FAULT]
