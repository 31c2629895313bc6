"""A run over a corpus: finds, identifies, has the work done, and writes each result as it comes."""

from __future__ import annotations

import logging
import os
import shutil
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from volplugins.batch import job as jobs
from volplugins.batch.corpus_folder import CorpusFolder
from volplugins.batch.database import Database
from volplugins.batch.engine import Engine
from volplugins.batch.errors import CorpusError, UseError
from volplugins.batch.identity import DIGITS, Identity
from volplugins.batch.job import Job, Outcome
from volplugins.batch.options import BatchOptions
from volplugins.batch.outcome_file import Result
from volplugins.batch.progress import Progress
from volplugins.packed.candidate import Candidate

_log = logging.getLogger(__name__)
_AHEAD = 1024  # files that are read while the work on an earlier one cannot begin


@dataclass(slots=True)
class Tally:
    """What a run came to: dumps done now by status; places known before; places of a dump met already; other files."""

    done: dict[str, int] = field(default_factory=dict)
    known: int = 0
    same: int = 0
    others: int = 0
    problems: int = 0

    def count(self, status: str) -> None:
        """One more."""
        self.done[status] = self.done.get(status, 0) + 1


class Corpus:
    """One run; the caller holds the folder's lock."""

    def __init__(
        self, options: BatchOptions, folder: CorpusFolder, database: Database, engine: Engine, progress: Progress
    ) -> None:
        self._options = options
        self._folder, self._database, self._engine, self._progress = folder, database, engine, progress
        self.tally = Tally()
        self._jobs: deque[Job] = deque()
        self._places: dict[str, list[Candidate]] = {}
        self._wholes: dict[str, str] = {}  # what the dumps under way are told apart by
        self._running = 0
        self._order: deque[str] = deque()
        self._read: dict[str, Identity] = {}
        self._outdated = _outdated(database) if options.reanalyse else set()

    def run(self) -> Tally:
        """Do all that is to be done.

        Raises:
            CorpusError, OSError: the corpus cannot be written.
        """
        found = self._engine.find()
        self._refuse_beside(found.candidates)
        self.tally.others = found.others
        for place, reason in found.problems:
            self.tally.problems += 1
            self._progress.say("a path" if self._options.redact else place, reason)
        for place, text in found.remarks:
            self._progress.say("a path" if self._options.redact else place, text)
        waiting = deque(self._new(found.candidates))
        self._progress.begin(len(found.candidates), self.tally.known)
        while waiting or self._jobs or self._running:
            while self._running < 2 * self._engine.slots and self._start(waiting):
                self._running += 1
            self._take(self._engine.next())
        return self.tally

    def _refuse_beside(self, candidates: list[Candidate]) -> None:
        """Nothing is written beside a dump that was found in DIR itself."""
        output = os.path.realpath(self._options.output)
        for one in candidates:
            if output in (os.path.dirname(one.path), os.path.dirname(os.path.realpath(one.path))):
                place = "a dump" if self._options.redact else one.label
                raise UseError(f"{self._options.output}: {place} lies there: give another folder for the results")

    def _start(self, waiting: deque[Candidate]) -> bool:
        """Start a task: a dump's work first, else the reading of the next file, so far as reading may run ahead."""
        if self._jobs:
            self._engine.perform(self._jobs.popleft())
            return True
        if not waiting or len(self._order) >= _AHEAD:
            return False
        one = waiting.popleft()
        self._order.append(one.key)
        self._engine.identify(one)
        return True

    def _new(self, candidates: list[Candidate]) -> list[Candidate]:
        """Candidates of which nothing is known yet."""
        if self._options.rehash:
            return candidates
        dumps = {one.key: self._database.dump_of(one.key) for one in candidates}
        new = [one for one in candidates if dumps[one.key] is None or dumps[one.key] in self._outdated]
        self.tally.known = len(candidates) - len(new)
        for one in candidates:
            dump = dumps[one.key]
            path = self._path(one)
            if dump is not None and path[2] is not None and not self._database.has_bytes(one.key):
                self._database.add_paths(dump, [path])
        return new

    def _take(self, result: Identity | tuple[Job, Outcome]) -> None:
        self._running -= 1
        if not isinstance(result, Identity):
            self._performed(*result)
            return
        self._read[result.candidate.key] = result
        # in order of their places, so that of two places of a dump it is always the first that is worked on
        while self._order and self._order[0] in self._read:
            self._identified(self._read.pop(self._order.popleft()))

    def _identified(self, identity: Identity) -> None:
        """A dump that is known gets another path; one that is new, work; one that cannot be read, its line."""
        one, name = identity.candidate, self._name_of(identity)
        if name in self._places:
            self._places[name].append(one)
            self.tally.same += 1
            self._progress.advance("same")
        elif self._database.has(name) and name not in self._outdated:
            self._database.add_paths(name, [self._path(one)])
            self.tally.same += 1
            self._progress.advance("same")
        else:
            self._places[name], self._wholes[name] = [one], identity.whole
            if identity.sha256 is None:
                self._record(self._no_result(name, identity, jobs.CANNOT_OPEN, identity.reason, 0.0), None)
            else:
                self._jobs.append(self._job(name, identity, identity.sha256))

    def _name_of(self, identity: Identity) -> str:
        """The dump's name in the corpus: the first digits of what tells it apart, all where another has those."""
        short = identity.whole[:DIGITS]
        taken = self._wholes.get(short) or self._database.whole_of(short)
        return short if taken in (None, identity.whole) else identity.whole

    def _job(self, name: str, identity: Identity, sha256: str) -> Job:
        options = self._options
        return Job(
            name, sha256, identity.size, identity.candidate, options.work, options.symbols, options.image_path,
            options.redact, options.memory, options.timeout, options.caps, options.command_line,
            options.budget,
        )  # fmt: skip

    def _performed(self, job: Job, outcome: Outcome) -> None:
        """The folder gets its name first, then the row is written: whoever is killed between them finds the folder."""
        if outcome.status == jobs.DISK_FULL:
            raise CorpusError(f"{self._options.output}: {outcome.reason}")
        again = job.id in self._outdated
        self._outdated.discard(job.id)
        made = self._folder.receive(job.id, outcome.files) if outcome.files else outcome.folder
        if made is None and again:
            self._keep(job, outcome)
            return
        if made is None:
            identity = Identity(job.candidate, job.sha256, job.size)
            self._record(self._no_result(job.id, identity, outcome.status, outcome.reason, outcome.seconds), None)
            return
        self._record(self._folder.accept(job.id, Path(made)), self._folder.name_of(job.id))

    def _keep(self, job: Job, outcome: Outcome) -> None:
        """What an older recipe made of the dump stays, where the new work does not end."""
        self._database.add_paths(job.id, [self._path(one) for one in self._ended(job.id)])
        self.tally.count(outcome.status)
        self._progress.advance(outcome.status)
        place = job.candidate.shown(self._options.redact)
        self._progress.say(place, f"{outcome.status}: {outcome.reason}; what was known before is kept")

    def _no_result(self, name: str, identity: Identity, status: str, reason: str, seconds: float) -> Result:
        one = identity.candidate
        place = one.shown(self._options.redact)
        return Result(name, identity.sha256, identity.size, status, reason, seconds, one.key, place, {})

    def _record(self, result: Result, folder: str | None) -> None:
        places = self._ended(result.id)
        self._database.record(result, folder, [self._path(one) for one in places])
        reason = f": {result.reason}" if result.reason else ""
        _log.info("%s: %s in %.1f s%s", result.place, result.status, result.seconds, reason)
        self.tally.count(result.status)
        self._progress.advance(result.status)
        if result.reason:
            self._progress.say(result.place, f"{result.status}: {result.reason}")

    def _ended(self, name: str) -> list[Candidate]:
        """The places of a dump that is not under way any more."""
        self._wholes.pop(name, None)
        return self._places.pop(name)

    def _path(self, one: Candidate) -> tuple[str, str, bytes | None]:
        redact = self._options.redact
        return one.key, one.shown(redact), None if redact else one.raw


def _outdated(database: Database) -> set[str]:
    from volplugins.triage import RECIPE  # noqa: PLC0415 - only where it is asked for

    return database.of_other_recipes(RECIPE)


def finish(folder: CorpusFolder) -> None:
    """Remove what only the run needed."""
    shutil.rmtree(folder.scratch, ignore_errors=True)
