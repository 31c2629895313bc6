"""Damage to the page directory of one process, by name: what it looks like in memory, and the verdict it calls for.

The verdicts are the words of windows.kd.pagedirs, in the order of its contract. A defect works on a finished snapshot
of any machine, with five levels too; truth["directory_defect"] records what was done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from volplugins.lab.damage.directory_subject import FRAME, Patient, mode_of
from volplugins.lab.machine.snapshot import PAGE, Snapshot

ALL = ("x86", "pae", "x64", "x64-la57")
LONG = ("x64", "x64-la57")
_USER_TABLE = 0x67
_OUTSWAPPED = 1 << 7  # EPROCESS.Flags, every build
_PAGE_FILE_OFFSET = 0x1234
_LARGE = 1 << 7
# SDM 3A, tables 4-4 to 4-20; elsewhere a large page that does not begin where large pages do
_RESERVED_BITS = {
    ("x86", "PDE"): _LARGE | 1 << 21, ("pae", "PDPE"): 1 << 6, ("pae", "PDE"): 1 << 58,
    ("x64", "PML4E"): _LARGE, ("x64-la57", "PML4E"): _LARGE, ("x64-la57", "PML5E"): _LARGE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of damage.

    Attributes:
        verdict: the word that it calls for; empty where the contract fixes none (the walk must end all the same).
        modes: in which it can exist.
        harm: does it; gives the level and physical address of the entry that is bad, or ("", 0).
        kind: the kind of dump that shows it; any, where it is empty.
    """

    verdict: str
    modes: tuple[str, ...]
    harm: Callable[[Patient], tuple[str, int]]
    kind: str = ""


def with_directory_defect(snapshot: Snapshot, name: str, victim: str = "explorer.exe") -> Snapshot:
    """The same machine with one process's directory damaged; ``victim`` ``*`` damages all but System's.

    Raises:
        ValueError: no such defect, or not in this mode; no such process.
    """
    if name not in DIRECTORY_DEFECTS or mode_of(snapshot) not in DIRECTORY_DEFECTS[name].modes:
        raise ValueError(f"no directory defect {name} on {snapshot.machine}")
    defect = DIRECTORY_DEFECTS[name]
    living = [each for each in snapshot.truth["processes"] if each["dtb"] and each["name"] != "System"]
    chosen = living if victim == "*" else [each for each in living if each["name"] == victim][:1]
    if not chosen:
        raise ValueError(f"no process {victim} on {snapshot.machine}")
    made = replace(
        snapshot, pages=dict(snapshot.pages), runs=list(snapshot.runs), truth=dict(snapshot.truth),
        kernel_pfns=set(snapshot.kernel_pfns),
    )  # fmt: skip
    done = []
    for process in chosen:
        patient = Patient(made, process)
        level, entry = defect.harm(patient)
        done.append(
            {"name": name, "pid": process["pid"], "verdict": defect.verdict, "level": level, "entry_physical": entry}
        )
    made.truth["directory_defect"] = done[0] if victim != "*" else done
    return made


def _no_directory(patient: Patient) -> tuple[str, int]:
    patient.set_dirbase(0)
    return "", 0


def _misaligned(patient: Patient) -> tuple[str, int]:
    patient.set_dirbase(patient.top + 8)
    return "", 0


def _outside(patient: Patient) -> tuple[str, int]:
    patient.set_dirbase(_beyond(patient))
    return "", 0


def _beyond(patient: Patient) -> int:
    """A physical address above all of the machine's RAM."""
    return (max(base + count for base, count in patient.snapshot.runs) + 0x1000) << 12


def _outswapped(patient: Patient) -> tuple[str, int]:
    flags = patient.member("Flags")
    patient.write(flags, patient.read(flags, 4) | _OUTSWAPPED, 4)
    width = 4 if patient.mode == "x86" else 8
    patient.write(patient.member("PageDirectoryPte"), _PAGE_FILE_OFFSET << (12 if width == 4 else 32) | 0x80, width)
    return _reused(b"another process's heap ")(patient)[0], 0


def _lost_top(patient: Patient) -> tuple[str, int]:
    """The machine has the page, a kernel dump leaves it out. (A complete dump holds all that the machine has.)"""
    _leave_out(patient, patient.top >> 12)
    return patient.levels[0], 0


def _leave_out(patient: Patient, pfn: int) -> None:
    patient.snapshot.kernel_pfns.discard(pfn)
    patient.snapshot.pages.pop(pfn)


