"""One dump's work, as it is handed to the process or machine that does it; and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from volplugins.packed.candidate import Candidate
from volplugins.packed.compression import CAPS, Caps

#: How a dump's work can end. The first two leave a folder.
DONE, FAULTS = "done", "faults"
CANNOT_OPEN, FAILED, CRASHED, TIMEOUT, MEMORY, DISK_FULL, NO_ROOM = (
    "cannot-open", "failed", "crashed", "timeout", "memory", "disk-full", "no-room",
)  # fmt: skip
#: The exit code of a child that had no room to say how it ended.
DISK_FULL_CODE = 75
#: Those that another try, with other limits, may end otherwise.
CUT_SHORT = (FAILED, CRASHED, TIMEOUT, MEMORY)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done to one dump. All paths are as the one who does it sees them.

    Attributes:
        id, sha256, size: the dump's identity.
        candidate: where it lies.
        dump: the plain file to open; output: the folder to fill; set by the one who does it.
        cache: a folder for volatility3's own cache.
        memory: bytes beside the file itself, 0 for no limit; timeout: seconds, 0 for no limit.
        budget: how many times the usual budget of a run, as triage takes it; empty: once.
        work: ``module:function``, which takes the Job and returns its count of faults.
    """

    id: str
    sha256: str
    size: int
    candidate: Candidate
    work: str
    symbols: tuple[str, ...] = ()
    image_path: tuple[str, ...] = ()
    redact: bool = False
    memory: int = 0
    timeout: float = 0.0
    caps: Caps = CAPS
    command_line: tuple[str, ...] = ()
    budget: str = ""
    dump: str = ""
    output: str = ""
    cache: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: a status, a line on why it is no result, seconds; files by relative name where it was far away.

    Attributes:
        folder: where the results are on this machine, under their temporary name; None where there are none.
    """

    status: str
    reason: str = ""
    seconds: float = 0.0
    folder: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)


def as_json(job: Job) -> dict[str, Any]:
    """What the child process reads."""
    one = job.candidate
    return {
        "id": job.id, "sha256": job.sha256, "size": job.size, "work": job.work, "symbols": job.symbols,
        "image_path": job.image_path, "redact": job.redact, "memory": job.memory, "command_line": job.command_line,
        "budget": job.budget, "dump": job.dump, "output": job.output, "cache": job.cache,
        "candidate": [one.path, one.member, one.form, one.size, one.key, one.steps],
    }  # fmt: skip


def from_json(values: dict[str, Any]) -> Job:
    """The job again."""
    members: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    path, member, form, size, key, steps = members["candidate"]
    one = Candidate(path, member, form, size, key, tuple((kind, at) for kind, at in steps))
    return Job(**{**members, "candidate": one})
