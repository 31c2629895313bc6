"""Whose a page of RAM is: upwards by the PFN database from table to table, to the directory of a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.kernel.directories.pfn_database import top_frame
from volplugins.kernel.process import Process
from volplugins.paging.mode import PagingMode
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
        owner = next((each for each in processes if _top_of(scene, each) == top), None)
        if owner is None:
            return _of_nobody(scene, what, top)
        shared = " (by a prototype entry: of a section that others may map as well)" if record.prototype else ""
        text = f"{what}; its tables lead up to the directory {top << 12:#x} of {owner.name} (PID {owner.pid}){shared}"
        return PageOwner(text, whole_process(owner.eprocess))
    return None


def _of_nobody(scene: CrashScene, what: str, top: int) -> PageOwner:
    if scene.space is not None and scene.space.space.mode is PagingMode.PAE:  # whose pointers lead there is not known
        text = f"its tables lead up to the page directory {top << 12:#x}, which no listed process has"
        return PageOwner(f"{what}; {text}", "")
    text = f"its tables lead up to the directory {top << 12:#x}, which no listed process has"
    return PageOwner(f"{what}; {text}", f"windows.kd.vtop --dirbase {top << 12:#x}")


def _top_of(scene: CrashScene, process: Process) -> int | None:
    assert scene.space is not None
    base, space = process.directory_table_base, scene.space.space
    return top_frame(space.physical, space.mode, base) if base else None
