"""Rows on their way into the folder: at once, or, redacted, when all that must be hidden is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from volplugins.triage.output_folder import OutputFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType


class Redaction(Protocol):
    """What triage needs of the redactor."""

    @property
    def left_out(self) -> str:
        """What could not be hidden everywhere."""
        ...  # pragma: no cover - a protocol has no body

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Collect names."""
        ...  # pragma: no cover - a protocol has no body

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row without them."""
        ...  # pragma: no cover - a protocol has no body


class SpooledRows:
    """Files of rows; with a redactor they wait in files without names until ``settle``."""

    def __init__(self, folder: OutputFolder | None, redactor: Redaction | None) -> None:
        self.redactor = redactor
        self._folder = folder
        self._stack = ExitStack()
        self._waiting: dict[str, TextIO] = {}

    def __enter__(self) -> SpooledRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @contextmanager
    def file(self, name: str) -> Iterator[TextIO]:
        """Where the rows of one file go."""
        assert self._folder is not None
        if self.redactor is None:
            with self._folder.file(name) as out:
                yield out
            return
        spool = self._stack.enter_context(self._folder.spool())
        yield spool
        self._waiting[name] = spool

    def settle(self) -> None:
        """Learn from all that waits, then write it redacted."""
        if self.redactor is None or self._folder is None:
            return
        for spool in self._waiting.values():
            self.redactor.learn(_rows(spool))
        for name, spool in self._waiting.items():
            with self._folder.file(name) as out:
                for row in _rows(spool):
                    out.write(json.dumps(self._hidden(row), allow_nan=False) + "\n")

    def _hidden(self, line: dict[str, Any]) -> dict[str, Any]:
        """The line with its cells (or its error) redacted; what frames them stays."""
        assert self.redactor is not None
        for name in ("row", "error"):
            if name in line:
                line[name] = self.redactor.row(line[name])
        return line


def _rows(spool: TextIO) -> Iterator[dict[str, Any]]:
    spool.seek(0)
    for line in spool:
        yield json.loads(line)
