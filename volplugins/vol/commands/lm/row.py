"""One row of windows.kd.lm, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.kernel.process import Process
from volplugins.loader.module import Module
from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class LmRow(NamedTuple):
    """One module. ``end`` is exclusive; times and checksums as the image's header has them; None: not known.

    ``linked`` is the time stamp where it is a time; ``loaded`` and ``unloaded`` are FILETIMEs.
    """

    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", failure="error")]
    start: Annotated[int | None, Column("Start", Kind.HEX)]
    end: Annotated[int | None, Column("End", Kind.HEX)]
    module: Annotated[str, Column("Module")]
    status: Annotated[str, Column("Status")]
    path: Annotated[str, Column("Path")]
    timestamp: Annotated[int | None, Column("Timestamp", Kind.HEX)]
    checksum: Annotated[int | None, Column("CheckSum", Kind.HEX)]
    pdb: Annotated[str, Column("Pdb", empty_is_absent=True)]
    guid_age: Annotated[str, Column("GuidAge", empty_is_absent=True)]
    version: Annotated[str, Column("Version", empty_is_absent=True)]
    in_load: Annotated[bool | None, Column("InLoad", Kind.FLAG)]
    in_memory: Annotated[bool | None, Column("InMemory", Kind.FLAG)]
    in_init: Annotated[bool | None, Column("InInit", Kind.FLAG)]
    mapped: Annotated[bool | None, Column("Mapped", Kind.FLAG)]
    source: Annotated[str, Column("Source")]
    note: Annotated[str, Column("Note", is_reason=True)]
    linked: Annotated[int | None, Column("LinkTime", Kind.UNIX_TIME)] = None
    loaded: Annotated[int | None, Column("LoadTime", Kind.FILETIME)] = None
    unloaded: Annotated[int | None, Column("UnloadTime", Kind.FILETIME)] = None


LM = Table("windows.kd.lm.Lm", LmRow)
failure_row = LM.failure


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
