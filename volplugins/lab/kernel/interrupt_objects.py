"""Interrupt objects of the drivers of a made-up machine, and the gates that lead to them.

Up to Windows 7 of 32 bits a gate leads to DispatchCode within the object, a template that loads the object into EDI
before it jumps to the kernel's dispatcher. The x64 kernels of the lab, one of them patched since 2018, have a thunk for
each vector, and KPRCB.InterruptObject names the object. (Public symbol tables; public listings of ``!idt``.) Each
processor that a vector is connected on has objects of its own; those that share a vector form a list.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from volplugins.lab.machine.descriptor_tables import put_gate
from volplugins.lab.machine.machine import Machine, symbol_at
from volplugins.lab.machine.processors import Processor

_TYPE = 22  # KOBJECTS: InterruptObject
_CLOCK = 0xD1
# push esp, ebp, ebx, esi, edi; sub esp, 54h; mov ebp, esp; mov [ebp+44h], eax; then mov edi, object; jmp dispatcher
_TEMPLATE = bytes.fromhex("545553565783ec548bec894544")


@dataclass(frozen=True, slots=True)
class Connection:
    """What is connected to a vector.

    Attributes:
        routines: service routines, the first one's object is the one that the gate leads to.
        message: whether it is message-signalled: the kernel's stub is the service routine, the driver's is its own.
        processors: by number.
        latched: edge-triggered; a level-triggered vector may be shared.
    """

    vector: int
    routines: tuple[str, ...]
    message: bool = False
    processors: tuple[int, ...] = (0, 1)
    latched: bool = False


_USUAL = (
    Connection(0x81, ("i8042prt!I8042KeyboardInterruptService",), latched=True),
    Connection(0x91, ("usbport!USBPORT_InterruptService", "acmedrv!AcmeInterruptService")),
)
_MESSAGES = (
    Connection(0xA1, ("e1express!E1MessageInterrupt",), True, (0,), True),
    Connection(0xB1, ("atapi!IdePortInterrupt",), True, (1,), True),
)
_LINES = (Connection(0xB1, ("atapi!IdePortInterrupt", "e1express!E1MessageInterrupt")),)
_TIMER = (Connection(_CLOCK, ("nt!HalpTimerClockInterrupt",), latched=True),)


def connections(machine: Machine) -> tuple[Connection, ...]:
    """What is connected on this machine: Windows XP knows no message-signalled interrupts."""
    known = machine.structures.has("_KINTERRUPT", "MessageServiceRoutine")
    return (*_USUAL, *(_MESSAGES if known else _LINES), *(_TIMER if machine.width == 8 else ()))


def connect_interrupts(machine: Machine, processors: list[Processor]) -> dict[int, list[dict[str, Any]]]:
    """Make the objects of every processor and let gates lead to them; gives what was made, by processor."""
    return {
        processor.number: [
            row for each in connections(machine) if processor.number in each.processors
            for row in _connect(machine, processor, each)
        ]
        for processor in processors
    }  # fmt: skip


def _connect(machine: Machine, processor: Processor, made: Connection) -> list[dict[str, Any]]:
    size, link = machine.structures.size("_KINTERRUPT"), machine.structures.offset("_KINTERRUPT", "InterruptListEntry")
    objects = [machine.pool.allocate(size, "Ioin") for _ in made.routines]
    rows = []
    for index, (address, routine) in enumerate(zip(objects, made.routines, strict=True)):
        ring = [objects[(index + step) % len(objects)] + link for step in (1, -1)]
        rows.append(_write(machine, processor, made, address, routine, ring))
    first = objects[0]
    if machine.structures.has("_KPRCB", "InterruptObject"):
        table = processor.prcb + machine.structures.offset("_KPRCB", "InterruptObject")
        machine.write_pointer(table + made.vector * machine.width, first)
    else:
        code = first + machine.structures.offset("_KINTERRUPT", "DispatchCode")
        put_gate(machine, processor.tables, made.vector, code, "")
    return rows


def _write(
    machine: Machine, processor: Processor, made: Connection, address: int, routine: str, ring: list[int]
) -> Any:
    shared = len(made.routines) > 1
    own, service = machine.symbol(routine), machine.symbol(routine)
    if made.message:
        service = machine.symbol("nt!KiInterruptMessageDispatch")
    dispatch = machine.symbol(f"nt!{_dispatcher(machine, made, shared)}")
    context = _context(machine, routine.partition("!")[0])
    count = machine.random(f"interrupt {made.vector} {processor.number} {routine}").randrange(1, 1 << 20)
    record = machine.record("_KINTERRUPT").fill(
        Type=_TYPE, Size=machine.structures.size("_KINTERRUPT"), ServiceRoutine=service, ServiceContext=context,
        MessageServiceRoutine=own if made.message else 0, DispatchAddress=dispatch, Vector=made.vector,
        Irql=made.vector >> 4, SynchronizeIrql=made.vector >> 4, Connected=1, Number=processor.number,
        ShareVector=int(shared), Mode=int(made.latched), DispatchCount=count, ServiceCount=0,
        InterruptListEntry=b"".join(map(machine.pointer, ring)),
    )  # fmt: skip
    record.fill(ActualLock=address + record.offset("SpinLock"))
    if machine.structures.has("_KINTERRUPT", "DispatchCode"):
        at = record.offset("DispatchCode")
        record.set("DispatchCode", _dispatch_code(address, at, dispatch))
    machine.write(address, record.data)
    return {
        "vector": made.vector, "object": address, "service": service, "routine": own, "context": context,
        "symbol": symbol_at(machine.images, own), "module": routine.partition("!")[0], "message": made.message,
        "shared": shared, "first": ring[0] == ring[1] or routine == made.routines[0], "count": count,
        "dispatch": dispatch,
    }  # fmt: skip


def _dispatcher(machine: Machine, made: Connection, shared: bool) -> str:
    if shared:
        return "KiChainedDispatch"
    return "KiInterruptDispatchNoLockNoEtw" if made.vector == _CLOCK and machine.width == 8 else "KiInterruptDispatch"


def _dispatch_code(address: int, at: int, dispatch: int) -> bytes:
    end = address + at + len(_TEMPLATE) + 10
    return _TEMPLATE + struct.pack("<BIBI", 0xBF, address, 0xE9, (dispatch - end) & 0xFFFFFFFF)


def _context(machine: Machine, stem: str) -> int:
    """A device of the driver, 0 where it has none."""
    drivers = [each for each in machine.io.drivers.values() if each.stem == stem and each.devices]
    return drivers[0].devices[0] if drivers else 0
