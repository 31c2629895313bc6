"""The lab's kernel at the other end of a socket, in a process of its own: started, and asked at the end what it saw."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

_READY = 60


@dataclass
class Served:
    """A kernel that is served: where, and what the lab said of it, whole after the end."""

    url: str
    said: str = ""
    lines: list[str] = field(default_factory=list)


@contextmanager
def serving(*options: str, tcp: bool = False) -> Iterator[Served]:
    """`volplugins lab serve` with these options."""
    # a socket's name has 107 bytes at most: pytest's folders may be longer
    with TemporaryDirectory(prefix="kd-") as folder:
        listen = "127.0.0.1:0" if tcp else str(Path(folder) / "kd.sock")
        command = [sys.executable, "-m", "volplugins.cli.main", "lab", "serve", "--listen", listen, *options]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
            start_new_session=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            place = first.partition(" at ")[2].partition(";")[0].strip()
            assert place, first + process.stdout.read()
            served = Served(f"kd+tcp://{place}" if tcp else f"kd+unix://{place}", first)
            yield served
        finally:
            process.send_signal(signal.SIGINT)
            try:
                rest, _ = process.communicate(timeout=_READY)
            finally:
                process.kill()
        served.said += rest
