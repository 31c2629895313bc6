"""The corpus folder: what is where, and what a run that was killed has left there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from volplugins.batch.database import Database
from volplugins.batch.errors import UseError
from volplugins.batch.job import CUT_SHORT, NO_ROOM
from volplugins.batch.outcome_file import FOLDER_NAME, Result, read_outcome
from volplugins.batch.perform import unpacked_into

_NEW = ".new-"
#: What a corpus writes in DIR, besides its database and lock.
OWN = ("dumps", ".scratch", "index.html", "rows.jsonl", "timeline.jsonl", "parquet")


class CorpusFolder:
    """DIR, which is made where it is missing.

    Raises:
        UseError: it is no folder, or holds what a corpus would overwrite and is none.
        OSError: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dumps, self.scratch, self.database = path / "dumps", path / ".scratch", path / "corpus.sqlite"
        if not self.database.exists():
            for name in OWN:
                if os.path.lexists(path / name):
                    raise UseError(f"{path}: has {name} in it and is no corpus: give another folder for the results")
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise UseError(f"{error.filename}: is not a folder") from None

    def clean(self) -> None:
        """Remove what a run left half done; the lock is held, and the database is there: the folder is ours."""
        self.dumps.mkdir(exist_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)
        for left in self.dumps.glob(f"{_NEW}*"):
            shutil.rmtree(left, ignore_errors=True)
        self.scratch.mkdir(exist_ok=True)

    def recover(self, database: Database, retry: bool) -> None:
        """Make rows and folders agree: a whole folder without a row gets it; a row whose folder is gone goes."""
        known = set()
        for dump, status, folder in database.folders():
            again = status == NO_ROOM or (retry and status in ("", *CUT_SHORT))
            if again or (folder is not None and not (self.path / folder).is_dir()):
                database.forget(dump)
            else:
                known.add(dump)
        for path in self._unknown(known):
            found = read_outcome(path)
            if found is None or found.id != path.name:
                shutil.rmtree(path, ignore_errors=True)
            else:
                database.record(found, self.name_of(path.name), [found.path])

    def _unknown(self, known: set[str]) -> Iterator[Path]:
        for path in sorted(self.dumps.iterdir()):
            if FOLDER_NAME.fullmatch(path.name) and path.name not in known and not path.is_symlink():
                yield path

    def name_of(self, dump: str) -> str:
        """The dump's folder, relative to DIR, as the database has it."""
        return f"{self.dumps.name}/{dump}"

    def receive(self, dump: str, files: dict[str, bytes]) -> Path:
        """Write files that came from afar, under a temporary name.

        Raises:
            OSError: they cannot be written.
        """
        folder = self.dumps / f"{_NEW}{dump}-far"
        shutil.rmtree(folder, ignore_errors=True)
        unpacked_into(folder, files)
        return folder

    def accept(self, dump: str, made: Path) -> Result:
        """Give a folder that is whole its final name; return its outcome.

        Raises:
            OSError: it cannot be renamed, or is not whole.
        """
        found = read_outcome(made)
        if found is None:
            raise OSError(0, "the results came back without their outcome")
        target = self.dumps / dump
        if target.exists():  # of a dump whose row was taken out
            shutil.rmtree(target)
        os.replace(made, target)
        return found
