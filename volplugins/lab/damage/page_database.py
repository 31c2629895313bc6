"""Contradictions between MmPfnDatabase and the page tables, by name.

A defect works on a finished snapshot that has the database. truth["pfn_defect"] says of which frame an entry was
changed, which page of which process it holds, what the entry said (``true``) and what it says now (``false``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from volplugins.lab.kernel import page_database as made
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.snapshot import Snapshot

_VICTIM = "explorer.exe"


def _other_table(entry: bytearray, use: Mapping[str, Any]) -> tuple[int, int]:
    """PteFrame names the frame after the table's."""
    word = int.from_bytes(entry[made.FRAME :], "little") + 1
    entry[made.FRAME :] = word.to_bytes(8, "little")
    return int(use["table"]), int(use["table"]) + 1


def _other_entry(entry: bytearray, use: Mapping[str, Any]) -> tuple[int, int]:
    """PteAddress is that of the entry after the right one."""
    entry[made.PTE_ADDRESS : made.PTE_ADDRESS + 8] = (use["entry"] + 8).to_bytes(8, "little")
    return int(use["entry"]), int(use["entry"]) + 8


def _free_in_use(entry: bytearray, use: Mapping[str, Any]) -> tuple[int, int]:
    """A page that is mapped is said to be on the list of zeroed pages, and nobody refers to it."""
    entry[made.REFERENCES : made.LOCATION + 1] = bytes((0, 0, made.ZEROED))
    return int(use["location"]), made.ZEROED


#: Every defect by name.
PFN_DEFECTS: Mapping[str, Callable[[bytearray, Mapping[str, Any]], tuple[int, int]]] = {
    "pfn-other-table": _other_table,
    "pfn-other-entry": _other_entry,
    "pfn-free-in-use": _free_in_use,
}


def with_pfn_defect(snapshot: Snapshot, name: str) -> Snapshot:
    """The same machine with one entry changed, of a private page of a program.

    Raises:
        ValueError: there is no such defect, or the machine has no database.
    """
    database = snapshot.truth.get("pfn_database")
    if name not in PFN_DEFECTS or not database:
        raise ValueError(f"no defect of the page frame database {name} on {snapshot.machine}")
    process = next(each for each in snapshot.truth["processes"] if each["name"] == _VICTIM)
    frame, use = _private_page(snapshot, process)
    edit = PageEdit(snapshot)
    place = database["base"] + frame * made.ENTRY
    entry = bytearray(edit.read(place, made.ENTRY))
    true, false = PFN_DEFECTS[name](entry, use)
    edit.write(place, bytes(entry))
    told = {"name": name, "frame": frame, "at": place, "pid": process["pid"], "address": _address(use["entry"]),
            "true": true, "false": false}  # fmt: skip
    return replace(snapshot, pages=edit.pages, truth={**snapshot.truth, "pfn_defect": told})


def _private_page(snapshot: Snapshot, process: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """The page of the PEB: by its frame, and what the database says of it."""
    tables = _tables(snapshot, int(process["dtb"]) // made.PAGE)
    return next(
        (frame, use) for frame, use in snapshot.truth["pfn_database"]["frames"].items()
        if use["table"] in tables and _address(use["entry"]) == process["peb"] & -made.PAGE
    )  # fmt: skip


def _tables(snapshot: Snapshot, top: int) -> set[int]:
    """The lowest tables of a process's own half: what leads to them is in the database too."""
    frames = snapshot.truth["pfn_database"]["frames"]
    known = {top}
    for _ in range(3):
        known |= {frame for frame, use in frames.items() if use["table"] in known and frame != top}
    return known


def _address(entry: int) -> int:
    """The address that an entry shown by the self-map translates."""
    page = (entry & 0x7F_FFFF_FFFF) // 8
    return page << 12 | (0xFFFF_0000_0000_0000 if page >> 35 else 0)
