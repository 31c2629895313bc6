"""The columns that records become in tables, frames and notebooks: declared once per type, with what each holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from volplugins.address.protection import word_of
from volplugins.address.region import Region
from volplugins.api.times import filetime
from volplugins.findings.finding import Finding
from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread
from volplugins.kernel.thread_words import state_word, wait_word
from volplugins.loader.module import Module


class Holds(Enum):
    """What a column holds: its type in pandas and Arrow, and how it is shown."""

    TEXT = "text"
    INTEGER = "integer"  # int64, so that process ids of all tables join
    ADDRESS = "address"  # uint64: kernel addresses need the highest bit
    TIME = "time"  # UTC, microseconds
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, and the value of a record; None where there is none."""

    name: str
    holds: Holds
    of: Callable[[Any], Any]


def _plain(name: str, holds: Holds) -> Column:
    """The record's field of the same name."""
    return Column(name, holds, lambda record: getattr(record, name))


def _of(holds: Holds, *names: str) -> tuple[Column, ...]:
    return tuple(_plain(name, holds) for name in names)


def _time(name: str) -> Column:
    return Column(name, Holds.TIME, lambda record: filetime(getattr(record, name)))


PROCESSES = (
    *_of(Holds.INTEGER, "pid", "parent_pid"), *_of(Holds.TEXT, "name"), *_of(Holds.ADDRESS, "eprocess"),
    *_of(Holds.ADDRESS, "directory_table_base", "peb", "vad_root"), *_of(Holds.INTEGER, "vad_count", "commit_charge"),
    Column("wow64", Holds.FLAG, lambda each: bool(each.wow64) if each.wow64 is not None else None),
    _time("create_time"), _time("exit_time"), *_of(Holds.TEXT, "life", "source"),
)  # fmt: skip
THREADS = (
    *_of(Holds.INTEGER, "pid", "tid"), *_of(Holds.ADDRESS, "ethread"),
    Column("state", Holds.TEXT, lambda each: state_word(each.state)),
    Column("wait", Holds.TEXT, lambda each: wait_word(each.state, each.wait_reason)),
    *_of(Holds.ADDRESS, "teb", "win32_start", "start", "stack_base", "stack_limit"),
    *_of(Holds.INTEGER, "context_switches"), _time("create_time"), _time("exit_time"),
)  # fmt: skip
MODULES = (
    *_of(Holds.ADDRESS, "base", "end"), *_of(Holds.INTEGER, "size"), *_of(Holds.TEXT, "image_name", "path"),
    *_of(Holds.INTEGER, "timestamp", "checksum"), *_of(Holds.TEXT, "source", "note"),
)  # fmt: skip
REGIONS = (
    *_of(Holds.ADDRESS, "start", "end"), *_of(Holds.INTEGER, "size"), *_of(Holds.TEXT, "type", "state"),
    Column("protect", Holds.TEXT, lambda each: word_of(each.protect)),
    Column("actual", Holds.TEXT, lambda each: ",".join(word_of(number) for number in each.actual)),
    *_of(Holds.TEXT, "usage"), *_of(Holds.INTEGER, "commit", "resident", "in_dump"), *_of(Holds.TEXT, "detail"),
    Column("notes", Holds.TEXT, lambda each: "; ".join(each.notes)),
)  # fmt: skip
FRAMES = (
    *_of(Holds.INTEGER, "number"), *_of(Holds.TEXT, "ring"), *_of(Holds.ADDRESS, "ip", "sp"),
    *_of(Holds.TEXT, "symbol"), Column("trust", Holds.TEXT, lambda each: each.trust.value),
    *_of(Holds.FLAG, "call_checked"),
)  # fmt: skip
FINDINGS = (
    Column("kind", Holds.TEXT, lambda each: each.kind.name),
    Column("severity", Holds.TEXT, lambda each: each.severity.value),
    Column("pid", Holds.INTEGER, lambda each: each.about.pid),
    Column("process", Holds.TEXT, lambda each: each.about.process),
    Column("tid", Holds.INTEGER, lambda each: each.about.tid),
    Column("address", Holds.ADDRESS, lambda each: each.about.address),
    Column("module", Holds.TEXT, lambda each: each.about.module),
    Column("technique", Holds.TEXT, lambda each: each.kind.technique),
    *_of(Holds.TEXT, "evidence", "next", "note"),
)  # fmt: skip
# by the type of a listing's records
OF_TYPE: dict[type, tuple[Column, ...]] = {
    Process: PROCESSES, Thread: THREADS, Module: MODULES, Region: REGIONS, Finding: FINDINGS,
}  # fmt: skip
