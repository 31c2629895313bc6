"""Stacks of x86 threads: EBP chains, frameless functions, trap frames.

A trap frame's DbgEbp and DbgEip stand where a function would keep its caller's EBP and the return address, which is
how the EBP chain goes on through it (public symbol table of _KTRAP_FRAME).
"""

from __future__ import annotations

from collections.abc import Mapping

from volplugins.lab.code.code_x86 import REGISTERS, arguments_of
from volplugins.lab.kernel.kernel_stack import Body, KernelStack
from volplugins.lab.kernel.processes import Process
from volplugins.lab.machine.machine import Machine

KERNEL_CS, USER_CS, USER_SS = 0x08, 0x1B, 0x23
_TRAP_SIZE, _USER_TRAP_SIZE, _V86 = 0x74, 0x7C, 0x10
_MARK = 8  # _KTRAP_FRAME.DbgArgMark


class KernelStack32(KernelStack):
    """One thread's stack on x86."""

    register_names = REGISTERS
    kept_registers = ("ebx", "ebp", "esi", "edi")
    stale = (
        ("nt", "KeWaitForSingleObject>KiCommitThreadWait"),
        ("nt", "KiCommitThreadWait>KiSwapThread"),
        ("nt", "ExFreePool>ExFreePoolWithTag"),
        ("ntfs", "NtfsCommonRead>ExAllocatePoolWithTag"),
        ("fltmgr", "FltpLegacyProcessingAfterPreCallbacksCompleted>IofCallDriver"),
        ("nt", "KeRemoveQueue>KiCommitThreadWait"),
    )

    def __init__(self, machine: Machine, base: int, limit: int, purpose: str, process: Process | None = None) -> None:
        super().__init__(machine, base, limit, purpose, process)
        self.registers["ebp"] = 0

    def start(self, function: str) -> None:
        """Begin with a function that nothing called: return address and caller's EBP are zero."""
        self._reserve(0x20)
        self._push(0)
        self._enter(function)

    def enter_from_user(self, user: KernelStack) -> None:
        """A system call: KiFastCallEntry's trap frame at the top of the stack."""
        self._enter_from_user(user, "nt!KiFastCallEntry", 0x246)

    def fault_from_user(self, user: KernelStack, handler: str) -> None:
        """A fault in user code: the same trap frame, with every register."""
        self._enter_from_user(user, handler, 0x10246)

    def _enter_from_user(self, user: KernelStack, handler: str, flags: int) -> None:
        assert user.current is not None
        self.frames = user.frames
        self.registers.update(user.registers)
        frame = self.base - self.machine.profile.initial_gap - _V86 - _USER_TRAP_SIZE
        members = {"HardwareEsp": user.current.sp, "HardwareSegSs": USER_SS, "PreviousPreviousMode": 1, "SegFs": 0x3B}
        self._write_trap_frame(frame, _USER_TRAP_SIZE, user.frames[-1]["ip"], SegCs=USER_CS, EFlags=flags, **members)
        self._enter_handler(handler, frame)

    def fault_from_segments(self, segments: Mapping[str, int], ip: int, sp: int, flags: int, handler: str) -> None:
        """A fault in 16-bit code: of virtual-8086 mode (by the flags) the frame keeps the data segments above it."""
        virtual = flags >> 17 & 1
        frame = self.base - self.machine.profile.initial_gap - _V86 - _USER_TRAP_SIZE
        members = {"HardwareEsp": sp, "HardwareSegSs": segments["ss"], "PreviousPreviousMode": 1, "SegFs": 0x3B}
        if virtual:
            members |= {"V86Ds": segments["ds"], "V86Es": segments["es"]}
        else:
            members |= {"SegDs": segments["ds"], "SegEs": segments["es"]}
        self._write_trap_frame(
            frame, _USER_TRAP_SIZE + _V86 * virtual, ip, SegCs=segments["cs"], EFlags=flags, **members
        )
        self._enter_handler(handler, frame)

    def call(self, function: str) -> None:
        """The current function pushes arguments and calls ``function``."""
        self._call(function, ())

    def call_pointer(self) -> None:
        """The current function calls through a pointer that leads into no function."""
        self._push_call("", ())
        self.current = Body("", "", self.sp)

    def trap(self, handler: str, ip: int, *, flags: int = 0x10246, fault_address: int = 0, error: int = 0,
             new_stack: int = 0) -> int:  # fmt: skip
        """The processor enters ``handler`` from kernel code; the faulting address is in CR2 only."""
        if self.current is not None:
            self._record(ip, "interrupted")
            self.sp = self.current.sp
        frame = (new_stack or self.sp) - _TRAP_SIZE
        self._write_trap_frame(frame, _TRAP_SIZE, ip, SegCs=KERNEL_CS, EFlags=flags, ErrCode=error, SegFs=0x30)
        self._enter_handler(handler, frame)
        self.fault_frame = frame
        return frame

    def task(self, handler: str, ip: int, top: int) -> None:
        """A task gate interrupts kernel code at ``ip``: the handler's registers are those of its TSS, all zero."""
        assert self.current is not None
        self._record(ip, "interrupted")
        self.sp = top
        self.registers.update(dict.fromkeys(self.register_names, 0))
        self._enter(handler)

    def switch(self, function: str, top: int) -> None:
        """Not made on x86."""
        raise NotImplementedError(f"{function} of x86 stays on its stack")

    def onto(self, function: str, top: int) -> None:
        """Not made on x86."""
        raise NotImplementedError(f"{function} of x86 stays on its stack")

    def leave_trap_frame(self, offset: int, ip: int, marked: bool = True) -> int:
        """An old trap frame among the locals, its own EBP and EIP fitting each other."""
        assert self.current is not None
        frame, ebp = self.current.sp + offset, self.registers["ebp"]
        self.registers["ebp"] = frame + _TRAP_SIZE + 0x1C
        self._write_trap_frame(frame, _TRAP_SIZE, ip, SegCs=KERNEL_CS, EFlags=0x246, SegFs=0x30)
        self.registers["ebp"] = ebp
        if not marked:
            self.machine.write(frame + _MARK, bytes(4))
        return frame

    def enter_bugcheck(self, values: tuple[int, ...]) -> tuple[int, int]:
        """KeBugCheckEx, or the handler of page or double faults, calls KeBugCheck2; its caller's context is saved."""
        assert self.current is not None
        if self.current.name not in ("KiTrap0E", "KiTrap08"):
            self._call("nt!KeBugCheckEx", values)
        sp = self.current.sp
        ip = self._leave("nt!KeBugCheck2")
        self.frames[-1]["kind"] = "entry"
        self._push_arguments("KeBugCheck2", values)
        self._push(ip)
        return ip, sp

    def _call(self, function: str, arguments: tuple[int, ...]) -> None:
        self._push_call(function, arguments)
        self._enter(function)

    def _push_call(self, function: str, arguments: tuple[int, ...]) -> None:
        address = self._leave(function)
        self._push_arguments(function.partition("!")[2], arguments)
        self.frames[-1]["sp"] = self.sp
        self._push(address)

    def _push_arguments(self, function: str, arguments: tuple[int, ...]) -> None:
        count = arguments_of(function)
        values = (*arguments, *(self._left_over(stale=False) for _ in range(count)))[:count]
        for value in reversed(values):
            self._push(value)

    def _enter(self, function: str) -> None:
        stem, _, name = function.partition("!")
        parsed = self.parsed(stem, name)
        if parsed.kind == "normal":
            self._push(self.registers["ebp"])
            self.registers["ebp"] = self.sp
        if parsed.kind != "leaf":
            self._reserve(parsed.frame)
        self._save(parsed.saves)
        self._set_body(function, self.sp)

    def _enter_handler(self, handler: str, frame: int) -> None:
        self.registers["ebp"] = frame
        self.trap_frame = frame
        self._set_body(handler, frame)

    def _write_trap_frame(self, frame: int, size: int, ip: int, **members: int) -> None:
        """The first ``size`` bytes of a trap frame: a fault in kernel mode pushes no stack pointer."""
        record = self.machine.record("_KTRAP_FRAME")
        record.fill(**{name.capitalize(): self.registers[name] for name in REGISTERS if name != "esp"})
        usual = {"SegDs": 0x23, "SegEs": 0x23, "ExceptionList": 0xFFFFFFFF, "DbgArgMark": 0xBADB0D00}
        record.fill(Eip=ip, DbgEbp=self.registers["ebp"], DbgEip=ip, **(usual | members))
        self.space.write(frame, bytes(record.data[:size]))
