"""Processes and threads come to be: kernel objects, address spaces, PEB, TEBs, stacks and images."""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.kernel.processes import Process, Thread
from volplugins.lab.kernel.shadow_stacks import SHADOW_SIZE
from volplugins.lab.machine.address_space import AddressSpace
from volplugins.lab.machine.image_sources import machine_images
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.page_entries import GUARD, READ_WRITE, PageEntries, software_fact
from volplugins.lab.machine.ranges import Range, private_range, reserved_range
from volplugins.lab.user.heaps import add_heaps
from volplugins.lab.user.images import load_library, load_user_image

PAGE = 0x1000
SHARED_USER_DATA = 0x7FFE0000
STACK, STACK_RESERVE = 0x2000, 0x10000  # of each user stack: touched, and reserved in all
_LIBRARY_USERS = ("services.exe", "winlogon.exe")
_SHADOW_AT = 0x90000  # from a user stack's base to its shadow stack's
_BLOCK = 0x200000  # Windows 10 reserves this much at a time for PEB and TEBs


def create_process(machine: Machine, name: str, pid: int, parent: int, session: int | None, created: int,
                   exited: int = 0, load: Callable[[Machine, Process], None] | None = None) -> Process:  # fmt: skip
    """An EPROCESS in the pool and, but for System, Idle and exited ones, an address space with PEB and images.

    Args:
        load: loads the images and says where the PEB lies, where both are not the usual ones.
    """
    kernel_only = pid in (0, 4) or bool(exited)
    directory = machine.kernel.directory if kernel_only else machine.tables.new_directory()
    space = machine.kernel if kernel_only else AddressSpace(machine.tables, directory)
    address = machine.pool.allocate_object(machine.structures.size("_EPROCESS"), "Proc", "Process")
    process = Process(address, name, pid, parent, space, session, created, exited)
    if not kernel_only:
        (load or load_images)(machine, process)
        process.space.map(SHARED_USER_DATA, PAGE, "read", [machine.kernel.pages[machine.profile.shared_user_data]])
        write_peb(machine, machine, process, process.peb, "PEB")
        add_heaps(machine, process)
    if not exited:
        process.add(private_range(SHARED_USER_DATA, PAGE, "SharedData", 1))
    return process


def create_thread(machine: Machine, process: Process, tid: int) -> Thread:
    """An ETHREAD in the pool with a kernel stack, and user stack and TEB where the process has user memory."""
    address = machine.pool.allocate_object(machine.structures.size("_ETHREAD"), "Thre", "Thread")
    limit, base = new_stack(machine)
    thread = Thread(address, tid, base, limit, process)
    if process.peb:
        number = len(process.threads)
        usual = 0x7FFDE000 if machine.width == 4 else 0x7FFFFFDD000 if machine.profile.build < 9200 else 0xE3C4BFA000
        thread.teb = (process.highest_teb or usual) - number * (0x3000 if process.peb32 else 0x2000)
        thread.user_stack = 0x180000 + number * 0x100000
        map_block(machine, process, thread.teb, machine.structures.size("_TEB"), "TEB")
        map_stack(machine, process, thread.user_stack, "Stack")
        _fill_teb(machine, thread)
        if machine.structures.has("_KTHREAD", "KernelShadowStack") and not process.peb32:
            _map_shadow_stack(process, thread)
    process.threads.append(thread)
    return thread


