"""The child that does one dump: ``python -m volplugins.batch.worker``; reads a job from standard input, dies with it.

It ends when standard input does: whoever held the other end is gone, and nobody waits for the results.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from volplugins.batch import job as jobs
from volplugins.batch.digest import digest
from volplugins.batch.errors import ChangedFile, is_full_disk
from volplugins.batch.job import Job, from_json
from volplugins.batch.outcome_file import write_outcome
from volplugins.dumpfile.errors import DumpError
from volplugins.packed.errors import reason_of
from volplugins.vol.symbols.cache_folder import cache_folder, keep_cache_in

_MAPPINGS = 4  # of the dump at a time, at most: ours, the hash's, the plugins'
_LIBRARIES = 2 << 30  # address space, hardly memory


def main() -> int:
    """Do the job; how it ended is in batch.json of its folder, or, where the disk is too full, in the exit code.

    Raises:
        OSError: the file cannot be written for another reason.
    """
    try:
        _do()
    except (OSError, sqlite3.OperationalError) as error:
        if is_full_disk(error):
            return jobs.DISK_FULL_CODE
        raise
    return 0


def _do() -> None:
    job = _with_own_cache(from_json(json.loads(_line())))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_memory(job.memory, job.size)
    start = time.monotonic()
    status, reason = perform(job)
    seconds = round(time.monotonic() - start, 3)
    tables: dict[str, list[list[Any]]] = {}
    if status in (jobs.DONE, jobs.FAULTS):
        try:
            tables = digest(Path(job.output))
        except MemoryError:
            status, reason = jobs.MEMORY, "out of memory over the rows"
        except (OSError, ValueError) as error:
            status, reason = jobs.FAILED, reason_of(error)
    write_outcome(job, status, reason, seconds, tables)


def _with_own_cache(job: Job) -> Job:
    """volatility3's cache is the job's, where no other process writes; tables in the user's own are found still."""
    users = cache_folder() / "symbols"
    keep_cache_in(job.cache)
    return replace(job, symbols=(*job.symbols, str(users))) if users.is_dir() else job


def perform(job: Job) -> tuple[str, str]:
    """Do the work; status and reason. Never raises."""
    try:
        module, _, name = job.work.partition(":")
        return (jobs.FAULTS if getattr(import_module(module), name)(job) else jobs.DONE), ""
    except DumpError as error:
        return jobs.CANNOT_OPEN, _without_place(error.reason, job)
    except MemoryError:
        return jobs.MEMORY, f"needs more than {job.memory >> 20} MiB" if job.memory else "out of memory"
    except ChangedFile as error:
        return jobs.FAILED, reason_of(error)
    except OSError as error:
        said = (error.strerror or type(error).__name__) if job.redact else _without_place(reason_of(error), job)
        return (jobs.DISK_FULL if is_full_disk(error) else jobs.FAILED), said
    except Exception as error:
        return jobs.DISK_FULL if is_full_disk(error) else jobs.FAILED, type(
            error
        ).__name__ if job.redact else _without_place(reason_of(error), job)


def _without_place(reason: str, job: Job) -> str:
    """The reason without the path that the dump was read at: the row has its own, and a temporary one means nothing."""
    return reason.replace(f"{job.dump}: ", "").replace(job.dump, job.candidate.shown(job.redact))


def limit_memory(memory: int, size: int) -> None:
    """Limit this process: its own memory where the system counts it (Linux), the address space with the mapped dump."""
    if not memory or sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not there on Windows

    limits = [(resource.RLIMIT_AS, memory + _MAPPINGS * size + _LIBRARIES)]
    if sys.platform == "linux":
        limits.append((resource.RLIMIT_DATA, memory))
    for kind, most in limits:
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))


def _line() -> bytes:
    """The first line of standard input, unbuffered: the rest is the watch's."""
    data = bytearray()
    while not data.endswith(b"\n"):
        chunk = os.read(0, 1 << 16)
        if not chunk:
            os._exit(1)
        data += chunk
    return bytes(data)


def _end_with_parent() -> None:
    with suppress(OSError):
        while os.read(0, 1):
            pass
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)  # what this process started goes too
    os._exit(1)


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # nothing is left to put away, and the watch still reads
