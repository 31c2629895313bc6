"""A made-up machine while it is being built: memory, address spaces, loaded images, and the truth as it grows."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from volplugins.lab.code.image_record import Image
from volplugins.lab.code.pe_link import PROTECTION, link
from volplugins.lab.machine.address_space import LARGE_PAGE, AddressSpace
from volplugins.lab.machine.io_registry import IoRegistry
from volplugins.lab.machine.page_tables import X64, PageTables
from volplugins.lab.machine.physical_memory import PhysicalMemory
from volplugins.lab.machine.pool import Pool
from volplugins.lab.machine.profiles import HOSTS, Host, Profile
from volplugins.lab.machine.ranges import Section
from volplugins.lab.structures.notation import Record, Structures

LARGE_FRAME, LARGE_FRAMES = 0x1400, 0x400  # kept for large pages: RAM on every machine, aligned for every mode


@dataclass(slots=True)
class LoadedImage:
    """An image at its load address; ``path`` is the name the kernel keeps."""

    image: Image
    base: int
    path: str

    @property
    def end(self) -> int:
        """First address above the image."""
        return self.base + self.image.size


@dataclass(slots=True)
class Machine:
    """Everything that the builders of this room share while they make one machine.

    ``sections`` are those of mapped files by path, shared by all processes, ``every_section`` all there are; ``io`` are
    the I/O system's objects; ``littered`` says that unused slots of kernel stacks hold much of what earlier calls left,
    ``sparse`` that its images export few functions.
    """

    profile: Profile
    host: Host
    base_index: int
    seed: str
    structures: Structures
    memory: PhysicalMemory
    tables: PageTables
    kernel: AddressSpace
    pool: Pool
    images: dict[str, LoadedImage] = field(default_factory=dict)
    truth: dict[str, Any] = field(default_factory=dict)
    sessions: dict[int, int] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)
    every_section: list[Section] = field(default_factory=list)
    io: IoRegistry = field(default_factory=IoRegistry)
    next_stack: int = 0
    next_system: int = 0
    littered: bool = False
    sparse: bool = False

    @property
    def width(self) -> int:
        """Bytes of a pointer."""
        return self.profile.bits // 8

    @property
    def notmyfault(self) -> str:
        """File name of NotMyFault on this machine."""
        return "notmyfault64.exe" if self.width == 8 else "notmyfault.exe"

    def random(self, purpose: str) -> random.Random:
        """A generator of its own for each purpose, so that adding one changes no other."""
        return random.Random(f"{self.seed}/{purpose}")

    def symbol(self, name: str) -> int:
        """Address of ``module!Name``."""
        stem, _, rest = name.partition("!")
        loaded = self.images[stem]
        return loaded.base + loaded.image.symbols[rest]

    def site(self, stem: str, label: str) -> int:
        """Address of a place in code: ``Function>callee`` or ``Function@label``."""
        loaded = self.images[stem]
        return loaded.base + loaded.image.sites[label]

    def pointer(self, value: int) -> bytes:
        """A pointer's bytes."""
        return (value & ((1 << 8 * self.width) - 1)).to_bytes(self.width, "little")

    def write(self, address: int, data: bytes | bytearray) -> None:
        """Store bytes at mapped kernel addresses."""
        self.kernel.write(address, bytes(data))

    def write_pointer(self, address: int, value: int) -> None:
        """Store a pointer at a mapped kernel address."""
        self.kernel.write(address, self.pointer(value))

    def record(self, name: str) -> Record:
        """An empty structure of this build."""
        return Record(self.structures, name)

    def load(self, loaded: LoadedImage) -> None:
        """Link an image at its base and put it into the kernel's address space."""
        for name, (start, data) in link(loaded.image, loaded.base, self.symbol).items():
            self.kernel.map(loaded.base + start, len(data), PROTECTION.get(name, "read"))
            self.kernel.write(loaded.base + start, data)

    def system_block(self, size: int) -> int:
        """Fresh kernel pages outside the pool (processor blocks and the like); whole pages."""
        address = self.next_system
        self.kernel.map(address, size, "data")
        self.next_system += (size + 0x1FFF) & ~0xFFF
        return address


def symbol_at(images: dict[str, LoadedImage], address: int) -> str:
    """``module!Symbol+0x…`` from the images' own symbols; empty outside of images."""
    stem, loaded = next(((stem, each) for stem, each in images.items() if each.base <= address < each.end), ("", None))
    if loaded is None:
        return ""
    rva = address - loaded.base
    at, name = loaded.image.symbol_below(rva)
    return f"{stem}!{name}" + (f"+{rva - at:#x}" if rva > at else "")


def new_machine(profile: Profile, base: int, host: int, kept: tuple[int, int] | None = None) -> Machine:
    """An empty machine: page tables with the self-map, nonpaged pool, nothing else.

    Args:
        kept: (first page frame, count) that are not handed out.
    """
    seed = f"{profile.name}/{base}/{host}"
    structures = profile.structures
    memory = PhysicalMemory(list(profile.runs), seed)
    memory.reserve(LARGE_FRAME, LARGE_FRAMES)
    if kept is not None:
        memory.reserve(*kept)
    slot, end = profile.self_maps[base % len(profile.self_maps)], profile.user_end if profile.bits == 32 else None
    tables = PageTables(memory, profile.mode, slot, end)
    kernel = AddressSpace(tables, tables.new_directory(profile.directory_pfn))
    start = profile.pool_bases[base] + 0x1000 * (16 + 8 * host)
    pool = Pool(kernel, structures, start, profile.pool_bases[base] + LARGE_PAGE, protected=profile.build < 9200)
    if profile.mode is X64:
        pfn = memory.reserve(0x800, LARGE_PAGE // 0x1000)
        kernel.map_large(profile.pool_bases[base], pfn, "rwx")
    for address in profile.regions:
        kernel.map(address, 0x1000, "data")
    machine = Machine(profile, HOSTS[host], base, seed, structures, memory, tables, kernel, pool)
    machine.next_stack = profile.stack_bases[base] + host * 0x20000
    machine.next_system = profile.system_bases[base] + host * 0x8000
    if profile.build >= 10240:
        pool.cookie = machine.random("cookie").randrange(1, 256)
    return machine
