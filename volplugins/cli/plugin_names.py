"""volatility3's way with plugin names: what is typed is looked for inside every name, and must be in one only.

Rule: volatility3 2.28, ``cli/volargparse.py`` (HelpfulSubparserAction). An exact match is not preferred.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

OURS = "windows.kd."


@dataclass(frozen=True, slots=True)
class Collision:
    """Something typed for the plugin ``name`` that no longer finds it alone."""

    typed: str
    name: str
    matches: tuple[str, ...]


def matching(typed: str, names: Collection[str]) -> tuple[str, ...]:
    """The plugins that volatility3 finds for ``typed``, sorted; it runs one only where there is exactly one."""
    return tuple(sorted(name for name in names if typed in name))


def whole_names(name: str) -> tuple[str, str]:
    """How a plugin is named in full: ``windows.pslist.PsList`` and, without the class, ``windows.pslist``."""
    return name, name.rsplit(".", 1)[0]


def bare_words(name: str) -> tuple[str, str]:
    """How a plugin is named in haste: ``PsList`` and ``pslist``."""
    *_, module, kind = ("", *name.split("."))
    return kind, module


def collisions(theirs: Collection[str], ours: Collection[str]) -> Iterator[Collision]:
    """Whole names that fail because of us: of others that worked before, and of our own that never do."""
    everything = {*theirs, *ours}
    for name in sorted(theirs):
        yield from _broken(name, whole_names(name), theirs, everything)
    for name in sorted(ours):
        for typed in whole_names(name):
            found = matching(typed, everything)
            if found != (name,):
                yield Collision(typed, name, found)


def broken_bare_words(theirs: Collection[str], ours: Collection[str]) -> Iterator[Collision]:
    """Bare words of others that were enough before and are ambiguous because of us."""
    everything = {*theirs, *ours}
    for name in sorted(theirs):
        yield from _broken(name, bare_words(name), theirs, everything)


def _broken(name: str, forms: tuple[str, ...], before: Collection[str], after: Collection[str]) -> Iterator[Collision]:
    for typed in forms:
        found = matching(typed, after)
        if matching(typed, before) == (name,) != found:
            yield Collision(typed, name, found)
