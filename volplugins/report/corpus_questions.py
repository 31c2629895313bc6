"""What a corpus can be searched by: each kind of question, and where in corpus.sqlite its texts are.

``volplugins find`` and the search of index.html ask the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

#: What a file name may be typed without.
EXTENSIONS = (".sys", ".exe", ".dll")
_FUNCTIONS = {"coalesce", "iif"}


@dataclass(frozen=True, slots=True)
class Place:
    """Texts of a table.

    Attributes:
        texts: columns that are searched; dump: the one with the dump's id.
        where: which rows, in SQL; shows: SQL of what is said of a match, in place of the text alone.
        cut: the texts are what was kept of longer names, so many letters; unless: the column that has them whole.
    """

    table: str
    texts: tuple[str, ...]
    where: str = "1"
    shows: str = ""
    dump: str = "dump"
    cut: tuple[int, ...] = ()
    unless: str = ""

    def rows_of(self, columns: Collection[str]) -> str:
        """Which rows, in SQL, of a table with these columns: older ones have fewer."""
        return f"{self.where} AND {self.unless} IS NULL" if self.unless in columns else self.where

    @property
    def shown_columns(self) -> set[str]:
        """The columns that ``shows`` is made of."""
        return set(re.findall(r"[a-z_]+", re.sub(r"'[^']*'", "", self.shows))) - _FUNCTIONS


@dataclass(frozen=True, slots=True)
class Question:
    """One kind.

    Attributes:
        name: as ``--NAME`` has it; title: in words for the page.
        places: where to look; anywhere: whether a text without wildcards may be a part of what is there.
        help: for the command line.
    """

    name: str
    title: str
    places: tuple[Place, ...]
    help: str
    anywhere: bool = False


def cut_names(typed: str, letters: Sequence[int]) -> list[str]:
    """What is kept of the name that was typed, of which its extension may lack, where it is too long to be kept."""
    names = [typed, *([f"{typed}{each}" for each in EXTENSIONS] if "." not in typed else [])]
    wild = {"*", "?"} & set(typed)
    return [] if wild else list(dict.fromkeys(name[:most] for name in names for most in letters if len(name) > most))


# EPROCESS.ImageFileName: UCHAR [15] with its end, [16] before Windows Vista (the symbol tables of the kernels)
_KEPT = (14, 15)
_VERSION = "module || coalesce(' ' || version, '') || coalesce(' ' || file_key, '')"
_PROCESS = "name || ' ' || coalesce(pid, '?') || coalesce(' ' || image_path, '')"
QUESTIONS = (
    Question(
        "driver", "Driver",
        (
            Place("modules", ("module", "path"), "kernel = 1", _VERSION),
            Place("drivers", ("driver", "module"), "1", "driver || coalesce(' ' || module, '')"),
        ),
        "a kernel module by file name or path, or a driver object",
    ),
    Question("module", "Module", (Place("modules", ("module", "path"), "kernel = 0", _VERSION),),
             "an image of user memory by file name or path"),
    Question("key", "File key", (Place("modules", ("file_key",), "1", _VERSION),),
             "an image by time stamp and size, as symbol servers write them: 5D5943D923000"),
    Question("frame", "Frame",
             (Place("frames", ("symbol", "function"), "1", "symbol || iif(crash, ' (crashing stack)', '')"),),
             "a frame of any stack: a part of module!function+0x…", anywhere=True),
    Question("bugcheck", "Bugcheck",
             (Place("failures", ("bugcheck", "bugcheck_name"), "1", "bugcheck || coalesce(' ' || bugcheck_name, '')"),),
             "a code (0xd1) or its name"),
    Question(
        "process", "Process",
        (
            Place("processes", ("name", "image_path"), "1", _PROCESS),
            Place("processes", ("name",), "length(name) IN (14, 15)", _PROCESS, cut=_KEPT, unless="image_path"),
        ),
        "a process by image name or path",
    ),
    Question("command-line", "Command line",
             (Place("processes", ("command_line",), "1", "name || ' ' || coalesce(pid, '?') || ': ' || command_line"),),
             "a part of a process's command line", anywhere=True),
    Question("finding", "Finding", (Place("findings", ("kind",), "1", "kind || coalesce(': ' || evidence, '')"),),
             "a kind of finding (docs/findings.md)"),
    Question("machine", "Machine",
             (Place("dumps", ("computer", "machine", "build"), "1", "coalesce(computer, machine)", dump="id"),),
             "a computer's name, x64 or x86, or a build"),
    Question("device", "Device",
             (Place("devices", ("instance", "service"), "1", "coalesce(instance, service)"),),
             "a device by instance path or service"),
    Question("signature", "Signature", (Place("dumps", ("signature", "culprit"), "1", dump="id"),),
             "a failure's signature, or the culprit"),
)  # fmt: skip
BY_NAME = {question.name: question for question in QUESTIONS}
