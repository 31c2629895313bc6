"""Who lives on a made-up machine: its processes and threads, what each waits for, and the processors' idle threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from volplugins.lab.devices.io_world import add_io
from volplugins.lab.devices.requests import waiters
from volplugins.lab.kernel.kernel_data import (
    write_kernel_variables,
    write_module_list,
    write_shared_user_data,
    write_unloaded_drivers,
)
from volplugins.lab.kernel.object_types import add_object_types
from volplugins.lab.kernel.process_records import link_list, write_process, write_thread
from volplugins.lab.kernel.processes import TERMINATED, Process, Thread
from volplugins.lab.machine.descriptor_tables import shadowed
from volplugins.lab.machine.image_sources import load_images
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.processors import Processor, place_processors
from volplugins.lab.user.region_truth import regions_of
from volplugins.lab.user.structures import REGION, write_user_structures
from volplugins.lab.user.user_ranges import add_user_ranges
from volplugins.lab.world.ntvdm import start_ntvdm, write_segmented_threads
from volplugins.lab.world.process_creation import create_ended_thread, create_process, create_thread
from volplugins.lab.world.thread_stacks import write_waiting
from volplugins.lab.world.wow64 import start_32_bit_program, write_user_structures32

_SECOND = 10_000_000
# name, parent, session, threads; in the order in which they start
_VISTA = (
    ("smss.exe", "System", None, 1), ("csrss.exe", "smss.exe", 0, 2), ("wininit.exe", "smss.exe", 0, 1),
    ("winlogon.exe", "smss.exe", 1, 1), ("services.exe", "wininit.exe", 0, 2), ("lsass.exe", "wininit.exe", 0, 2),
    ("svchost.exe", "services.exe", 0, 3), ("svchost.exe", "services.exe", 0, 2),
    ("explorer.exe", "winlogon.exe", 1, 3), ("acmetray.exe", "explorer.exe", 1, 2),
)  # fmt: skip
_XP = (
    ("smss.exe", "System", None, 1), ("csrss.exe", "smss.exe", 0, 2), ("winlogon.exe", "smss.exe", 0, 2),
    ("services.exe", "winlogon.exe", 0, 2), ("lsass.exe", "winlogon.exe", 0, 2), ("svchost.exe", "services.exe", 0, 3),
    ("svchost.exe", "services.exe", 0, 2), ("explorer.exe", "winlogon.exe", 0, 3),
    ("acmetray.exe", "explorer.exe", 0, 2),
)  # fmt: skip

_RANGE_OWNERS = ("explorer.exe", "acmetray.exe")


@dataclass(slots=True)
class World:
    """The machine with its inhabitants; ``done`` are threads whose record a scenario writes itself.

    ``crashing`` is the number of the processor that will crash; the other one idles, or is at the CONTEXT of a thread
    that ``hung`` names. ``afterwards`` is what a scenario can write only when devices have their nodes.
    """

    machine: Machine
    processors: list[Processor]
    system: Process
    idle: Process
    processes: list[Process] = field(default_factory=list)
    done: set[int] = field(default_factory=set)
    crashing: int = 0
    hung: tuple[Thread, bytes] | None = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def process(self, name: str) -> Process:
        """The first process of that name that has not exited."""
        return next(each for each in self.processes if each.name == name and not each.exited)


def populate(machine: Machine, myfault: bool, extra: tuple[tuple[str, str], ...] = (), wow64: bool = False,
             vdm: bool = False) -> World:  # fmt: skip
    """Load the images, start the processes; threads have stacks but no contents yet.

    Args:
        extra: further programs, as (name, parent).
        wow64: a program of 32-bit code as well (x64 only).
        vdm: a program that runs 16-bit code as well (x86 only).
    """
    write_shared_user_data(machine)
    load_images(machine, myfault)
    add_object_types(machine)
    processors = place_processors(machine)
    booted = machine.host.crash_time - machine.host.uptime
    system_time = 0 if machine.profile.build < 6000 else booted
    system = create_process(machine, "System", 4, 0, None, system_time)
    idle = create_process(machine, "Idle", 0, 0, None, 0)
    world = World(machine, processors, system, idle, [system])
    _start_programs(world, (*machine.host.extra, *extra), booted)
    add_user_ranges(machine, [world.process(name) for name in _RANGE_OWNERS])
    if wow64:
        pid, created = max(each.pid for each in world.processes) + 0x40, booted + 300 * _SECOND
        world.processes.append(start_32_bit_program(machine, world.process("explorer.exe"), pid, created))
    if vdm:
        pid, created = max(each.pid for each in world.processes) + 0x40, booted + 320 * _SECOND
        world.processes.append(start_ntvdm(machine, world.process("explorer.exe"), pid, created))
    for number in range(5):
        create_thread(machine, system, 8 + 4 * number)
    for _ in processors:
        create_thread(machine, idle, 0)
    if shadowed(machine):
        _add_shadows(world)
        idle.pcid = system.pcid
    return world


def _start_programs(world: World, extra: tuple[tuple[str, str], ...], booted: int) -> None:
    """Windows' own programs and the extra ones (name, parent), each a few seconds after the one before."""
    machine = world.machine
    chooser = machine.random("processes")
    usual = _VISTA if machine.profile.build >= 6000 else _XP
    session = usual[-1][2]
    pid = machine.host.first_pid
    for order, row in enumerate((*usual, *((name, parent, session, 1) for name, parent in extra))):
        pid += 4 * chooser.randrange(5, 60)
        created = booted + (order + 4) * 3 * _SECOND + chooser.randrange(_SECOND)
        process = create_process(machine, row[0], pid, world.process(row[1]).pid, row[2], created)
        world.processes.append(process)
        for number in range(row[3]):
            create_thread(machine, process, pid + 4 * (number + 1))
    _add_exited(world, pid + 0x40, booted + 200 * _SECOND)


