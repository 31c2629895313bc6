"""The folder of one run: every file gets its final name only when it is whole."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from volplugins.triage.sections import SECTIONS

# those of an earlier run must not stand beside the new one's
OWN_FILES = ("summary.json", "timeline.jsonl", "report.html", *(f"rows/{each.name}.jsonl" for each in SECTIONS))


class OutputError(Exception):
    """A folder that results must not go to; one line for the user."""


class OutputFolder:
    """Writes below ``path``, which is made for its owner alone where it is missing.

    What is written there holds memory of the machine: its files are for the owner alone too, unless the folder is
    somebody's own and lets others in.

    Raises:
        OutputError: it is where the dump lies, or no folder.
        OSError: it cannot be made or written to.
    """

    def __init__(self, path: Path, dump: Path | None) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path}: is not a folder")
        lies = (dump.resolve().parent, Path(os.path.abspath(dump)).parent.resolve()) if dump is not None else ()
        where_it_lies = set(lies)
        if where_it_lies & {path.resolve(), (path / "rows").resolve()}:
            raise OutputError(f"{path}: is where the dump lies; nothing is written beside a dump: give another folder")
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (path / "rows").mkdir(exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise OutputError(f"{error.filename}: is not a folder") from None
        for name in OWN_FILES:
            final = path / name
            final.unlink(missing_ok=True)
            for left in final.parent.glob(f".{final.name}.*.part"):  # by a run that was killed
                left.unlink()

    @contextmanager
    def file(self, name: str) -> Iterator[TextIO]:
        """A text file that is renamed to ``name`` when the block ends well, and removed when it does not.

        Raises:
            OSError: disk full, no right to write; with the final name.
        """
        final = self.path / name
        made: str | None = None
        try:
            descriptor, made = tempfile.mkstemp(prefix=f".{final.name}.", suffix=".part", dir=final.parent)
            # mkstemp makes files for their owner alone; whom the folder lets in, the mask allowing it, may read them
            os.chmod(made, 0o600 | self.path.stat().st_mode & 0o066 & ~_umask())
            with open(descriptor, "w", encoding="utf-8", newline="\n") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            os.replace(made, final)
        except BaseException as error:
            if made is not None:
                with suppress(OSError):
                    os.unlink(made)
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror or str(error), str(final)) from error
            raise

    def spool(self) -> TextIO:
        """A file without a name, for what must not be seen as it is."""
        return tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=self.path)

    def write_json(self, name: str, value: Any) -> None:
        """Write one JSON document."""
        with self.file(name) as out:
            json.dump(value, out, indent=1, allow_nan=False)
            out.write("\n")


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
