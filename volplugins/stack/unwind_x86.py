"""One step of an x86 stack walk by the frame pointer: EBP leads to the caller's EBP, the return address is above it."""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.plan import CannotUnwind
from volplugins.stack.registers import NONVOLATILE_32, RBP, RSP, Registers

_HIGHEST = 1 << 32
# mov edi, edi; push ebp; mov ebp, esp, in both encodings; and the two pushes before a call of _SEH_prolog
_PROLOGS = (b"\x8b\xff\x55\x8b\xec", b"\x55\x8b\xec", b"\x55\x89\xe5")
_LONGEST = 16
_RET, _RET_N, _LEAVE, _POP = 0xC3, 0xC2, 0xC9, 0x58  # Intel SDM volume 2
PROLOG = 5  # bytes of the longest: EBP is the function's own behind them
_SAVED_BY_SWITCH = 16  # KiSwapContext saves EBP, EDI, ESI and EBX, its return address is above them


def sets_up_frame(memory: MemoryReader, function: int) -> bool:
    """Whether the function that starts at ``function`` makes EBP its frame pointer; yes where it cannot be read."""
    try:
        code = memory.read(function, _LONGEST)
    except ReadError:
        return True
    with_handler = code[:1] in (b"\x6a", b"\x68") and b"\xe8" in code[5:12]
    return code.startswith(_PROLOGS) or with_handler


def unwind_by_frame_pointer(memory: MemoryReader, registers: Registers) -> Registers:
    """The caller's registers where the function has set up EBP as its frame pointer.

    Raises:
        CannotUnwind: EBP is not known, does not lie above the stack pointer, or leads nowhere.
    """
    frame = registers.general[RBP]
    if frame is None:
        raise CannotUnwind("no-context", "EBP is not known")
    if frame < registers.sp or frame % 4 or frame > _HIGHEST - 8:
        raise CannotUnwind("no-unwind-data", "EBP does not point above the stack pointer")
    try:
        data = memory.read(frame, 8)
    except ReadError as error:
        raise CannotUnwind(error.reason, f"the frame at {frame:#x} cannot be read") from None
    caller, ip = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:], "little")
    general: list[int | None] = [None] * 8
    for number in NONVOLATILE_32:
        # where the function saved the others is not known: they are lost
        general[number] = caller if number == RBP else None
    return Registers(32, ip, frame + 8, tuple(general), {}, registers.user)


def unwind_epilog(memory: MemoryReader, registers: Registers) -> Registers | None:
    """The caller's registers where the next instructions leave the function: pops, ``leave``, then a return.

    The return may release arguments too, as many bytes as it says (RET imm16, Intel SDM volume 2).
    None where they do anything else, or cannot be read.
    """
    general, sp = list(registers.general), registers.sp
    try:
        code = _readable(memory, registers.ip, _LONGEST)
        for at, opcode in enumerate(code, start=1):
            if opcode in (_RET, _RET_N):
                released = int.from_bytes(memory.read(registers.ip + at, 2), "little") if opcode == _RET_N else 0
                ip = int.from_bytes(memory.read(sp, 4), "little")
                return Registers(32, ip, sp + 4 + released, tuple(general), {}, registers.user)
            register = RBP if opcode == _LEAVE else opcode - _POP
            if not 0 <= register < 8 or register == RSP:
                return None
            if opcode == _LEAVE:
                frame = general[RBP]
                if frame is None or frame < sp:
                    return None
                sp = frame
            general[register] = int.from_bytes(memory.read(sp, 4), "little")
            sp += 4
    except ReadError:
        pass
    return None


def _readable(memory: MemoryReader, address: int, size: int) -> bytes:
    """The bytes at ``address``, fewer where they end before ``size``; raises ReadError where there is none."""
    try:
        return memory.read(address, size)
    except ReadError as error:
        return memory.read(address, max(error.address - address, 1))


def unwind_switch(memory: MemoryReader, registers: Registers) -> Registers | None:
    """The registers of KiSwapContext's caller, ``registers`` being those at the switch frame's end; None if unread."""
    try:
        data = memory.read(registers.sp + _SAVED_BY_SWITCH, 4)
    except ReadError:
        return None
    ip = int.from_bytes(data, "little")
    return Registers(32, ip, registers.sp + _SAVED_BY_SWITCH + 4, registers.general, {}, registers.user)
