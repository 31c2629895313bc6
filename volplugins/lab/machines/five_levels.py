"""A made-up x64 machine with five levels of page tables (LA57), from one with four.

Every directory becomes a table of the fourth level below a new top page: the user half alone under entry 0, one kernel
half shared by all under entry 511 (where kernel addresses of 48 bits lie), and the self-map in the top page. Source:
Intel SDM 3A, 4.5 (5-level paging). The kernel is the one that Windows has for such machines, ntkrla57.exe (since build
20231; the symbol server's name for it), told by its file, its exports, its version resource and its PDB, of which there
is no symbol table: its code is that of the other one, and a table with the same addresses could not be told from it.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

from volplugins.lab.kernel.page_database import ENTRY
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import PAGE, Snapshot

_VALID = 0x63  # valid, writable, accessed, dirty: as Windows marks tables of the kernel; bit 2 lets user mode in
_USER = _VALID | 4
_DIRECTORY_TABLE_BASE = 0x28  # KPROCESS, every x64 build
_HALF = 256 * 8
LA57_KERNEL = "ntkrla57"  # as long as ntoskrnl and ntkrnlmp
_CR3, _LA57 = 0x10, 1 << 12  # KSPECIAL_REGISTERS.Cr3, every x64 build, and CR4's bit


def with_five_levels(snapshot: Snapshot) -> Snapshot:
    """The same machine with LA57; raises ValueError for one that is not x64 or uses KVA shadowing."""
    if snapshot.bits != 64 or any(process["shadow"] for process in snapshot.truth["processes"]):
        raise ValueError("five levels are made of x64 machines without KVA shadowing")
    pages = dict(snapshot.pages)
    free = _free_frames(snapshot)
    system = snapshot.truth["system_directory"] >> 12
    slot = snapshot.truth["self_map"]
    kernel = bytearray(bytes(_HALF) + pages[system][_HALF:])
    struct.pack_into("<Q", kernel, slot * 8, 0)
    kernel_frame = next(free)
    pages[kernel_frame] = bytes(kernel)
    moved: dict[int, int] = {}
    for directory in sorted({process["dtb"] >> 12 for process in snapshot.truth["processes"] if process["dtb"]}):
        top, user = next(free), next(free)
        pages[user] = pages[directory][:_HALF] + bytes(_HALF)
        page = bytearray(PAGE)
        struct.pack_into("<Q", page, 0, user << 12 | _USER)
        struct.pack_into("<Q", page, 511 * 8, kernel_frame << 12 | _VALID)
        struct.pack_into("<Q", page, slot * 8, top << 12 | 1 << 63 | _VALID)
        pages[top] = bytes(page)
        moved[directory << 12] = top << 12
    _name_kernel(snapshot, pages)
    _drop_page_database(snapshot, pages)
    truth = _moved_truth(snapshot, moved)
    truth["modules"] = [_renamed(each) if each["name"] == "nt" else each for each in truth["modules"]]
    for process in snapshot.truth["processes"]:
        if process["dtb"]:
            _store(snapshot, pages, process["eprocess"] + _DIRECTORY_TABLE_BASE, moved[process["dtb"] & ~0xFFF])
    cpus = tuple(replace(cpu, cr3=moved[cpu.cr3 & ~0xFFF], cr4=cpu.cr4 | _LA57) for cpu in snapshot.cpus)
    special = PROFILES[snapshot.machine].structures.offset("_KPRCB", "ProcessorState.SpecialRegisters")
    for number, cpu in enumerate(cpus):
        block = snapshot.truth["processors"][number]["prcb"] + special
        kept = cpu.cr3 if snapshot.crashed else truth["system_directory"]
        _store(snapshot, pages, block + _CR3, kept)
        _store(snapshot, pages, block + _CR3 + 8, cpu.cr4)
    header = {**snapshot.header, "DirectoryTableBase": moved[snapshot.header["DirectoryTableBase"] & ~0xFFF]}
    tables = {frame for frame in pages if frame not in snapshot.pages}
    return replace(
        snapshot, pages=pages, header=header, truth=truth, kernel_pfns=snapshot.kernel_pfns | tables,
        machine=f"{snapshot.machine}-la57", cpus=cpus,
    )  # fmt: skip


def _name_kernel(snapshot: Snapshot, pages: dict[int, bytes]) -> None:
    """Every name of the kernel's files becomes one of the same length: in its image, and in the list of modules.

    Drivers still import from ntoskrnl.exe.
    """
    kernel = next(each for each in snapshot.truth["modules"] if each["name"] == "nt")
    own = {snapshot.virtual.get(at) for at in range(kernel["base"], kernel["base"] + kernel["size"], PAGE)}
    for old in ("ntoskrnl", "ntkrnlmp"):
        for frame, page in pages.items():
            for code in ("ascii", "utf-16-le") if frame in own else ("utf-16-le",):
                for end in (".exe", ".pdb"):
                    page = page.replace((old + end).encode(code), (LA57_KERNEL + end).encode(code))  # noqa: PLW2901
            pages[frame] = page


def _drop_page_database(snapshot: Snapshot, pages: dict[int, bytes]) -> None:
    """Its addresses of entries are those of four levels."""
    database = snapshot.truth.get("pfn_database")
    if database:
        last = max(sum(run) for run in snapshot.runs) * ENTRY
        for at in range(database["base"], database["base"] + last, PAGE):
            pages.pop(snapshot.virtual[at], None)


def _renamed(module: dict[str, Any]) -> dict[str, Any]:
    file = f"{LA57_KERNEL}.exe"
    return {**module, "file": file, "path": module["path"].replace("ntoskrnl.exe", file), "pdb": f"{LA57_KERNEL}.pdb"}


def _free_frames(snapshot: Snapshot) -> Any:
    return (frame for base, count in reversed(snapshot.runs) for frame in range(base + count - 1, base, -1)
            if frame not in snapshot.pages)  # fmt: skip


def _store(snapshot: Snapshot, pages: dict[int, bytes], address: int, value: int) -> None:
    frame = snapshot.virtual[address & ~0xFFF]
    page = bytearray(pages[frame])
    struct.pack_into("<Q", page, address & 0xFFF, value)
    pages[frame] = bytes(page)


def _moved_truth(snapshot: Snapshot, moved: dict[int, int]) -> dict[str, Any]:
    truth = {name: value for name, value in snapshot.truth.items() if name != "pfn_database"}

    def process(each: dict[str, Any]) -> dict[str, Any]:
        return {**each, "dtb": moved.get(each["dtb"] & ~0xFFF, 0)}

    truth["processes"] = [process(each) for each in truth["processes"]]
    truth["process"] = process(truth["process"])
    truth["system_directory"] = moved[truth["system_directory"]]
    truth["directories"] = {pid: moved[directory] for pid, directory in truth["directories"].items()}
    return truth
