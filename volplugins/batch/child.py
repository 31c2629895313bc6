"""Runs one job in a child process of its own, within its limits; what the child started ends with it."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from volplugins.batch import job as jobs
from volplugins.batch.job import Job, Outcome, as_json
from volplugins.batch.outcome_file import read_outcome

_ROOT = str(Path(__file__).resolve().parents[2])
_TAIL = 4096
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LEFT_A_FOLDER = (jobs.DONE, jobs.FAULTS)


class Children:
    """The children that run now, so that all can be ended at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    @contextmanager
    def watched(self, child: subprocess.Popen[bytes]) -> Iterator[None]:
        """Known while the block runs; killed at its end, whatever ended it."""
        with self._lock:
            self._running.add(child)
            if self._closed:
                kill(child)
        try:
            yield
        finally:
            kill(child)
            with self._lock:
                self._running.discard(child)

    def are_ended(self) -> bool:
        """Whether kill_all was called."""
        return self._closed

    def kill_all(self) -> None:
        """End those that run, and any that is started later."""
        with self._lock:
            self._closed = True
            for child in self._running:
                kill(child)


def kill(child: subprocess.Popen[bytes]) -> None:
    """End the child with its whole group, which may outlive it. Once it was waited for, its number may be another's."""
    if child.returncode is None:
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(child.pid, signal.SIGKILL)
            else:
                child.kill()
    child.wait()


def _ended(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the child's end, but leave it unburied where the system can: its number then still names its group."""
    if not hasattr(os, "waitid"):
        with suppress(subprocess.TimeoutExpired):
            child.wait(seconds or None)
        return child.returncode is not None
    end, pause = time.monotonic() + (seconds or float("inf")), 0.001
    while child.returncode is None and not os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    return True


def run_child(job: Job, scratch: Path, children: Children) -> Outcome:
    """Do the job; its results are in ``job.output``. ``scratch`` is where the child stands, and its last words go."""
    start = time.monotonic()
    words = scratch / f"words-{job.id}"
    try:
        with words.open("wb") as errors:
            code = _run(job, scratch, errors, children)
        seconds = round(time.monotonic() - start, 3)
        if code is None:
            return Outcome(jobs.TIMEOUT, f"not done within {job.timeout:g} s", seconds)
        if code == jobs.DISK_FULL_CODE:
            return Outcome(jobs.DISK_FULL, os.strerror(errno.ENOSPC), seconds)
        found = read_outcome(Path(job.output)) if code == 0 else None
        if found is None:
            return _crash(job, code, words, seconds)
        folder = job.output if found.status in _LEFT_A_FOLDER else None
        return Outcome(found.status, found.reason, found.seconds, folder)
    finally:
        words.unlink(missing_ok=True)


def _run(job: Job, scratch: Path, errors: IO[bytes], children: Children) -> int | None:
    """The child's exit code; None where its time ran out."""
    path = os.pathsep.join(part for part in (_ROOT, os.environ.get("PYTHONPATH", "")) if part)
    child = subprocess.Popen(
        [sys.executable, "-m", "volplugins.batch.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, cwd=scratch, start_new_session=True,
        env={**os.environ, **_ONE_THREAD, "PYTHONPATH": path},
    )  # fmt: skip
    with children.watched(child):
        assert child.stdin is not None
        with suppress(BrokenPipeError):  # it is gone already; its exit code says why
            child.stdin.write(json.dumps(as_json(job)).encode() + b"\n")
            child.stdin.flush()  # and stays open: its end would end the child
        in_time = _ended(child, job.timeout)
    with suppress(BrokenPipeError):
        child.stdin.close()
    return child.returncode if in_time else None


def _crash(job: Job, code: int, words: Path, seconds: float) -> Outcome:
    """What can be said of a child that left no outcome: the signal, or its last line."""
    last = words.read_bytes()[-_TAIL:].decode("utf-8", "replace").strip().splitlines()
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        if _starved(last):
            return Outcome(jobs.MEMORY, f"needs more than {job.memory >> 20} MiB", seconds)
        return Outcome(jobs.CRASHED, f"the process was ended by {name}", seconds)
    if _starved(last):
        return Outcome(jobs.MEMORY, f"needs more than {job.memory >> 20} MiB", seconds)
    text = f": {last[-1][:300]}" if last and not job.redact else ""
    return Outcome(jobs.CRASHED, f"the process ended with exit code {code}{text}", seconds)


def _starved(last: list[str]) -> bool:
    """Whether the last words are those of a process, or of a library in it, that got no memory."""
    return any("MemoryError" in line or "Memory allocation" in line or "bad_alloc" in line for line in last[-3:])
