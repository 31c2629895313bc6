"""Progress on standard error: a bar on a terminal, plain lines elsewhere, nothing where it is not wanted."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_SECONDS = 5.0  # between plain lines about the same section
Show = Callable[[str, float], None]


@contextmanager
def progress_display(quiet: bool) -> Iterator[Show]:
    """A function that takes what is being done and how far it is, in percent."""
    if quiet or sys.stderr is None:
        yield lambda text, percent: None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _PlainLines().show


@contextmanager
def _bar() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    # what is being done may name a process: markup in it is text
    columns = (BarColumn(30), TextColumn("{task.percentage:3.0f} %"), TimeElapsedColumn(),
               TextColumn("{task.description}", markup=False))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=100.0)

        def show(text: str, percent: float) -> None:
            bar.update(task, completed=percent, description=_printable(text))

        yield show


class _PlainLines:
    """A line where a section begins, and every few seconds inside it."""

    def __init__(self) -> None:
        self._head = ""
        self._said = 0.0

    def show(self, text: str, percent: float) -> None:
        """Print a line if it is time for one."""
        head, now = text.partition(":")[0], time.monotonic()
        if head != self._head or now - self._said >= _SECONDS:
            self._head, self._said = head, now
            with suppress(OSError):  # nobody can be told; the run is what matters
                print(f"{percent:3.0f} %  {_printable(text)}", file=sys.stderr, flush=True)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:120]
