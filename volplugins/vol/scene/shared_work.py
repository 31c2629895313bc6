"""What plugins that run in one context have in common, made once: scenes, analyses, processes, judges.

Without ``sharing`` nothing is kept and every plugin makes its own, as plain ``vol`` does. Inside it, what was made for
one plugin is handed to the next; all of it goes when the block ends.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from volplugins.vol.output.wrong_use import WrongUse, refused

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

_Made = TypeVar("_Made")
_LONGEST_FAULT = 300
_MOST_FAULTS = 1000
_MOST_KEPT = 1 << 18  # of what has a size: about 100 MiB of ranges, those of 200 usual processes


class SharedWork:
    """The work of one context.

    Attributes:
        context: whose plugins share it.
        faults: what the shells caught and turned into rows: one line each.
        ear: takes the rows that are made now as well, as the command made them; it raises nothing.
    """

    def __init__(self, context: ContextInterface) -> None:
        self.context = context
        self.faults: list[str] = []
        self.ear: Callable[[Any], None] | None = None
        self._made: dict[Hashable, Any] = {}
        # what was made for the context, by identity: what is made of these is theirs
        self._own: dict[int, object] = {}
        self._sized: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._kept = 0

    def once(
        self,
        key: tuple[Hashable, ...],
        make: Callable[[], _Made],
        of: object = None,
        size: Callable[[_Made], int] | None = None,
    ) -> _Made:
        """What ``make`` gave for this key when it was asked first; what it raises is not kept.

        Args:
            of: the object that the thing is about, told from others by identity; one that ``holds`` is true of.
            size: how large what was made is; things with a size are kept while there is room for all of them, those
                asked for last the longest.
        """
        whole = (id(of) if of is not None else 0, *key)
        if size is not None:
            return self._while_there_is_room(whole, make, size)
        if whole not in self._made:
            self._made[whole] = make()
            if of is None:
                self._own[id(self._made[whole])] = self._made[whole]
        found: _Made = self._made[whole]
        return found

    def _while_there_is_room(self, key: Hashable, make: Callable[[], _Made], size: Callable[[_Made], int]) -> _Made:
        if key in self._sized:
            self._sized.move_to_end(key)
            kept: _Made = self._sized[key][0]
            return kept
        made = make()
        self._sized[key] = made, size(made)
        self._kept += self._sized[key][1]
        while self._kept > _MOST_KEPT:
            self._kept -= self._sized.popitem(last=False)[1][1]
        return made

    def holds(self, scene: object) -> bool:
        """Whether this scene was made here."""
        return id(scene) in self._own


# the innermost is last; empty in plain vol
_active: list[SharedWork] = []


@contextmanager
def sharing(context: ContextInterface) -> Iterator[SharedWork]:
    """Plugins of ``context`` share their work inside this block."""
    work = SharedWork(context)
    _active.append(work)
    try:
        yield work
    finally:
        _active.remove(work)


def is_shared(context: ContextInterface) -> bool:
    """Whether plugins of this context share their work: then a command of ours runs them, and not plain ``vol``."""
    return any(each.context is context for each in _active)


def once_in_context(context: ContextInterface, key: tuple[Hashable, ...], make: Callable[[], _Made]) -> _Made:
    """What ``make`` gives, made once where the plugins of this context share their work."""
    work = next((each for each in _active if each.context is context), None)
    return work.once(key, make) if work is not None else make()


def once_of_scene(
    scene: object, key: tuple[Hashable, ...], make: Callable[[], _Made], size: Callable[[_Made], int] | None = None
) -> _Made:
    """The same for what is made of a scene, which knows no context; what has a size is kept while there is room."""
    work = next((each for each in _active if each.holds(scene)), None)
    return work.once(key, make, scene, size) if work is not None else make()


def scene_is_shared(scene: object) -> bool:
    """Whether what is made of this scene is kept for the next command."""
    return any(each.holds(scene) for each in _active)


def overheard(context: ContextInterface, rows: Iterator[_Made]) -> Iterator[_Made]:
    """The rows; where work is shared, whoever listens to them hears each as it passes."""
    ear = next((each.ear for each in _active if each.context is context), None)
    for row in rows:
        if ear is not None:
            ear(row)
        yield row


def fault_text(error: Exception) -> str:
    """One line for an error that nobody expected; noted where work is shared, so that the section counts as failed.

    Wrong use is said in its own words.
    """
    if isinstance(error, WrongUse):
        return refused(error)
    text = f"{type(error).__name__}: {error}"
    note_fault(text)
    return text


def note_fault(text: str) -> None:
    """Note, where work is shared, why a section is not whole."""
    for work in _active[-1:]:
        if len(work.faults) < _MOST_FAULTS:
            told = " ".join(text.split())
            work.faults.append(told if len(told) <= _LONGEST_FAULT else f"{told[:_LONGEST_FAULT]}…")
        elif len(work.faults) == _MOST_FAULTS:
            work.faults.append("further faults are not told here: they are in the rows")


def shares_work(context: ContextInterface) -> bool:
    """Whether several plugins of this context share their work."""
    return any(each.context is context for each in _active)
