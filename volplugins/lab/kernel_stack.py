"""Kernel stacks of x64 threads, built from the outermost call inwards with the very frames that the code makes.

Return addresses follow real call instructions, saved registers hold the callers' values, unwind information fits;
slots that real code would leave unused hold what earlier calls left behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from volplugins.lab.code_x64 import REGISTERS
from volplugins.lab.functions import Function, parse_functions
from volplugins.lab.machine import Machine, symbol_at
from volplugins.lab.processes import Process

KERNEL_CS, KERNEL_SS, USER_CS, USER_SS = 0x10, 0x18, 0x33, 0x2B
_NONVOLATILE = ("rbx", "rbp", "rsi", "rdi", "r12", "r13", "r14", "r15")
# functions whose stale return addresses are left in unused slots
_STALE = (
    ("nt", "KeWaitForSingleObject>KiCommitThreadWait"),
    ("nt", "ObReferenceObjectByHandle>"),
    ("nt", "KiCommitThreadWait>KiSwapThread"),
    ("nt", "ExFreePoolWithTag>ExFreeHeapPool"),
    ("ntfs", "NtfsCommonRead>ExAllocatePoolWithTag"),
    ("fltmgr", "FltpLegacyProcessingAfterPreCallbacksCompleted>IofCallDriver"),
    ("nt", "KeRemoveQueueEx>KiCommitThreadWait"),
)


@dataclass(slots=True)
class Body:
    """The function that runs at the moment: module, name, its stack pointer in the body."""

    stem: str
    name: str
    sp: int


class KernelStack:
    """One thread's kernel stack, or its user stack where ``process`` is given.

    Args:
        base: address just above the stack; its pages are mapped already.
        purpose: seed for the left-over values.
        process: whose user stack it is; its images hold the code.
    """

    def __init__(self, machine: Machine, base: int, limit: int, purpose: str, process: Process | None = None) -> None:
        self.machine = machine
        self.images = process.images if process else machine.images
        self.space = process.space if process else machine.kernel
        self.base, self.limit = base, limit
        self.sp = base
        self.frames: list[dict[str, Any]] = []
        self.current: Body | None = None
        self._random = machine.random(f"stack {purpose}")
        self.registers = {name: self._left_over(stale=False) for name in REGISTERS}
        self.trap_frame = 0

    # -- building blocks

    def start(self, function: str) -> None:
        """Begin with a function that nothing called (a thread's first one): its return address is zero."""
        self._reserve(0x30)
        self._push(0)
        self._enter(function)

    def enter_from_user(self, user: KernelStack) -> None:
        """A system call: KiSystemCall64's trap frame at the top of the stack, then the service dispatcher's body."""
        assert user.current is not None
        self.frames = user.frames
        self.registers.update(user.registers)
        self.sp = self.base - self.machine.profile.initial_gap
        frame = self.trap("nt!KiSystemCall64", user.frames[-1]["ip"], USER_CS, USER_SS, user.current.sp, flags=0x246)
        for name in ("Rbx", "Rdi", "Rsi"):
            at = frame + self.machine.structures.offset("_KTRAP_FRAME", name)
            self.machine.write_pointer(at, user.registers[name.lower()])

    def call(self, function: str) -> None:
        """The current function calls ``function``; its call instruction is found by that name, else as indirect."""
        self._push(self._leave(function))
        self._enter(function)

    def trap(self, handler: str, ip: int, cs: int = KERNEL_CS, ss: int = KERNEL_SS, sp: int = 0, flags: int = 0x10246,
             fault_address: int = 0, error: int = 0, new_stack: int = 0) -> int:  # fmt: skip
        """The processor enters ``handler``, interrupting the code at ``ip``; gives the trap frame's address.

        ``new_stack`` is where an interrupt stack begins, for what does not stay on this one.
        """
        if self.current is not None:
            self._record(ip, "interrupted")
            sp = self.current.sp
            self.sp = new_stack or self.current.sp
        frame = (self.sp & ~0xF) - 0x190
        record = self.machine.record("_KTRAP_FRAME")
        record.fill(**{name: self.registers[name.lower()] for name in _TRAP_REGISTERS})
        record.fill(Rip=ip, SegCs=cs, EFlags=flags, Rsp=sp, SegSs=ss, ErrorCode=error, FaultAddress=fault_address)
        record.fill(MxCsr=0x1F80, PreviousMode=int(cs == USER_CS), PreviousIrql=0, SegDs=0x2B, SegEs=0x2B, SegFs=0x53,
                    SegGs=0x2B, ExceptionActive=1)  # fmt: skip
        self.machine.write(frame, record.data)
        self.registers["rbp"] = frame + 0x80
        self.sp = frame
        stem, _, name = handler.partition("!")
        self.current = Body(stem, name, frame)
        self.trap_frame = frame
        return frame

    def finish(self, ip: int, kind: str = "") -> None:
        """End with the innermost function executing at ``ip``."""
        self._record(ip, kind)

    def stop_at_entry(self, function: str) -> int:
        """Call ``function`` and stop at its first instruction; gives the stack pointer there."""
        self._push(self._leave(function))
        address = self.machine.symbol(function)
        self._append(address, self.sp, "entry")
        return self.sp

    def place(self, offset: int, data: bytes) -> int:
        """Store bytes among the locals of the current function; gives their address."""
        assert self.current is not None
        self.machine.write(self.current.sp + offset, data)
        return self.current.sp + offset

    def listing(self) -> list[dict[str, Any]]:
        """Frames as a debugger lists them, innermost first, each with its caller's address."""
        rows = [dict(row) for row in reversed(self.frames)]
        for row, caller in pairwise(rows):
            row["ret"] = caller["ip"]
        return rows

    # -- what the processor does

    def _leave(self, function: str) -> int:
        """Note the current frame and give the address to return to in it."""
        assert self.current is not None
        address = self._return_address(self.current, function.partition("!")[2])
        self._record(address, "")
        self.sp = self.current.sp
        return address

    def _return_address(self, body: Body, callee: str) -> int:
        loaded = self.images[body.stem]
        prefix = f"{body.name}>"
        exact = loaded.image.sites.get(prefix + callee)
        if exact is not None:
            return loaded.base + exact
        indirect = [
            at for key, at in loaded.image.sites.items() if key.startswith(prefix) and key[len(prefix)].islower()
        ]
        return loaded.base + indirect[0]

    def _record(self, ip: int, kind: str) -> None:
        assert self.current is not None
        self._append(ip, self.current.sp, kind)

    def _append(self, ip: int, sp: int, kind: str) -> None:
        kept = {name: self.registers[name] for name in _NONVOLATILE}
        symbol = symbol_at(self.images, ip)
        self.frames.append({"ip": ip, "sp": sp, "ret": 0, "symbol": symbol, "kind": kind, "registers": kept})

    def _enter(self, function: str) -> None:
        stem, _, name = function.partition("!")
        parsed = _parsed(self.images[stem].image.source.code)[name]
        for register in parsed.saves:
            self._push(self.registers[register])
        for register in parsed.saves:
            self.registers[register] = self._left_over(stale=False)
        if parsed.kind == "normal":
            self._reserve(parsed.frame)
        self.current = Body(stem, name, self.sp)

    def _push(self, value: int) -> None:
        self.sp -= 8
        self.space.write(self.sp, self.machine.pointer(value))

    def _reserve(self, size: int) -> None:
        """Locals: mostly zeros and small numbers, some pointers, now and then an old return address."""
        self.sp -= size
        words = [self._left_over() for _ in range(min(size, 0x120) // 8)]
        self.space.write(self.sp, b"".join(word.to_bytes(8, "little") for word in words))

    def _left_over(self, stale: bool = True) -> int:
        chance = self._random.random()
        if chance < 0.45:
            return self._random.choice((0, 0, 0, 1, 2, 0x10, 0x246, 0xFFFFFFFF, self._random.randrange(1 << 16)))
        if chance < 0.8:
            return self.machine.profile.pool_bases[self.machine.base_index] + self._random.randrange(0x1000) * 0x10
        if chance < 0.93 or not stale:
            return self.limit + self._random.randrange((self.base - self.limit) // 8) * 8
        return self._stale_return()

    def _stale_return(self) -> int:
        stem, label = self._random.choice(_STALE)
        loaded = self.images.get(stem)
        found = loaded.image.sites.get(label) if loaded else None
        return loaded.base + found if loaded and found is not None else 0


_TRAP_REGISTERS = ("Rax", "Rcx", "Rdx", "R8", "R9", "R10", "R11", "Rbp")


@lru_cache(maxsize=64)
def _parsed(source: str) -> dict[str, Function]:
    return {function.name: function for function in parse_functions(source)}
