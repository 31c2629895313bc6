"""The process that reads files which came back: ``python -m volplugins.symbols_exchange.reading_process BYTES``.

A request and an answer are a line of JSON each. ``{"read": PATH, "kind": "pdb" or "table"}`` gives name, guid and age;
``{"write": PATH, "name": …, "age": …}`` writes what was read last. ``{"error": …}`` says why not, and with
``"ends"`` that there will be no other answer.
"""

from __future__ import annotations

import json
import lzma
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from volplugins.image.debug_record import DebugRecord
from volplugins.symbols_exchange.tables import PdbFile, UnusableFile, identity_of, named, read_table

_LIBRARIES = 1 << 30  # address space, hardly memory
Make = Callable[[DebugRecord], dict[str, Any]]


def main(memory: int) -> int:
    """Answer until standard input ends, or memory has run out once."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # the converter prints where it likes
    _limit(memory)
    make: Make | None = None
    for line in sys.stdin.buffer:
        request, whole = json.loads(line), True
        try:
            if "read" in request:
                make = None  # before the next one is read
                make, answer = _read(request)
            else:
                answer = _write(make, request)
        except UnusableFile as error:
            answer = {"error": str(error)}
        except MemoryError:
            make, whole, answer = None, False, {"error": f"needs more than {memory >> 20} MiB", "ends": True}
        except OSError as error:
            answer = {"error": error.strerror or type(error).__name__}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
        if not whole:
            return 1
    return 0


def _read(request: dict[str, Any]) -> tuple[Make, dict[str, Any]]:
    path = Path(request["read"])
    if request["kind"] == "pdb":
        from volatility3.framework import constants  # noqa: PLC0415 - for the converter alone

        constants.CACHE_PATH = request["cache"]
        file = PdbFile(path)
        return file.table, {"name": path.name, "guid": file.guid, "age": file.age}
    table = read_table(path)
    record = identity_of(table)
    return lambda wanted: named(table, wanted), {"name": record.pdb_name, "guid": record.guid, "age": record.age}


def _write(make: Make | None, request: dict[str, Any]) -> dict[str, Any]:
    if make is None:
        raise UnusableFile("nothing was read")
    table = make(DebugRecord(request["name"], request["name"], "", request["age"]))
    Path(request["write"]).write_bytes(lzma.compress(json.dumps(table).encode("utf-8"), preset=1))
    return {}


def _limit(memory: int) -> None:
    """Limit this process's memory, where the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not there on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory + _LIBRARIES, memory + _LIBRARIES))
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
