"""An address of selector and offset worked through to its linear address, as a processor does it.

Which model holds depends on the descriptor: in long mode the base and limit of code of 64 bits and of data are ignored
(Intel SDM 3A, 3.4.4 and 5.3.1); code of 32 or 16 bits has them (compatibility mode), and data with a base is its.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.descriptors.descriptor import CODE, LONG_MODE, Descriptor, is_canonical
from volplugins.descriptors.lookup import VALID, Found, look_up
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.table import TableRegister
from volplugins.memory.reader import MemoryReader

BEYOND_LIMIT, NOT_PRESENT, NO_SEGMENT, NON_CANONICAL = "beyond-limit", "not-present", "no-segment", "non-canonical"
_WHOLE = 0xFFFF_FFFF
FLAT_64 = "long mode is flat: code of 64 bits ignores base and limit of this segment, the offset is the linear address"
FLAT_32 = "flat model: the segment covers 4 GiB from 0, the offset is the linear address"
SEGMENTED = "segmented model: the linear address is the segment's base plus the offset, within its limit"
SEGMENTED_16 = "segmented model of 16-bit protected mode: base plus offset, within the limit"
COMPATIBLE = "compatibility mode of long mode: code of {width} bits adds base and offset, in 32 bits, within the limit"
OTHER_64 = "; code of 64 bits would ignore the base, and takes those of FS and GS from MSRs"


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of an address.

    Attributes:
        found: the way to the descriptor.
        state: of the segment: ``valid``, ``not-present``, ``no-segment`` (a gate or a system descriptor).
        linear: the linear address; None where there is none. linear_state: ``valid``, ``beyond-limit``,
            ``non-canonical``.
        model: a sentence: which memory model this is; empty where no segment is found.
        note: of the descriptor; linear_note: of the address.
    """

    selector: Selector
    found: Found
    state: str
    linear: int | None = None
    linear_state: str = ""
    model: str = ""
    note: str = ""
    linear_note: str = ""


def work_through(
    memory: MemoryReader, selector: Selector, offset: int, gdt: TableRegister | None, ldt: TableRegister | None,
    virtual_bits: int,
) -> Worked:  # fmt: skip
    """Work an address through; never raises.

    Args:
        virtual_bits: 32 outside of long mode, else 48 or 57.
    """
    found = look_up(memory, selector, gdt, ldt, virtual_bits)
    descriptor = found.descriptor
    if found.state != VALID or descriptor is None:
        return Worked(selector, found, found.state, note=found.note)
    if not descriptor.is_segment:
        why = f"a {descriptor.type_word} is no segment: loading its selector into a segment register faults (#GP)"
        return Worked(selector, found, NO_SEGMENT, note=why)
    model = model_of(descriptor, offset, virtual_bits)
    if not descriptor.present:
        why = "the segment is not present: loading its selector faults (#NP, #SS)"
        return Worked(selector, found, NOT_PRESENT, model=model, note=why)
    linear, state, note = _linear(descriptor, offset, model, virtual_bits)
    return Worked(selector, found, VALID, linear, state, model, _rights(descriptor, selector), note)


def model_of(descriptor: Descriptor, offset: int, virtual_bits: int) -> str:
    """Which memory model an address in a segment belongs to, as a sentence."""
    if virtual_bits >= LONG_MODE:
        if descriptor.kind == CODE:
            return FLAT_64 if descriptor.width == 64 else COMPATIBLE.format(width=descriptor.width)
        if not descriptor.base or offset > _WHOLE:
            return FLAT_64
        return COMPATIBLE.format(width=descriptor.width) + OTHER_64
    if descriptor.width == 16:
        return SEGMENTED_16
    return FLAT_32 if not descriptor.base and descriptor.offsets == (0, _WHOLE) else SEGMENTED


def _linear(descriptor: Descriptor, offset: int, model: str, virtual_bits: int) -> tuple[int, str, str]:
    if model == FLAT_64:
        return (offset, VALID, "") if is_canonical(offset, virtual_bits) else (offset, NON_CANONICAL, "faults (#GP)")
    first, last = descriptor.offsets
    linear = (descriptor.base + offset) & _WHOLE
    if not first <= offset <= last:
        within = f"offsets {first:#x} to {last:#x}" if first <= last else "no offset"
        return linear, BEYOND_LIMIT, f"the segment has {within}: an access faults (#GP, #SS)"
    return linear, VALID, f"base {descriptor.base:#x} + {offset:#x}" if descriptor.base else ""


def _rights(descriptor: Descriptor, selector: Selector) -> str:
    """What privileges forbid."""
    if "conforming" in descriptor.flags or selector.privilege <= descriptor.dpl:
        return ""
    return f"privilege level {selector.privilege} may not load a segment of level {descriptor.dpl}"
