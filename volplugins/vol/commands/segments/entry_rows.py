"""Rows of single entries: segments, task states, gates with the interrupt objects behind them, MSRs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.descriptors.descriptor import CODE, GATES, LDT, LONG_MODE, Descriptor
from volplugins.descriptors.interrupts import Interrupt, InterruptReader
from volplugins.descriptors.lookup import VALID, look_up
from volplugins.descriptors.processor_tables import USUAL_TASK, ProcessorTables
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.table import Entry, read_gates, read_segments
from volplugins.descriptors.task_state import TaskState
from volplugins.vol.commands.segments.gate_targets import OUTSIDE, GateTargets
from volplugins.vol.commands.segments.row import SegmentRow
from volplugins.vol.scene.descriptor_scene import virtual_bits

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

FOREIGN_CODE = "a code segment of ring 0 that Windows does not have"
DIFFERS = "differs from processor"
ELSEWHERE = "not at nt!"
# each processor's own: on x86 its TSS, KPCR, the TEB, VDM and LDT of what it runs, TSSs of task gates, the GDT;
# on x64 its TSS and the TEB of 32 bits
_OWN_32 = (0x28, 0x30, 0x38, 0x40, 0x48, 0x50, 0x58, 0x70)
_OWN_64 = (0x40, 0x50)
# code segments of ring 0 that Windows has on x64: its own, and one of 32 bits for what the HAL does (until Windows 8)
_RING_0 = (0x10, 0x60)
# on x86 firmware and old drivers have small ones beside 0x08 (KeI386AllocateGdtSelectors): those of 4 GiB count
_RING_0_FLAT, _WHOLE = (0x08,), 0xFFFF_FFFF
_THUNK = "KiIsrThunk"
_ENTRIES = {"MsrLStar": "KiSystemCall64", "MsrCStar": "KiSystemCall32"}


class EntryRows:
    """Makes the rows of one scene; ``first`` is the processor that others are compared with."""

    def __init__(self, scene: CrashScene, first: ProcessorTables | None) -> None:
        self._scene = scene
        self._width = virtual_bits(scene)
        self._interrupts = InterruptReader(scene.memory, scene.layouts.descriptors, scene.bits)
        self._first = first
        self._targets = GateTargets(scene, first)
        self._segments: dict[int, Descriptor] = {}
        self._gates: dict[int, Descriptor] = {}
        if first is not None and first.gdt is not None:
            entries = read_segments(scene.memory, first.gdt, self._width)
            self._segments = {8 * each.index: each.descriptor for each in entries if each.descriptor is not None}
        if first is not None and first.idt is not None:
            entries = read_gates(scene.memory, first.idt, self._width)
            self._gates = {each.index: each.descriptor for each in entries if each.descriptor is not None}

    def of_segment(self, tables: ProcessorTables | None, table: str, entry: Entry) -> Iterator[SegmentRow]:
        """An entry of a GDT or LDT."""
        number = tables.number if tables is not None else None
        found = entry.descriptor
        selector = 8 * entry.index | (4 if table == "ldt" else 0)
        if found is None:
            yield _unread(number, table, entry)
            return
        notes = [*found.notes]
        target, symbol = None, ""
        if found.kind in GATES:
            target, symbol, more = self._targets.leads(tables, found)
            notes += more
        if table == "gdt" and tables is not None:
            notes += self._segment_notes(tables, selector, found)
        yield self._row(number, table, entry.index, selector, found, target, symbol, notes)

    def of_gate(self, tables: ProcessorTables, entry: Entry) -> Iterator[SegmentRow]:
        """An entry of an IDT, and below it the interrupt objects that it leads to."""
        found = entry.descriptor
        if found is None:
            yield _unread(tables.number, "idt", entry)
            return
        notes = [*found.notes]
        if found.gate is None or found.kind == "call-gate":
            notes.append("an IDT may not hold this: the vector faults (#GP)")
            yield self._row(tables.number, "idt", entry.index, None, found, None, "", notes)
            return
        target, symbol, more = self._targets.leads(tables, found)
        interrupts = self._behind(tables, entry.index, target) if target is not None else []
        if interrupts or not found.present:
            more = [note for note in more if not note.startswith(OUTSIDE)]
        notes += [*more, *self._other_gate(tables, entry.index, found, bool(interrupts))]
        if len(interrupts) > 1:
            notes.append(f"{len(interrupts)} drivers share the vector")
        yield self._row(tables.number, "idt", entry.index, found.gate.selector, found, target, symbol, notes)
        yield from (self._of_interrupt(tables, entry.index, each) for each in interrupts)

    def of_task(self, tables: ProcessorTables) -> Iterator[SegmentRow]:
        """The processor's TSS, below it the stacks that it names."""
        selector = tables.task_selector or USUAL_TASK[self._scene.bits]
        found = look_up(self._scene.memory, Selector(selector), tables.gdt, None, self._width)
        base = found.descriptor.base if found.descriptor is not None and found.state == VALID else 0
        notes = [] if tables.task_selector else ["TR was not saved: the selector is the usual one"]
        if base and tables.task and base != tables.task:
            notes.append(f"the KPCR says {tables.task:#x}")
        address = base or tables.task
        if not address:
            return
        state = self._targets.task(address, 64 if self._width >= LONG_MODE else 32)
        limit = found.descriptor.limit if found.descriptor is not None else None
        if isinstance(state, str):
            notes.append(f"cannot be read: {state}")
        yield SegmentRow(0, tables.number, "tss", None, selector, address, limit, "table", note="; ".join(notes))
        if isinstance(state, TaskState):
            for ring, stack in enumerate(state.stacks):
                if stack:
                    yield SegmentRow(1, tables.number, "tss", ring, type="stack", target=stack, note=f"of ring {ring}")
            for index, stack in enumerate(state.interrupt_stacks, 1):
                if stack:
                    yield SegmentRow(1, tables.number, "tss", index, type="ist", target=stack)

    def of_registers(self, tables: ProcessorTables) -> Iterator[SegmentRow]:
        """The model-specific registers that were saved."""
        for name, value in tables.registers.items():
            if name in _ENTRIES:
                where = self._scene.symbolizer.locate(value)
                note = self._targets.outside(where)
                if not note and where.kind == "pdb" and not where.symbol.startswith(_ENTRIES[name]):
                    note = f"{ELSEWHERE}{_ENTRIES[name]}"
                symbol = where.text() if where.module is not None else ""
                yield SegmentRow(0, tables.number, "msr", type=name, target=value, symbol=symbol, note=note)
            elif name == "MsrStar":
                note = f"{value:#x}: SYSCALL loads CS with {value >> 32 & 0xFFFC:#x}, SYSRET from {value >> 48:#x} on"
                yield SegmentRow(0, tables.number, "msr", type=name, note=note)
            else:
                yield SegmentRow(0, tables.number, "msr", base=value, type=name)

    def _row(
        self, number: int | None, table: str, index: int, selector: int | None, found: Descriptor, target: int | None,
        symbol: str, notes: list[str],
    ) -> SegmentRow:  # fmt: skip
        gate = found.gate
        flags = [*found.flags]
        if gate is not None and gate.interrupt_stack:
            flags.append(f"ist{gate.interrupt_stack}")
        if gate is not None and gate.parameters:
            flags.append(f"parameters={gate.parameters}")
        if found.is_segment:
            flags.append(f"{found.width}-bit")
        if gate is not None and table != "idt":
            notes = [f"selector {gate.selector:#x}", *notes]
        base, limit = (None, None) if gate is not None else (found.base, found.limit)
        return SegmentRow(
            1, number, table, index, selector, base, limit, found.type_word, found.dpl, found.present,
            " ".join(flags), target, symbol, "; ".join(notes),
        )  # fmt: skip

    def _behind(self, tables: ProcessorTables, vector: int, target: int) -> list[Interrupt]:
        where = self._scene.symbolizer.locate(target)
        thunk = where.module is not None and (where.kind != "pdb" or where.symbol.startswith(_THUNK))
        return self._interrupts.of_gate(tables.prcb, vector, target, thunk)

    def _of_interrupt(self, tables: ProcessorTables, vector: int, each: Interrupt) -> SegmentRow:
        """One interrupt object; the service routine is the driver's own where the kernel's stub stands before it."""
        modules, symbolizer = self._scene.modules, self._scene.symbolizer
        stub = modules.at(each.service)
        by_message = each.message and (stub is not None and stub.is_kernel)
        routine = each.message if by_message else each.service
        where = symbolizer.locate(routine)
        dispatch = symbolizer.locate(each.dispatch).text()
        notes = [f"KINTERRUPT {each.address:#x} by {each.how}", f"dispatched by {dispatch}"]
        if by_message:
            notes.append("message-signalled")
        if each.count is not None:
            notes.append(f"dispatched {each.count} times")
        if len(modules) and where.module is None:
            notes.append(f"{OUTSIDE}: its service routine is in no module")
        flags = f"irql={each.irql}" + (" shared" if each.shared else "")
        return SegmentRow(
            2, tables.number, "idt", vector, type="interrupt", flags=flags, target=routine,
            symbol=where.text() if where.module is not None else "", note="; ".join((*notes, *each.notes)),
        )  # fmt: skip

    def _segment_notes(self, tables: ProcessorTables, selector: int, found: Descriptor) -> list[str]:
        notes = []
        wide = self._width >= LONG_MODE
        if found.kind == CODE and found.dpl == 0 and _is_foreign(found, selector, wide):
            notes.append(FOREIGN_CODE)
        own = selector in (_OWN_64 if wide else _OWN_32) or found.kind in ("tss", LDT)
        if self._first is not None and tables is not self._first and not own:
            other = self._segments.get(selector)
            if other is None or _content(other) != _content(found):
                notes.append(f"{DIFFERS} {self._first.number}")
        return notes

    def _other_gate(self, tables: ProcessorTables, vector: int, found: Descriptor, by_object: bool) -> list[str]:
        """Interrupt objects are each processor's own; what leads elsewhere than into one is not."""
        other = self._gates.get(vector)
        if self._first is None or tables is self._first or by_object or other == found:
            return []
        if other is not None and other.gate is not None and self._behind(self._first, vector, other.gate.offset):
            return []
        leads = f", where it leads to {other.gate.offset:#x}" if other is not None and other.gate is not None else ""
        return [f"{DIFFERS} {self._first.number}{leads}"]


def _is_foreign(found: Descriptor, selector: int, wide: bool) -> bool:
    """Whether Windows has no such code segment of ring 0."""
    return selector not in _RING_0 if wide else found.limit == _WHOLE and selector not in _RING_0_FLAT


def _content(found: Descriptor) -> tuple[object, ...]:
    """What must be alike on all processors; the processor itself sets ``accessed``."""
    flags = tuple(word for word in found.flags if word != "accessed")
    return found.type_word, found.base, found.limit, found.dpl, found.present, flags, found.gate


def _unread(number: int | None, table: str, entry: Entry) -> SegmentRow:
    more = f" to {entry.last}" if entry.last > entry.index else ""
    note = f"entry {entry.index}{more} cannot be read: {entry.note}"
    return SegmentRow(1, number, table, entry.index, type="unreadable", note=note)
