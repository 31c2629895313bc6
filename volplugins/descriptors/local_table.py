"""A process's LDT: KPROCESS holds the descriptor that is put into the GDT when the process runs."""

from __future__ import annotations

from volplugins.descriptors.descriptor import LDT, Descriptor, decode_descriptor
from volplugins.descriptors.table import TableRegister, register_notes
from volplugins.kernel.descriptor_layouts import GateLayouts
from volplugins.memory.reader import MemoryReader, ReadError

# x64 has none from 15063 on; 7601 grew by eight bytes within its life (public symbol tables)
_NONE_FROM = 15063
_OTHER_PLACES = {7600: (0x108, 0x110), 7601: (0x108, 0x110)}


def read_local_table(
    memory: MemoryReader, eprocess: int, layouts: GateLayouts, build: int, virtual_bits: int
) -> TableRegister | str:
    """Where a process's LDT is; in words why it has none."""
    if virtual_bits > 32 and build >= _NONE_FROM:
        return "Windows of 64 bits has no LDTs since build 15063"
    layout = layouts.process
    member = "LdtSystemDescriptor" if virtual_bits > 32 else "LdtDescriptor"
    if not layout.has(member):
        return "where this build keeps a process's LDT is not known"
    at = layout.offset(member)
    for place in (at, *(each for each in _OTHER_PLACES.get(build, ()) if virtual_bits > 32 and each != at)):
        try:
            data = memory.read(eprocess + place, 16 if virtual_bits > 32 else 8)
        except ReadError as error:
            return f"its EPROCESS cannot be read: {error.reason}"
        descriptor = decode_descriptor(data, virtual_bits)
        if descriptor.kind == LDT:
            return _register(descriptor, virtual_bits)
    return "it has no LDT"


def _register(descriptor: Descriptor, virtual_bits: int) -> TableRegister:
    notes = [] if descriptor.present else ["its descriptor is not present"]
    table = TableRegister(descriptor.base, descriptor.limit)
    return TableRegister(table.base, table.limit, (*notes, *register_notes(table, virtual_bits, 8)))
