"""Which dumps of a corpus fit every condition, and by what."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from volplugins.corpus.database import CorpusDatabase, deadline
from volplugins.corpus.errors import BadQuestion
from volplugins.report.corpus_questions import BY_NAME, EXTENSIONS, QUESTIONS, Place, Question, cut_names

DUMP = ("id", "path", "folder", "computer", "crash_time", "machine", "build", "bugcheck", "signature", "culprit",
        "status", "sha256", "size", "path_bytes")  # fmt: skip
_MOST_MATCHES = 20  # that are told of one dump and condition
_MOST_LOOKED_AT = 200  # rows that are looked through for them: many say the same
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


@dataclass(frozen=True, slots=True)
class Look:
    """How columns of one table are asked for one condition.

    Attributes:
        by: the question's name; values: those of both statements, of which the second takes a dump's id before them;
            none where nothing can fit.
        all: the dumps in which something fits; of_one: what the first rows of one of them say.
    """

    by: str
    values: list[str]
    all: str
    of_one: str


Fitting = dict[Any, list[Look]]


def find(database: CorpusDatabase, conditions: Sequence[Condition]) -> Generator[Found, None, None]:
    """The dumps that fit every condition, those that crashed last first; all, without conditions.

    Raises:
        BadQuestion: a condition is too long or empty, or this corpus does not hold what it asks for.
        NoCorpus: the database is damaged.
    """
    by_condition = [_fitting(database, condition) for condition in conditions]
    told = _told(database, by_condition) if by_condition else None
    columns = ", ".join(name if name in database.columns["dumps"] else "NULL" for name in DUMP)
    order = "crash_time DESC, path, id" if "crash_time" in database.columns["dumps"] else "path, id"
    for row in database.rows(f"SELECT {columns} FROM dumps ORDER BY {order}"):
        if told is None or row[0] in told:
            yield Found(dict(zip(DUMP, row, strict=True)), told[row[0]] if told is not None else [])


def _told(database: CorpusDatabase, by_condition: Sequence[Fitting]) -> dict[Any, list[tuple[str, str]]]:
    """What fitted in each dump that fits them all."""
    fitting = [dump for dump in by_condition[0] if all(dump in other for other in by_condition[1:])]
    until = deadline()
    return {dump: [one for each in by_condition for one in _matches(database, dump, each[dump], until)]
            for dump in fitting}  # fmt: skip


def _matches(database: CorpusDatabase, dump: Any, looks: Sequence[Look], until: float) -> list[tuple[str, str]]:
    """What the first rows of one dump say that fit one condition, each once."""
    found: dict[tuple[str, str], None] = {}
    for look in looks:
        for (text,) in database.rows(look.of_one, [dump, *look.values], until):
            found[look.by, text] = None
            if len(found) >= _MOST_MATCHES:
                return list(found)
    return list(found)


def _fitting(database: CorpusDatabase, condition: Condition) -> Fitting:
    """Where something fits in each dump in which something does."""
    if not 0 < len(condition.text) <= _LONGEST:
        raise BadQuestion(f"--{condition.by}: a text of 1 to {_LONGEST} characters is looked for")
    found: Fitting = {}
    asked = False
    for question in condition.questions():
        for place in question.places:
            texts = [each for each in place.texts if database.has(place.table, (place.dump, each))]
            if texts:
                asked = True
                look = _look(database, question, place, texts, condition)
                for (dump,) in database.rows(look.all, look.values) if look.values else ():
                    found.setdefault(dump, []).append(look)
    if not asked:
        raise BadQuestion(
            f"--{condition.by}: this corpus was made by an older version, which kept nothing of that: "
            "`volplugins batch … -o` of the same folder brings it up to date"
        )
    return found


def _look(
    database: CorpusDatabase, question: Question, place: Place, texts: Sequence[str], condition: Condition
) -> Look:
    """How these columns of one table are asked."""
    patterns = _cut_patterns(condition, place) if place.cut else _patterns(condition, question)
    tests = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in texts for _ in patterns)
    says = place.shows if place.shows and database.has(place.table, place.shown_columns) else texts[0]
    fits = f"{place.rows_of(database.columns[place.table])} AND ({tests})"
    return Look(
        question.name, [*patterns] * len(texts),
        f"SELECT DISTINCT {place.dump} FROM {place.table} WHERE {fits}",
        f"SELECT {says} FROM {place.table} WHERE {place.dump} = ? AND {fits} ORDER BY rowid LIMIT {_MOST_LOOKED_AT}",
    )  # fmt: skip


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
