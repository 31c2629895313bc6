"""Who does the work: local threads, each with a child process per dump. Dask's cluster is the other engine."""

from __future__ import annotations

import concurrent.futures
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from volplugins.batch.child import Children
from volplugins.batch.corpus_folder import OWN
from volplugins.batch.finding import Found, find
from volplugins.batch.identity import Identity, identify
from volplugins.batch.job import Job, Outcome
from volplugins.batch.options import BatchOptions
from volplugins.batch.perform import perform
from volplugins.packed.candidate import Candidate

Result = Identity | tuple[Job, Outcome]


def results_below(output: Path) -> list[str]:
    """The folders of a corpus, which are not searched for dumps."""
    return [str(output / name) for name in OWN]


class Engine(Protocol):
    """Takes tasks and gives results back in the order in which they end."""

    @property
    def slots(self) -> int:
        """How many tasks are worked on at a time."""
        ...  # pragma: no cover - a protocol has no body

    def find(self) -> Found:
        """Search the paths of the options."""
        ...  # pragma: no cover - a protocol has no body

    def identify(self, one: Candidate) -> None:
        """Have a candidate read; gives an Identity."""
        ...  # pragma: no cover - a protocol has no body

    def perform(self, job: Job) -> None:
        """Have a dump worked on; gives the job and its Outcome."""
        ...  # pragma: no cover - a protocol has no body

    def next(self) -> Result:
        """Wait for the next result."""
        ...  # pragma: no cover - a protocol has no body

    def close(self) -> None:
        """End what still runs."""
        ...  # pragma: no cover - a protocol has no body


class LocalEngine:
    """Threads of this process: each reads, unpacks, and waits for a child."""

    def __init__(self, options: BatchOptions, dumps: Path, scratch: Path) -> None:
        self.slots = max(1, options.workers)
        self._options = options
        self._dumps, self._scratch = dumps, scratch
        self._pool = concurrent.futures.ThreadPoolExecutor(self.slots)
        self._children = Children()
        self._futures: set[concurrent.futures.Future[Result]] = set()
        self._numbers = itertools.count()

    def find(self) -> Found:
        """Search here."""
        paths = [str(path) for path in self._options.paths]
        return find(paths, results_below(self._options.output), str(self._scratch))

    def identify(self, one: Candidate) -> None:
        """Read it in a thread."""
        self._submit(identify, one, self._options.caps, self._children.are_ended, str(self._scratch))

    def perform(self, job: Job) -> None:
        """Do it in a child."""
        self._submit(self._perform, job)

    def next(self) -> Result:
        """Wait; KeyboardInterrupt comes through."""
        done, _ = concurrent.futures.wait(self._futures, return_when=concurrent.futures.FIRST_COMPLETED)
        future = done.pop()
        self._futures.discard(future)
        return future.result()

    def close(self) -> None:
        """Kill the children; their threads end with them."""
        self._children.kill_all()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._futures.add(self._pool.submit(function, *arguments))

    def _perform(self, job: Job) -> Result:
        output = self._dumps / f".new-{job.id}-{next(self._numbers)}"
        return job, perform(job, output, self._scratch, self._children)