def _lost_directory(patient: Patient) -> tuple[str, int]:
    pointer = patient.top + 8
    _leave_out(patient, patient.entry(pointer) >> 12 & 0xFFFFFFFF)
    return "PDPE", pointer


def _directory_outside(patient: Patient) -> tuple[str, int]:
    pointer = patient.top + 8
    patient.set_entry(pointer, _beyond(patient) | 1)
    return "PDPE", pointer


def _shadow(patient: Patient) -> tuple[str, int]:
    """A user directory of KVA shadow: the user half, and of the kernel's half only the way in."""
    frame = patient.spare_frame()
    count, kernel = 256 * 8, patient.kernel_entry()[1] & 0xFFF
    page = bytearray(PAGE)
    page[:count] = patient.snapshot.pages[patient.top >> 12][:count]
    page[kernel : kernel + 8] = patient.entry(patient.top + kernel).to_bytes(8, "little")
    patient.overwrite(frame << 12, bytes(page))
    patient.set_dirbase(frame << 12 | 1)
    return "", 0


def _flagged_shadow(patient: Patient) -> tuple[str, int]:
    """A shadow with a wide way into the kernel, told by UserDirectoryTableBase alone, which has flags of CR3 set."""
    frame = patient.spare_frame()
    count = 256 * 8
    page = bytearray(PAGE)
    page[:count] = patient.snapshot.pages[patient.top >> 12][:count]
    for slot in range(256, 512):
        entry = patient.entry(patient.top + slot * 8)
        if entry and slot != patient.snapshot.truth["self_map"]:
            page[slot * 8 : slot * 8 + 8] = (entry + 0x7000).to_bytes(8, "little")
    patient.overwrite(frame << 12, bytes(page))
    patient.set_dirbase(frame << 12 | 2)
    patient.write(patient.member("Pcb.UserDirectoryTableBase"), 1 << 63 | frame << 12 | 1, 8)
    return "", 0


def _reserved(level: str) -> Callable[[Patient], tuple[str, int]]:
    """A bit that the processor wants clear is set in one user entry that leads to a table, as bit flips do."""

    def harm(patient: Patient) -> tuple[str, int]:
        name = patient.levels[0] if level == "top" else level
        where = patient.user_entry(name)
        bits = _RESERVED_BITS.get((patient.mode, name), _LARGE | 1 << 13)
        patient.set_entry(where, patient.entry(where) | bits)
        return name, where

    return harm


