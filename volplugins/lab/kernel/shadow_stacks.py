"""Shadow stacks of threads (CET), kernel's and user's, on machines whose threads have them: Windows 11 24H2.

A shadow stack holds the return addresses of the calls that are under way, eight bytes each, growing down (Intel SDM 1,
chapter 17). An interrupt of kernel code pushes CS, the address that it interrupted and the old pointer. On top of one
that is not in use lies a restore token: its own address plus eight, with the lowest bit set. Members of KTHREAD: public
symbol tables (since 22000); the user pointer is the second word of component 11 in the compacted XSAVE area that
StateSaveArea leads to, after the MSR of the same component.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from volplugins.lab.kernel.processes import WAITING, Process, Thread
from volplugins.lab.machine.machine import Machine

PAGE = 0x1000
SHADOW_SIZE = 2 * PAGE
_KERNEL_CODE, _BITS_64 = 0x10, 1
_KIND = 1  # of a thread's kernel shadow stack, in the low bits of KernelShadowStackLimit
_STATE_SIZE, _HEADER, _LEGACY, _AVX, _CET_USER = 0x350, 0x200, 3, 4, 1 << 11
_CET_AT = 0x340  # in the compacted area: after 200h, 40h of header and 100h of AVX
_COMPACTED = 1 << 63
_ENABLED = 1  # IA32_U_CET: shadow stacks are on
_USER_CET = 1 << 14  # EPROCESS.MitigationFlags2
_PLACE = 0x100000  # from where the kernel's own pages begin, behind the processors' stacks
_TOP = 0x380  # from a kernel stack's base: the XSAVE area


@dataclass(slots=True)
class Shadow:
    """One shadow stack while it is written.

    Attributes:
        base: its highest address; words: what is pushed, outermost first, each with the slot of the usual stack that
            holds the same address (0: none does, as of interrupts).
    """

    base: int
    words: list[tuple[int, int]] = field(default_factory=list)

    @property
    def pointer(self) -> int:
        """Where the pointer is."""
        return self.base - 8 * len(self.words)

    def push(self, value: int, slot: int = 0) -> None:
        """Push a word."""
        self.words.append((value, slot))

    def data(self) -> bytes:
        """The words as they lie in memory, from the pointer up."""
        return b"".join(struct.pack("<Q", value) for value, _ in reversed(self.words))

    def truth(self) -> dict[str, Any]:
        """In plain types; ``returns`` are the return addresses from the innermost one on, with their slots."""
        returns = [{"address": value, "slot": slot} for value, slot in reversed(self.words) if slot]
        return {"base": self.base, "pointer": self.pointer, "returns": returns}


def write_shadow_stacks(machine: Machine, processes: list[Process]) -> None:
    """Give every thread its shadow stacks; truth["shadow_stacks"] says by ETHREAD what they hold."""
    if not machine.structures.has("_KTHREAD", "KernelShadowStack"):
        return
    at = machine.profile.system_bases[machine.base_index] + _PLACE
    truth = machine.truth.setdefault("shadow_stacks", {})
    for process in processes:
        for thread in process.threads:
            if not thread.base:
                continue
            at += SHADOW_SIZE + PAGE
            kernel = _kernel(machine, thread, at)
            user = _user(machine, thread) if thread.user_shadow else None
            truth[thread.address] = {"tid": thread.tid, "pid": process.pid, "kernel": kernel, "user": user}
        if process.peb and not process.images32:
            flags = process.address + machine.structures.offset("_EPROCESS", "MitigationFlags2")
            machine.write(flags, _USER_CET.to_bytes(4, "little"))


def _kernel(machine: Machine, thread: Thread, base: int) -> dict[str, Any]:
    """The thread's own; what it pushed on stacks of the processor is not there."""
    machine.kernel.map(base - SHADOW_SIZE, SHADOW_SIZE, "shadow")
    shadow = Shadow(base - 8)  # below the token of whoever set the stack up
    machine.write_pointer(base - 8, base - 8)
    frames = [each for each in reversed(thread.frames) if thread.limit < each["sp"] <= thread.base]
    waits = thread.state == WAITING
    for caller, callee in pairwise(frames):
        _push(machine, shadow, caller, callee)
    if frames and waits:
        shadow.push(frames[-1]["ip"], frames[-1]["sp"] - 8)
    machine.write(shadow.pointer, shadow.data())
    saved = shadow.base - 0x40  # of a thread that runs: where it last waited
    if waits:
        saved = shadow.pointer - 8
        machine.write_pointer(saved, shadow.pointer | _BITS_64)
    record = {"KernelShadowStack": saved, "KernelShadowStackInitial": base - 8, "KernelShadowStackBase": base,
              "KernelShadowStackLimit": base - SHADOW_SIZE | _KIND}  # fmt: skip
    for name, value in record.items():
        machine.write_pointer(thread.address + machine.structures.offset("_KTHREAD", name), value)
    _set_flag(machine, thread, "CetKernelShadowStack")
    return {**shadow.truth(), "saved": saved, "limit": base - SHADOW_SIZE, "waits": waits}


def _push(machine: Machine, shadow: Shadow, caller: dict[str, Any], callee: dict[str, Any]) -> None:
    """A call; or an interrupt, whose trap frame, which the callee's body begins with, tells where its words lie."""
    if caller["kind"] != "interrupted":
        shadow.push(caller["ip"], caller["sp"] - 8)
        return
    pointer = shadow.pointer
    for word in (_KERNEL_CODE, caller["ip"], pointer):
        shadow.push(word)
    machine.write_pointer(callee["sp"] + machine.structures.offset("_KTRAP_FRAME", "ShadowStackFrame"), shadow.pointer)


def _user(machine: Machine, thread: Thread) -> dict[str, Any]:
    """In a range of its own; the pointer is in the state that the thread left in the kernel."""
    shadow = Shadow(thread.user_shadow)
    low, high = thread.user_stack - 0x2000, thread.user_stack
    frames = [each for each in reversed(thread.frames) if low < each["sp"] <= high]
    for caller in frames[:-1]:
        shadow.push(caller["ip"], caller["sp"] - 8)
    if shadow.words:
        thread.process.space.write(shadow.pointer, shadow.data())
    area = thread.base - _TOP
    state = bytearray(_STATE_SIZE)
    features = _LEGACY | _AVX | _CET_USER
    struct.pack_into("<QQ", state, _HEADER, features, features | _COMPACTED)
    struct.pack_into("<QQ", state, _CET_AT, _ENABLED, shadow.pointer)
    machine.write(area, state)
    machine.write_pointer(thread.address + machine.structures.offset("_KTHREAD", "StateSaveArea"), area)
    _set_flag(machine, thread, "CetUserShadowStack")
    return {**shadow.truth(), "saved": shadow.pointer, "limit": shadow.base - SHADOW_SIZE, "state": area}


def _set_flag(machine: Machine, thread: Thread, name: str) -> None:
    member = machine.structures.locate("_KTHREAD", name)
    bit = int(member.type.split(":")[1])
    at = thread.address + member.offset
    word = int.from_bytes(machine.kernel.read(at, 4), "little") | 1 << bit
    machine.write(at, word.to_bytes(4, "little"))
