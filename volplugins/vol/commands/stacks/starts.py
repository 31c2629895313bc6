"""Where a stack is to begin: a trap frame, a context record or registers that were typed, in one process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.dumpfile.context import AMD64, I386, decode_context
from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread
from volplugins.memory.address_text import parse_address
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.frame import Trust
from volplugins.stack.registers import Registers, from_names
from volplugins.stack.segmented import SegmentedRegisters, read_segmented, segmented_of
from volplugins.stack.trap_frame import read_trap_frame
from volplugins.vol.scene.directory_verdicts import process_space
from volplugins.vol.scene.owned_structures import threads_in_list

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_CONTEXT_SIZES = {AMD64: 0x4D0, I386: 0xCC}  # winnt.h; of the latter what is decoded
_WOW64_CS = 0x23


@dataclass(frozen=True, slots=True)
class Typed:
    """What --trap, --context and --registers said; empty: not given."""

    trap: str = ""
    context: str = ""
    registers: str = ""

    def __bool__(self) -> bool:
        return bool(self.trap or self.context or self.registers)


NOWHERE = Typed()


@dataclass(frozen=True, slots=True)
class GivenStart:
    """Registers that a walk begins with, what they are from, and how that is called in Trust.

    ``segmented`` are the same ones with their selectors, where they are of code that is not flat (x86).
    """

    registers: Registers
    trust: Trust
    text: str
    wow64: bool = False
    segmented: SegmentedRegisters | None = None


def given_starts(scene: CrashScene, process: Process | None, typed: Typed, problems: list[str]) -> Iterator[GivenStart]:
    """The starts that were typed; ``problems`` takes what is wrong with one, in words."""
    for text, make in ((typed.trap, _trap), (typed.context, _context), (typed.registers, _registers)):
        found = make(scene, process, text) if text else None
        if isinstance(found, GivenStart):
            yield found
        elif found is not None:
            problems.append(found)


def _trap(scene: CrashScene, process: Process | None, text: str) -> GivenStart | str:
    address = parse_address(text)
    if address is None:
        return f"--trap {text}: no address"
    trap = read_trap_frame(scene.memory, address, scene.bits)
    segmented = read_segmented(scene.memory, address) if trap is None and scene.bits == 32 else None
    if segmented is not None:
        text = f"from the trap frame at {address:#x}"
        return GivenStart(from_names(32, segmented.values), Trust.TRAP_FRAME, text, False, segmented)
    if trap is None:
        return f"--trap {address:#x}: {_unread(scene.memory, address, 'no trap frame is there')}"
    wow64 = scene.bits == 64 and trap.registers["cs"] == _WOW64_CS
    registers = from_names(scene.bits, trap.registers)
    return GivenStart(registers, Trust.TRAP_FRAME, f"from the trap frame at {address:#x}", wow64)


def _context(scene: CrashScene, process: Process | None, text: str) -> GivenStart | str:
    address = parse_address(text)
    if address is None:
        return f"--context {text}: no address"
    memory = _memory(scene, process, address)
    for machine in dict.fromkeys((scene.target.machine, I386)):
        data = _read(memory, address, _CONTEXT_SIZES.get(machine, 0))
        context = decode_context(data, machine)
        if context is not None:
            bits = 32 if machine == I386 else 64
            said = f"from the context record at {address:#x}"
            wow64 = scene.bits == 64 and (bits == 32 or context.registers.get("cs") == _WOW64_CS)
            segmented = segmented_of(context.registers) if scene.bits == 32 else None
            return GivenStart(from_names(bits, context.registers), Trust.CONTEXT, said, wow64, segmented)
    return f"--context {address:#x}: {_unread(memory, address, 'no context record is there')}"


def _registers(scene: CrashScene, process: Process | None, text: str) -> GivenStart | str:
    """Instruction pointer, stack pointer and, where it is known, frame pointer, in hexadecimal."""
    values = [parse_address(part) for part in text.replace(",", " ").split()]
    if not 2 <= len(values) <= 3 or None in values:
        return f"--registers {text}: not IP,SP or IP,SP,BP in hexadecimal"
    wide = scene.bits == 64
    names = ("rip", "rsp", "rbp") if wide else ("eip", "esp", "ebp")
    known = {name: value for name, value in zip(names, values, strict=False) if value is not None}
    if any(value >> scene.bits for value in known.values()):
        return f"--registers {text}: wider than a register of this machine"
    return GivenStart(from_names(scene.bits, known), Trust.CONTEXT, "from registers that were given")


def _memory(scene: CrashScene, process: Process | None, address: int) -> MemoryReader:
    """What an address is read through: a process's own directory where it lies in user space."""
    if process is None or scene.space is None or address >= scene.user_end:
        return scene.memory
    return process_space(scene, process)


def _read(memory: MemoryReader, address: int, size: int) -> bytes:
    try:
        return memory.read(address, size)
    except ReadError:
        return b""


def _unread(memory: MemoryReader, address: int, other: str) -> str:
    """Why nothing is found at an address."""
    try:
        memory.read(address, 4)
    except ReadError as error:
        return f"cannot be read ({error.reason})"
    return other


def thread_for(scene: CrashScene, process: Process, start: GivenStart, wanted: Iterable[Thread] = ()) -> Thread:
    """The thread whose stack the start lies on, as far as that can be told; else one without bounds.

    Args:
        wanted: threads that were asked for, which count before all others of the process.
    """
    threads = [*wanted, *threads_in_list(scene, process)]
    crashed = scene.thread
    if crashed is not None and crashed not in threads and process == scene.process:
        threads.append(crashed)
    on_it = [thread for thread in threads if thread.holds(start.registers.sp)]
    if on_it:
        return on_it[0]
    user = start.wow64 or start.registers.in_user_mode
    likely = [thread for thread in threads if user and thread.teb and _in_user_stack(scene, process, thread, start)]
    if likely:
        return likely[0]
    return Thread(0, process.pid, None, process.eprocess, 0, 0, None, None, owner=process.eprocess)


def _in_user_stack(scene: CrashScene, process: Process, thread: Thread, start: GivenStart) -> bool:
    """Whether the thread's environment block names a stack that holds the stack pointer (NtTib)."""
    width = scene.bits // 8
    data = _read(_memory(scene, process, thread.teb or 0), (thread.teb or 0) + width, 2 * width)
    base, limit = int.from_bytes(data[:width], "little"), int.from_bytes(data[width:], "little")
    return limit <= start.registers.sp < base
