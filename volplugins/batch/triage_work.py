"""A dump's work as it is meant: triage, into the job's folder."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path

from volplugins.batch.errors import ChangedFile
from volplugins.batch.job import Job
from volplugins.batch.merged_timeline import place_timeline
from volplugins.packed.compression import PLAIN
from volplugins.report import write_report


def triage(job: Job) -> int:
    """Triage the job's dump; return the count of faults.

    Raises:
        DumpError: it cannot be opened.
        ChangedFile: it is not the file that was hashed.
        OSError: the folder cannot be written to.
    """
    from volplugins.triage import TriageOptions, run_triage  # noqa: PLC0415 - the child alone pays for volatility3

    options = TriageOptions(job.symbols, job.image_path, True, job.redact, job.command_line, job.budget)
    folder = Path(job.output)
    result = run_triage(Path(job.dump), folder, options, lambda text, percent: None)
    if result.summary["input"]["sha256"] not in (None, job.sha256):
        raise ChangedFile("the file changed after it was hashed: run again")
    if job.candidate.form != PLAIN:
        _name_source(folder, job)
    return result.faults


def _name_source(folder: Path, job: Job) -> None:
    """Say where the dump came from, not where it was unpacked to."""
    path = folder / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    modified = datetime.fromtimestamp(os.stat(job.candidate.path).st_mtime, timezone.utc)
    summary["input"]["modified"] = modified.isoformat(timespec="microseconds")
    if not job.redact:  # else the place is a word that stands for it already
        summary["input"]["path"] = job.candidate.label
    draft = path.with_name(".summary.json.part")
    draft.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, path)
    if not job.redact:
        place_timeline(folder, job.candidate.label)
    write_report(folder)
