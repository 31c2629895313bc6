"""truth["descriptors"]: what the processors' tables hold, for tests to compare with.

Keys: ``processors``, a list by number (see :func:`_processor`); ``ldts`` by PID; ``ivt``, the 256 vectors as (segment,
offset); ``hook``, what was written into the tables afterwards, None where nothing was.
"""

from __future__ import annotations

from typing import Any

from volplugins.lab.machine.descriptor_tables import TASK_32, TASK_64, limits, shadowed
from volplugins.lab.machine.machine import Machine, symbol_at
from volplugins.lab.machine.processors import Processor
from volplugins.lab.machine.real_mode import real_mode_vectors
from volplugins.lab.machine.task_states import HANDLERS
from volplugins.lab.machine.vectors import INTERRUPT_STACKS, OF_USERS_32, OF_USERS_64, TASK_GATES


def write_descriptor_truth(
    machine: Machine, processors: list[Processor], interrupts: dict[int, list[dict[str, Any]]], tasks: list[int]
) -> None:
    """Put it into the truth; ``tasks`` are the selectors of the TSSs that the processors run in, 0 the usual one."""
    known = machine.truth.setdefault("descriptors", {})
    known["processors"] = [
        _processor(machine, each, interrupts[each.number], tasks[each.number]) for each in processors
    ]
    known["ivt"] = real_mode_vectors(machine)
    known.setdefault("ldts", {})
    known["hook"] = None


def _processor(machine: Machine, processor: Processor, interrupts: list[dict[str, Any]], task: int) -> dict[str, Any]:
    """Addresses of the tables, gates by vector, interrupt objects in the order of their vectors and of their lists."""
    tables, wide = processor.tables, machine.width == 8
    gdt, idt = limits(machine)
    usual = TASK_64 if wide else TASK_32
    stacks = processor.stacks
    return {
        "number": processor.number,
        "pcr": processor.pcr,
        "prcb": processor.prcb,
        "gdt": {"base": tables.gdt, "limit": gdt},
        "idt": {"base": tables.idt, "limit": idt},
        "tss": {"base": tables.tasks.get(task, tables.tss), "selector": task or usual},
        "tasks": {usual: {"base": tables.tss}, **_tasks(machine, processor)},
        "interrupt_stacks": {1: stacks.double_fault, 2: stacks.machine_check, 3: stacks.nmi} if wide else {},
        "gates": {vector: _gate(machine, processor, vector) for vector in sorted(tables.gates)},
        "segments": {selector: dict(zip(("base", "limit", "access"), each, strict=True))
                     for selector, each in sorted(tables.segments.items())},
        "interrupts": interrupts,
        "system_calls": _system_calls(machine) if wide else {},
        "shadow": shadowed(machine),
    }  # fmt: skip


def _system_calls(machine: Machine) -> dict[str, int]:
    """Where SYSCALL goes, by the name of the register in KSPECIAL_REGISTERS."""
    end = "Shadow" if shadowed(machine) else ""
    names = {"MsrLStar": "KiSystemCall64", "MsrCStar": "KiSystemCall32"}
    return {register: machine.symbol(f"nt!{name}{end}") for register, name in names.items()}


def _tasks(machine: Machine, processor: Processor) -> dict[int, dict[str, Any]]:
    return {
        selector: {"base": base, "handler": HANDLERS[selector], "target": machine.symbol(HANDLERS[selector]),
                   "stack": processor.tasks.stacks[selector]}
        for selector, base in processor.tables.tasks.items()
    }  # fmt: skip


def _gate(machine: Machine, processor: Processor, vector: int) -> dict[str, Any]:
    """Of a task gate ``task`` is the selector; ``symbol`` is empty where a gate leads out of the images (objects)."""
    tables, wide = processor.tables, machine.width == 8
    task = 0 if wide else TASK_GATES.get(vector, 0)
    target = machine.symbol(HANDLERS[task]) if task else tables.targets[vector]
    users = OF_USERS_64 if wide else OF_USERS_32
    symbol = symbol_at(machine.images, target)
    return {
        "target": target, "symbol": symbol, "module": symbol.partition("!")[0], "handler": tables.gates[vector],
        "task": task, "dpl": 3 if vector in users else 0, "ist": INTERRUPT_STACKS.get(vector, 0) if wide else 0,
    }  # fmt: skip
