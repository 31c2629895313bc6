"""What rootkits and mistakes do to a processor's tables, by name.

A hook works on a finished snapshot of any machine that can have it. truth["descriptors"]["hook"] says what was written:
its name, the processor, the vector or selector, where it leads, and the kind of finding that it has to give (the words
of docs/findings.md). Code that a hook leads to lies in pool that belongs to no module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from volplugins.lab.damage.directory_subject import LA57
from volplugins.lab.machine import segment_records as made
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.segment_records import gate_32, gate_64, segment
from volplugins.lab.machine.snapshot import Snapshot

GATE, CALL, TABLE = "gate-outside-kernel", "call-gate", "descriptor-table"
_FAULT, _DEBUG, _KEYBOARD, _SHARED = 0x0E, 0x01, 0x81, 0x91
_FREE_64, _FREE_32 = 0x60, 0x100  # selectors that nobody has; the first one lies beyond the limit of x64's GDT
_CODE = bytes.fromhex("90909090c3")


class GatePatient:
    """A snapshot whose tables are to be changed; its truth is a copy that may be changed with them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.edit = PageEdit(snapshot)
        profile = PROFILES[snapshot.machine.removesuffix(LA57)]
        self.known, self.free_page = profile.structures, profile.regions[-1]
        self.width = snapshot.bits // 8
        self.truth: dict[str, Any] = deepcopy(snapshot.truth["descriptors"])
        self.modules: list[dict[str, Any]] = snapshot.truth["modules"]
        self.symbols: dict[str, dict[str, int]] = snapshot.truth["symbols"]
        self.code = int(snapshot.truth["spare_pool"])
        self.edit.write(self.code, _CODE)

    @property
    def wide(self) -> bool:
        """Whether it is an x64 machine."""
        return self.width == 8

    def symbol(self, stem: str, name: str) -> int:
        """Address of a symbol."""
        base = next(each["base"] for each in self.modules if each["name"] == stem)
        return int(base) + self.symbols[stem][name]

    def pointer(self, address: int, value: int) -> None:
        """Store a pointer."""
        self.edit.write(address, (value & ((1 << 8 * self.width) - 1)).to_bytes(self.width, "little"))

    def gate(self, processor: int, vector: int, target: int, selector: int = 0) -> None:
        """Let a vector's gate lead elsewhere; it keeps its privilege and its interrupt stack."""
        table = self.truth["processors"][processor]
        usual = table["gates"][vector]
        if self.wide:
            entry = gate_64(target, selector or 0x10, stack=usual["ist"], user=usual["dpl"] == 3)
        else:
            entry = gate_32(target, selector or 8, user=usual["dpl"] == 3)
        self.edit.write(table["idt"]["base"] + vector * len(entry), entry)
        usual.update(target=target, symbol="", module="", task=0)

    def special(self, processor: int, path: str) -> int:
        """Address of one of the saved special registers."""
        at = self.known.offset("_KPRCB", f"ProcessorState.SpecialRegisters.{path}")
        return int(self.truth["processors"][processor]["prcb"]) + at

    def interrupt(self, processor: int, vector: int, place: int = 0) -> dict[str, Any]:
        """The truth about an interrupt object of a vector."""
        rows = self.truth["processors"][processor]["interrupts"]
        found: dict[str, Any] = [each for each in rows if each["vector"] == vector][place]
        return found


def _gate_outside(patient: GatePatient) -> dict[str, Any]:
    """Page faults go to code of no module, on every processor."""
    for number in range(len(patient.truth["processors"])):
        patient.gate(number, _FAULT, patient.code)
    return {"processor": None, "vector": _FAULT, "target": patient.code}


def _gate_in_driver(patient: GatePatient) -> dict[str, Any]:
    """Debug exceptions go to a driver, on every processor."""
    target = patient.symbol("acmedrv", "AcmeRunCallback")
    for number in range(len(patient.truth["processors"])):
        patient.gate(number, _DEBUG, target)
    return {"processor": None, "vector": _DEBUG, "target": target}


def _gate_differs(patient: GatePatient) -> dict[str, Any]:
    """Breakpoints of one processor go to another function of the kernel than those of the other."""
    target = patient.symbol("nt", "KiPageFault" if patient.wide else "KiTrap0E")
    patient.gate(1, 3, target)
    return {"processor": 1, "vector": 3, "target": target}


def _call_gate(patient: GatePatient) -> dict[str, Any]:
    """User code may call ring 0."""
    table = patient.truth["processors"][0]["gdt"]
    selector = _FREE_64 if patient.wide else _FREE_32
    build = gate_64 if patient.wide else gate_32
    patient.edit.write(table["base"] + selector, build(patient.code, kind=made.CALL_GATE, user=True))
    if patient.wide:
        _limit(patient, 0, "Gdtr", selector + 0xF)
        table["limit"] = selector + 0xF
    return {"processor": 0, "selector": selector, "target": patient.code}


def _foreign_code(patient: GatePatient) -> dict[str, Any]:
    """A code segment of ring 0 that Windows does not have, which a gate uses."""
    table = patient.truth["processors"][0]["gdt"]
    selector = 0x38 if patient.wide else _FREE_32
    low = segment(0, 0xFFFFF, made.CODE_0, made.PAGES | (made.LONG if patient.wide else made.WIDE))
    patient.edit.write(table["base"] + selector, low)
    return {"processor": 0, "selector": selector, "target": None}


def _limit(patient: GatePatient, processor: int, register: str, limit: int) -> None:
    patient.edit.write(patient.special(processor, f"{register}.Limit"), limit.to_bytes(2, "little"))


