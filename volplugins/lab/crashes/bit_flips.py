"""One bit of memory is not what was written: in a page-table entry, a pointer, a list, the header of a pool block.

Whoever stumbles over it has done nothing wrong, so nobody is to blame; the truth says which bit and what it was.
Parameters: Microsoft's bug check reference (0x1A with 0x41792, 0x139 with 3, 0x19 with 0x20) and public analyses of
such dumps; int 29h and its dispatch: the public documentation of __fastfail.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.crashes import scenarios_x64, scenarios_x86
from volplugins.lab.crashes.crash import Crash, accessed, bugcheck
from volplugins.lab.crashes.crash_records import ACCESS_VIOLATION, exception_record
from volplugins.lab.crashes.scenarios_interrupt_x64 import calls
from volplugins.lab.crashes.scenarios_x64 import DISPATCH_LEVEL
from volplugins.lab.kernel.kernel_stack import KernelStack
from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.structures.notation import Record
from volplugins.lab.world.thread_stacks import fault_in_user_code, stack_of
from volplugins.lab.world.world import World

_STACK_BUFFER_OVERRUN = 0xC0000409  # what __fastfail raises
_CORRUPT_LIST = 3
_NOWHERE = 0xFFFFFFFFFFFFFFFF  # the address of a general protection fault is not known


def _flipped(world: World, good: int, bit: int, address: int = 0) -> int:
    """``good`` with one bit turned over; ``address`` is where in memory the bad word lies, 0 for nowhere."""
    bad = good ^ 1 << bit
    world.machine.truth["memory_error"] = True
    world.machine.truth["bit_flip"] = {"good": good, "bad": bad, "bit": bit, "address": address}
    return bad


def _driver(world: World, *functions: str) -> tuple[KernelStack, Thread]:
    """A program's request goes through the driver's functions."""
    device_control = scenarios_x64.device_control if world.machine.width == 8 else scenarios_x86.device_control
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", *functions)
    return stack, thread


def entry_address(machine: Machine, address: int) -> int:
    """Where the self-map shows the page-table entry of a user address."""
    width = machine.profile.mode.entry
    if machine.width == 4:
        return 0xC0000000 + (address >> 12) * width
    return (0xFFFF << 48 | machine.tables.self_map << 39) + (address >> 12) * width


def page_table_entry(world: World) -> Crash:
    """A program touches a page whose entry should be empty and has one bit set: 0x1A."""
    machine = world.machine
    thread = world.process("explorer.exe").threads[0]
    stack = stack_of(machine, thread, "crash")
    fault_in_user_code(machine, stack, thread)
    touched = thread.user_stack - 0x8000  # of the reserved part of its stack
    bit = 25 if machine.width == 4 else 37
    at = thread.process.space.tables.put(thread.process.space.directory, touched, 0)
    address = entry_address(machine, touched)
    entry = _flipped(world, 0, bit, address)
    machine.memory.write_word(at, entry, machine.profile.mode.entry)
    if machine.width == 8:
        stack.call("nt!MiSystemFault")
    return bugcheck(world, stack, thread, 0x1A, (0x41792, address, entry, 0), "", cr2=touched)


def pointer(world: World) -> Crash:
    """A driver reads through what was a pointer to its own pool block: 0xD1."""
    machine = world.machine
    good = machine.pool.store(b"AcmeRegs" * 8, "Acme")
    holder = machine.pool.store(machine.pointer(good) * 2, "Acme")
    bad = _flipped(world, good, 36 if machine.width == 8 else 28, holder)
    machine.write_pointer(holder, bad)
    stack, thread = _driver(world, "acmedrv!AcmeReadRegister")
    stack.registers["rcx" if machine.width == 8 else "ecx"] = bad
    stack.registers["rdx" if machine.width == 8 else "edx"] = holder
    ip = machine.site("acmedrv", "AcmeReadRegister@fault")
    accessed(world, "read", bad)
    stack.trap("nt!KiPageFault" if machine.width == 8 else "nt!KiTrap0E", ip, fault_address=bad)
    if machine.width == 8:
        stack.call("nt!KiBugCheckDispatch")
    parameters = (bad, DISPATCH_LEVEL, 0, ip)
    return bugcheck(world, stack, thread, 0xD1, parameters, "", ip, irql=DISPATCH_LEVEL, cr2=bad)


def _not_canonical(world: World) -> tuple[KernelStack, Thread, int]:
    """A driver reads through a pool pointer of which one of the high bits is wrong; gives the instruction."""
    good = world.machine.pool.store(b"AcmeCopy" * 8, "Acme")
    stack, thread = _driver(world, "acmedrv!AcmeCopyRequest")
    stack.registers["rdx"] = _flipped(world, good, 52)
    accessed(world, "read", _NOWHERE)
    return stack, thread, world.machine.site("acmedrv", "AcmeCopyRequest@fault")


def not_canonical(world: World) -> Crash:
    """A general protection fault inside a system service: 0x3B, and the record's address is -1."""
    stack, thread, ip = _not_canonical(world)
    handler = ("nt!KiSystemServiceHandler", "nt!KiBugCheckDispatch")
    _, saved = scenarios_x64.dispatch_exception(world, stack, handler, ip, _NOWHERE, trap="nt!KiGeneralProtectionFault")
    return bugcheck(world, stack, thread, 0x3B, (ACCESS_VIOLATION, ip, saved, 0), "", ip)


