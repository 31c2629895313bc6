"""Stacks of threads, built from the outermost call inwards with the very frames that the code makes.

Return addresses follow real call instructions and saved registers hold the callers' values; slots that real code would
leave unused hold what earlier calls left behind. What the processor does differently is in kernel_stack_x64.py and
kernel_stack_x86.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from volplugins.lab.code.functions import Function, parse_functions
from volplugins.lab.kernel.litter import Litter
from volplugins.lab.kernel.processes import Process
from volplugins.lab.machine.machine import Machine, symbol_at


@dataclass(slots=True)
class Body:
    """The function that runs at the moment: module, name, its stack pointer in the body."""

    stem: str
    name: str
    sp: int


class KernelStack(ABC):
    """One thread's kernel stack, or its user stack where ``process`` is given.

    Args:
        base: address just above the stack; its pages are mapped already.
        purpose: seed for the left-over values.
        process: whose user stack it is; its images hold the code.

    Attributes:
        trap_frame: address of the newest trap frame, 0 for none; ``fault_frame``: of the newest made by :meth:`trap`.
        register_names: all general registers.
        kept_registers: those that a call leaves alone.
        stale: places in code whose return addresses are left in unused slots: (module, ``Function>callee``).
        litter: what chooses stale words for the unused slots, on a littered machine.
        tidy: whether unused slots hold small numbers only, from now on.
    """

    register_names: tuple[str, ...] = ()
    kept_registers: tuple[str, ...] = ()
    stale: tuple[tuple[str, str], ...] = ()

    def __init__(self, machine: Machine, base: int, limit: int, purpose: str, process: Process | None = None) -> None:
        self.machine = machine
        self.images = process.images if process else machine.images
        self.space = process.space if process else machine.kernel
        self.base, self.limit = base, limit
        self.sp = base
        self.tidy = False
        self.litter = Litter(machine, purpose) if machine.littered and process is None else None
        self.frames: list[dict[str, Any]] = []
        self.current: Body | None = None
        self._random = machine.random(f"stack {purpose}")
        self.registers = {name: self._left_over(stale=False) for name in self.register_names}
        self.trap_frame = 0
        self.fault_frame = 0

    @abstractmethod
    def start(self, function: str) -> None:
        """Begin with a function that nothing called (a thread's first one): its return address is zero."""

    @abstractmethod
    def enter_from_user(self, user: KernelStack) -> None:
        """A system call: the trap frame at the top of the stack, then the service dispatcher's body."""

    @abstractmethod
    def fault_from_user(self, user: KernelStack, handler: str) -> None:
        """A fault in user code: the trap frame at the top of the stack keeps what the processor and the entry save."""

    @abstractmethod
    def call(self, function: str) -> None:
        """The current function calls ``function``; its call instruction is found by that name, else as indirect."""

    @abstractmethod
    def call_pointer(self) -> None:
        """The current function calls through a pointer that leads into no function: only the return address is there.

        What comes next can only be :meth:`trap`, at wherever the pointer leads.
        """

    @abstractmethod
    def trap(self, handler: str, ip: int, *, flags: int = 0x10246, fault_address: int = 0, error: int = 0,
             new_stack: int = 0) -> int:  # fmt: skip
        """The processor enters ``handler``, interrupting kernel code at ``ip``; gives the trap frame's address.

        ``new_stack`` is where an interrupt stack begins, for what does not stay on this one.
        """

    @abstractmethod
    def switch(self, function: str, top: int) -> None:
        """An interrupt's entry calls ``function``, which goes on on the stack that begins at ``top``."""

    @abstractmethod
    def onto(self, function: str, top: int) -> None:
        """The current function calls ``function``, which goes on on the stack that begins at ``top``."""

    @abstractmethod
    def leave_trap_frame(self, offset: int, ip: int, marked: bool = True) -> int:
        """Among the locals of the current function lies the whole trap frame of an interrupt that was over long ago.

        Args:
            ip: where that interrupt came; the code ran on this stack, just above the frame.
            marked: with x86's mark; without, something has overwritten that word.

        Returns:
            the old frame's address.
        """

    @abstractmethod
    def enter_bugcheck(self, values: tuple[int, ...]) -> tuple[int, int]:
        """The current function reports a bugcheck (code and parameters); gives the saved IP and SP."""

    def finish(self, ip: int, kind: str = "") -> None:
        """End with the innermost function executing at ``ip``."""
        self._record(ip, kind)

    def place(self, offset: int, data: bytes) -> int:
        """Store bytes among the locals of the current function; gives their address."""
        assert self.current is not None
        self.space.write(self.current.sp + offset, data)
        return self.current.sp + offset

    def stale_words(self) -> list[int]:
        """Addresses of the littered words that are still there, above the stack pointer."""
        left = sorted(self.litter.left.items()) if self.litter else []
        width = self.machine.width
        return [at for at, word in left if at >= self.sp and self.space.read(at, width) == self.machine.pointer(word)]

    def listing(self) -> list[dict[str, Any]]:
        """Frames as a debugger lists them, innermost first, each with its caller's address."""
        rows = [dict(row) for row in reversed(self.frames)]
        for row, caller in pairwise(rows):
            row["ret"] = caller["ip"]
        return rows

    def parsed(self, stem: str, name: str) -> Function:
        """What a function is made from."""
        return _parsed(self.images[stem].image.source.code)[name]

    def _leave(self, function: str) -> int:
        """Note the current frame and give the address to return to in it."""
        assert self.current is not None
        address = self._return_address(self.current, function.partition("!")[2])
        self._record(address, "")
        self.sp = self.current.sp
        return address

    def _return_address(self, body: Body, callee: str) -> int:
        """Behind the call of ``callee`` by name, else behind the first call through a register."""
        loaded = self.images[body.stem]
        prefix = f"{body.name}>"
        sites = {key[len(prefix) :]: at for key, at in loaded.image.sites.items() if key.startswith(prefix)}
        if callee not in sites:
            callee = next(key for key in sites if key[0].islower())
        return loaded.base + sites[callee]

    def _record(self, ip: int, kind: str) -> None:
        assert self.current is not None
        self._append(ip, self.current.sp, kind)

    def _append(self, ip: int, sp: int, kind: str) -> None:
        kept = {name: self.registers[name] for name in self.kept_registers}
        symbol = symbol_at(self.images, ip)
        self.frames.append({"ip": ip, "sp": sp, "ret": 0, "symbol": symbol, "kind": kind, "registers": kept})

    def _set_body(self, function: str, sp: int) -> None:
        stem, _, name = function.partition("!")
        self.sp = sp
        self.current = Body(stem, name, sp)

    def _push(self, value: int) -> None:
        self.sp -= self.machine.width
        self.space.write(self.sp, self.machine.pointer(value))

    def _save(self, registers: tuple[str, ...]) -> None:
        """Push registers, which then get values of the function's own."""
        for register in registers:
            self._push(self.registers[register])
        for register in registers:
            self.registers[register] = self._left_over(stale=False)

    def _reserve(self, size: int) -> None:
        """Locals: mostly zeros and small numbers, some pointers, now and then an old return address."""
        self.sp -= size
        words = [self._left_over() for _ in range(min(size, 0x120) // self.machine.width)]
        if self.litter and not self.tidy:
            words += [0] * (size // self.machine.width - len(words))
            words = self.litter.spread(self.sp, words, self.machine.width)
        self.space.write(self.sp, b"".join(self.machine.pointer(word) for word in words))

    def _left_over(self, stale: bool = True) -> int:
        chance = self._random.random()
        if chance < 0.45 or self.tidy:
            return self._random.choice((0, 0, 0, 1, 2, 0x10, 0x246, 0xFFFFFFFF, self._random.randrange(1 << 16)))
        if chance < 0.8:
            return self.machine.profile.pool_bases[self.machine.base_index] + self._random.randrange(0x1000) * 0x10
        if chance < 0.93 or not stale:
            return self.limit + self._random.randrange((self.base - self.limit) // 8) * 8
        return self._stale_return()

    def _stale_return(self) -> int:
        stem, label = self._random.choice(self.stale)
        loaded = self.images.get(stem)
        found = loaded.image.sites.get(label) if loaded else None
        return loaded.base + found if loaded and found is not None else 0


@lru_cache(maxsize=64)
def _parsed(source: str) -> dict[str, Function]:
    return {function.name: function for function in parse_functions(source)}
