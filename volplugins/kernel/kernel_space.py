"""The kernel's address space: which page directory reads the kernel, tested before it is believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from volplugins.kernel.debugger_data import OWNER_TAG
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode

# KUSER_SHARED_DATA: fixed kernel address, and NtMajorVersion in it (public symbol tables, every build since XP)
_SHARED_DATA = {64: 0xFFFFF78000000000, 32: 0xFFDF0000}
_NT_MAJOR_VERSION = 0x26C
_KNOWN_MAJOR = frozenset({5, 6, 10})


@dataclass(frozen=True, slots=True)
class KernelAnchors:
    """Kernel addresses that a dump header gives; zero where it gives none."""

    loaded_modules: int
    active_processes: int
    debugger_data: int


@dataclass(frozen=True, slots=True)
class KernelSpace:
    """The kernel's address space.

    Attributes:
        space: reads kernel memory.
        source: where its DirectoryTableBase is from.
        evidence: the test it passed; empty where none could be passed (then nothing it reads is certain).
    """

    space: AddressSpace
    source: str
    evidence: str


def find_kernel_space(
    physical: MemoryReader,
    bits: int,
    pae: bool | None,
    directories: Sequence[tuple[int, str]],
    anchors: KernelAnchors,
) -> KernelSpace | None:
    """The first directory that reads the kernel.

    Args:
        physical: physical memory.
        pae: what the header says of PAE on 32-bit machines; None where it says nothing (both are tried).
        directories: DirectoryTableBase values to try, best first, each with the name of its source.
        anchors: addresses whose contents can be checked.
    """
    for directory, source in directories:
        if not directory:
            continue
        for mode in _modes(bits, pae):
            space = AddressSpace(physical, mode, directory)
            evidence = _evidence(space, bits, anchors)
            if evidence:
                return KernelSpace(space, source, evidence)
    return None


def _modes(bits: int, pae: bool | None) -> tuple[PagingMode, ...]:
    if bits == 64:
        return (PagingMode.X64, PagingMode.X64_LA57)
    both = (PagingMode.PAE, PagingMode.X86)
    return both if pae or pae is None else tuple(reversed(both))


def _evidence(space: AddressSpace, bits: int, anchors: KernelAnchors) -> str:
    return next(iter(_passed(space, bits, anchors)), "")


def _passed(space: AddressSpace, bits: int, anchors: KernelAnchors) -> Iterator[str]:
    """Names of the tests that ``space`` passes, strongest first."""
    for name, head in (
        ("PsLoadedModuleList", anchors.loaded_modules),
        ("PsActiveProcessHead", anchors.active_processes),
    ):
        if head and _is_list(space, head, bits // 8):
            yield f"{name} {head:#x} reads as a list that leads back to itself"
    if anchors.debugger_data and _reads(space, anchors.debugger_data + 0x10, 4) == OWNER_TAG:
        yield f"KdDebuggerDataBlock {anchors.debugger_data:#x} holds its tag"
    major = _reads(space, _SHARED_DATA[bits] + _NT_MAJOR_VERSION, 4)
    if major is not None and int.from_bytes(major, "little") in _KNOWN_MAJOR:
        yield "KUSER_SHARED_DATA holds a Windows version"


def _is_list(memory: MemoryReader, head: int, width: int) -> bool:
    """Whether the first entry's back link, or the last one's forward link, is ``head``."""
    return any(_link(memory, _link(memory, head, at), back) == head for at, back in ((0, width), (width, 0)))


def _link(memory: MemoryReader, address: int, at: int) -> int:
    width = 8 if address >> 32 else 4
    data = _reads(memory, address + at, width) if address else None
    return int.from_bytes(data, "little") if data else 0


def _reads(memory: MemoryReader, address: int, size: int) -> bytes | None:
    try:
        return memory.read(address, size)
    except ReadError:
        return None
