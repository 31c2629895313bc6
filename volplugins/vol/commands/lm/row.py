"""One row of windows.kd.lm."""

from __future__ import annotations

from typing import NamedTuple

from volplugins.kernel.process import Process
from volplugins.loader.module import Module


class LmRow(NamedTuple):
    """One module. ``end`` is exclusive; times and checksums as the image's header has them; None: not known.

    ``linked`` is the time stamp where it is a time; ``loaded`` and ``unloaded`` are FILETIMEs.
    """

    pid: int | None
    process: str
    start: int | None
    end: int | None
    module: str
    status: str
    path: str
    timestamp: int | None
    checksum: int | None
    pdb: str
    guid_age: str
    version: str
    in_load: bool | None
    in_memory: bool | None
    in_init: bool | None
    mapped: bool | None
    source: str
    note: str
    linked: int | None = None
    loaded: int | None = None
    unloaded: int | None = None


def failure_row(why: str, process: Process | None = None) -> LmRow:
    """A row that says what could not be done."""
    pid, name = (process.pid, process.name) if process is not None else (None, "error")
    return LmRow(pid, name, None, None, "", "", "", None, None, "", "", "", None, None, None, None, "", why)


def row_of(process: Process | None, module: Module, in_load: bool | None) -> LmRow:
    """The row of a module as a list has it; the kernel's without a process."""
    pid, name = (process.pid, process.name) if process is not None else (None, "kernel")
    return LmRow(
        pid, name, module.base, module.end, module.image_name, "", module.path, module.timestamp, module.checksum,
        "", "", "", in_load, None, None, None, module.source, module.note,
    )  # fmt: skip


def joined(*notes: str) -> str:
    """The sentences that are not empty, each once."""
    return "; ".join(dict.fromkeys(note for note in notes if note))
