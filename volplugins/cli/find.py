"""``volplugins find CORPUS``: which dumps have this driver, file, frame, process, command line, finding in them."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

_WRONG_USE, _CANNOT_OPEN = 2, 3


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    from volplugins.report.corpus_questions import QUESTIONS

    parser = subparsers.add_parser(
        "find",
        help="find dumps of a corpus by driver, file, frame, process, command line, finding …",
        description="Searches the corpus.sqlite of a corpus that `volplugins batch` made, read-only. A dump is shown "
        "where it fits every option and every word. Letter case does not matter; * and ? stand for any characters and "
        "any one. A text without them is the whole name, for --frame and --command-line a part of it; a file name may "
        "lack its extension.",
    )
    parser.add_argument("corpus", metavar="CORPUS", help="the folder")
    parser.add_argument("words", metavar="WORD", nargs="*", help="anything of what the options search, a part of it")
    for question in QUESTIONS:
        parser.add_argument(f"--{question.name}", metavar="TEXT", action="append", default=[], help=question.help)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="an object per dump and line, with what fitted")
    form.add_argument("--paths", action="store_true", help="the dumps' paths alone, a line each")
    form.add_argument("-0", "--null", action="store_true", help="the same, as they are, each ended by a zero byte")


def run(args: argparse.Namespace) -> int:
    """Print what was found."""
    from volplugins.corpus.database import CorpusDatabase
    from volplugins.corpus.errors import BadQuestion, NoCorpus
    from volplugins.corpus.folder import Folder
    from volplugins.corpus.search import Condition, find
    from volplugins.report.corpus_questions import QUESTIONS

    conditions = [Condition("any", word) for word in args.words]
    for question in QUESTIONS:
        given = getattr(args, question.name.replace("-", "_"))
        conditions += [Condition(question.name, text) for text in given]
    try:
        folder = Folder(Path(args.corpus))
        with (
            closing(CorpusDatabase(folder.file("corpus.sqlite"))) as database,
            closing(find(database, conditions)) as found,
        ):
            count = _print(args, folder, found)
    except BadQuestion as error:
        print(f"volplugins: {error}", file=sys.stderr)
        return _WRONG_USE
    except NoCorpus as error:
        print(f"volplugins: {error}", file=sys.stderr)
        return _CANNOT_OPEN
    if not count:
        print("no dump of this corpus fits", file=sys.stderr)
    return 0


def _print(args: argparse.Namespace, folder: Any, found: Iterator[Any]) -> int:
    """Print in the form that was asked for; return how many there were."""
    from volplugins.corpus import found_output
    from volplugins.report.shown_text import shown

    counted = _Counted(found)
    if args.null:
        sys.stdout.flush()
        for path in found_output.raw_paths(counted):
            sys.stdout.buffer.write(path + b"\0")
    else:
        width = shutil.get_terminal_size((120, 24)).columns
        lines: Iterator[str] = (
            found_output.json_lines(counted, folder) if args.json
            else map(_path, found_output.paths(counted)) if args.paths
            else found_output.table(counted, width)
        )  # fmt: skip
        for line in lines:
            print(line if args.json or args.paths else shown(line, len(line)))
    return counted.count


def _path(path: str) -> str:
    from volplugins.report.shown_text import shown

    return shown(path, len(path))


class _Counted:
    """Passes on and counts."""

    def __init__(self, items: Iterator[Any]) -> None:
        self._items = items
        self.count = 0

    def __iter__(self) -> Iterator[Any]:
        for item in self._items:
            self.count += 1
            yield item
