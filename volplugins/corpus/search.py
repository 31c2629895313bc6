"""Which dumps of a corpus fit every condition, and by what."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from volplugins.corpus.database import CorpusDatabase
from volplugins.corpus.errors import BadQuestion
from volplugins.report.corpus_questions import BY_NAME, EXTENSIONS, QUESTIONS, Place, Question, cut_names

DUMP = ("id", "path", "folder", "computer", "crash_time", "machine", "build", "bugcheck", "signature", "culprit",
        "status", "sha256", "size")  # fmt: skip
_MOST_MATCHES = 20  # that are told of one dump and condition
_MOST_ROWS = 1_000_000
_LONGEST = 1000
_ANY = "any"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a dump must have.

    Attributes:
        by: the name of a question, or ``any``: one of them.
        text: what is looked for; ``*`` and ``?`` stand for any characters and any one.
    """

    by: str
    text: str

    def questions(self) -> Sequence[Question]:
        """Those that are asked."""
        return QUESTIONS if self.by == _ANY else (BY_NAME[self.by],)

    def pattern(self, question: Question) -> str:
        """As SQL's LIKE takes it, with ``\\`` before what is meant as it stands."""
        found = _escaped(self.text).replace("*", "%").replace("?", "_")
        within = (question.anywhere or self.by == _ANY) and not {"*", "?"} & set(self.text)
        return f"%{found}%" if within else found


def _escaped(text: str) -> str:
    return text.translate({ord(c): f"\\{c}" for c in "\\%_"})


@dataclass(slots=True)
class Found:
    """A dump that fits.

    Attributes:
        dump: cells by the names of DUMP; matches: question and what fitted, the first twenty of each condition.
    """

    dump: dict[str, Any]
    matches: list[tuple[str, str]] = field(default_factory=list)


def find(database: CorpusDatabase, conditions: Sequence[Condition]) -> Generator[Found, None, None]:
    """The dumps that fit every condition, those that crashed last first; all, without conditions.

    Raises:
        BadQuestion: a condition is too long or empty, or this corpus does not hold what it asks for.
        NoCorpus: the database is damaged.
    """
    told: dict[Any, list[tuple[str, str]]] | None = None
    for condition in conditions:
        fitting = _fitting(database, condition)
        told = fitting if told is None else {dump: [*told[dump], *fitting[dump]] for dump in told if dump in fitting}
    columns = ", ".join(name if name in database.columns["dumps"] else "NULL" for name in DUMP)
    order = "crash_time DESC, path, id" if "crash_time" in database.columns["dumps"] else "path, id"
    for row in database.rows(f"SELECT {columns} FROM dumps ORDER BY {order} LIMIT {_MOST_ROWS}"):
        if told is None or row[0] in told:
            yield Found(dict(zip(DUMP, row, strict=True)), told[row[0]] if told is not None else [])


def _fitting(database: CorpusDatabase, condition: Condition) -> dict[Any, list[tuple[str, str]]]:
    """What fits in each dump in which something does."""
    if not 0 < len(condition.text) <= _LONGEST:
        raise BadQuestion(f"--{condition.by}: a text of 1 to {_LONGEST} characters is looked for")
    found: dict[Any, list[tuple[str, str]]] = {}
    asked = False
    for question in condition.questions():
        for place in question.places:
            texts = [each for each in place.texts if database.has(place.table, (place.dump, each))]
            if texts:
                asked = True
                _look(database, question, place, texts, condition, found)
    if not asked:
        raise BadQuestion(
            f"--{condition.by}: this corpus was made by an older version, which kept nothing of that: "
            "`volplugins batch … -o` of the same folder brings it up to date"
        )
    return found


def _look(
    database: CorpusDatabase, question: Question, place: Place, texts: Sequence[str], condition: Condition,
    found: dict[Any, Any],
) -> None:  # fmt: skip
    """Add what fits in these columns of one table."""
    patterns = _cut_patterns(condition, place) if place.cut else _patterns(condition, question)
    if not patterns:
        return
    tests = [f"{column} LIKE ? ESCAPE '\\'" for column in texts for _ in patterns]
    says = place.shows if place.shows and database.has(place.table, place.shown_columns) else texts[0]
    rows = place.rows_of(database.columns[place.table])
    statement = (
        f"SELECT {place.dump}, {says} FROM {place.table} WHERE {rows} AND ({' OR '.join(tests)}) "
        f"ORDER BY {place.dump}, rowid LIMIT {_MOST_ROWS}"
    )
    for dump, text in database.rows(statement, [*patterns] * len(texts)):
        told = found.setdefault(dump, [])
        if len(told) < _MOST_MATCHES and (question.name, text) not in told:
            told.append((question.name, text))


def _cut_patterns(condition: Condition, place: Place) -> list[str]:
    """What is left in this place of a name that is longer."""
    return [_escaped(name) for name in cut_names(condition.text, place.cut)]


def _patterns(condition: Condition, question: Question) -> list[str]:
    """The pattern; a file name may be typed without its extension, and a name without what leads to it."""
    whole = condition.pattern(question)
    if question.anywhere or condition.by == _ANY or {"*", "?"} & set(condition.text):
        return [whole]
    more = []
    if question.name in ("driver", "module", "process"):
        names = [whole, *([f"{whole}{each}" for each in EXTENSIONS] if "." not in condition.text else [])]
        more = [each for name in names for each in (name, f"%\\\\{name}")]
    return list(dict.fromkeys([whole, *more]))
