"""Has files that came back read by another process, which a hostile one may fill, crash or keep busy without harm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from volatility3.framework import constants

from volplugins.image.debug_record import DebugRecord
from volplugins.symbols_exchange.tables import UnusableFile

_ROOT = str(Path(__file__).resolve().parents[2])
MEMORY = 3 << 30  # bytes: a table of 256 MiB needs 2 GiB
SECONDS = 300.0  # the largest PDBs take a minute or two to convert


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Whose PDB or table a file is, as it says itself."""

    name: str
    guid: str
    age: int


class ReadingProcess:
    """The process, started where it is needed and again where it died; ``write`` is about what was read last."""

    def __init__(self, memory: int = MEMORY, seconds: float = SECONDS) -> None:
        self._memory, self._seconds = memory, seconds
        self._child: subprocess.Popen[bytes] | None = None
        # it stands in an empty folder, so that nothing beside the files is imported
        self._folder = tempfile.TemporaryDirectory(prefix="volplugins-import-")

    def __enter__(self) -> ReadingProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._folder.cleanup()

    def read(self, path: Path, kind: str) -> ReadFile:
        """Have a file read; ``kind`` is ``pdb`` or ``table``.

        Raises:
            UnusableFile: it cannot be used, or took too much memory or time.
        """
        answer = self._ask({"read": str(path.absolute()), "kind": kind, "cache": constants.CACHE_PATH})
        return ReadFile(str(answer["name"]), str(answer["guid"]), int(answer["age"]))

    def write(self, record: DebugRecord, target: Path) -> None:
        """Have the table that was read last written, packed, under the name and age of ``record``.

        Raises:
            UnusableFile: it cannot be made.
        """
        self._ask({"write": str(target.absolute()), "name": record.pdb_name, "age": record.age})

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        child = self._started()
        assert child.stdin is not None and child.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(self._seconds, end)
        timer.start()
        line = b""
        try:
            with suppress(BrokenPipeError):
                child.stdin.write(json.dumps(request).encode() + b"\n")
                child.stdin.flush()
                line = child.stdout.readline()
        finally:
            timer.cancel()
        answer: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {"error": self._why_dead(late.is_set())}
        if answer.get("ends"):
            self._end()
        if "error" in answer:
            raise UnusableFile(answer["error"])
        return answer

    def _why_dead(self, late: bool) -> str:
        self._end()
        return f"not read within {self._seconds:g} s" if late else "the process that read it died of it"

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            path = os.pathsep.join(part for part in (_ROOT, os.environ.get("PYTHONPATH", "")) if part)
            self._child = subprocess.Popen(
                [sys.executable, "-m", "volplugins.symbols_exchange.reading_process", str(self._memory)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self._folder.name,
                env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
            )  # fmt: skip
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None