def _add_shadows(world: World) -> None:
    """KVA shadowing: PCID 2 for the kernel's directory, 1 for the shadow, which maps only the way into the kernel."""
    machine = world.machine
    code, tables = _ways_in(world)
    for process in world.processes:
        if process.exited:
            continue
        shadow = machine.tables.new_shadow(process.space.directory)
        for page, protection in (*((each, "code") for each in code), *((each, "data") for each in tables)):
            machine.tables.map(shadow, page, machine.kernel.pages[page], protection)
        process.pcid, process.shadow = 2, shadow | 1


def _ways_in(world: World) -> tuple[list[int], list[int]]:
    """Pages that user directories map too: code that gates and system calls lead to, and the processors' tables."""
    machine = world.machine
    thunks = machine.symbol("nt!KiIsrThunkShadow")
    places = [thunks, thunks + 0x7FF]
    places += [at + machine.images["nt"].base for name, at in machine.images["nt"].image.symbols.items()
               if name.endswith("Shadow")]  # fmt: skip
    each = [(one.tables.gdt, one.tables.idt, one.pcr) for one in world.processors]
    return sorted({place & ~0xFFF for place in places}), sorted({at & ~0xFFF for one in each for at in one})


def _add_exited(world: World, pid: int, created: int) -> None:
    """A process that has exited and is still referenced: no directory, no thread that runs."""
    parent = world.process("explorer.exe")
    process = create_process(
        world.machine, "setup.exe", pid, parent.pid, parent.session, created, created + 40 * _SECOND
    )
    world.processes.append(process)


def _add_ended_threads(world: World) -> None:
    """Threads that have ended and are still referenced: of a program that goes on, of one that has exited."""
    machine, status = world.machine, 0xC000013A
    exited = next(each for each in world.processes if each.exited)
    for process in (world.process("services.exe"), exited):
        program = next(reversed(process.images.values()), None)
        start = program.base + program.image.entry if program else 0x00401000
        tid = process.pid + 4 * (len(process.threads) + 1)
        thread = create_ended_thread(machine, process, tid, process.exited or process.created + 9 * _SECOND, status)
        write_thread(machine, thread, TERMINATED, start, 0, 0, 0)
        world.done.add(thread.address)
        status += 1


def complete(world: World) -> None:
    """Write everything that waits until the scenario has been played: other threads, lists, kernel variables."""
    machine = world.machine
    for process in world.processes:
        if process.local_table:
            write_segmented_threads(machine, process, world.done)
    waiting = waiters(world.processes, world.done)
    _add_ended_threads(world)
    for process in (*world.processes, world.idle):
        for index, thread in enumerate(process.threads):
            if thread.address not in world.done:
                write_waiting(machine, thread, index)
        if process.peb:
            machine.truth.setdefault("user", {})[process.pid] = write_user_structures(
                machine, process, process.region or REGION
            )
        if process.images32:
            machine.truth.setdefault("user32", {})[process.pid] = write_user_structures32(machine, process)
        write_process(machine, process)
        machine.truth.setdefault("regions", {})[process.pid] = regions_of(process)
    offset = machine.structures.offset("_EPROCESS", "ActiveProcessLinks")
    head = machine.symbol("nt!PsActiveProcessHead")
    link_list(machine, head, [process.address + offset for process in world.processes])
    machine.write_pointer(machine.symbol("nt!PsInitialSystemProcess"), world.system.address)
    machine.write_pointer(machine.symbol("nt!PsIdleProcess"), world.idle.address)
    write_module_list(machine)
    write_unloaded_drivers(machine)
    write_kernel_variables(machine, world.processors)
    add_io(machine, waiting)
    for each in world.afterwards:
        each()
    for process in world.processes:
        if process.space is not machine.kernel:
            machine.tables.share_kernel_half(machine.kernel.directory, process.space.directory)


def bad_address(world: World) -> int:
    """An address in the kernel's half that nothing is mapped at; another one on every machine."""
    machine = world.machine
    chooser = machine.random("bad address")
    return machine.profile.pool_bases[machine.base_index] + 0x30000000 + chooser.randrange(0x10000) * 0x10
