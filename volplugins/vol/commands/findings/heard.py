"""Findings of rows that were made for their own commands: what one run has looked at is not looked at twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from volplugins.findings.collection import Collection
from volplugins.vol.commands.findings.sources import Source, of_rows
from volplugins.vol.scene.shared_work import once_in_context

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

    from volplugins.bugcheck.scene.crash_scene import CrashScene


@dataclass(slots=True)
class Ear:
    """Takes the rows of one command as they pass by; what it raises itself costs its own use, never the rows.

    Attributes:
        whole: whether all rows were heard; until then the command is asked again.
    """

    source: Source
    found: Collection = field(default_factory=Collection)
    problems: dict[str, None] = field(default_factory=dict)
    whole: bool = False
    _failed: bool = False
    _group: list[Any] = field(default_factory=list)

    def hear(self, row: Any) -> None:
        """Take one row."""
        if self._failed:
            return
        try:
            if self.source.together is None:
                self.source.hand_on(row, self.found, self.problems)
                return
            for taken in self._grouped(row, self.source.together):
                self.source.hand_on(taken, self.found, self.problems)
        except Exception:  # the command is asked again, and what is wrong is said there
            self._failed = True

    def end(self, sound: bool) -> None:
        """The rows have ended; ``sound``: all of them came, and nothing went wrong with them."""
        if self._group and not self._failed:
            self.hear(None)
        self.whole = sound and not self._failed

    def _grouped(self, row: Any, whose: Callable[[Any], object]) -> Iterator[Any]:
        """Those of one process together, once the next one begins."""
        if self._group and (row is None or whose(row) != whose(self._group[0])):
            group, self._group = self._group, []
            if group[0].pid is not None:
                yield group
        if row is not None:
            self._group.append(row)


def listen(context: ContextInterface, scene: CrashScene) -> Callable[[str], Ear | None]:
    """An ear for the rows of each command that findings rest on, by its name; None for the others."""
    ears = ears_of(context)
    ears.update({source.name: Ear(source) for source in of_rows(scene)})
    return ears.get


def ears_of(context: ContextInterface) -> dict[str, Ear]:
    """What was heard in this context; nothing where plugins share no work."""
    return once_in_context(context, ("findings heard",), dict[str, Ear])