def _smeared_users(patient: Patient) -> tuple[str, int]:
    """Random bytes where the user half begins: x64 and x86 in the top page, PAE one page directory of the four."""
    if patient.mode == "pae":
        directory = next(page for page in patient.directories()[:2] if patient.slots(page, PAGE // 8))
        patient.overwrite(directory, patient.chooser.randbytes(PAGE))
    else:
        half = patient.snapshot.pages[patient.top >> 12][PAGE // 2 :]
        patient.overwrite(patient.top, patient.chooser.randbytes(PAGE // 2) + half)
    return patient.levels[0], 0


def _reused(content: bytes) -> Callable[[Patient], tuple[str, int]]:
    def harm(patient: Patient) -> tuple[str, int]:
        for page in patient.directories():
            patient.overwrite(page, content * (PAGE // max(len(content), 1) + 1))
        return patient.levels[0], 0

    return harm


def _random(patient: Patient) -> tuple[str, int]:
    return _reused(patient.chooser.randbytes(PAGE))(patient)


def _smeared_kernel(patient: Patient) -> tuple[str, int]:
    """The kernel half is another page's contents; the user half is still the directory's."""
    half = PAGE // 2
    if patient.mode == "pae":
        for page in patient.directories()[2:]:
            patient.overwrite(page, b"log line, log line, " * (PAGE // 20 + 1))
    else:
        mine = patient.snapshot.pages[patient.top >> 12][:half]
        patient.overwrite(patient.top, mine + (b"log line, log line, " * (half // 20 + 1))[:half])
    return patient.levels[0], 0


def _change(which: str, how: Callable[[Patient, int], int]) -> Callable[[Patient], tuple[str, int]]:
    """One entry changed: that of the self-map, or the one that maps the kernel."""

    def harm(patient: Patient) -> tuple[str, int]:
        level, where = patient.self_map() if which == "self-map" else patient.kernel_entry()
        patient.set_entry(where, how(patient, patient.entry(where)))
        return level, where

    return harm


def _elsewhere(_patient: Patient, entry: int) -> int:
    return entry + 0x5000


def _table(level: str, how: str) -> Callable[[Patient], tuple[str, int]]:
    """What one user entry of ``level`` leads to: lost, outside of RAM, in the page file, in transition, or the top."""

    def harm(patient: Patient) -> tuple[str, int]:
        name = patient.levels[0] if level == "top" else level
        where = patient.user_entry(name)
        entry = patient.entry(where)
        if how == "lost":
            patient.lose(entry >> 12 & 0xFFFFFFFF)
        elif how == "outside":
            patient.set_entry(where, _beyond(patient) | _USER_TABLE)
        elif how == "page-file":
            patient.set_entry(where, _PAGE_FILE_OFFSET << (12 if patient.size == 4 else 32) | 0x80)
        elif how == "transition":
            patient.set_entry(where, entry & FRAME | 0x880)
        else:
            patient.set_entry(where, patient.directories()[0] | _USER_TABLE)
        return name, where

    return harm


_DIRECTORY_LEVELS = ("pae", "x64", "x64-la57")
_MISSING, _PAGED = "tables-missing", "tables-paged-out"

DIRECTORY_DEFECTS = {
    "no-directory": Defect("no-directory", ALL, _no_directory),
    "misaligned": Defect("misaligned", ("x86", "pae"), _misaligned),
    "outside-memory": Defect("outside-memory", ALL, _outside),
    "outswapped": Defect("outswapped", ALL, _outswapped),
    "top-not-in-dump": Defect("not-in-dump", ("x86", *LONG), _lost_top, "bitmap-kernel"),
    "pae-directory-not-in-dump": Defect("not-in-dump", ("pae",), _lost_directory, "bitmap-kernel"),
    "pae-directory-outside-memory": Defect("outside-memory", ("pae",), _directory_outside),
    # processors with five levels need no KVA shadowing
    "user-shadow": Defect("user-shadow", ("x64",), _shadow),
    "user-shadow-with-flags": Defect("user-shadow", ("x64",), _flagged_shadow),
    "reused-text": Defect("not-a-directory", ALL, _reused(b"Software\\Microsoft\\Windows\\CurrentVersion\\ ")),
    "reused-zero": Defect("not-a-directory", ALL, _reused(b"\0")),
    "reused-random": Defect("not-a-directory", ALL, _random),
    "smeared-kernel-half": Defect("not-a-directory", ALL, _smeared_kernel),
    "smeared-user-half": Defect("not-a-directory", ALL, _smeared_users),
    "self-map-absent": Defect("self-map-mismatch", ALL, _change("self-map", lambda _patient, _entry: 0)),
    "self-map-elsewhere": Defect("self-map-mismatch", ALL, _change("self-map", _elsewhere)),
    "kernel-entry-absent": Defect("kernel-half-mismatch", ALL, _change("kernel", lambda _patient, _entry: 0)),
    "kernel-entry-differs": Defect("kernel-half-mismatch", ALL, _change("kernel", _elsewhere)),
    "reserved-bits-in-top": Defect("reserved-bits", ALL, _reserved("top")),
    "reserved-bits-in-pdpe": Defect("reserved-bits", LONG, _reserved("PDPE")),
    "reserved-bits-in-pde": Defect("reserved-bits", _DIRECTORY_LEVELS, _reserved("PDE")),
    "table-lost-below-top": Defect(_MISSING, ("x86", *LONG), _table("top", "lost")),
    "table-lost-below-pdpe": Defect(_MISSING, LONG, _table("PDPE", "lost")),
    "table-lost-below-pde": Defect(_MISSING, _DIRECTORY_LEVELS, _table("PDE", "lost")),
    "table-outside-memory-below-top": Defect(_MISSING, ("x86", *LONG), _table("top", "outside")),
    "table-outside-memory-below-pdpe": Defect(_MISSING, LONG, _table("PDPE", "outside")),
    "table-outside-memory-below-pde": Defect(_MISSING, _DIRECTORY_LEVELS, _table("PDE", "outside")),
    "table-paged-out-below-top": Defect(_PAGED, ("x86", *LONG), _table("top", "page-file")),
    "table-paged-out-below-pdpe": Defect(_PAGED, LONG, _table("PDPE", "page-file")),
    "table-paged-out-below-pde": Defect(_PAGED, _DIRECTORY_LEVELS, _table("PDE", "page-file")),
    "table-in-transition": Defect("ok", ALL, _table("PDE", "transition")),
    "table-leads-to-top": Defect("", ALL, _table("PDE", "ring")),
}
