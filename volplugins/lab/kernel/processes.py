"""Processes and threads of a made-up machine, while they are being built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from volplugins.lab.machine.address_space import AddressSpace
from volplugins.lab.machine.machine import LoadedImage
from volplugins.lab.machine.ranges import Range

WAITING, RUNNING, TERMINATED = 5, 2, 4
# KWAIT_REASON: Executive, UserRequest, WrQueue (public enumeration, every build since XP)
EXECUTIVE, USER_REQUEST, WR_PAGE_IN, WR_QUEUE = 0, 6, 9, 15


@dataclass(slots=True)
class Thread:
    """One ETHREAD.

    ``base`` and ``limit`` bound its kernel stack, both zero once it has ended; ``frames`` is its stack as built,
    innermost first; ``faulting`` says that it waits for a page that its user code touched; ``service`` is the system
    call that it waits in, with the functions that this has called; ``waits`` are the clock ticks since it began to
    wait; ``frames32`` are those of its 32-bit code on x64. ``user_shadow`` is the base of its user shadow stack,
    zero where it has none. The others are what its record came to hold:
    ``win32_start`` zero where it holds none, times as FILETIMEs.
    """

    address: int
    tid: int
    base: int
    limit: int
    process: Process
    teb: int = 0
    teb32: int = 0
    user_stack: int = 0
    user_shadow: int = 0
    frames: list[dict[str, Any]] = field(default_factory=list)
    frames32: list[dict[str, Any]] = field(default_factory=list)
    faulting: bool = False
    service: tuple[str, ...] = ("NtWaitForSingleObject",)
    waits: int = 0
    state: int = WAITING
    reason: int = 0
    switches: int = 0
    start: int = 0
    win32_start: int = 0
    created: int = 0
    exited: int = 0
    exit_status: int = 0


@dataclass(slots=True)
class Process:
    """One EPROCESS with its address space.

    ``images`` are those of user mode, ``ranges`` what its VADs describe, by address. A process of 32-bit code on x64
    has ``wow64`` (what EPROCESS.WoW64Process holds), the ``images32`` of its 32-bit loader, a 32-bit PEB, and TEBs from
    ``highest_teb`` downwards. ``local_table`` is base and limit of its LDT, ``virtual_machine`` the address of
    its VdmObjects (x86 only). ``region`` is where the loader's lists lie, where not at the usual place.
    """

    address: int
    name: str
    pid: int
    parent: int
    space: AddressSpace
    session: int | None
    created: int
    exited: int = 0
    wow64: int = 0
    images: dict[str, LoadedImage] = field(default_factory=dict)
    images32: dict[str, LoadedImage] = field(default_factory=dict)
    threads: list[Thread] = field(default_factory=list)
    peb: int = 0
    peb32: int = 0
    highest_teb: int = 0
    pcid: int = 0
    shadow: int = 0
    ranges: dict[int, Range] = field(default_factory=dict)
    local_table: tuple[int, int] | None = None
    virtual_machine: int = 0
    region: int = 0

    @property
    def directory_table_base(self) -> int:
        """DirectoryTableBase as the KPROCESS and CR3 hold it, with its PCID; 0 once it has exited."""
        return 0 if self.exited else self.space.directory | self.pcid

    def add(self, each: Range) -> None:
        """Let a VAD describe a range, in place of one that begins there already."""
        self.ranges[each.start] = each
