"""Runs of plain ``vol`` that do not import volatility3 anew: two thirds of a short run is that."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SERVER = Path(__file__).with_name("warm_server.py")


class WarmVol:
    """A server of runs (see ``warm_server``), started when the first one is asked for; needs ``fork``."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Runs have ``folder`` as theirs and write their output there."""
        self._folder, self._environment = folder, dict(environment)
        self._server: subprocess.Popen[str] | None = None

    def run(self, arguments: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
        """Run ``vol`` with the arguments.

        Raises:
            subprocess.TimeoutExpired: it did not end in so many seconds; it is killed.
        """
        out, err = self._folder / "warm-out", self._folder / "warm-err"
        server = self._started()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps({"arguments": arguments, "out": str(out), "err": str(err)}) + "\n")
        server.stdin.flush()
        if not select.select([server.stdout], [], [], timeout)[0]:
            self.close()
            raise subprocess.TimeoutExpired(["vol", *arguments], timeout)
        code = int(server.stdout.readline())
        texts = (path.read_text(encoding="utf-8") for path in (out, err))
        return subprocess.CompletedProcess(["vol", *arguments], code, *texts)

    def _started(self) -> subprocess.Popen[str]:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, str(SERVER)], cwd=self._folder, env=self._environment, text=True, encoding="utf-8",
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return self._server

    def close(self) -> None:
        """End the server and the run it may have."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.communicate()
