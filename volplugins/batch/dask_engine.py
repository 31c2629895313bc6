"""The same work on a Dask cluster. Dumps are read where a worker sees them; what comes back is rows and small files.

The scheduler gives the tasks of a worker that is lost to another. Whatever runs twice counts once: a result is put into
the corpus by the one process that writes there, when it is taken from here, and a task is taken once.
"""

from __future__ import annotations

import re
import socket
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volplugins.batch import job as jobs
from volplugins.batch.child import Children
from volplugins.batch.engine import Result, results_below
from volplugins.batch.errors import CorpusError, UseError
from volplugins.batch.finding import Found, find
from volplugins.batch.identity import Identity, identify
from volplugins.batch.job import Job, Outcome
from volplugins.batch.options import BatchOptions
from volplugins.batch.perform import packed, perform
from volplugins.packed.candidate import Candidate
from volplugins.packed.errors import reason_of

if TYPE_CHECKING:
    from distributed import Future

_ADDRESS = re.compile(r"(?:[a-z]+://)?[^/\s]+:\d{1,5}/?")
_KNOCK = 4.0  # seconds for somebody to listen at the address, and until it is said that nobody has answered
_OVER_TCP = ("", "tcp", "tls")
_WAIT = 30  # seconds for a scheduler to answer, and for a first worker
_TRIES = 3  # for a dump whose workers are lost again and again


class DaskEngine:
    """Tasks of a cluster.

    Raises:
        UseError: the address is none.
        CorpusError: dask.distributed is not installed, no scheduler answers, or no worker is there.
    """

    def __init__(self, options: BatchOptions) -> None:
        try:
            from distributed import Client, as_completed  # noqa: PLC0415 - an extra; nobody else pays for it
        except ImportError:
            raise CorpusError("--scheduler needs dask.distributed: pip install 'volplugins[dask]'") from None
        self._options = options
        if not _ADDRESS.fullmatch(options.scheduler):
            raise UseError(f"{options.scheduler}: is no address of a scheduler, as tcp://HOST:PORT is")
        try:
            with _said_when_slow(options):
                _knock(options.scheduler)
                self._client = Client(options.scheduler, timeout=_WAIT, set_as_default=False)
                self._client.wait_for_workers(1, timeout=_WAIT)
        except (OSError, TimeoutError, ValueError) as error:
            raise CorpusError(f"{options.scheduler}: no cluster to work on: {reason_of(error)}") from None
        self._run = uuid.uuid4().hex
        self._done = as_completed([], loop=self._client.loop)
        self._asked: dict[str, tuple[Candidate | Job, int]] = {}
        self._count = 0

    @property
    def slots(self) -> int:
        """Threads of all workers that are there now."""
        threads: int = sum(self._client.nthreads().values())
        return max(1, threads)

    def find(self) -> Found:
        """Search where a worker sees the paths."""
        paths = [str(path) for path in self._options.paths]
        results = results_below(self._options.output)
        found: Found = self._client.submit(find, paths, results, pure=False).result()
        return found

    def identify(self, one: Candidate) -> None:
        """Have a worker read it."""
        self._submit(one, 1)

    def perform(self, job: Job) -> None:
        """Have a worker do it; before files that have only to be read."""
        self._submit(job, 1)

    def next(self) -> Result:
        """Wait for a result; a task that the cluster gave up is asked for again, a few times."""
        while True:
            future: Future[Any] = next(self._done)
            task, tries = self._asked.pop(str(future.key))
            try:
                result: Result = future.result()
                return result
            except Exception as error:
                if tries >= _TRIES:
                    return _given_up(task, error)
                self._submit(task, tries + 1)

    def close(self) -> None:
        """Take back what still runs, and leave the cluster."""
        self._client.cancel(list(self._asked), force=True)
        self._client.close(timeout=_WAIT)

    def _submit(self, task: Candidate | Job, tries: int) -> None:
        self._count += 1
        key = f"volplugins-{type(task).__name__.lower()}-{self._run}-{self._count}"
        self._asked[key] = (task, tries)
        work: Callable[..., Any] = perform_far if isinstance(task, Job) else identify
        arguments = (task,) if isinstance(task, Job) else (task, self._options.caps)
        priority = 10 if isinstance(task, Job) else 0
        self._done.add(self._client.submit(work, *arguments, key=key, pure=False, priority=priority))


def _knock(address: str) -> None:
    """Whether a scheduler listens there: one that does speaks first. Dask itself waits for long where nobody does.

    Raises:
        OSError: nobody does, or whoever does says nothing.
    """
    kind, _, place = address.rpartition("://")
    host, _, port = place.rstrip("/").rpartition(":")
    if kind in _OVER_TCP:
        with socket.create_connection((host.strip("[]"), int(port)), _KNOCK) as line:
            line.settimeout(_WAIT)
            if kind != "tls" and not line.recv(1):
                raise ConnectionError("whoever listens there is no scheduler")


@contextmanager
def _said_when_slow(options: BatchOptions) -> Iterator[None]:
    """Say that nobody has answered yet, where the block takes long."""
    text = f"{options.scheduler}: no answer of a scheduler with a worker yet; given up after {_WAIT} seconds"
    timer = threading.Timer(_KNOCK, lambda: print(text, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def perform_far(job: Job) -> tuple[Job, Outcome]:
    """Runs on a worker: do the job in its own scratch folder, and send the files back."""
    from distributed import get_worker  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="volplugins-", dir=get_worker().local_directory) as folder:
        output = Path(folder) / "results"
        done = perform(job, output, Path(folder), Children())
        files = packed(output) if done.folder is not None else {}
    return job, replace(done, folder=None, files=files)


def _given_up(task: Candidate | Job, error: Exception) -> Result:
    reason = f"lost on the cluster {_TRIES} times: {reason_of(error)}"
    if isinstance(task, Job):
        return task, Outcome(jobs.CRASHED, reason)
    return Identity(task, None, task.size, reason)
