"""Where a kernel's symbol table has what descriptor tables and interrupt objects are read by (as members.py)."""

from __future__ import annotations

from volplugins.vol.symbols.members import Members, same

# by field of GateLayouts
DESCRIPTOR_MEMBERS: dict[str, Members] = {
    "pcr": same("_KPCR", "GdtBase", "TssBase", "IdtBase", "IDT", "GDT", "TSS"),
    "processor": same("_KPRCB", "ProcessorState", "InterruptObject", "ShadowFlags"),
    "state": same("_KPROCESSOR_STATE", "SpecialRegisters", "ContextFrame"),
    "special": same("_KSPECIAL_REGISTERS", "Cr0", "Cr3", "Cr4", "Gdtr", "Idtr", "Tr", "Ldtr", "MsrGsBase", "MsrGsSwap",
                    "MsrStar", "MsrLStar", "MsrCStar", "MsrSyscallMask"),
    "process": {name: ("_EPROCESS", "Pcb", name) for name in ("LdtSystemDescriptor", "LdtDescriptor")},
    "interrupt": same("_KINTERRUPT", "Type", "Size", "InterruptListEntry", "ServiceRoutine", "MessageServiceRoutine",
                      "MessageIndex", "ServiceContext", "DispatchAddress", "Vector", "Irql", "SynchronizeIrql",
                      "Connected", "Number", "ShareVector", "Mode", "ServiceCount", "DispatchCount", "DispatchCode"),
}  # fmt: skip