def not_canonical_unhandled(world: World) -> Crash:
    """The same with no handler: 0x1E, read, address -1."""
    stack, thread, ip = _not_canonical(world)
    scenarios_x64.dispatch_exception(world, stack, (), ip, _NOWHERE, trap="nt!KiGeneralProtectionFault")
    parameters = (0xFFFFFFFF00000000 | ACCESS_VIOLATION, ip, 0, _NOWHERE)
    return bugcheck(world, stack, thread, 0x1E, parameters, "", ip)


def list_entry(world: World) -> Crash:
    """A driver removes an entry whose neighbour does not lead back to it, but for one bit: 0x139 with 3."""
    machine = world.machine
    first, entry, following = (machine.pool.store(bytes(0x40), "Acme") for _ in range(3))
    ring = (first, entry, following)
    for number, each in enumerate(ring):
        machine.write(each, machine.pointer(ring[(number + 1) % 3]) + machine.pointer(ring[number - 1]))
    machine.write_pointer(following + 8, _flipped(world, entry, 17, following + 8))
    stack, thread = scenarios_x64.device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeInternalDeviceControl", "acmedrv!AcmeRunCallback", "acmedrv!AcmeUnlinkRequest")
    ip = machine.site("acmedrv", "AcmeUnlinkRequest@fastfail")
    stack.registers.update(rcx=_CORRUPT_LIST, rax=following, rdx=entry)
    frame = stack.trap("nt!KiRaiseSecurityCheckFailure", ip, flags=0x246)
    stack.call("nt!KiFastFailDispatch")
    record = stack.place(0x138, exception_record(machine, _STACK_BUFFER_OVERRUN, ip, (_CORRUPT_LIST,)))
    stack.call("nt!KiBugCheckDispatch")
    return bugcheck(world, stack, thread, 0x139, (_CORRUPT_LIST, frame, record, 0), "", ip)


def pool_header(world: World) -> Crash:
    """A driver frees a block whose size is one bit off what its neighbour remembers: 0x19 with 0x20."""
    machine = world.machine
    unit = machine.structures.size("_POOL_HEADER")
    block, neighbour = (machine.pool.allocate(0x80, "Acme") - unit for _ in range(2))
    if neighbour - block > 0x1000 - block % 0x1000:  # the second did not fit into the page
        block, neighbour = neighbour, machine.pool.allocate(0x80, "Acme") - unit
    units = (neighbour - block) // unit
    _remember(machine, neighbour, units)
    header = Record(machine.structures, "_POOL_HEADER")
    header.data[:] = machine.kernel.read(block, unit)
    bad = _flipped(world, units, 5, block)
    header.set("BlockSize", bad)
    machine.write(block, header.data)
    stack, thread = _driver(world, "acmedrv!AcmeFreeBuffer", "nt!ExFreePoolWithTag")
    if machine.width == 8:
        stack.call("nt!ExFreeHeapPool")
    start = int.from_bytes(header.data[:4], "little")
    return bugcheck(world, stack, thread, 0x19, (0x20, block, block + bad * unit, start), "")


def _remember(machine: Machine, header: int, units: int) -> None:
    """A block keeps the size of the one before it."""
    record = Record(machine.structures, "_POOL_HEADER")
    record.data[:] = machine.kernel.read(header, len(record.data))
    machine.write(header, record.set("PreviousSize", units).data)


_BOTH: dict[str, Callable[[World], Crash]] = {
    "bit-flip-pte": page_table_entry,
    "bit-flip-pointer": pointer,
    "bit-flip-pool": pool_header,
}
BIT_FLIPS_X86 = dict(_BOTH)
#: ``bit-flip-list`` came with Windows 8.
BIT_FLIPS_X64: dict[str, Callable[[World], Crash]] = {
    **_BOTH,
    "bit-flip-noncanonical": not_canonical,
    "bit-flip-noncanonical-1e": not_canonical_unhandled,
    "bit-flip-list": list_entry,
}
