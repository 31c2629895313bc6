"""One bit that flipped: where what was read and what should be there differ in a single bit, memory is suspected first.

Parameters: Microsoft's bug check reference, which calls a difference of one bit a likely hardware error for 0x1A.
Pointers and code are compared here by themselves; what registers show is no surer than the record that they are from.
Everything is small and bounded: four parameters, the registers of one fault, sixteen bytes of code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from volplugins.bugcheck.fault.bit_pointers import Pointers, flipped_bit
from volplugins.bugcheck.scene.pool_header import flipped_block_size
from volplugins.bugcheck.suspects.suspects import UNPROVED, Confidence, at_most
from volplugins.bugcheck.words.codes import base_code
from volplugins.memory.reader import ReadError

if TYPE_CHECKING:
    from volplugins.bugcheck.fault.fault import Fault
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_INSTRUCTION = 16


class BitKind(str, Enum):
    """What the flipped bit is in, in the words of docs/output.md."""

    PAGE_TABLE = "page-table"
    POOL = "pool"
    LIST = "list"
    POINTER = "pointer"
    NON_CANONICAL = "non-canonical"
    INSTRUCTION = "instruction"


@dataclass(frozen=True, slots=True)
class BitError:
    """A likely memory error: what is damaged, how sure, and the two values that differ."""

    kind: str
    confidence: Confidence
    evidence: str


_Test = Callable[["CrashScene", "Fault"], "BitError | None"]


def find_bit_error(scene: CrashScene, fault: Fault) -> BitError | None:
    """The best evidence of a flipped bit; None where there is none. Never raises for what the dump holds."""
    said = _first((_in_parameters, _in_pool_header), scene, fault)
    return said if said is not None else _of_registers(scene, fault)


def _first(tests: tuple[_Test, ...], scene: CrashScene, fault: Fault) -> BitError | None:
    return next((found for test in tests if (found := test(scene, fault)) is not None), None)


def _of_registers(scene: CrashScene, fault: Fault) -> BitError | None:
    """What follows from the registers of the fault, as sure as the record that they are from."""
    error = _first((_in_instruction, _in_list, _in_pointer), scene, fault)
    if error is None or fault.proved:
        return error
    evidence = f"{error.evidence}; of the record that the registers are from: {UNPROVED}"
    return BitError(error.kind, at_most(error.confidence, fault), evidence)


# code, subcode (None: any), which parameter holds it, the two parameters that should be equal, what they are
_PAIRS: tuple[tuple[int, int, int, int, BitKind, str], ...] = (
    (0x1A, 0x403, 3, 4, BitKind.PAGE_TABLE, "the page table entry and what the page frame says of it"),
    (0x1A, 0x404, 2, 4, BitKind.PAGE_TABLE, "the address of the page table entry and the one in the page frame"),
    (0x1A, 0x5200, 3, 4, BitKind.POOL, "a word of a free pool block and what should be there"),
    (0x1A, 0x3F, 3, 4, BitKind.PAGE_TABLE, "the checksums of a page as it was read and as it was written"),
    (0x19, 0x3, 2, 3, BitKind.LIST, "the entry of a pool list and the link that leads to it"),
    (0x19, 0x3, 2, 4, BitKind.LIST, "the entry of a pool list and the link that leads back to it"),
)


def _in_parameters(scene: CrashScene, _fault: Fault) -> BitError | None:
    """What the bugcheck itself says of two values, or of one that should be zero."""
    target = scene.target
    code, values = base_code(target.bugcheck.code), target.bugcheck.parameters
    if code == 0x1A and values[0] == 0x41792:
        return _entry_of_one_bit(values[2] | (values[3] << 32 if scene.bits == 32 else 0), values[1])
    if code == 0xC1 and values[3] == 0x32:
        return BitError(BitKind.POOL.value, Confidence.HIGH, f"the bugcheck says so: one bit of {values[1]:#x} flipped")
    for wanted, subcode, one, other, kind, what in _PAIRS:
        first, second = values[one - 1], values[other - 1]
        bit = flipped_bit(first, second)
        if (code, values[0]) == (wanted, subcode) and bit is not None:
            evidence = f"{what} differ in bit {bit} alone: {first:#x} and {second:#x}"
            return BitError(kind.value, Confidence.HIGH, evidence)
    return None


def _entry_of_one_bit(entry: int, address: int) -> BitError | None:
    """A page table entry that should be empty and has a single bit set."""
    bit = flipped_bit(entry, 0)
    if bit is None:
        return None
    evidence = f"the page table entry at {address:#x} should be empty and has bit {bit} alone: {entry:#x}"
    return BitError(BitKind.PAGE_TABLE.value, Confidence.HIGH, evidence)


# bugchecks about a pool header, by code and subcode, whose second parameter is its address. 0xC2 with 6 or 7 (freed
# twice) is none: that a block is free is one field of its own header, and nothing else remembers what it was
_POOL_HEADERS = frozenset({(0x19, 0x20), (0xC2, 0x1), (0xC2, 0x2), (0xC2, 0x4)})


def _in_pool_header(scene: CrashScene, _fault: Fault) -> BitError | None:
    """The size in the header of a pool block, against what the block behind it remembers."""
    target = scene.target
    kind, block = target.bugcheck.parameters[:2]
    if (base_code(target.bugcheck.code), kind) not in _POOL_HEADERS:
        return None
    evidence = flipped_block_size(scene.memory, block, scene.bits)
    return BitError(BitKind.POOL.value, Confidence.HIGH, evidence) if evidence else None


def _in_instruction(scene: CrashScene, fault: Fault) -> BitError | None:
    """The failing instruction against the image's file; of 64 bits, whose code is hardly ever relocated."""
    if not fault.is_fault or fault.ip is None or scene.bits != 64:
        return None
    module = scene.modules.at(fault.ip)
    data = scene.code.file_of(module) if module is not None else None
    if module is None or data is None:
        return None
    try:
        there = scene.memory.read(fault.ip, _INSTRUCTION)
    except ReadError:
        return None
    at = fault.ip - module.base
    should = data[at : at + _INSTRUCTION]
    if len(should) < _INSTRUCTION:
        return None
    bit = flipped_bit(int.from_bytes(there, "little"), int.from_bytes(should, "little"))
    if bit is None:
        return None
    where = fault.ip + bit // 8
    evidence = f"the code at {where:#x} is {there[bit // 8]:#04x}; the file of {module.image_name} has "
    return BitError(BitKind.INSTRUCTION.value, Confidence.HIGH, evidence + f"{should[bit // 8]:#04x} there")


def _in_list(scene: CrashScene, fault: Fault) -> BitError | None:
    """An entry that a register points to, whose neighbour's link misses it by one bit."""
    found = Pointers(scene, fault).broken_link() if fault.is_fault or fault.registers else None
    return BitError(BitKind.LIST.value, Confidence.HIGH, found) if found else None


def _in_pointer(scene: CrashScene, fault: Fault) -> BitError | None:
    """The address that could not be accessed, against those that the registers hold."""
    if not fault.is_fault:
        return None
    pointers = Pointers(scene, fault)
    if evidence := pointers.non_canonical():
        return BitError(BitKind.NON_CANONICAL.value, Confidence.MEDIUM, evidence)
    if evidence := pointers.near_miss() or pointers.far_off():
        return BitError(BitKind.POINTER.value, Confidence.MEDIUM, evidence)
    if evidence := pointers.other_region():
        return BitError(BitKind.POINTER.value, Confidence.LOW, evidence)
    return None
