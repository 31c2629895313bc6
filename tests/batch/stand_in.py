"""A dump's work as cheap as can be, and work that goes wrong: what the tests inject in place of triage.

The folder is filled as triage fills it: what the database takes from it is the header's, read by the core.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from volplugins.batch.job import Job
from volplugins.bugcheck.words.recipe import RECIPE
from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.header import MACHINES
from volplugins.dumpfile.source import FileSource

HERE = "tests.batch.stand_in"
SLOWNESS = float(os.environ.get("STAND_IN_SECONDS", "0"))


def thin(job: Job) -> int:
    """A summary and rows from the header; the count of things that are odd about the dump."""
    _log(job)
    time.sleep(SLOWNESS)
    with FileSource(job.dump) as source:
        dump = open_dump(source)
        notes = [note for note in dump.notes if note.severity != "info"]
        _write(Path(job.output), dump, len(notes))
    return len(notes)


def with_recipe(job: Job) -> int:
    """The same, with a signature of today's recipe."""
    faults = thin(job)
    path = Path(job.output) / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    summary["crash"]["signature_recipe"] = RECIPE
    path.write_text(json.dumps(summary), encoding="utf-8")
    return faults


def _log(job: Job) -> None:
    """One line per start of the work, where a test counts them."""
    log = os.environ.get("STAND_IN_LOG")
    if log:
        with open(log, "a", encoding="ascii") as file:
            file.write(f"{job.id}\n")


def _write(folder: Path, dump: Dump, notes: int) -> None:
    rows = folder / "rows"
    rows.mkdir(parents=True)
    header = dump.header
    signature = f"{header.bugcheck_code:#x}_unknown"
    summary: dict[str, Any] = {
        "schema": "volplugins.triage/1",
        "system": {"machine": MACHINES.get(header.machine), "build": str(header.minor_version), "system_time": None},
        "crash": {"bugcheck_code": f"{header.bugcheck_code:#x}", "signature": signature, "image": None},
        "sections": [{"name": "dumpinfo", "fault": f"{notes} notes" if notes else None}],
        "faults": notes,
    }
    fields = [_row(i, {"Group": "header", "Field": f.name, "Value": str(f.value), "Note": f.note})
              for i, f in enumerate(header.fields)]  # fmt: skip
    (rows / "dumpinfo.jsonl").write_text("".join(fields), encoding="utf-8")
    process = [_row(i, {"PID": 4 * i, "Name": f"p{i}", "Wow64": False}) for i in range(3)]
    (rows / "process.jsonl").write_text("".join(process), encoding="utf-8")
    modules = [_row(i, {"PID": i, "Module": "ntdll.dll", "Path": "C:\\ntdll.dll"}) for i in range(3)]
    (rows / "lm.jsonl").write_text("".join(modules), encoding="utf-8")
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")


def _row(number: int, cells: dict[str, Any]) -> str:
    return json.dumps({"schema": "volplugins.rows/1", "plugin": "stand.in", "id": number, "row": cells}) + "\n"


def hungry(job: Job) -> int:
    """Takes a GiB and writes to all of it."""
    return len(bytearray(b"\1") * (1 << 30)) and thin(job)


def sleepy(job: Job) -> int:
    """Starts a child of its own, whose number it leaves beside the log, and never ends."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(os.environ["STAND_IN_LOG"]).write_text(str(child.pid))
    time.sleep(600)
    return 0


def dying(job: Job) -> int:
    """Dies in the middle of its folder."""
    (Path(job.output) / "rows").mkdir(parents=True)
    os.abort()


def raising(job: Job) -> int:
    """Raises what nobody thought of."""
    raise ZeroDivisionError("what\nnobody thought of")


def full_disk(job: Job) -> int:
    """Finds the disk full."""
    raise OSError(28, "No space left on device", job.output)


def full_cache(job: Job) -> int:
    """Has a cache that found it full."""
    raise sqlite3.OperationalError("database or disk is full")


def full_at_the_end(job: Job) -> int:
    """Leaves no room for the file that says how it ended."""
    faults = thin(job)
    (Path(job.output) / ".batch.json.part").symlink_to("/dev/full")
    return faults


def starved(job: Job) -> int:
    """Ends as a library does that got no memory."""
    print("OpenBLAS error: Memory allocation still failed after 10 retries, giving up.", file=sys.stderr, flush=True)
    os._exit(1)
