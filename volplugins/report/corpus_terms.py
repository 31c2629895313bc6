"""What index.html searches: the texts of each question once, each with the dumps that have it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from volplugins.report import caps
from volplugins.report.corpus_questions import QUESTIONS, Question
from volplugins.report.corpus_rows import columns_of, opened
from volplugins.report.shown_text import shown

_MOST_ROWS = 2_000_000  # of one column
# those that take least first: where there is no room for more, it is the last that are left to `volplugins find`
_ORDER = ("machine", "bugcheck", "signature", "finding", "driver", "key", "process", "device", "module",
          "command-line", "frame")  # fmt: skip
Terms = dict[str, list[int]]


def terms(database: Path, places: Mapping[Any, int]) -> dict[str, Any]:
    """``kinds``: by question its texts and, for each, the rows of the dumps that have it; ``left``: titles of those
    questions for which the page had no room.

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
                found, size = _of(connection, by_name[name], places, room)
                if found is None:
                    left.append(by_name[name].title)
                elif found:
                    room -= size
                    kinds.append(_kind(by_name[name], found))
    except sqlite3.Error:  # said where the dumps are read
        pass
    kinds.sort(key=lambda kind: list(by_name).index(kind["name"]))
    return {"kinds": kinds, "left": left}


def _kind(question: Question, found: Terms) -> dict[str, Any]:
    files = question.name in ("driver", "module", "process")
    return {
        "name": question.name, "title": question.title, "anywhere": question.anywhere, "files": files,
        "texts": list(found), "dumps": list(found.values()),
    }  # fmt: skip


def _of(
    connection: sqlite3.Connection, question: Question, places: Mapping[Any, int], room: int
) -> tuple[Terms | None, int]:
    """The texts of one question and how much of the page they take; None where that is more than the room."""
    found: Terms = {}
    size = 0
    for dump, text in _texts(connection, question):
        at = places.get(dump)
        if at is None:
            continue
        told = shown(text)
        have = found.get(told)
        if have is None:
            found[told], size = [at], size + len(told) + 12
        elif have[-1] != at and at not in have[-4:]:
            have.append(at)
            size += 6
        if size > room:
            return None, 0
    return found, size


def _texts(connection: sqlite3.Connection, question: Question) -> Iterator[tuple[Any, Any]]:
    for place in question.places:
        there = columns_of(connection, place.table)
        for text in place.texts:
            if {place.dump, text} <= there:
                yield from connection.execute(
                    f"SELECT DISTINCT {place.dump}, {text} FROM {place.table} "
                    f"WHERE {place.where} AND {text} <> '' ORDER BY {text}, {place.dump} LIMIT {_MOST_ROWS}"
                )
