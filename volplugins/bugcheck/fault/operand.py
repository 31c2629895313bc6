"""Which operand of the failing instruction gave the bad address: the first thing that an engineer looks for.

The instruction is taken apart by capstone; addresses are computed from the registers of the fault. Where one register
is not known and the address that was accessed is, that register follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import capstone
from capstone import x86

_FLAT = frozenset({0, x86.X86_REG_CS, x86.X86_REG_DS, x86.X86_REG_ES, x86.X86_REG_SS})
_DIVIDES = frozenset({x86.X86_INS_DIV, x86.X86_INS_IDIV})


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand, and what it came to.

    Attributes:
        instruction: the whole instruction, in Intel's notation; ``size`` its bytes.
        text: the operand in it.
        values: the registers in it with their values; None where a value is not known.
        address: what it addresses or, for a register operand, holds; None where that cannot be said.
        inferred: the register whose value follows from the address that was accessed, or empty.
    """

    instruction: str
    text: str
    values: tuple[tuple[str, int | None], ...]
    address: int | None
    inferred: str = ""


def disassemble(code: bytes, ip: int, bits: int) -> Any | None:
    """The first instruction of ``code`` as capstone gives it, with its operands; None where there is none."""
    mode = capstone.CS_MODE_64 if bits == 64 else capstone.CS_MODE_32
    engine = capstone.Cs(capstone.CS_ARCH_X86, mode)
    engine.detail = True
    return next(engine.disasm(code, ip, 1), None)


def instruction_text(instruction: Any) -> str:
    """In Intel's notation."""
    return f"{instruction.mnemonic} {instruction.op_str}".strip()


def faulting_operand(
    code: bytes, ip: int, bits: int, registers: Mapping[str, int], accessed: int | None, divided: bool = False
) -> Operand | None:
    """The operand that gave the address; None where no operand does, or which one cannot be told.

    Args:
        code: bytes from the failing instruction on; ``ip``: its address.
        registers: of the fault, by name, those that are known.
        accessed: the address that could not be accessed, or None. All ones is what the kernel says where the processor
            named none (a general protection fault): then an operand that is no canonical address is the one, or the
            only operand in memory.
        divided: whether the fault was a division, whose divisor is looked for.
    """
    instruction = disassemble(code, ip, bits)
    if instruction is None:
        return None
    if divided and instruction.id in _DIVIDES:
        return _made(instruction, instruction.operands[0], registers, bits)
    unnamed = accessed == (1 << bits) - 1
    known = None if unnamed else accessed
    found = [_made(instruction, operand, registers, bits) for operand in _memory_operands(instruction)]
    sizes = [operand.size for operand in _memory_operands(instruction)]
    found += list(_stack_operand(instruction, registers, bits))
    sizes += [bits // 8] * (len(found) - len(sizes))
    if known is None:
        wild = next((each for each in found if each.address is not None and not _canonical(each.address, bits)), None)
        return wild or (found[0] if unnamed and len(found) == 1 else None)
    for each, size in zip(found, sizes, strict=True):
        if each.address is not None and each.address <= known < each.address + max(size, 1):
            return each
    return _inferred(instruction, [each for each in found if each.address is None], known, bits)


def called_operand(code: bytes, ip: int, bits: int, registers: Mapping[str, int]) -> Operand | None:
    """The operand of the call in ``code`` at ``ip``, which led out of all code; None for a direct call."""
    instruction = disassemble(code, ip, bits)
    if instruction is None or instruction.id != x86.X86_INS_CALL or instruction.operands[0].type == x86.X86_OP_IMM:
        return None
    return _made(instruction, instruction.operands[0], registers, bits)


def _memory_operands(instruction: Any) -> list[Any]:
    if instruction.id in (x86.X86_INS_LEA, x86.X86_INS_NOP):
        return []
    return [operand for operand in instruction.operands if operand.type == x86.X86_OP_MEM]


def _stack_operand(instruction: Any, registers: Mapping[str, int], bits: int) -> Iterator[Operand]:
    """What a push, call, pop or return does to the stack."""
    name = "rsp" if bits == 64 else "esp"
    pushes = instruction.id in (x86.X86_INS_PUSH, x86.X86_INS_CALL, x86.X86_INS_PUSHFQ, x86.X86_INS_PUSHFD)
    pops = instruction.id in (x86.X86_INS_POP, x86.X86_INS_RET, x86.X86_INS_LEAVE)
    if (pushes or pops) and name in registers:
        at = registers[name] - (bits // 8 if pushes else 0)
        yield Operand(instruction_text(instruction), f"[{name}]", ((name, registers[name]),), at & ((1 << bits) - 1))


def _made(instruction: Any, operand: Any, registers: Mapping[str, int], bits: int) -> Operand:
    if operand.type == x86.X86_OP_REG:
        name = _name(instruction, operand.reg, bits)
        return Operand(instruction_text(instruction), name, ((name, registers.get(name)),), registers.get(name))
    place = operand.mem
    names = [_name(instruction, register, bits) for register in (place.base, place.index) if register]
    scales = [scale for register, scale in ((place.base, 1), (place.index, place.scale)) if register]
    values = [_value(instruction, name, registers) for name in names]
    address = None
    if place.segment in _FLAT and all(value is not None for value in values):
        total = sum((value or 0) * scale for value, scale in zip(values, scales, strict=True)) + place.disp
        address = total & ((1 << bits) - 1)
    return Operand(
        instruction_text(instruction), _text(instruction, operand), tuple(zip(names, values, strict=True)), address
    )  # fmt: skip


def _value(instruction: Any, name: str, registers: Mapping[str, int]) -> int | None:
    if name in ("rip", "eip"):
        return int(instruction.address + instruction.size)
    return registers.get(name)


def _name(instruction: Any, register: int, bits: int) -> str:
    """The whole register's name, as the fault's registers are named."""
    name = str(instruction.reg_name(register))
    if bits == 64 and name.startswith("e") and len(name) == 3:
        return "r" + name[1:]
    return name.rstrip("dwb") if name[1:2].isdigit() else name


def _text(instruction: Any, operand: Any) -> str:
    """The operand as it stands in the instruction's own text."""
    parts = [part.strip() for part in str(instruction.op_str).split(", ")]
    memory = [part for part in parts if "[" in part]
    place = _memory_operands(instruction).index(operand) if operand in _memory_operands(instruction) else 0
    return memory[place] if place < len(memory) else str(instruction.op_str)


def _inferred(instruction: Any, unknown: list[Operand], accessed: int, bits: int) -> Operand | None:
    """The one operand that cannot be computed, with its unknown register by the address that was accessed."""
    if len(unknown) != 1:
        return None
    operand = unknown[0]
    place = next(each for each in _memory_operands(instruction) if _text(instruction, each) == operand.text)
    missing = [name for name, value in operand.values if value is None]
    if len(missing) != 1 or place.mem.segment not in _FLAT:
        return None
    is_index = len(operand.values) > 1 and operand.values[1][1] is None
    if (is_index or not place.mem.base) and place.mem.scale != 1:
        return None
    rest = (
        sum((value or 0) * (place.mem.scale if number else 1) for number, (_, value) in enumerate(operand.values))
        + place.mem.disp
    )
    value = (accessed - rest) & ((1 << bits) - 1)
    values = tuple((name, value if name == missing[0] else held) for name, held in operand.values)
    return Operand(operand.instruction, operand.text, values, accessed, missing[0])


def _canonical(address: int, bits: int) -> bool:
    return bits == 32 or address >> 47 in (0, 0x1FFFF)
