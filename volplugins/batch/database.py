"""corpus.sqlite: one transaction per dump, the journal of every file system; one writer, who holds its lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from volplugins import __version__
from volplugins.batch import schema
from volplugins.batch.digest import Tables, digest, has_great_files
from volplugins.batch.errors import CorpusError, UseError
from volplugins.batch.outcome_file import FOLDER_NAME, Result

Path_ = tuple[str, str, bytes | None]  # key, place, and its bytes where they are no text
# cells of a dump's row that its summary gives, and which of them is the signature
_OF_SUMMARY, _SIGNATURE = 11, 5
_OF_DUMPS = tuple(name for name in schema.TABLES if name != "dumps")


class Database:
    """The rows of a corpus.

    Raises:
        UseError: the file is somebody else's, is of a later version, or was begun with the other choice of --redact.
        CorpusError: it cannot be written.
    """

    def __init__(self, path: Path, redacted: bool = False) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            if self._is_empty():
                self._make(redacted)
            else:
                self._check(redacted)
        except sqlite3.DatabaseError as error:
            kind = UseError if type(error) is sqlite3.DatabaseError else CorpusError  # no database at all
            raise kind(f"{path}: {error}") from None

    def _is_empty(self) -> bool:
        run = self._connection.execute
        found = run("SELECT count(*) FROM sqlite_master").fetchone(), run("PRAGMA user_version").fetchone()
        return bool(found == ((0,), (0,)))

    def _make(self, redacted: bool) -> None:
        with _Transaction(self):
            for statement in schema.statements():
                self._connection.execute(statement)
            self._connection.execute("INSERT INTO corpus VALUES (?, ?, ?)", (schema.NAME, __version__, int(redacted)))

    def _check(self, redacted: bool) -> None:
        """Nothing is changed in a file that is not ours, and what was redacted stays so."""
        run = self._connection.execute
        version = run("PRAGMA user_version").fetchone()[0]
        ours = run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'corpus'").fetchone()
        if version and not schema.FIRST_VERSION <= version <= schema.VERSION:
            raise UseError(f"{self.path}: is of version {version}, this program writes {schema.VERSION}")
        if not ours or run("SELECT schema FROM corpus").fetchone() != (schema.name_of(version),):
            raise UseError(f"{self.path}: is a database of something else: give another folder for the results")
        if run("SELECT redacted FROM corpus").fetchone() != (int(redacted),):
            with_or_without = "without" if redacted else "with"
            raise UseError(
                f"{self.path}: was begun {with_or_without} --redact: give another folder, or the same option"
            )
        if 0 < version < schema.VERSION:
            with _Transaction(self):
                for statement in schema.migration(version):
                    run(statement)
                self._fill_rows(only_great=version >= schema.ROWS_SINCE)

    def _fill_rows(self, only_great: bool) -> None:
        """What older versions did not keep, from the dumps' folders; a folder that cannot be read leaves what is.

        Args:
            only_great: only of the dumps with so many rows that not all of them were read.
        """
        for dump, _, folder in self.folders():
            tables = self._tables_in(folder, only_great)
            for table in schema.FROM_ROWS if tables else ():
                self._connection.execute(f"DELETE FROM {table} WHERE dump = ?", (dump,))
                self._insert(table, ([dump, *cells] for cells in tables[table]))

    def _tables_in(self, folder: str | None, only_great: bool = False) -> Tables:
        """The tables of a dump that was done before there were all of them; none if its folder cannot be read."""
        if folder is None or not FOLDER_NAME.fullmatch(Path(folder).name):
            return {}
        place = self.path.parent / "dumps" / Path(folder).name
        try:
            passed_over = place.is_symlink() or (only_great and not has_great_files(place))
            return {} if passed_over else digest(place)
        except (OSError, ValueError, RecursionError):
            return {}

    def dump_of(self, key: str) -> str | None:
        """The dump that lay at a place, by the place's key."""
        row = self._connection.execute("SELECT dump FROM paths WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def has_bytes(self, key: str) -> bool:
        """Whether the bytes of this place are known: a corpus of before version 6 has none."""
        found = self._connection.execute("SELECT path_bytes IS NOT NULL FROM paths WHERE key = ?", (key,)).fetchone()
        return bool(found and found[0])

    def has(self, dump: str) -> bool:
        """Whether this dump's row is there."""
        return self._connection.execute("SELECT 1 FROM dumps WHERE id = ?", (dump,)).fetchone() is not None

    def whole_of(self, dump: str) -> str | None:
        """What tells this dump from others: its SHA-256; of one that was not read, its place's key; None of none."""
        statement = "SELECT coalesce(sha256, (SELECT min(key) FROM paths WHERE dump = id)) FROM dumps WHERE id = ?"
        row = self._connection.execute(statement, (dump,)).fetchone()
        return row[0] if row else None

    def folders(self) -> list[tuple[str, str, str | None]]:
        """id, status and folder of every dump; the status of a place that could not be read is empty."""
        statement = "SELECT id, iif(sha256 IS NULL, '', status), folder FROM dumps ORDER BY id"
        return list(self._connection.execute(statement))

    def places(self) -> dict[str, str]:
        """The first place of every dump, by its id."""
        return {dump: str(path) for dump, path in self._connection.execute("SELECT id, path FROM dumps")}

    def counts(self) -> dict[str, int]:
        """Dumps by status."""
        return dict(self._connection.execute("SELECT status, count(*) FROM dumps GROUP BY status"))

    def record(self, result: Result, folder: str | None, paths: Iterable[Path_]) -> None:
        """Put in all that is known of one dump, in one transaction."""
        with _Transaction(self):
            self._forget(result.id, with_paths=False)
            *found, recipe = _filled((result.tables.get("dumps") or [[]])[0], _OF_SUMMARY)
            if recipe is None and found[_SIGNATURE] is not None:  # of a folder from before recipes had numbers
                recipe = schema.FIRST_RECIPE
            row = [result.id, result.place, result.size, result.sha256, result.status, result.reason or None]
            self._insert("dumps", [[*row, *found, folder, result.seconds, recipe]])
            tables = result.tables
            if not all(name in tables for name in schema.FROM_ROWS):
                made = self._tables_in(folder)
                tables = {**tables, **{name: made[name] for name in schema.FROM_ROWS if name in made}}
            for table in _OF_DUMPS:
                self._insert(table, ([result.id, *cells] for cells in tables.get(table, ())))
            for path in paths:
                self._add_path(result.id, *path)

    def recipes(self) -> dict[int, int]:
        """Dumps with a signature, by the recipe of it."""
        counted = "SELECT signature_recipe, count(*) FROM dumps WHERE signature_recipe NOT NULL GROUP BY 1"
        return dict(self._connection.execute(counted))

    def of_other_recipes(self, recipe: int) -> set[str]:
        """Dumps whose signature an older recipe than this one made."""
        return {
            row[0] for row in self._connection.execute("SELECT id FROM dumps WHERE signature_recipe < ?", (recipe,))
        }

    def add_paths(self, dump: str, paths: Iterable[Path_]) -> None:
        """The dump lies at these places too."""
        with _Transaction(self):
            for path in paths:
                self._add_path(dump, *path)

    def forget(self, dump: str) -> None:
        """Take a dump out, so that it is done again."""
        with _Transaction(self):
            self._forget(dump, with_paths=True)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def execute(self, statement: str) -> None:
        """Run one statement, as the transactions do.

        Raises:
            CorpusError: the database cannot be written.
        """
        try:
            self._connection.execute(statement)
        except sqlite3.Error as error:
            raise CorpusError(f"{self.path}: {error}") from None

    def _insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        columns = len(schema.TABLES[table]) + (table != "dumps")
        filled = (_filled(row, columns) for row in rows)
        self._connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})", filled)

    def _add_path(self, dump: str, key: str, place: str, raw: bytes | None) -> None:
        """Note the place; another dump that lay there before lies there no more."""
        run = self._connection.execute
        there = "path = ? AND path_bytes IS ?"  # two names that are no text may be shown as one
        before = [row[0] for row in run(f"SELECT dump FROM paths WHERE {there} AND dump <> ?", (place, raw, dump))]
        run(f"DELETE FROM paths WHERE {there} AND key <> ?", (place, raw, key))
        run("INSERT OR REPLACE INTO paths VALUES (?, ?, ?, ?)", (key, dump, place, raw))
        for other in {dump, *before}:
            statement = "SELECT path, path_bytes FROM paths WHERE dump = ? ORDER BY path, path_bytes LIMIT 1"
            first = run(statement, (other,)).fetchone()
            if first is not None:
                run("UPDATE dumps SET path = ?, path_bytes = ? WHERE id = ?", (*first, other))
            elif run("SELECT 1 FROM dumps WHERE id = ? AND sha256 IS NULL", (other,)).fetchone():
                self._forget(other, with_paths=True)  # it stood for the place, and the place holds something else now

    def _forget(self, dump: str, with_paths: bool) -> None:
        for table in (*_OF_DUMPS, *(("paths",) if with_paths else ())):
            self._connection.execute(f"DELETE FROM {table} WHERE dump = ?", (dump,))
        self._connection.execute("DELETE FROM dumps WHERE id = ?", (dump,))


def _filled(row: Sequence[object], columns: int) -> list[object]:
    """The cells, and None for those that an older run did not know of."""
    return [*row, *[None] * (columns - len(row))]


class _Transaction:
    """All or nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self._database.execute("COMMIT")
            return
        if self._database._connection.in_transaction:  # a full disk may have ended it already
            self._database.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise CorpusError(f"{self._database.path}: {error}") from None