def _map_shadow_stack(process: Process, thread: Thread) -> None:
    thread.user_shadow = thread.user_stack + _SHADOW_AT
    start = thread.user_shadow - SHADOW_SIZE
    process.space.map(start, SHADOW_SIZE, "shadow")
    process.add(Range(start, thread.user_shadow, 1, commit=SHADOW_SIZE // PAGE, committed=True, shadow=True))


def create_ended_thread(machine: Machine, process: Process, tid: int, exited: int, status: int) -> Thread:
    """An ETHREAD that is still referenced: its kernel stack, user stack and TEB are gone."""
    address = machine.pool.allocate_object(machine.structures.size("_ETHREAD"), "Thre", "Thread")
    thread = Thread(address, tid, 0, 0, process, exited=exited, exit_status=status)
    process.threads.append(thread)
    return thread


def new_stack(machine: Machine) -> tuple[int, int]:
    """Pages of a kernel stack with an unmapped guard page below: (limit, base)."""
    limit = machine.next_stack + PAGE
    machine.kernel.map(limit, machine.profile.stack_size, "data")
    machine.next_stack = limit + machine.profile.stack_size
    return limit, machine.next_stack


def map_block(machine: Machine, process: Process, start: int, size: int, usage: str) -> None:
    """A PEB or TEB: before Windows 10 a range of its own, since then a few pages of one that is reserved."""
    size = (size + PAGE - 1) & -PAGE
    process.space.map(start, size, "data")
    if machine.profile.build < 10240:
        process.add(private_range(start, size, usage))
        return
    block = process.ranges.get(start & -_BLOCK)
    process.add(reserved_range(start & -_BLOCK, _BLOCK, (block.commit if block else 0) + size // PAGE))


def map_stack(machine: Machine, process: Process, top: int, usage: str) -> None:
    """A user stack: two pages at its top, a guard page below them, the rest is reserved."""
    process.space.map(top - STACK, STACK, "data")
    guard = READ_WRITE | GUARD
    process.space.put(top - STACK - PAGE, PageEntries(machine.profile).software(guard), software_fact(guard))
    process.add(reserved_range(top - STACK_RESERVE, STACK_RESERVE, STACK // PAGE + 1, usage))


def load_images(machine: Machine, process: Process) -> None:
    """Load ntdll, the program and for some a library, and say where the PEB lies."""
    images = machine_images(machine.profile.name)
    if process.name in _LIBRARY_USERS:
        copied = process.name == _LIBRARY_USERS[0]
        process.images["acmeshl"] = load_library(machine, process, images["acmeshl"], copied)
    ntdll_base, program_base = _bases(machine, process)
    stem = process.name.rpartition(".")[0]  # NotMyFault has an image of its own, all others share one
    program = images[stem] if stem in images else images["program"]
    system = "C:\\Windows\\System32\\" if machine.profile.build >= 6000 else "C:\\WINDOWS\\system32\\"
    process.peb = 0x7FFDF000 if machine.width == 4 else 0x7FFFFFDF000
    if machine.profile.build >= 9200:
        process.peb = 0xE3C4BFF000
    for image, base, path in ((images["ntdll"], ntdll_base, "ntdll.dll"), (program, program_base, process.name)):
        process.images[image.stem] = load_user_image(machine, process, image, base, system + path)


def _bases(machine: Machine, process: Process) -> tuple[int, int]:
    """Where ntdll and the program are loaded, the latter where no other process runs it yet."""
    chooser = machine.random(f"user {process.pid}")
    wide = machine.width == 8
    if machine.profile.build < 6000:
        return 0x7C900000, 0x00400000
    if not wide:
        return 0x77100000 + machine.base_index * 0x40000, 0x00400000
    new = machine.profile.build >= 9200
    ntdll_base = (0x7FFB20000000 if new else 0x76F00000) + machine.base_index * 0x170000
    return ntdll_base, (0x7FF600000000 if new else 0x13F000000) + chooser.randrange(0x1000) * 0x10000


def write_peb(machine: Machine, layouts: Machine, process: Process, address: int, usage: str) -> None:
    """Map and write a PEB with the structures of ``layouts``."""
    map_block(machine, process, address, layouts.structures.size("_PEB"), usage)
    program = next(reversed(process.images.values()))
    peb = layouts.record("_PEB").fill(ImageBaseAddress=program.base, NumberOfProcessors=2)
    peb.fill(OSMajorVersion=machine.profile.version[0], OSMinorVersion=machine.profile.version[1])
    peb.fill(OSBuildNumber=machine.profile.build, SessionId=process.session or 0)
    process.space.write(address, bytes(peb.data))


def _fill_teb(machine: Machine, thread: Thread) -> None:
    teb = machine.record("_TEB").fill(ProcessEnvironmentBlock=thread.process.peb)
    teb.set("NtTib.StackBase", thread.user_stack).set("NtTib.StackLimit", thread.user_stack - STACK)
    teb.set("NtTib.Self", thread.teb).set("DeallocationStack", thread.user_stack - STACK_RESERVE)
    teb.set("ClientId.UniqueProcess", thread.process.pid).set("ClientId.UniqueThread", thread.tid)
    thread.process.space.write(thread.teb, bytes(teb.data))