def _short_limit(patient: GatePatient) -> dict[str, Any]:
    """The limit of one processor's IDT leaves out the last sixteen vectors."""
    table = patient.truth["processors"][1]["idt"]
    limit = (0x100 - 0x10) * (16 if patient.wide else 8) - 1
    _limit(patient, 1, "Idtr", limit)
    table["limit"] = limit
    return {"processor": 1, "table": "idt", "limit": limit, "target": None}


def _table_elsewhere(patient: GatePatient) -> dict[str, Any]:
    """IDTR of one processor leads to a copy of the table, whose gate of page faults leads to code of no module."""
    table = patient.truth["processors"][0]["idt"]
    size = 0x1000 if patient.wide else 0x800
    copy = patient.free_page
    data = bytearray(patient.edit.read(table["base"], size))
    build = gate_64 if patient.wide else gate_32
    entry = build(patient.code)
    data[_FAULT * len(entry) : (_FAULT + 1) * len(entry)] = entry
    patient.edit.write(copy, bytes(data))
    patient.pointer(patient.special(0, "Idtr.Base"), copy)
    return {"processor": 0, "table": "idt", "base": copy, "vector": _FAULT, "target": patient.code}


def _system_call(patient: GatePatient) -> dict[str, Any]:
    """System calls of x64 go to code of no module: LSTAR."""
    patient.edit.write(patient.special(0, "MsrLStar"), patient.code.to_bytes(8, "little"))
    return {"processor": 0, "register": "MsrLStar", "target": patient.code}


def _system_call_in_kernel(patient: GatePatient) -> dict[str, Any]:
    """System calls of x64 go to another function of the kernel."""
    target = patient.symbol("nt", "KiPageFault")
    patient.edit.write(patient.special(0, "MsrLStar"), target.to_bytes(8, "little"))
    return {"processor": 0, "register": "MsrLStar", "target": target}


def _service_outside(patient: GatePatient) -> dict[str, Any]:
    """The keyboard's service routine is code of no module."""
    row = patient.interrupt(0, _KEYBOARD)
    patient.pointer(row["object"] + patient.known.offset("_KINTERRUPT", "ServiceRoutine"), patient.code)
    row.update(service=patient.code, routine=patient.code, symbol="", module="")
    return {"processor": 0, "vector": _KEYBOARD, "object": row["object"], "target": patient.code}


def _sharer_outside(patient: GatePatient) -> dict[str, Any]:
    """The same of the second object of a shared vector."""
    row = patient.interrupt(0, _SHARED, 1)
    patient.pointer(row["object"] + patient.known.offset("_KINTERRUPT", "ServiceRoutine"), patient.code)
    row.update(service=patient.code, routine=patient.code, symbol="", module="")
    return {"processor": 0, "vector": _SHARED, "object": row["object"], "target": patient.code}


def _sharers_loop(patient: GatePatient) -> dict[str, Any]:
    """The second sharer's link leads to itself: no hook, but a list that readers must leave."""
    row = patient.interrupt(0, _SHARED, 1)
    link = row["object"] + patient.known.offset("_KINTERRUPT", "InterruptListEntry")
    patient.pointer(link, link)
    return {"processor": 0, "vector": _SHARED, "object": row["object"], "target": None}


def _task_links_to_itself(patient: GatePatient) -> dict[str, Any]:
    """x86: the TSS of double faults names itself as the task before it."""
    task = patient.truth["processors"][0]["tasks"][0x50]["base"]
    patient.edit.write(task, (0x50).to_bytes(2, "little"))
    return {"processor": 0, "vector": 8, "selector": 0x50, "target": None}


@dataclass(frozen=True, slots=True)
class GateHook:
    """One change.

    Attributes:
        finding: kind of finding that it has to give, empty where it is no hook but damage.
        bits: the machines that can have it, 0 for all.
    """

    make: Callable[[GatePatient], dict[str, Any]]
    finding: str
    bits: int = 0


#: Every change by name.
GATE_HOOKS: Mapping[str, GateHook] = {
    "gate-outside": GateHook(_gate_outside, GATE),
    "gate-in-driver": GateHook(_gate_in_driver, GATE),
    "gate-differs": GateHook(_gate_differs, TABLE),
    "call-gate": GateHook(_call_gate, CALL),
    "ring0-code": GateHook(_foreign_code, TABLE),
    "idt-limit": GateHook(_short_limit, TABLE),
    "idt-elsewhere": GateHook(_table_elsewhere, TABLE),
    "lstar-outside": GateHook(_system_call, GATE, 64),
    "lstar-elsewhere": GateHook(_system_call_in_kernel, GATE, 64),
    "isr-outside": GateHook(_service_outside, GATE),
    "sharer-outside": GateHook(_sharer_outside, GATE),
    "sharers-loop": GateHook(_sharers_loop, ""),
    "task-link-loop": GateHook(_task_links_to_itself, "", 32),
}


def gate_hooks_of(bits: int) -> tuple[str, ...]:
    """The changes that a machine of so many bits can have."""
    return tuple(name for name, each in GATE_HOOKS.items() if each.bits in (0, bits))


def with_gate_hook(snapshot: Snapshot, name: str) -> Snapshot:
    """The same machine with its tables changed; raises ValueError where it cannot have that change."""
    if name not in gate_hooks_of(snapshot.bits):
        raise ValueError(f"no hook of gates {name} on {snapshot.machine}")
    patient = GatePatient(snapshot)
    hook = GATE_HOOKS[name].make(patient)
    patient.truth["hook"] = {"name": name, "finding": GATE_HOOKS[name].finding, **hook}
    return replace(snapshot, pages=patient.edit.pages, truth={**snapshot.truth, "descriptors": patient.truth})
