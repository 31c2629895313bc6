"""Whose a page of RAM is: upwards by the PFN database from table to table, to the directory of a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.kernel.process import Process
from volplugins.vol.scene.directory_next import whole_process
from volplugins.vol.scene.page_witness import scene_pages

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


@dataclass(frozen=True, slots=True)
class PageOwner:
    """What a number is, in words, and what to type ``then``."""

    text: str
    then: str


def by_any_page(scene: CrashScene, processes: Sequence[Process], value: int) -> PageOwner | None:
    """Whose page a page frame number or a physical address is; None where the database has nothing of it."""
    pages, memory = scene_pages(scene), scene.target.memory
    if pages is None or memory is None:
        return None
    for pfn, kind in ((value, "a page frame"), (value >> 12, "a physical address")):
        record = pages.record(pfn) if pfn and memory.describes(pfn) else None
        if record is None:
            continue
        what = f"{kind}, of a page that is {record.state or 'there'}"
        top = pages.directory_of(pfn)
        if record.free or top is None:
            return PageOwner(what, "windows.kd.ptov --physical") if kind == "a page frame" else None
        owner = next((each for each in processes if (each.directory_table_base or 0) >> 12 == top), None)
        if owner is None:
            return PageOwner(
                f"{what}; its tables lead up to the directory {top << 12:#x}, which no listed process has",
                f"windows.kd.vtop --dirbase {top << 12:#x}",
            )
        shared = " (by a prototype entry: of a section that others may map as well)" if record.prototype else ""
        text = f"{what}; its tables lead up to the directory {top << 12:#x} of {owner.name} (PID {owner.pid}){shared}"
        return PageOwner(text, whole_process(owner.eprocess))
    return None
