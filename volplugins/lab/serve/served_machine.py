"""A made-up machine while a debugger holds it: memory, registers, and the version that the kernel states.

Of a machine that ran, memory differs from an image of it: the debugger data block is in clear, as on Windows that was
booted with debugging on, and every processor has saved its registers in its block, as it does when it is stopped.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import PAGE, Cpu, Snapshot
from volplugins.lab.serve.registers import ProcessorFacts, model_specific, processor_facts
from volplugins.lab.serve.served_memory import ServedMemory
from volplugins.lab.structures.notation import Structures
from volplugins.lab.writers.live_memory import live_memory

_KDBG_SIZE, _KDBG_PROCESSORS = 0x14, 0x218
_LARGEST_VARIABLE, _PAGES_LOOKED_AT = 0x280, 8
_MAX_PACKET_TYPE, _MAX_STATE_CHANGE, _MAX_MANIPULATE = 0xC, 3, 0x31
_VERSION = struct.Struct("<HHBBHHBBBBHQQQ")
_MULTIPROCESSOR, _DATA_POINTER, _POINTERS_64 = 1, 2, 4


@dataclass(frozen=True, slots=True)
class ServedMachine:
    """All that the kernel answers from.

    Attributes:
        snapshot: the machine as the lab made it.
        pages: its memory by PFN, as it is while the debugger holds it.
        processors: by number; ``current`` is the one that is broken into.
        version: DBGKD_GET_VERSION64.
        entry: where system calls come in.
    """

    snapshot: Snapshot
    structures: Structures
    pages: Mapping[int, bytes]
    processors: tuple[ProcessorFacts, ...]
    current: int
    memory: ServedMemory
    version: bytes
    entry: int

    @property
    def wide(self) -> bool:
        """Whether it is x64."""
        return self.snapshot.bits == 64

    def thread(self, number: int) -> int:
        """Address of a processor's current thread."""
        at = self.processors[number].prcb + self.structures.offset("_KPRCB", "CurrentThread")
        return self.memory.number(at, self.structures.bits // 8) or 0

    def msr(self, number: int, register: int) -> int | None:
        """A model-specific register of a processor, None where there is none."""
        return model_specific(self.processors[number].cpu, self.wide, self.entry).get(register)


def serve_snapshot(snapshot: Snapshot, short_data_block: bool = False) -> ServedMachine:
    """The machine, held by its kernel debugger.

    Args:
        snapshot: any machine of the lab's.
        short_data_block: KDBG ends before KiProcessorBlock, as that of some kernels does.

    Raises:
        ValueError: the snapshot has no processors.
    """
    if not snapshot.cpus:
        raise ValueError(f"{snapshot.machine} has no processors to be debugged")
    if not snapshot.crashed:
        snapshot = live_memory(snapshot, False)
    structures = PROFILES[snapshot.machine.removesuffix("-la57")].structures
    edit, truth = PageEdit(snapshot), snapshot.truth
    blocks = [int(each["prcb"]) for each in truth["processors"]]
    held = [_in_kernel(snapshot, cpu) for cpu in snapshot.cpus]
    processors = tuple(processor_facts(structures, *each) for each in zip(held, blocks, strict=True))
    for each in processors:
        if not snapshot.crashed:
            edit.write(each.prcb + structures.offset("_KPRCB", "ProcessorState"), each.state)
    head = _list_head(snapshot, edit)
    if short_data_block:
        _shorten(edit, _symbol(snapshot, "KdDebuggerDataBlock"))
    current = int(truth.get("processor", 0))
    memory = ServedMemory(snapshot, edit.pages, held[current].cr3, held[current].cr4)
    entry = truth["symbols"]["nt"].get("KiSystemCall64" if snapshot.bits == 64 else "KiFastCallEntry", 0)
    return ServedMachine(
        snapshot, structures, edit.pages, processors, current, memory, _version(snapshot, head),
        _kernel(snapshot) + entry if entry else 0,
    )  # fmt: skip


def _in_kernel(snapshot: Snapshot, cpu: Cpu) -> Cpu:
    """The registers once the kernel has the processor: KVA shadowing has changed to the kernel's directory."""
    for process in snapshot.truth["processes"]:
        if process["shadow"] and process["shadow"] == cpu.cr3:
            return replace(cpu, cr3=process["dtb"])
    return cpu


def _kernel(snapshot: Snapshot) -> int:
    return next(int(each["base"]) for each in snapshot.truth["modules"] if each["name"] == "nt")


def _symbol(snapshot: Snapshot, name: str) -> int:
    return _kernel(snapshot) + int(snapshot.truth["symbols"]["nt"][name])


def _extended(address: int) -> int:
    """32-bit addresses are stated sign-extended."""
    return address | 0xFFFFFFFF00000000 if 0x80000000 <= address < 1 << 32 else address


def _list_head(snapshot: Snapshot, edit: PageEdit) -> int:
    """Link KDBG into a list, as the kernel does; gives the list's head, which lies in unused memory behind its data."""
    block = _symbol(snapshot, "KdDebuggerDataBlock")
    symbols = [_kernel(snapshot) + each for each in snapshot.truth["symbols"]["nt"].values()]
    first = (block & -PAGE) + PAGE
    for end in range(first, first + _PAGES_LOOKED_AT * PAGE, PAGE):
        if any(end - _LARGEST_VARIABLE <= each < end for each in symbols):
            continue
        try:
            if any(edit.read(end - _LARGEST_VARIABLE, _LARGEST_VARIABLE)):
                continue
        except KeyError:
            break
        head = end - 0x40
        if snapshot.bits == 64:
            edit.write(head, struct.pack("<QQ", block, block))
            edit.write(block, struct.pack("<QQ", head, head))
        else:  # linked by 32-bit pointers, although the block has room for wider ones
            edit.write(head, struct.pack("<II", block, block))
            edit.write(block, struct.pack("<IIQ", head, head, 0))
        return head
    return block  # it leads to itself


def _shorten(edit: PageEdit, block: int) -> None:
    size = edit.number(block + _KDBG_SIZE, 4)
    if size > _KDBG_PROCESSORS:
        edit.write(block + _KDBG_SIZE, struct.pack("<I", _KDBG_PROCESSORS))
        edit.write(block + _KDBG_PROCESSORS, bytes(size - _KDBG_PROCESSORS))


def _version(snapshot: Snapshot, head: int) -> bytes:
    wide = snapshot.bits == 64
    flags = (_MULTIPROCESSOR if len(snapshot.cpus) > 1 else 0) | _DATA_POINTER | (_POINTERS_64 if wide else 0)
    secondary = 2 if snapshot.header["MinorVersion"] >= 6000 else 0
    addresses = (_kernel(snapshot), int(snapshot.header["PsLoadedModuleList"]), head)
    return _VERSION.pack(
        0xF, snapshot.header["MinorVersion"], 6, secondary, flags, 0x8664 if wide else 0x14C, _MAX_PACKET_TYPE,
        _MAX_STATE_CHANGE, _MAX_MANIPULATE, 0, 0, *(_extended(each) for each in addresses),
    )  # fmt: skip
