"""Processes and threads of a made-up machine: kernel objects, address spaces, a little user memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from volplugins.lab.address_space import AddressSpace
from volplugins.lab.image_sources import machine_images
from volplugins.lab.machine import LoadedImage, Machine
from volplugins.lab.pe_image import Image
from volplugins.lab.pe_link import link
from volplugins.lab.ranges import Range

WAITING, RUNNING, TERMINATED = 5, 2, 4
# KWAIT_REASON: Executive, UserRequest, WrQueue (public enumeration, every build since XP)
EXECUTIVE, USER_REQUEST, WR_PAGE_IN, WR_QUEUE = 0, 6, 9, 15


@dataclass(slots=True)
class Thread:
    """One ETHREAD.

    ``base`` and ``limit`` bound its kernel stack; ``frames`` is its stack as built, innermost first; ``faulting`` says
    that it waits for a page that its user code touched.
    """

    address: int
    tid: int
    base: int
    limit: int
    process: Process
    teb: int = 0
    user_stack: int = 0
    frames: list[dict[str, Any]] = field(default_factory=list)
    faulting: bool = False


@dataclass(slots=True)
class Process:
    """One EPROCESS with its address space; ``images`` are those of user mode, ``sections`` other mapped ranges."""

    address: int
    name: str
    pid: int
    parent: int
    space: AddressSpace
    session: int | None
    created: int
    exited: int = 0
    wow64: bool = False
    images: dict[str, LoadedImage] = field(default_factory=dict)
    threads: list[Thread] = field(default_factory=list)
    peb: int = 0
    pcid: int = 0
    shadow: int = 0
    sections: list[Range] = field(default_factory=list)

    @property
    def directory_table_base(self) -> int:
        """DirectoryTableBase as the KPROCESS and CR3 hold it, with its PCID; 0 once it has exited."""
        return 0 if self.exited else self.space.directory | self.pcid


def create_process(machine: Machine, name: str, pid: int, parent: int, session: int | None, created: int,
                   exited: int = 0) -> Process:  # fmt: skip
    """An EPROCESS in the pool and, but for System, Idle and exited ones, an address space with PEB and images."""
    kernel_only = pid in (0, 4) or bool(exited)
    directory = machine.kernel.directory if kernel_only else machine.tables.new_directory()
    space = machine.kernel if kernel_only else AddressSpace(machine.tables, directory)
    address = machine.pool.allocate_object(machine.structures.size("_EPROCESS"), "Proc", "Process")
    process = Process(address, name, pid, parent, space, session, created, exited)
    if not kernel_only:
        _fill_user_memory(machine, process)
    return process


def create_thread(machine: Machine, process: Process, tid: int) -> Thread:
    """An ETHREAD in the pool with a kernel stack, and user stack and TEB where the process has user memory."""
    address = machine.pool.allocate_object(machine.structures.size("_ETHREAD"), "Thre", "Thread")
    limit, base = new_stack(machine)
    thread = Thread(address, tid, base, limit, process)
    if process.peb:
        number = len(process.threads)
        low = 0x7FFDE000 if machine.width == 4 else 0x7FFFFFDD000 if machine.profile.build < 9200 else 0xE3C4BFA000
        thread.teb = low - number * 0x2000
        process.space.map(thread.teb, machine.structures.size("_TEB"), "data")
        thread.user_stack = 0x180000 + number * 0x100000
        process.space.map(thread.user_stack - 0x2000, 0x2000, "data")
        _fill_teb(machine, thread)
    process.threads.append(thread)
    return thread


def new_stack(machine: Machine) -> tuple[int, int]:
    """Pages of a kernel stack with an unmapped guard page below: (limit, base)."""
    limit = machine.next_stack + 0x1000
    machine.kernel.map(limit, machine.profile.stack_size, "data")
    machine.next_stack = limit + machine.profile.stack_size
    return limit, machine.next_stack


def _fill_user_memory(machine: Machine, process: Process) -> None:
    images = machine_images(machine.profile.name)
    chooser = machine.random(f"user {process.pid}")
    wide = machine.width == 8
    if machine.profile.build >= 6000:
        ntdll_base = (0x7FFB20000000 if machine.profile.build >= 9200 else 0x76F00000) + machine.base_index * 0x170000
        ntdll_base = ntdll_base if wide else 0x77100000 + machine.base_index * 0x40000
        low = 0x7FF600000000 if machine.profile.build >= 9200 else 0x13F000000
        program_base = low + chooser.randrange(0x1000) * 0x10000 if wide else 0x00400000
    else:
        ntdll_base, program_base = 0x7C900000, 0x00400000
    stem = process.name.rpartition(".")[0]  # NotMyFault has an image of its own, all others share one
    program = images[stem] if stem in images else images["program"]
    system = "C:\\Windows\\System32\\" if machine.profile.build >= 6000 else "C:\\WINDOWS\\system32\\"
    process.images["ntdll"] = _load_user(process, images["ntdll"], ntdll_base, system + "ntdll.dll")
    process.images[program.stem] = _load_user(process, program, program_base, system + process.name)
    shared = machine.kernel.pages.get(machine.profile.shared_user_data)
    if shared is not None:
        process.space.map(0x7FFE0000, 0x1000, "read", [shared])
    process.peb = 0x7FFDF000 if not wide else 0x7FFFFFDF000 if machine.profile.build < 9200 else 0xE3C4BFF000
    process.space.map(process.peb, machine.structures.size("_PEB"), "data")
    peb = machine.record("_PEB").fill(ImageBaseAddress=program_base, NumberOfProcessors=2)
    peb.fill(OSMajorVersion=machine.profile.version[0], OSMinorVersion=machine.profile.version[1])
    peb.fill(OSBuildNumber=machine.profile.build, SessionId=process.session or 0)
    process.space.write(process.peb, bytes(peb.data))


def _load_user(process: Process, image: Image, base: int, path: str) -> LoadedImage:
    def resolve(name: str) -> int:
        stem, _, symbol = name.partition("!")
        return process.images[stem].base + process.images[stem].image.symbols[symbol]

    for section, (start, data) in link(image, base, resolve).items():
        protection = {".text": "code", ".data": "data"}.get(section, "read")
        process.space.map(base + start, len(data), protection)
        process.space.write(base + start, data)
    return LoadedImage(image, base, path)


def _fill_teb(machine: Machine, thread: Thread) -> None:
    teb = machine.record("_TEB").fill(ProcessEnvironmentBlock=thread.process.peb)
    teb.set("NtTib.StackBase", thread.user_stack).set("NtTib.StackLimit", thread.user_stack - 0x2000)
    teb.set("NtTib.Self", thread.teb)
    teb.set("ClientId.UniqueProcess", thread.process.pid).set("ClientId.UniqueThread", thread.tid)
    thread.process.space.write(thread.teb, bytes(teb.data))
