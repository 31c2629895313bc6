"""What a target is, in plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from volplugins.api.times import duration, filetime
from volplugins.dumpfile.completeness import Completeness
from volplugins.dumpfile.note import Note
from volplugins.target.target import Bugcheck

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MACHINES = {0x14C: "x86", 0x8664: "x64"}


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """What was opened.

    Attributes:
        location: as it was given; kind: ``crash-dump``, ``small-dump``, ``memory-image`` or ``live``.
        format: of the file, in words; machine: ``x86``, ``x64`` or the number in hexadecimal.
        build: Windows build number, 0 where it is not known; kernel_base: 0 where it is not known.
        processors: how many; 0 where it is not known.
        directory_table_base: physical address of the kernel's page directory, or 0.
        bugcheck: what is recorded of one; None where nothing is.
        system_time, uptime: of the moment of the crash or of the copy; None where they are not recorded.
        completeness: how much of the machine's memory is there; notes: what is odd about the container.
        missing: in words, what could not be had of the kernel.
    """

    location: str
    kind: str
    format: str
    machine: str
    bits: int
    build: int
    processors: int
    kernel_base: int
    directory_table_base: int
    bugcheck: Bugcheck | None
    system_time: datetime | None
    uptime: timedelta | None
    completeness: Completeness
    notes: tuple[Note, ...]
    missing: tuple[str, ...]


def info_of(scene: CrashScene, location: str) -> TargetInfo:
    """The scene's target in plain values."""
    target, kernel = scene.target, scene.modules.kernel
    base = target.kernel_base or (kernel.base if kernel is not None else 0)
    return TargetInfo(
        location, target.kind.value, target.format, _MACHINES.get(target.machine, f"{target.machine:#x}"), target.bits,
        target.build, target.number_processors, base, target.directory_table_base,
        target.bugcheck if target.crashed else None, filetime(target.system_time), duration(target.system_uptime),
        target.completeness, target.notes, scene.notes,
    )  # fmt: skip
