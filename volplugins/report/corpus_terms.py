"""What index.html searches: the texts of each question once, each with the dumps that have it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from volplugins.report import caps
from volplugins.report.corpus_questions import QUESTIONS, Place, Question
from volplugins.report.corpus_rows import columns_of, opened
from volplugins.report.shown_text import shown

_LONGEST = 4096  # characters of a text: as many as the database has
_MOST_ROWS = 4_000_000  # of one question
# those that take least first: where there is no room for more, it is the last that are left to `volplugins find`
_ORDER = ("machine", "bugcheck", "signature", "finding", "driver", "key", "process", "device", "module",
          "command-line", "frame")  # fmt: skip
Terms = dict[str, list[int]]
Letters = tuple[int, ...]


def terms(database: Path, places: Mapping[Any, int]) -> dict[str, Any]:
    """``kinds``: by question its texts and, for each, the rows of the dumps that have it, and the same of ``cut``
    names, where no longer one is known; ``left``: titles of those questions for which the page had no room.

    Args:
        places: the row of each dump on the page, by its id.
    """
    kinds: list[dict[str, Any]] = []
    left: list[str] = []
    room = caps.SEARCH
    by_name = {question.name: question for question in QUESTIONS}
    try:
        with closing(opened(database)) as connection:
            for name in _ORDER:
                found = _of(connection, by_name[name], places, room)
                if found is None:
                    left.append(by_name[name].title)
                elif any(found[0].values()):
                    room -= found[1]
                    kinds.append(_kind(by_name[name], found[0]))
    except sqlite3.Error:  # said where the dumps are read
        pass
    kinds.sort(key=lambda kind: list(by_name).index(kind["name"]))
    return {"kinds": kinds, "left": left}


def _kind(question: Question, by_letters: Mapping[Letters, Terms]) -> dict[str, Any]:
    files = question.name in ("driver", "module", "process")
    found = by_letters.get((), {})
    told: dict[str, Any] = {
        "name": question.name, "title": question.title, "anywhere": question.anywhere, "files": files,
        "texts": list(found), "dumps": list(found.values()),
    }  # fmt: skip
    for letters, cut in by_letters.items():
        if letters:
            told["cut"] = {"letters": letters, "texts": list(cut), "dumps": list(cut.values())}
    return told


def _of(
    connection: sqlite3.Connection, question: Question, places: Mapping[Any, int], room: int
) -> tuple[dict[Letters, Terms], int] | None:
    """The texts of one question, those of cut names apart, and how much of the page they take; None where that is more
    than the room.
    """
    by_letters: dict[Letters, Terms] = {}
    size = 0
    for number, (place, dump, text) in enumerate(_texts(connection, question)):
        if number >= _MOST_ROWS:
            return None
        at = places.get(dump)
        if at is None:
            continue
        told = shown(text, _LONGEST)
        found = by_letters.setdefault(place.cut, {})
        have = found.get(told)
        if have is None:
            found[told], size = [at], size + len(told) + 12
        elif have[-1] != at and at not in have[-4:]:
            have.append(at)
            size += 6
        if size > room:
            return None
    return by_letters, size


def _texts(connection: sqlite3.Connection, question: Question) -> Iterator[tuple[Place, Any, Any]]:
    for place in question.places:
        there = columns_of(connection, place.table)
        for text in place.texts:
            if {place.dump, text} <= there:
                for dump, found in connection.execute(
                    f"SELECT DISTINCT {place.dump}, {text} FROM {place.table} WHERE {place.rows_of(there)} "
                    f"AND {text} <> '' ORDER BY {text}, {place.dump}"
                ):
                    yield place, dump, found
