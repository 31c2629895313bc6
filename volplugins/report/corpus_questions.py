"""What a corpus can be searched by: each kind of question, and where in corpus.sqlite its texts are.

``volplugins find`` and the search of index.html ask the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FUNCTIONS = {"coalesce", "iif"}


@dataclass(frozen=True, slots=True)
class Place:
    """Texts of a table.

    Attributes:
        texts: columns that are searched; dump: the one with the dump's id.
        where: which rows, in SQL; shows: SQL of what is said of a match, in place of the text alone.
    """

    table: str
    texts: tuple[str, ...]
    where: str = "1"
    shows: str = ""
    dump: str = "dump"

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
    Question("process", "Process", (Place("processes", ("name", "image_path"), "1", _PROCESS),),
             "a process by image name or path"),
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
