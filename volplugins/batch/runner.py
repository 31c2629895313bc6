"""Runs a corpus: what is to be done, worker processes with limits, results taken in as they come.

A dump's folder is written under another name and renamed when it is whole; its rows follow in one transaction. A run
that is killed between the two takes the folder in when it is resumed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from volplugins.batch.corpus import Corpus
from volplugins.batch.finder import Found, find_dumps, unpack
from volplugins.triage.whole_file import whole_file

try:
    import fcntl
except ImportError:  # on Windows two runs are not kept apart
    fcntl = None  # type: ignore[assignment]

_CHUNK, _HEAD = 1 << 20, 1 << 16
Report = Callable[[str, int, int], None]  # path, done, of how many


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Options of a run. ``timeout`` in seconds and ``memory`` in bytes are for each dump."""

    workers: int = 1
    symbols: tuple[str, ...] = ()
    image_path: tuple[str, ...] = ()
    redact: bool = False
    rehash: bool = False
    timeout: float = 3600.0
    memory: int = 0
    command_line: tuple[str, ...] = ()


@dataclass(slots=True)
class Batch:
    """One run over ``paths`` into ``folder``."""

    paths: Sequence[Path]
    folder: Path
    options: BatchOptions
    report: Report = lambda path, done, count: None
    _corpus: Corpus = field(init=False)
    _seen: set[str] = field(default_factory=set)
    _children: set[subprocess.Popen[str]] = field(default_factory=set)
    _claims: Lock = field(default_factory=Lock)

    def run(self) -> dict[str, int]:
        """Work on everything that is not done; gives how many dumps are of each status.

        Raises:
            BlockingIOError: another run works on this folder.
            OSError: the folder cannot be written to.
        """
        self._corpus = Corpus(self.folder)
        with _lock(self.folder / ".lock"):
            try:
                self._clear()
                self._work()
            finally:
                counts = self._corpus.counts()
                self._corpus.close()
        return counts

    def _clear(self) -> None:
        """What a killed run left: half-made folders go, whole ones without rows are taken in."""
        (self.folder / "dumps").mkdir(exist_ok=True)
        for folder in sorted((self.folder / "dumps").iterdir()):
            if folder.name.startswith("."):
                shutil.rmtree(folder, ignore_errors=True)
                continue
            dump = _dump_of(folder)
            if dump is not None and self._corpus.status(dump) is None:
                self._corpus.add(dump, folder)

    def _work(self) -> None:
        found = list(find_dumps(self.paths))
        running: dict[Future[_Done], Found] = {}
        done = 0
        waiting: Iterator[Found] = iter(found)
        with ThreadPoolExecutor(self.options.workers) as pool:
            try:
                while True:
                    while len(running) < self.options.workers and (each := next(waiting, None)) is not None:
                        running[pool.submit(self._one, each)] = each
                    if not running:
                        return
                    ready, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in ready:
                        each = running.pop(future)
                        self._take(future.result())
                        done += 1
                        self.report(str(each.path), done, len(found))
            except BaseException:
                self._stop()
                raise

    def _stop(self) -> None:
        for child in list(self._children):
            _kill(child)

    def _take(self, result: _Done) -> None:
        """Into the database, from the one thread that may."""
        if result.head is not None:
            self._corpus.remember(result.path, *result.head, result.dump)
        if result.folder is not None:
            self._corpus.add(result.dump, result.folder)
        elif result.reason:
            self._corpus.fail(result.dump, result.path, result.size, result.reason, result.seconds)

    def _one(self, found: Found) -> _Done:
        """One dump, in a thread that waits for its worker; never raises."""
        started = time.monotonic()
        try:
            return self._identified(found, started)
        except OSError as error:
            name = hashlib.sha256(str(found.path).encode("utf-8", "surrogateescape")).hexdigest()
            reason = " ".join(str(error).split())
            return _Done(found.path, f"unread-{name[:32]}", 0, reason=reason, seconds=time.monotonic() - started)

    def _identified(self, found: Found, started: float) -> _Done:
        head = _head(found.path)
        dump = None if self.options.rehash else self._ask(found.path, head)
        dump = dump or _sha256(found.path)
        size = head[0]
        if self._claimed(dump):
            return _Done(found.path, dump, size, head)
        with tempfile.TemporaryDirectory(prefix=".work-", dir=self.folder) as work:
            path = unpack(found.path, Path(work)) if found.packed else found.path
            target = self.folder / "dumps" / dump[:16]
            beside = target.with_name(f".{target.name}.{os.getpid()}")
            answer = self._child(path, beside, Path(work))
            if answer["status"] == "failed":
                shutil.rmtree(beside, ignore_errors=True)
                seconds = time.monotonic() - started
                return _Done(found.path, dump, size, head, None, answer["reason"] or "no reason was given", seconds)
            _sign(beside, dump, found.path)
            shutil.rmtree(target, ignore_errors=True)
            beside.rename(target)
            return _Done(found.path, dump, size, head, target)

    def _ask(self, path: Path, head: tuple[int, int, str]) -> str | None:
        return self._corpus.known(path, *head)

    def _claimed(self, dump: str) -> bool:
        """Whether the dump is done already, or another path of this run has it."""
        with self._claims:
            if dump in self._seen or self._corpus.status(dump) is not None:
                return True
            self._seen.add(dump)
            return False

    def _child(self, path: Path, output: Path, work: Path) -> dict[str, Any]:
        order = {
            "dump": str(path.absolute()), "output": str(output.absolute()), "symbols": list(self.options.symbols),
            "image_path": list(self.options.image_path), "redact": self.options.redact, "memory": self.options.memory,
            "command_line": list(self.options.command_line),
        }  # fmt: skip
        answer = work / "answer"
        with answer.open("w", encoding="utf-8") as out:
            child = subprocess.Popen(
                [sys.executable, "-m", "volplugins.batch.worker"], stdin=subprocess.PIPE, stdout=out,
                stderr=subprocess.DEVNULL, text=True, start_new_session=True, env={**os.environ, "TMPDIR": str(work)},
            )  # fmt: skip
        self._children.add(child)
        try:
            assert child.stdin is not None
            with suppress(OSError):  # it may have ended already
                child.stdin.write(json.dumps(order) + "\n")
                child.stdin.flush()
            child.wait(self.options.timeout)
        except subprocess.TimeoutExpired:
            return {"status": "failed", "reason": f"not done after {self.options.timeout:g} s"}
        finally:
            self._children.discard(child)
            _kill(child)
            child.wait()
        return _answer(answer, child.returncode)


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of one path."""

    path: Path
    dump: str
    size: int
    head: tuple[int, int, str] | None = None
    folder: Path | None = None
    reason: str = ""
    seconds: float = 0.0


def _answer(path: Path, code: int) -> dict[str, Any]:
    """What a worker said last; where it said nothing, how it ended."""
    with suppress(ValueError, IndexError, OSError):
        answer = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        if isinstance(answer, dict) and "status" in answer:
            return answer
    return {"status": "failed", "reason": f"its process ended with code {code} and no answer"}


def _kill(child: subprocess.Popen[str]) -> None:
    """The worker and whatever it has started."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Keep a second run out of the folder; the lock goes with the process, however it ends."""
    with path.open("a") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _head(path: Path) -> tuple[int, int, str]:
    """Size, time of last change and a hash of the first bytes: the shortcut of a resumed run."""
    status = path.stat()
    with path.open("rb") as file:
        return status.st_size, status.st_mtime_ns, hashlib.sha256(file.read(_HEAD)).hexdigest()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            digest.update(data)
    return digest.hexdigest()


def _sign(folder: Path, dump: str, path: Path) -> None:
    """Which dump a folder is of, for a run that is resumed."""
    with whole_file(folder / "dump.json") as file:
        json.dump({"sha256": dump, "path": str(path)}, file)


def _dump_of(folder: Path) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((folder / "dump.json").read_text(encoding="utf-8"))["sha256"])
    return None
