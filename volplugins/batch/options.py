"""What a batch run was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from volplugins.packed.compression import CAPS, Caps

TRIAGE = "volplugins.batch.triage_work:triage"


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Options of one run.

    Attributes:
        paths: files and folders to search; output: the corpus folder.
        symbols, image_path: as triage takes them, absolute.
        workers: local processes at a time; scheduler: of a Dask cluster, instead of local ones.
        rehash: read every file again, whatever is known of its path; retry: do dumps again whose work was cut short.
        reanalyse: do dumps again whose signature is of an older recipe.
        timeout: seconds for one dump, 0 for no limit; memory: bytes for one dump beside the file, 0 for no limit.
        redact: replace names and paths in everything written.
        budget: how many times the usual budget of a run, as triage takes it.
        rows: write DIR/rows.jsonl; parquet: write DIR/parquet; timeline: write DIR/timeline.jsonl.
        quiet: print nothing but faults of the whole run.
        caps: how far a compressed file may grow.
        work: ``module:function`` that does one dump's work.
    """

    paths: tuple[Path, ...]
    output: Path
    symbols: tuple[str, ...] = ()
    image_path: tuple[str, ...] = ()
    workers: int = 1
    scheduler: str = ""
    rehash: bool = False
    retry: bool = False
    reanalyse: bool = False
    timeout: float = 3600.0
    memory: int = 4096 << 20
    redact: bool = False
    budget: str = ""
    rows: bool = False
    parquet: bool = False
    timeline: bool = True
    quiet: bool = False
    caps: Caps = CAPS
    work: str = TRIAGE
    command_line: tuple[str, ...] = ()
