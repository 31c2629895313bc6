"""Stacks of x64 threads: frames as the unwind information describes them, trap frames, interrupt stacks."""

from __future__ import annotations

from volplugins.lab.code.code_x64 import REGISTERS
from volplugins.lab.kernel.kernel_stack import Body, KernelStack

KERNEL_CS, KERNEL_SS, USER_CS, USER_SS = 0x10, 0x18, 0x33, 0x2B
_TRAP_SIZE = 0x190
_LINK, _SWITCHED, _ONTO = 0x10, 0x50, 0x20
_TRAP_REGISTERS = ("Rax", "Rcx", "Rdx", "R8", "R9", "R10", "R11", "Rbp")


class KernelStack64(KernelStack):
    """One thread's stack on x64."""

    register_names = REGISTERS
    kept_registers = ("rbx", "rbp", "rsi", "rdi", "r12", "r13", "r14", "r15")
    stale = (
        ("nt", "KeWaitForSingleObject>KiCommitThreadWait"),
        ("nt", "NtWaitForSingleObject>ObReferenceObjectByHandle"),
        ("nt", "KiCommitThreadWait>KiSwapThread"),
        ("nt", "ExFreePoolWithTag>ExFreeHeapPool"),
        ("ntfs", "NtfsCommonRead>ExAllocatePoolWithTag"),
        ("fltmgr", "FltpLegacyProcessingAfterPreCallbacksCompleted>IofCallDriver"),
        ("nt", "KeRemoveQueueEx>KiCommitThreadWait"),
    )

    def start(self, function: str) -> None:
        """Begin with a function that nothing called."""
        self._reserve(0x30)
        self._push(0)
        self._enter(function)

    def enter_from_user(self, user: KernelStack) -> None:
        """A system call: KiSystemCall64's trap frame, which keeps RBX, RSI and RDI too."""
        assert user.current is not None
        self.frames = user.frames
        self.registers.update(user.registers)
        frame = self.base - self.machine.profile.initial_gap - _TRAP_SIZE
        kept = {name.capitalize(): user.registers[name] for name in ("rbx", "rsi", "rdi")}
        self._write_trap_frame(
            frame, Rip=user.frames[-1]["ip"], SegCs=USER_CS, EFlags=0x246, Rsp=user.current.sp, SegSs=USER_SS,
            PreviousMode=1, ExceptionActive=2, **kept,
        )  # fmt: skip
        self._enter_handler("nt!KiSystemCall64", frame)

    def fault_from_user(self, user: KernelStack, handler: str) -> None:
        """A fault in user code: RBX, RSI and RDI stay in their registers, their places in the frame hold old values."""
        assert user.current is not None
        self.frames = user.frames
        self.registers.update(user.registers)
        frame = self.base - self.machine.profile.initial_gap - _TRAP_SIZE
        old = {name: self._left_over(stale=False) for name in ("Rbx", "Rsi", "Rdi")}
        self._write_trap_frame(
            frame, Rip=user.frames[-1]["ip"], SegCs=USER_CS, EFlags=0x10246, Rsp=user.current.sp, SegSs=USER_SS,
            PreviousMode=1, **old,
        )  # fmt: skip
        self._enter_handler(handler, frame)

    def call(self, function: str) -> None:
        """The current function calls ``function``."""
        self._push(self._leave(function))
        self._enter(function)

    def call_pointer(self) -> None:
        """The current function calls through a pointer that leads into no function."""
        self._push(self._leave(""))
        self.current = Body("", "", self.sp)

    def trap(self, handler: str, ip: int, *, flags: int = 0x10246, fault_address: int = 0, error: int = 0,
             new_stack: int = 0) -> int:  # fmt: skip
        """The processor enters ``handler`` from kernel code; it aligns the stack to 16 bytes first."""
        assert self.current is not None
        self._record(ip, "interrupted")
        frame = ((new_stack or self.current.sp) & ~0xF) - _TRAP_SIZE
        self._write_trap_frame(
            frame, Rip=ip, SegCs=KERNEL_CS, EFlags=flags, Rsp=self.current.sp, SegSs=KERNEL_SS, ErrorCode=error,
            FaultAddress=fault_address,
        )  # fmt: skip
        self._enter_handler(handler, frame)
        self.fault_frame = frame
        return frame

    def switch(self, function: str, top: int) -> None:
        """The new stack's first words are left-overs and the way back to the trap frame, which the truth names too.

        A real small dump of Windows 10 shows the way back 0x10 below the stack's top, the body 0x50 below.
        """
        assert self.current is not None
        frame = self.current.sp
        self._push(self._leave(function))
        self.sp = top
        self._reserve(_SWITCHED)
        self.machine.write_pointer(top - _LINK, frame)
        self.machine.truth.setdefault("stack_links", []).append({"top": top, "trap_frame": frame})
        self._set_body(function, self.sp)

    def onto(self, function: str, top: int) -> None:
        """The current function calls ``function``, which keeps its frame in RBP and goes on on another stack.

        Nothing there leads back but what its callees save of RBP. (Public stack listings of exceptions since 19041.)
        """
        self._push(self._leave(function))
        self._push(self.registers["rbp"])
        self.registers["rbp"] = self.sp
        self.sp = top
        self._reserve(_ONTO)
        self._set_body(function, self.sp)

    def leave_trap_frame(self, offset: int, ip: int, marked: bool = True) -> int:
        """An old trap frame among the locals: kernel code at ``ip`` was interrupted while its stack ended above it."""
        assert self.current is not None
        frame = self.current.sp + offset
        assert frame % 16 == 0
        self._write_trap_frame(frame, Rip=ip, SegCs=KERNEL_CS, EFlags=0x246, Rsp=frame + _TRAP_SIZE, SegSs=KERNEL_SS)
        return frame

    def enter_bugcheck(self, values: tuple[int, ...]) -> tuple[int, int]:
        """KeBugCheckEx is called; the context saved is that of its first instruction."""
        self._push(self._leave("nt!KeBugCheckEx"))
        ip = self.machine.symbol("nt!KeBugCheckEx")
        self.registers.update(zip(("rcx", "rdx", "r8", "r9"), values, strict=False))
        self._append(ip, self.sp, "entry")
        for slot, value in enumerate(values, 1):  # it stores its register arguments first; the fifth was passed there
            self.machine.write_pointer(self.sp + 8 * slot, value)
        return ip, self.sp

    def _enter(self, function: str) -> None:
        stem, _, name = function.partition("!")
        parsed = self.parsed(stem, name)
        self._save(parsed.saves)
        if parsed.kind == "normal":
            self._reserve(parsed.frame)
        self._set_body(function, self.sp)

    def _enter_handler(self, handler: str, frame: int) -> None:
        self.registers["rbp"] = frame + 0x80
        self.trap_frame = frame
        self._set_body(handler, frame)

    def _write_trap_frame(self, frame: int, **members: int) -> None:
        record = self.machine.record("_KTRAP_FRAME")
        record.fill(**{name: self.registers[name.lower()] for name in _TRAP_REGISTERS})
        usual = {"MxCsr": 0x1F80, "SegDs": 0x2B, "SegEs": 0x2B, "SegFs": 0x53, "SegGs": 0x2B, "ExceptionActive": 1}
        record.fill(**(usual | members))
        self.machine.write(frame, record.data)
