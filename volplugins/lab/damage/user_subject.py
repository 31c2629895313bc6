"""One process of a finished snapshot, and hands that reach its own structures: user memory by virtual address, VADs,
threads.
"""

from __future__ import annotations

from typing import Any

from volplugins.lab.damage.directory_subject import FRAME, LA57, LARGE, VALID, Patient
from volplugins.lab.machine.page_entries import PageEntries
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot

# shift and index bits of each level from the top
_SHIFTS = {
    "x86": ((22, 10), (12, 10)), "pae": ((30, 2), (21, 9), (12, 9)),
    "x64": ((39, 9), (30, 9), (21, 9), (12, 9)), "x64-la57": ((48, 9), (39, 9), (30, 9), (21, 9), (12, 9)),
}  # fmt: skip
LISTS = ("InLoadOrder", "InMemoryOrder", "InInitializationOrder")


class UserPatient(Patient):
    """The process whose structures are to be damaged.

    Args:
        narrow: those of its 32-bit side, on x64.

    Attributes:
        layouts: the structures of user mode that are looked at; ``width`` their pointers' size in bytes.
        peb: address of the PEB of that width.
    """

    def __init__(self, snapshot: Snapshot, process: dict[str, Any], narrow: bool = False) -> None:
        super().__init__(snapshot, process)
        self.profile = PROFILES[snapshot.machine.removesuffix(LA57)]
        self.layouts = PROFILES["win7-x86-pae"].structures if narrow else self.profile.structures
        self.width = self.layouts.bits // 8
        self.peb = int(process["peb32"] if narrow else process["peb"])
        self.modules = snapshot.truth["user32" if narrow else "user"][process["pid"]]["modules"]
        self.wild = 0x66660000

    @property
    def wild_kernel(self) -> int:
        """An address in the kernel's half that nothing is mapped at."""
        return 0xFFFF900012340000 if self.snapshot.bits == 64 else 0xEEE60000

    def leaf(self, virtual: int) -> int:
        """Physical address of the entry that maps a user page."""
        table, levels = self.top, _SHIFTS[self.mode]
        for depth, (shift, bits) in enumerate(levels):
            place = table + (virtual >> shift & (1 << bits) - 1) * self.size
            if depth == len(levels) - 1:
                return int(place)
            entry = self.entry(place)
            if not entry & VALID or (entry & LARGE and depth):
                raise ValueError(f"{virtual:#x} is mapped by no table of {self.process['name']}")
            table = entry & FRAME
        raise AssertionError("a mode has at least two levels")

    def physical(self, virtual: int) -> int:
        """Physical address of a user address, or of one in the kernel's half."""
        page = self.snapshot.virtual.get(virtual & ~0xFFF)
        if page is not None:
            return page << 12 | virtual & 0xFFF
        entry = self.entry(self.leaf(virtual))
        if not entry & VALID:
            raise ValueError(f"{virtual:#x} is not mapped in {self.process['name']}")
        return entry & FRAME | virtual & 0xFFF

    def number(self, virtual: int, size: int) -> int:
        return self.read(self.physical(virtual), size)

    def put(self, virtual: int, value: int, size: int) -> None:
        self.write(self.physical(virtual), value & ((1 << 8 * size) - 1), size)

    def pointer(self, virtual: int) -> int:
        return self.number(virtual, self.width)

    def set_pointer(self, virtual: int, value: int) -> None:
        self.put(virtual, value, self.width)

    def page_out(self, virtual: int) -> int:
        """A user page goes to the page file, for this process alone; gives its address."""
        self.set_entry(self.leaf(virtual), PageEntries(self.profile).page_file())
        return virtual & ~0xFFF

    def forget_page(self, virtual: int) -> int:
        """A user page is left out by dumps that hold the pages in use; gives its address."""
        self.snapshot.pages.pop(self.physical(virtual) >> 12)
        return virtual & ~0xFFF

    def lose_page(self, virtual: int) -> int:
        """There is no RAM where a user page is said to be; gives its address."""
        self.lose(self.physical(virtual) >> 12)
        return virtual & ~0xFFF

    @property
    def ldr(self) -> int:
        return self.pointer(self.peb + self.layouts.offset("_PEB", "Ldr"))

    @property
    def parameters(self) -> int:
        return self.pointer(self.peb + self.layouts.offset("_PEB", "ProcessParameters"))

    def head(self, name: str) -> int:
        """Address of a list's head."""
        return self.ldr + self.layouts.offset("_PEB_LDR_DATA", f"{name}ModuleList")

    def module(self, number: int) -> int:
        """Address of the loader's entry of the n-th module in load order."""
        entry = self.head(LISTS[0])
        for _ in range(number + 1):
            entry = self.pointer(entry)
        return entry

    def links(self, number: int, name: str) -> int:
        """Address of a module's links in one list."""
        return self.module(number) + self.layouts.offset("_LDR_DATA_TABLE_ENTRY", f"{name}Links")

    def unlink(self, links: int) -> None:
        """Take an entry out of a list: its neighbours lead past it."""
        after, before = self.pointer(links), self.pointer(links + self.width)
        self.set_pointer(before, after)
        self.set_pointer(after + self.width, before)

    @property
    def native_width(self) -> int:
        return self.snapshot.bits // 8

    def eprocess(self, path: str) -> int:
        """Address of a member of the EPROCESS."""
        return int(self.process["eprocess"]) + self.profile.structures.offset("_EPROCESS", path)

    def vad_root(self) -> int:
        """Address of the pointer to the VAD tree's root."""
        table = self.profile.structures.locate("_EPROCESS", "VadRoot").type == "_MM_AVL_TABLE"
        return self.eprocess("VadRoot.BalancedRoot.RightChild" if table else "VadRoot")

    def vad_children(self, node: int) -> tuple[int, int]:
        """Addresses of a node's two pointers to its children."""
        known = self.profile.structures
        new = known.has("_MMVAD_SHORT", "VadNode")
        names = ("VadNode.Children[0]", "VadNode.Children[1]") if new else ("LeftChild", "RightChild")
        left, right = (node + known.offset("_MMVAD_SHORT", name) for name in names)
        return left, right

    def vads(self) -> list[int]:
        """The nodes in the order of their addresses."""
        found: list[int] = []

        def visit(node: int) -> None:
            if node:
                left, right = (self.number(at, self.native_width) for at in self.vad_children(node))
                visit(left)
                found.append(node)
                visit(right)

        visit(self.number(self.vad_root(), self.native_width))
        return found

    def vpn(self, node: int, name: str) -> int:
        """StartingVpn or EndingVpn of a node."""
        high = f"{name}High"
        known = self.profile.structures
        value = self.number(node + known.offset("_MMVAD_SHORT", name), self._vpn_size(name))
        if known.has("_MMVAD_SHORT", high):
            value |= self.number(node + known.offset("_MMVAD_SHORT", high), 1) << 32
        return value

    def set_vpn(self, node: int, name: str, value: int) -> None:
        high = f"{name}High"
        known = self.profile.structures
        self.put(node + known.offset("_MMVAD_SHORT", name), value, self._vpn_size(name))
        if known.has("_MMVAD_SHORT", high):
            self.put(node + known.offset("_MMVAD_SHORT", high), value >> 32, 1)

    def _vpn_size(self, name: str) -> int:
        known = self.profile.structures
        return known.size_of(known.locate("_MMVAD_SHORT", name).type)

    def is_private(self, node: int) -> bool:
        """Whether the node describes private memory."""
        known = self.profile.structures
        member = known.locate("_MMVAD_SHORT", "u.VadFlags.PrivateMemory")
        _, position, _ = member.type.split(":")
        return bool(self.number(node + member.offset, known.size_of(member.type)) >> int(position) & 1)
