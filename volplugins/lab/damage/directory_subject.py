"""One process of a finished snapshot, and hands that reach its page tables and its EPROCESS."""

from __future__ import annotations

import random
from typing import Any

from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import PAGE, Snapshot

LA57 = "-la57"  # ending of the name of a machine with five levels
FRAME = 0xFFFFFFFFFF000
VALID, LARGE = 1, 0x80


def mode_of(snapshot: Snapshot) -> str:
    """The paging mode in the words of the Mode column."""
    if snapshot.machine.endswith(LA57):
        return "x64-la57"
    return "x64" if snapshot.bits == 64 else "pae" if snapshot.pae else "x86"


class Patient:
    """The process whose directory is to be damaged."""

    def __init__(self, snapshot: Snapshot, process: dict[str, Any]) -> None:
        self.snapshot, self.process = snapshot, process
        self.mode = mode_of(snapshot)
        self.size = 4 if self.mode == "x86" else 8
        self.top = process["dtb"] & ~(0x1F if self.mode == "pae" else 0xFFF)
        self.levels = {
            "x86": ("PDE", "PTE"), "pae": ("PDPE", "PDE", "PTE"), "x64": ("PML4E", "PDPE", "PDE", "PTE"),
            "x64-la57": ("PML5E", "PML4E", "PDPE", "PDE", "PTE"),
        }[self.mode]  # fmt: skip
        self.chooser = random.Random(f"{snapshot.machine}/{process['pid']}")

    def read(self, physical: int, size: int) -> int:
        page = self.snapshot.pages.get(physical >> 12, bytes(PAGE))
        return int.from_bytes(page[physical & 0xFFF : (physical & 0xFFF) + size], "little")

    def write(self, physical: int, value: int, size: int) -> None:
        page = bytearray(self.snapshot.pages.get(physical >> 12, bytes(PAGE)))
        page[physical & 0xFFF : (physical & 0xFFF) + size] = value.to_bytes(size, "little")
        self.snapshot.pages[physical >> 12] = bytes(page)

    def entry(self, physical: int) -> int:
        return self.read(physical, self.size)

    def set_entry(self, physical: int, value: int) -> None:
        self.write(physical, value & ((1 << 8 * self.size) - 1), self.size)

    def member(self, path: str) -> int:
        """Physical address of a member of the EPROCESS."""
        structures = PROFILES[self.snapshot.machine.removesuffix(LA57)].structures
        address = int(self.process["eprocess"]) + structures.offset("_EPROCESS", path)
        return self.snapshot.virtual[address & ~0xFFF] << 12 | address & 0xFFF

    def set_dirbase(self, value: int) -> None:
        self.write(self.member("Pcb.DirectoryTableBase"), value, self.snapshot.bits // 8)

    def directories(self) -> list[int]:
        """The pages that the verdict looks at first: the top page; PAE: the four directories."""
        if self.mode != "pae":
            return [self.top]
        return [self.entry(self.top + 8 * number) & FRAME for number in range(4)]

    def slots(self, table: int, count: int) -> list[int]:
        """Addresses of the first ``count`` slots' entries that lead to tables."""
        places = range(table, table + count * self.size, self.size)
        return [place for place in places if self.entry(place) & VALID and not self.entry(place) & LARGE]

    def user_entry(self, level: str) -> int:
        """The first entry of ``level`` in the user half that leads to a table."""
        half = {"x86": 512, "pae": 2, "x64": 256, "x64-la57": 256}[self.mode]
        entry = self.slots(self.top, half)[0]
        for _ in range(self.levels.index(level)):
            entry = self.slots(self.entry(entry) & FRAME, PAGE // self.size)[0]
        return entry

    def kernel_entry(self) -> tuple[str, int]:
        """The entry that maps the kernel's image, at the level that directories have of their own."""
        base = next(each for each in self.snapshot.truth["modules"] if each["name"] == "nt")["base"]
        if self.mode == "x86":
            return "PDE", self.top + (base >> 22) * 4
        if self.mode == "pae":
            return "PDE", self.directories()[base >> 30] + (base >> 21 & 0x1FF) * 8
        shift = 48 if self.mode == "x64-la57" else 39
        return self.levels[0], self.top + (base >> shift & 0x1FF) * 8

    def self_map(self) -> tuple[str, int]:
        """The self-map entry; PAE: the third of four."""
        if self.mode == "x86":
            return "PDE", self.top + 0x300 * 4
        if self.mode == "pae":
            return "PDE", self.directories()[3] + 2 * 8
        return self.levels[0], self.top + self.snapshot.truth["self_map"] * 8

    def spare_frame(self) -> int:
        """A page of RAM that nothing has been written to."""
        for base, count in reversed(self.snapshot.runs):
            for frame in range(base + count - 1, base - 1, -1):
                if frame not in self.snapshot.pages:
                    return frame
        raise ValueError("the made-up machine has no RAM left")

    def lose(self, frame: int) -> None:
        """Take a page out of the RAM that the dump describes: its run is cut in two around it."""
        runs = []
        for base, count in self.snapshot.runs:
            if base <= frame < base + count:
                runs += [(base, frame - base), (frame + 1, base + count - frame - 1)]
            else:
                runs.append((base, count))
        self.snapshot.runs[:] = [run for run in runs if run[1]]
        self.snapshot.pages.pop(frame, None)

    def overwrite(self, page: int, content: bytes) -> None:
        self.snapshot.pages[page >> 12] = content.ljust(PAGE, b"\0")[:PAGE]
